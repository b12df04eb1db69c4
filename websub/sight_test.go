package websub

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

func TestPublicCopyThatIsFresh(t *testing.T) {
	cases := map[string]func(old, now edition) http.HandlerFunc{
		"as it is":             func(_, now edition) http.HandlerFunc { return now.serve },
		"weak":                 func(_, now edition) http.HandlerFunc { return text("minified", "ETag", `W/"`+now.Digest+`"`) },
		"compressed by a CDN":  func(_, now edition) http.HandlerFunc { return now.zipped(`W/"` + now.Digest + `-gzip"`) },
		"compressed, no tag":   func(_, now edition) http.HandlerFunc { return now.zipped("") },
		"another suffix":       func(_, now edition) http.HandlerFunc { return text("", "ETag", `"`+now.Digest+`;br"`) },
		"nothing but the body": func(_, now edition) http.HandlerFunc { return now.without("ETag", "Last-Modified") },
		"a date that is older": func(old, now edition) http.HandlerFunc {
			return text(now.body, "Last-Modified", old.Modified.Format(http.TimeFormat))
		},
		"redirected": func(_, now edition) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/moved" {
					http.Redirect(w, r, "/moved", http.StatusFound)
					return
				}
				now.serve(w, r)
			}
		},
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			verifying(t, func(t *testing.T, w *site) {
				h := newFakeHub(nil)
				url := w.net.serve(t, "hub.test", h)
				old := w.publish("one")
				pass(time.Minute)
				w.front.set(answer(old, w.publish("two", url)))
				start(t, w.c)
				pass(100 * time.Millisecond)
				if d := rowsOf(t, w.store, url)[siteTopic]; d.Outcome != store.Delivered || d.Note != "" || len(h.requests()) != 1 {
					t.Errorf("row is %+v", d)
				}
			})
		})
	}
}

func TestPublicCopyThatIsStale(t *testing.T) {
	cases := map[string]func(old edition) http.HandlerFunc{
		"by its tag":    func(old edition) http.HandlerFunc { return old.without("Last-Modified") },
		"by a weak tag": func(old edition) http.HandlerFunc { return old.zipped(`W/"` + old.Digest + `-br"`) },
		"by its date":   func(old edition) http.HandlerFunc { return old.without("ETag") },
		"by its bytes":  func(old edition) http.HandlerFunc { return old.without("ETag", "Last-Modified") },
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			verifying(t, func(t *testing.T, w *site) {
				h := newFakeHub(nil)
				url := w.net.serve(t, "hub.test", h)
				old := w.publish("one", url)
				w.front.set(answer(old))
				start(t, w.c)
				pass(time.Minute)
				now := w.publish("two", url)
				pass(5 * time.Minute)
				d := rowsOf(t, w.store, url)[siteTopic]
				if d.Outcome != store.Waiting || d.Attempt != 0 || d.Note != "waiting: "+siteTopic+" still serves the previous generation" || len(h.requests()) != 1 {
					t.Fatalf("row is %+v", d)
				}
				if n := w.front.count(); n > 20 {
					t.Errorf("asked %d times in five minutes", n)
				}
				w.front.set(now.serve)
				pass(lookMax)
				if d = rowsOf(t, w.store, url)[siteTopic]; d.Outcome != store.Delivered || d.Note != "" || len(h.requests()) != 2 {
					t.Errorf("row is %+v", d)
				}
			})
		})
	}
}

// Without a memory of what was served, a copy is known by its date.
func TestRestartWhileThePublicCopyIsStale(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		old := w.publish("one")
		pass(time.Minute)
		now := w.publish("two", url)
		w.front.set(old.serve)
		for range 3 {
			stop := start(t, w.c)
			pass(2 * time.Minute)
			stop()
			want(t, w.store, url, 1, store.Waiting)
		}
		w.front.set(now.serve)
		start(t, w.c)
		pass(time.Second)
		want(t, w.store, url, 1, store.Delivered)
		if n := len(h.requests()); n != 1 {
			t.Errorf("%d pings", n)
		}
	})
}

func TestCompressedCopyThatIsStale(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		old := w.publish("one")
		pass(time.Minute)
		now := w.publish("two", url)
		w.front.set(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Vary", "Origin, Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				rw.Header().Set("Last-Modified", old.Modified.Format(http.TimeFormat))
				old.zipped(`"`+old.Digest+`-gzip"`)(rw, r)
				return
			}
			now.serve(rw, r)
		})
		start(t, w.c)
		pass(10 * time.Minute)
		want(t, w.store, url, 1, store.Waiting)
		w.front.set(now.zipped(`"` + now.Digest + `-gzip"`))
		pass(time.Minute)
		want(t, w.store, url, 1, store.Delivered)
	})
}

