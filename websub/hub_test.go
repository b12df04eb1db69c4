package websub

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"syndic/store"
)

func TestDeadHubDelaysNobody(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		dead, live := newFakeHub(hang), newFakeHub(nil)
		deadURL, liveURL := n.serve(t, "dead.test", dead), n.serve(t, "live.test", live)
		names := topicNames(50)
		enqueue(t, s, deadURL, 7, names...)
		start(t, c)
		pass(time.Second)
		enqueue(t, s, liveURL, 7, names...)
		pass(0)
		if got := live.times(); len(got) != 50 || got[49] != time.Second {
			t.Errorf("live hub was told of %d topics, at %v", len(got), got)
		}
		pass(time.Minute)
		want(t, s, deadURL, 50, store.Retrying)
		if d := rowsOf(t, s, deadURL)[names[49]]; d.Error != "no answer within 10s: context deadline exceeded" {
			t.Errorf("error is %q", d.Error)
		}
	})
}

func TestHubThatIsDownIsNotHammered(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		h := newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		n.set("hub.test", true)
		names := enqueueReversed(t, s, url, 300)
		start(t, c)
		pass(0)
		want(t, s, url, 300, store.Retrying) // whoever waits for a first outcome has it
		pass(17*time.Minute - time.Second)   // 0, 2, 6, 14 ... 1,022 s
		if got := n.dialled(); got != 9 {
			t.Errorf("dialled %d times", got)
		}
		n.set("hub.test", false)
		pass(4 * time.Second)
		want(t, s, url, 300, store.Delivered)
		// Those that were tried come after those that were not.
		got, at := h.topics(), h.times()
		if !slices.Equal(got, slices.Concat(names[9:], names[:9])) || at[299]-at[0] > 10*time.Millisecond {
			t.Errorf("told of %d topics after the hub came back: %v ...", len(got), got[:10])
		}
	})
}

func TestHaltedHubGivesUpEverything(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		url := n.serve(t, "hub.test", newFakeHub(nil))
		n.set("hub.test", true)
		enqueue(t, s, url, 7, topicNames(30)...)
		c.MinBackoff, c.MaxBackoff = 3*time.Hour, 12*time.Hour
		start(t, c)
		pass(71 * time.Hour)
		want(t, s, url, 30, store.Retrying)
		pass(13 * time.Hour)
		want(t, s, url, 30, store.Failed)
		for _, d := range rowsOf(t, s, url) {
			if d.Error != "gave up after 3 days: hub not reached: connection refused" {
				t.Fatalf("error is %q", d.Error)
			}
		}
	})
}

// What waited while the daemon was down for days is not given up at the first
// attempt.
func TestOldDeliveriesAreTriedForAWhile(t *testing.T) {
	for name, up := range map[string]bool{"a hub that comes back": true, "a hub that does not": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				url := n.serve(t, "hub.test", newFakeHub(nil))
				n.set("hub.test", true)
				enqueue(t, s, url, 7, topicNames(3)...)
				pass(100 * time.Hour)
				start(t, c)
				pass(30 * time.Minute)
				want(t, s, url, 3, store.Retrying)
				outcome := store.Failed
				if up {
					n.set("hub.test", false)
					outcome = store.Delivered
				}
				pass(2 * time.Hour)
				want(t, s, url, 3, outcome)
			})
		})
	}
}

func TestHubThatWasWokenStays(t *testing.T) {
	d, end := newDrain(t.Context(), New(Config{}))
	defer end.begin()
	h := newHub(d, "http://hub.test/")
	d.hubs[h.url] = h
	d.wake(h.url, true)
	if d.leave(h) || d.hubs[h.url] != h {
		t.Error("hub left although something came")
	}
	<-h.woken
	if !d.leave(h) || len(d.hubs) != 0 {
		t.Error("hub stayed although nothing came")
	}
}

func TestNewsShortensTheHalt(t *testing.T) {
	for name, choked := range map[string]int{"at once": 0, "on a topic that the hub choked on before": 2} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				const refused = "https://example.org/c/rss.xml" // keeps the hub in mind
				h := newFakeHub(func(i int, topic string, w http.ResponseWriter, r *http.Request) {
					switch {
					case topic == refused:
						w.WriteHeader(http.StatusInternalServerError)
					case topic == topicA && choked > 0:
						choked--
						hang(i, topic, w, r)
					}
				})
				url := n.serve(t, "hub.test", h)
				start(t, c)
				enqueue(t, s, url, 1, refused)
				for generation := range uint64(4) {
					enqueue(t, s, url, generation+1, topicB)
					enqueue(t, s, url, 1, topicA)
					pass(13 * time.Second)
				}
				pass(time.Minute)
				if rows := rowsOf(t, s, url); rows[topicA].Outcome != store.Delivered || rows[topicB].Outcome != store.Delivered {
					t.Fatalf("rows are %+v", rows)
				}
				before := len(h.requests())

				n.set("hub.test", true)
				enqueue(t, s, url, 7, topicA)
				pass(2 * time.Hour) // the wait is an hour by now
				n.set("hub.test", false)
				enqueue(t, s, url, 7, topicB)
				pass(time.Minute)
				got := h.topics()[before:]
				if !slices.Contains(got, topicA) || !slices.Contains(got, topicB) {
					t.Errorf("told of %v within a minute, want both", got)
				}
			})
		})
	}
}

