package websub

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"syndic/store"
)

const topicA, topicB = "https://example.org/a/rss.xml", "https://example.org/b/rss.xml"

// schedule is when a delivery is tried that always fails, with the longest
// waits: 2, 4, 8 s and so on up to an hour, until an attempt falls after 3 days.
func schedule() (at []time.Duration) {
	now := time.Duration(0)
	for n := 1; now < 72*time.Hour; n++ {
		at = append(at, now)
		now += min(time.Hour, time.Second<<min(n, 20))
	}
	return append(at, now)
}

func TestBackoffOverThreeDays(t *testing.T) {
	for name, answer := range map[string]int{"topic": 500, "hub": 503} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(status(answer))
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicA)
				start(t, c)
				pass(100 * time.Hour)
				if got, want := h.times(), schedule(); !slices.Equal(got, want) {
					t.Errorf("tried at\n%v, want\n%v", got, want)
				}
				d := rowsOf(t, s, url)[topicA]
				if d.Outcome != store.Failed || !strings.HasPrefix(d.Error, "gave up after 3 days: hub answered 50") || d.Attempt != len(schedule()) {
					t.Errorf("row is %+v", d)
				}
			})
		})
	}
}

func TestJitterStaysWithinBounds(t *testing.T) {
	s := New(Config{})
	h := &hub{drain: &drain{Sender: s}}
	for n := 1; n < 200; n++ {
		wait := h.backoff(n, &failure{})
		if wait < time.Second || wait > time.Hour {
			t.Fatalf("wait %d is %s", n, wait)
		}
		if n == 1 && wait >= 2*time.Second {
			t.Fatalf("first wait is %s", wait)
		}
	}
}

func TestDays(t *testing.T) {
	for d, want := range map[time.Duration]string{72 * time.Hour: "3 days", 36 * time.Hour: "36h0m0s", time.Minute: "1m0s"} {
		if got := days(d); got != want {
			t.Errorf("days(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	cases := map[string]struct {
		status int
		value  func() string
		want   time.Duration
	}{
		"seconds":                 {429, func() string { return "120" }, 2 * time.Minute},
		"seconds of a 503":        {503, func() string { return "120" }, 2 * time.Minute},
		"date":                    {429, func() string { return time.Now().Add(3 * time.Minute).UTC().Format(http.TimeFormat) }, 3 * time.Minute},
		"capped":                  {429, func() string { return "86400" }, time.Hour},
		"shorter than the wait":   {429, func() string { return "0" }, 2 * time.Second},
		"nonsense":                {429, func() string { return "soon" }, 2 * time.Second},
		"not of any other status": {500, func() string { return "120" }, 2 * time.Second},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(func(i int, _ string, w http.ResponseWriter, _ *http.Request) {
					if i == 0 {
						w.Header().Set("Retry-After", tc.value())
						w.WriteHeader(tc.status)
					}
				})
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicA)
				start(t, c)
				pass(2 * time.Hour)
				if got := h.times(); !slices.Equal(got, []time.Duration{0, tc.want}) {
					t.Errorf("tried at %v, want at 0 and %v", got, tc.want)
				}
				want(t, s, url, 1, store.Delivered)
			})
		})
	}
}

func TestThrottledHubIsLeftAloneAcrossRestarts(t *testing.T) {
	drop := func(t *testing.T, s store.Store, _ string) {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			return tx.DropDeliveries(func(_, topic string) bool { return topic != topicA })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	newer := func(t *testing.T, s store.Store, url string) { enqueue(t, s, url, 9, topicA, topicB) }
	nothing := func(*testing.T, store.Store, string) {}
	cases := map[string]struct {
		status      int
		while, down func(*testing.T, store.Store, string) // what happens before, and after the Run ended
		topics      []string
	}{
		"429":                     {429, nothing, nothing, []string{topicA, topicB}},
		"503":                     {503, nothing, nothing, []string{topicA, topicB}},
		"all is newer":            {429, newer, nothing, []string{topicA, topicB}},
		"all is newer, untouched": {503, nothing, newer, []string{topicA, topicB}},
		"its row has gone":        {429, nothing, drop, []string{topicB}},
		"its row went before":     {503, drop, nothing, []string{topicB}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(func(i int, _ string, w http.ResponseWriter, _ *http.Request) {
					if i == 0 {
						w.Header().Set("Retry-After", "600")
						w.WriteHeader(tc.status)
					}
				})
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicA)
				stop := start(t, c)
				pass(time.Minute)
				enqueue(t, s, url, 7, topicB)
				pass(time.Minute)
				tc.while(t, s, url)
				pass(time.Minute)
				stop()
				tc.down(t, s, url)
				start(t, c)
				enqueue(t, s, url, 8, topicB)
				pass(7*time.Minute - time.Millisecond)
				want(t, s, url, len(tc.topics), store.Retrying)
				pass(time.Second)
				want(t, s, url, len(tc.topics), store.Delivered)
				if got := h.times(); len(got) != 1+len(tc.topics) || got[1] != 10*time.Minute {
					t.Errorf("tried at %v", got)
				}
			})
		})
	}
}