func TestPublicAddressThatCannotBeVerified(t *testing.T) {
	cases := map[string]struct {
		answer http.HandlerFunc // nil: nobody answers
		reason string
	}{
		"down":           {nil, " cannot be reached: connection refused"},
		"not found":      {http.NotFound, " answers 404 Not Found"},
		"broken":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, " cannot be reached: EOF"},
		"rewritten":      {text("<rss>rewritten</rss>", "Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT"), " serves bytes that were never published here"},
		"bad encoding":   {text("not gzip", "Content-Encoding", "gzip"), " serves bytes that were never published here"},
		"in a circle":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, " cannot be reached: stopped after 10 redirects"},
		"asked to leave": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, " answers 429 Too Many Requests"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			verifying(t, func(t *testing.T, w *site) {
				h, second := newFakeHub(nil), newFakeHub(nil)
				url, other := w.net.serve(t, "hub.test", h), w.net.serve(t, "other.test", second)
				w.net.set("site.test", tc.answer == nil)
				w.front.set(tc.answer)
				w.publish("one", url, other)
				start(t, w.c)
				pass(letGo - time.Second)
				d := rowsOf(t, w.store, url)[siteTopic]
				if d.Outcome != store.Waiting || d.Note != "waiting: "+siteTopic+tc.reason || len(h.requests()) != 0 {
					t.Fatalf("row is %+v", d)
				}
				pass(2 * time.Second)
				for _, hub := range []string{url, other} {
					if d = rowsOf(t, w.store, hub)[siteTopic]; d.Outcome != store.Delivered || d.Note != "sent unverified: "+siteTopic+tc.reason {
						t.Errorf("row is %+v", d)
					}
				}
				w.net.set("site.test", false)
				w.front.set(w.publish("two", url).serve)
				pass(time.Minute)
				if d = rowsOf(t, w.store, url)[siteTopic]; d.Outcome != store.Delivered || d.Note != "" {
					t.Errorf("afterwards the row is %+v", d)
				}
			})
		})
	}
}

func TestManyTopicsDoNotHammerASilentHost(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		const n = 100
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("http://nobody.test/c%d/rss.xml", i)
		}
		w.c.Published = func(topic string) (feed.Artifact, bool) { return feed.Artifact{Topic: topic, Generation: 7}, true }
		enqueue(t, w.store, url, 7, names...)
		before := w.net.dialled()
		start(t, w.c)
		pass(letGo - time.Second)
		if got := w.net.dialled() - before; got > 10*lookers || len(h.requests()) != 0 {
			t.Errorf("%d attempts, %d pings", got, len(h.requests()))
		}
		pass(5 * time.Second)
		want(t, w.store, url, n, store.Delivered)
	})
}

func TestPublicAddressIsAskedAtABoundedRate(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		const n = 250
		h, second := newFakeHub(nil), newFakeHub(nil)
		url, other := w.net.serve(t, "hub.test", h), w.net.serve(t, "other.test", second)
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("http://site.test/c%d/rss.xml", i)
		}
		w.c.Published = func(topic string) (feed.Artifact, bool) {
			return feed.Artifact{Topic: topic, Generation: 7, Digest: "d"}, true
		}
		w.front.set(text("", "ETag", `"d"`))
		enqueue(t, w.store, url, 7, names...)
		enqueue(t, w.store, other, 7, names...)
		start(t, w.c)
		pass(time.Second)
		if got := w.front.count(); got < 80 || got > 102 {
			t.Errorf("%d requests in the first second", got)
		}
		pass(2 * time.Second)
		want(t, w.store, url, n, store.Delivered)
		want(t, w.store, other, n, store.Delivered)
		if got := w.front.count(); got != n {
			t.Errorf("%d requests for %d topics of two hubs", got, n)
		}
	})
}

func TestTopicThatIsNotSeenHoldsUpNoOther(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		const slow, other = "http://site.test/slow", "http://site.test/z"
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		old := w.publish("one")
		pass(time.Minute)
		w.front.set(func(rw http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/slow":
				hang(0, "", rw, r)
			case "/z":
				text("", "ETag", `"z"`)(rw, r)
			default:
				old.serve(rw, r)
			}
		})
		published := w.c.Published
		w.c.Published = func(topic string) (feed.Artifact, bool) {
			if topic == slow || topic == other {
				return feed.Artifact{Topic: topic, Generation: 1, Digest: "z"}, true
			}
			return published(topic)
		}
		w.publish("two", url)
		enqueue(t, w.store, url, 1, slow, other)
		start(t, w.c)
		pass(3 * time.Second)
		rows := rowsOf(t, w.store, url)
		if rows[siteTopic].Outcome != store.Waiting || rows[slow].Outcome != store.Waiting || rows[other].Outcome != store.Delivered {
			t.Fatalf("rows are %+v", rows)
		}
		if note := rows[slow].Note; note != "waiting: "+slow+" is being asked for what it serves" {
			t.Errorf("note is %q", note)
		}
	})
}