func TestTopicThatAHubChokesOnKeepsNoOther(t *testing.T) {
	for name, choke := range map[string]func(int, string, http.ResponseWriter, *http.Request){
		"500": status(500), "503": status(503), "hanging": hang,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(func(i int, topic string, w http.ResponseWriter, r *http.Request) {
					if topic == topicA {
						choke(i, topic, w, r)
					}
				})
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicA)
				start(t, c)
				pass(0)
				names := topicNames(40)
				enqueue(t, s, url, 7, names...)
				pass(30 * time.Second)
				rows := rowsOf(t, s, url)
				for _, name := range names {
					if rows[name].Outcome != store.Delivered {
						t.Fatalf("%s is %q after half a minute", name, rows[name].Outcome)
					}
				}
				if rows[topicA].Outcome != store.Retrying {
					t.Errorf("the topic itself is %q", rows[topicA].Outcome)
				}
			})
		})
	}
}

func TestTopicThatAHubChokesOnIsTriedLessAndLess(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		tries := map[string]int{}
		h := newFakeHub(func(i int, topic string, w http.ResponseWriter, r *http.Request) {
			if tries[topic]++; topic == topicA || topic == topicB {
				hang(i, topic, w, r)
			}
		})
		url := n.serve(t, "hub.test", h)
		enqueue(t, s, url, 7, topicA, topicB)
		start(t, c)
		for _, name := range topicNames(120) { // half an hour
			enqueue(t, s, url, 7, name)
			pass(15 * time.Second)
		}
		pass(30 * time.Second)
		for _, topic := range []string{topicA, topicB} {
			if got := tries[topic]; got < 6 || got > 12 {
				t.Errorf("%s was tried %d times", topic, got)
			}
		}
		if len(tries) != 122 {
			t.Errorf("told of %d topics", len(tries))
		}
	})
}

func TestThousandTopicsGoByAge(t *testing.T) {
	h := newFakeHub(func(int, string, http.ResponseWriter, *http.Request) { <-time.After(time.Millisecond) })
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s := openStore(t)
	names, age := topicNames(1000), map[string]int{}
	for i := 0; i < 1000; i += 50 { // the last of the alphabet first
		oldest := names[950-i : 1000-i]
		enqueue(t, s, server.URL, 7, oldest...)
		for _, name := range oldest {
			age[name] = i
		}
	}
	stop := start(t, Config{Store: s, Served: everything})
	awaitPings(t, h, 1000)
	stop()
	want(t, s, server.URL, 1000, store.Delivered)
	last := 0
	for _, r := range h.requests() {
		if age[r.topic] < last {
			t.Fatalf("%s came after a younger one", r.topic)
		}
		last = age[r.topic]
	}
	if h.most != 1 {
		t.Errorf("%d requests at the same time", h.most)
	}
}

func TestIdleHubHasNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		url := n.serve(t, "hub.test", newFakeHub(status(400)))
		d, end := newDrain(t.Context(), New(c))
		watched := make(chan error)
		go func() { watched <- d.watch() }()
		running := func() int {
			d.mu.Lock()
			defer d.mu.Unlock()
			return len(d.hubs)
		}
		enqueue(t, s, url, 7, topicA)
		pass(time.Second)
		if n := running(); n != 0 {
			t.Errorf("%d goroutines for hubs with nothing to send", n)
		}
		end.begin()
		if err := <-watched; err != nil {
			t.Error(err)
		}
		end.send()
		end.save()
	})
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Split(strings.TrimSpace(b.b.String()), "\n")
}

func TestLogTellsChangesAndNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, n, log := openStore(t), newNetwork(t), &buffer{}
		var observed []string
		n.serve(t, "hub.test", newFakeHub(func(i int, _ string, w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "me" || password != "hunter2" || r.URL.RawQuery != "key=hunter3" {
				t.Errorf("hub was not given its credentials")
			}
			if i < 5 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}))
		url := "http://me:hunter2@hub.test/?key=hunter3"
		enqueue(t, s, url, 7, topicA)
		start(t, Config{
			Store: s, Served: everything, Transport: n, Jitter: fullSpan,
			Log:     zerolog.New(log).Level(zerolog.InfoLevel),
			Observe: func(hub, outcome string, _ time.Duration) { observed = append(observed, hub+" "+outcome) },
		})
		pass(time.Hour)
		got := log.lines()
		if len(got) != 2 || !strings.Contains(got[0], `"level":"warn"`) || !strings.Contains(got[1], `"level":"info"`) {
			t.Errorf("log of 6 attempts is\n%s", strings.Join(got, "\n"))
		}
		told := strings.Join(append(got, observed...), "\n") + rowsOf(t, s, url)[topicA].Error
		if strings.Contains(told, "hunter") || !strings.Contains(told, "http://xxxxx@hub.test/?xxxxx delivered") {
			t.Errorf("told:\n%s", told)
		}
		if len(observed) != 6 {
			t.Errorf("observed %d attempts, want 6", len(observed))
		}
	})
}
