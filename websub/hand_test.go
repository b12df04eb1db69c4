package websub

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"syndic/store"
)

// ask enqueues by hand.
func ask(t *testing.T, s store.Store, hub string, generation uint64, topics ...string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, topic := range topics {
			if err := tx.Enqueue(hub, topic, generation, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unless answers so until it is told to stop.
func unless(stop *atomic.Bool, answer func(int, string, http.ResponseWriter, *http.Request)) func(int, string, http.ResponseWriter, *http.Request) {
	return func(i int, topic string, w http.ResponseWriter, r *http.Request) {
		if !stop.Load() {
			answer(i, topic, w, r)
		}
	}
}

var refusals = map[string]func(int, string, http.ResponseWriter, *http.Request){
	"429": status(429, "Retry-After", "900"), "503": status(503, "Retry-After", "3600"),
	"503 without a time": status(503), "no answer": hang,
}

// What is asked for by hand goes out at once, whatever the hub said before, and
// takes the rest along when the hub answers.
func TestByHandAtOnce(t *testing.T) {
	for name, answer := range refusals {
		for _, restart := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", over a restart"}[restart], func(t *testing.T) {
				bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
					well := &atomic.Bool{}
					h := newFakeHub(unless(well, answer))
					url := n.serve(t, "hub.test", h)
					enqueue(t, s, url, 7, topicA, topicB)
					stop := start(t, c)
					pass(10*time.Minute + time.Second)
					before := len(h.requests())
					well.Store(true)
					if restart {
						stop()
					}
					ask(t, s, url, 7, topicB)
					if restart {
						start(t, c)
					}
					pass(time.Millisecond)
					want(t, s, url, 2, store.Delivered)
					if got := h.topics()[before:]; !slices.Contains(got, topicA) || !slices.Contains(got, topicB) || len(got) != 2 {
						t.Errorf("told of %v", got)
					}
					if h.most != 1 {
						t.Errorf("%d requests at the same time", h.most)
					}
				})
			})
		}
	}
}

// A hub that asks for time again has it: one request is all that asking by hand
// costs it, over a restart, too.
func TestByHandAsksOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		well := &atomic.Bool{}
		h := newFakeHub(unless(well, status(429, "Retry-After", "900")))
		url := n.serve(t, "hub.test", h)
		names := topicNames(30)
		ask(t, s, url, 7, names...)
		stop := start(t, c)
		pass(time.Minute)
		ask(t, s, url, 7, names...)
		pass(time.Minute)
		enqueue(t, s, url, 8, names[:20]...)
		pass(time.Minute)
		stop()
		enqueue(t, s, url, 9, names[:25]...)
		well.Store(true)
		start(t, c)
		pass(13*time.Minute - time.Millisecond)
		if got := h.times(); !slices.Equal(got, []time.Duration{0, time.Minute}) {
			t.Errorf("tried at %v, want at 0 and after a minute", got)
		}
		pass(time.Second)
		want(t, s, url, 30, store.Delivered)
	})
}

// What is asked for while a request is under way is not answered by it.
func TestByHandDuringARequest(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		well := &atomic.Bool{}
		h := newFakeHub(unless(well, hang))
		url := n.serve(t, "hub.test", h)
		enqueue(t, s, url, 7, topicA)
		start(t, c)
		pass(20 * time.Minute)
		before := h.times()
		ask(t, s, url, 7, topicA) // begins another, which gets no answer
		pass(5 * time.Second)
		ask(t, s, url, 7, topicA)
		well.Store(true)
		pass(6 * time.Second)
		want(t, s, url, 1, store.Delivered)
		got := h.times()[len(before):]
		if wanted := []time.Duration{20 * time.Minute, 20*time.Minute + 10*time.Second}; !slices.Equal(got, wanted) {
			t.Errorf("tried at %v, want at %v", got, wanted)
		}
	})
}

// What was asked for ends one halt, though the clock went back since then.
func TestByHandAndTheClock(t *testing.T) {
	d, end := newDrain(t.Context(), New(Config{}))
	defer end.begin()
	h := newHub(d, "http://hub.test/")
	row := store.Delivery{Asked: time.Now().Add(time.Hour)}
	if !h.presses(row) {
		t.Fatal("it ends no halt")
	}
	h.lift([]store.Delivery{row})
	h.heed(time.Now())
	if h.presses(row) {
		t.Error("it ends the next one, too")
	}
}

// meddledStore lets something share one of the Sender's commits.
type meddledStore struct {
	store.Store
	meddle func(store.Tx) error
}

func (m *meddledStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	meddle := m.meddle
	if m.meddle = nil; meddle == nil {
		return m.Store.Update(ctx, fn)
	}
	return m.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(meddle(tx), fn(tx)) })
}

// What is asked for by hand while everything is being put off is not put off
// with it.
func TestByHandWhileOthersArePutOff(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		well := &atomic.Bool{}
		h := newFakeHub(unless(well, status(429, "Retry-After", "900")))
		url := n.serve(t, "hub.test", h)
		m := &meddledStore{Store: s}
		c.Store = m
		enqueue(t, s, url, 7, topicA)
		start(t, c)
		pass(time.Minute)
		well.Store(true)
		m.meddle = func(tx store.Tx) error { return tx.Enqueue(url, topicB, 7, true) }
		enqueue(t, s, url, 7, topicB)
		pass(time.Millisecond)
		want(t, s, url, 2, store.Delivered)
	})
}