func TestGenerationThatCameDuringALook(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		h := newFakeHub(nil)
		url, other := w.net.serve(t, "hub.test", h), w.net.serve(t, "other.test", newFakeHub(nil))
		one := w.publish("one", url)
		w.front.set(func(rw http.ResponseWriter, r *http.Request) {
			<-time.After(500 * time.Millisecond)
			one.serve(rw, r)
		})
		start(t, w.c)
		pass(100 * time.Millisecond)
		two := w.publish("two", url, other) // the other hub asks in the middle of the look
		w.front.set(two.serve)
		pass(time.Second)
		for _, hub := range []string{url, other} {
			if d := rowsOf(t, w.store, hub)[siteTopic]; d.Outcome != store.Delivered || d.Generation != two.Generation || d.Note != "" {
				t.Errorf("row is %+v", d)
			}
		}
		var lines []store.Attempt
		if err := w.store.View(t.Context(), func(r store.Reader) (err error) {
			lines, err = r.Attempts(10)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if l.Note != "" {
				t.Errorf("a line of the hub log is %+v", l)
			}
		}
	})
}

func TestStaleForDaysIsGivenUp(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		old := w.publish("one")
		pass(time.Minute)
		w.front.set(old.serve)
		w.publish("two", url)
		w.c.GiveUp = 2 * time.Hour
		start(t, w.c)
		pass(2*time.Hour + time.Minute)
		if d := rowsOf(t, w.store, url)[siteTopic]; d.Outcome != store.Failed || d.Note != "" ||
			d.Error != "gave up after 2h0m0s: "+siteTopic+" still serves the previous generation" || len(h.requests()) != 0 {
			t.Errorf("row is %+v", d)
		}
	})
}

func TestRunEndsInTheMiddleOfALook(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		h := newFakeHub(nil)
		url := w.net.serve(t, "hub.test", h)
		w.front.set(func(rw http.ResponseWriter, r *http.Request) { hang(0, "", rw, r) })
		now := w.publish("one", url)
		stop := start(t, w.c)
		pass(100 * time.Millisecond)
		began := time.Now()
		stop()
		if took := time.Since(began); took != 0 {
			t.Errorf("Run took %s to end", took)
		}
		if d := rowsOf(t, w.store, url)[siteTopic]; d.Outcome != store.Waiting || d.Note != "" || !d.Settled.IsZero() {
			t.Errorf("row is %+v", d)
		}
		w.front.set(now.serve)
		start(t, w.c)
		pass(time.Second)
		want(t, w.store, url, 1, store.Delivered)
	})
}

func TestVerifyingCanBeTurnedOff(t *testing.T) {
	verifying(t, func(t *testing.T, w *site) {
		var on atomic.Bool
		on.Store(true)
		w.c.Verify = func(string) bool { return on.Load() }
		url := w.net.serve(t, "hub.test", newFakeHub(nil))
		w.net.set("site.test", true)
		w.publish("one", url)
		start(t, w.c)
		pass(10 * time.Second)
		want(t, w.store, url, 1, store.Waiting)
		on.Store(false)
		pass(lookMax)
		want(t, w.store, url, 1, store.Delivered)
	})
}

func FuzzTag(f *testing.F) {
	for _, tag := range []string{`"abc"`, `W/"abc-gzip"`, `"abc;br"`, `abc`, `"abcd"`, `W/`, `""`} {
		f.Add(tag, "abc")
	}
	f.Fuzz(func(t *testing.T, field, digest string) {
		tag := tagOf(field)
		if isTag(tag, digest) && !strings.HasPrefix(tag, digest) || isTag(tag, "") {
			t.Errorf("%q is taken for a tag of %q", field, digest)
		}
		if digest != "" && !strings.ContainsAny(digest, "\" W\t\n\v\f\r") && strings.TrimSpace(digest) == digest && !isTag(tagOf(`W/"`+digest+`-gzip"`), digest) {
			t.Errorf("the tag of %q is not known", digest)
		}
	})
}