func TestPermanentFailureIsNotRepeated(t *testing.T) {
	cases := map[string]struct {
		answer  func(int, string, http.ResponseWriter, *http.Request)
		message string
	}{
		"bad request": {func(_ int, _ string, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no such\n\ttopic\x00\x1b[31m", http.StatusBadRequest)
		}, "hub answered 400 Bad Request: no such topic[31m"},
		"html": {func(_ int, _ string, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<!doctype html><p>go away"))
		}, "hub answered 403 Forbidden"},
		"gone":     {status(410), "hub answered 410 Gone"},
		"redirect": {status(308, "Location", "https://hub.example/new?token=secret"), "hub answered 308 Permanent Redirect, redirecting to https://hub.example/new?xxxxx: set the hub's URL to where it is now"},
		"nowhere":  {status(302, "Location", "http://[::1"), "hub answered 302 Found, redirecting to (not a URL): set the hub's URL to where it is now"},
		"strange":  {status(101, "Connection", "upgrade", "Upgrade", "x"), "hub answered 101 Switching Protocols"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(tc.answer)
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicA)
				start(t, c)
				pass(96 * time.Hour)
				d := rowsOf(t, s, url)[topicA]
				if d.Outcome != store.Failed || d.Error != tc.message {
					t.Errorf("row is %q: %q, want %q", d.Outcome, d.Error, tc.message)
				}
				if n := len(h.requests()); n != 1 {
					t.Errorf("%d requests", n)
				}
				enqueue(t, s, url, 8, topicA)
				pass(time.Second)
				if n := len(h.requests()); n != 2 {
					t.Errorf("%d requests after a newer generation", n)
				}
			})
		})
	}
}

func TestBadHubURLFails(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		hubs := []string{"ftp://hub.test/", "https:///nohost", "http://user:pass word@hub.test/", "hub.test"}
		for _, url := range hubs {
			enqueue(t, s, url, 7, topicA)
		}
		start(t, c)
		pass(time.Second)
		for _, url := range hubs {
			d := rowsOf(t, s, url)[topicA]
			if d.Outcome != store.Failed || !strings.HasPrefix(d.Error, "hub URL is not an absolute") {
				t.Errorf("%s: %q: %s", url, d.Outcome, d.Error)
			}
		}
		if n.dialled() != 0 {
			t.Error("something was dialled")
		}
	})
}

func TestNewerGenerationReplacesWaitingOne(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		h := newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		n.set("hub.test", true)
		start(t, c)
		for generation := range uint64(5) {
			enqueue(t, s, url, generation+1, topicA)
			pass(10 * time.Minute)
		}
		want(t, s, url, 1, store.Retrying)
		n.set("hub.test", false)
		pass(time.Hour)
		if got := h.requests(); len(got) != 1 {
			t.Errorf("%d requests, want 1", len(got))
		}
		if d := rowsOf(t, s, url)[topicA]; d.Generation != 5 || d.Outcome != store.Delivered || d.Status != 204 || d.Error != "" {
			t.Errorf("row is %+v", d)
		}
	})
}

func TestGenerationThatCameDuringTheRequestIsSentToo(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		var url string
		h := newFakeHub(func(i int, _ string, _ http.ResponseWriter, _ *http.Request) {
			if i == 0 {
				enqueue(t, s, url, 8, topicA)
			}
		})
		url = n.serve(t, "hub.test", h)
		enqueue(t, s, url, 7, topicA)
		start(t, c)
		pass(time.Second)
		if d := rowsOf(t, s, url)[topicA]; len(h.requests()) != 2 || d.Generation != 8 || d.Outcome != store.Delivered || d.Attempt != 1 {
			t.Errorf("%d requests, row is %+v", len(h.requests()), d)
		}
	})
}
