package websub

import (
	"sync/atomic"
	"testing"
	"time"

	"syndic/store"
)

func TestNotSentBeforeItIsServed(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		var out atomic.Uint64
		c.Served = func(string) (uint64, bool) { return out.Load(), true }
		h := newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		out.Store(6)
		enqueue(t, s, url, 7, topicA)
		start(t, c)
		pass(20 * time.Millisecond)
		if len(h.requests()) != 0 {
			t.Fatal("sent while readers got the generation before")
		}
		out.Store(7)
		pass(pollMax)
		if len(h.requests()) != 1 {
			t.Error("not sent as soon as readers got it")
		}
		pass(time.Minute)
		enqueue(t, s, url, 8, topicA)
		pass(patience / 2)
		out.Store(8)
		pass(pollMax)
		if len(h.requests()) != 2 {
			t.Error("the next generation was not sent as soon as readers got it")
		}
		want(t, s, url, 1, store.Delivered)
	})
}

func TestTopicThatIsNotServedHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		var out atomic.Bool
		c.Served = func(topic string) (uint64, bool) {
			if topic == topicB || out.Load() {
				return 9, true
			}
			return 1, true
		}
		h := newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		names := topicNames(30)
		enqueue(t, s, url, 7, names...)
		start(t, c)
		pass(10 * time.Millisecond)
		enqueue(t, s, url, 7, topicB)
		pass(2 * time.Second)
		if got := h.requests(); len(got) != 1 || got[0].topic != topicB {
			t.Errorf("%d requests", len(got))
		}
		out.Store(true)
		pass(3 * time.Second)
		want(t, s, url, 31, store.Delivered)
	})
}

func TestUnknownTopic(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		var loaded atomic.Bool
		c.Served = func(string) (uint64, bool) { return 1 << 62, loaded.Load() }
		h := newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		generation := publish(t, s, topicA)
		enqueue(t, s, url, generation, topicA, topicB)
		start(t, c)
		pass(10 * time.Second)
		rows := rowsOf(t, s, url)
		if _, there := rows[topicB]; there || len(rows) != 1 {
			t.Errorf("rows are %+v, want only the published topic's", rows)
		}
		loaded.Store(true)
		pass(time.Minute)
		if got := h.requests(); len(got) != 1 || got[0].topic != topicA {
			t.Errorf("requests are %+v", got)
		}
	})
}

func TestTopicThatIsDroppedWhileItWaits(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		c.Served = func(string) (uint64, bool) { return 0, false }
		url := n.serve(t, "hub.test", newFakeHub(nil))
		enqueue(t, s, url, publish(t, s, topicA), topicA)
		start(t, c)
		pass(time.Minute)
		if rows := rowsOf(t, s, url); len(rows) != 1 || rows[topicA].Outcome != store.Waiting || rows[topicA].Attempt != 0 {
			t.Fatalf("rows are %+v, want one that waits", rows)
		}
		publish(t, s, "")
		pass(3 * time.Minute)
		if rows := rowsOf(t, s, url); len(rows) != 0 {
			t.Errorf("rows are %+v, want none", rows)
		}
	})
}
