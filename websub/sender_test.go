package websub

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"syndic/store"
	"syndic/store/storetest"
)

func TestRestartKeepsAndSendsWhatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, n, h := newPath(t), newNetwork(t), newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		n.set("hub.test", true)
		s := openFile(t, path)
		names := enqueueReversed(t, s, url, 20)
		stop := start(t, Config{Store: s, Served: everything, Transport: n, Jitter: fullSpan})
		pass(3 * time.Hour) // the wait is an hour by now
		stop()
		want(t, s, url, 20, store.Retrying)
		closeFile(t, s)
		n.set("hub.test", false)
		s = openFile(t, path)
		stop = start(t, Config{Store: s, Served: everything, Transport: n, Jitter: fullSpan})
		pass(0)
		want(t, s, url, 20, store.Delivered)
		if got := h.topics(); !slices.Equal(got, slices.Concat(names[13:], names[:13])) { // 13 were tried once
			t.Errorf("told of %v", got)
		}
		stop()
		closeFile(t, s)
	})
}

func TestRestartTriesADeadHubOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		enqueue(t, s, "http://dead.test/", 7, topicNames(20)...)
		stop := start(t, c)
		pass(3 * time.Hour)
		stop()
		before := n.dialled()
		start(t, c)
		pass(time.Second)
		if got := n.dialled() - before; got != 1 {
			t.Errorf("dialled %d times at start, want once", got)
		}
	})
}

func TestRestartKeepsTheBackoff(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		enqueue(t, s, "http://dead.test/", 7, topicA)
		stop := start(t, c)
		pass(3 * time.Hour)
		stop()
		before := n.dialled()
		start(t, c)
		pass(time.Hour - time.Second)
		if got := n.dialled() - before; got != 1 {
			t.Errorf("dialled %d times within the hour, want once", got)
		}
		pass(2 * time.Second)
		if got := n.dialled() - before; got != 2 {
			t.Errorf("dialled %d times after the hour, want twice", got)
		}
	})
}

// dying is a store whose process dies when an outcome is to be written: from
// then on no commit succeeds.
type dying struct {
	store.Store
	dead atomic.Bool
}

var errDead = errors.New("killed")

func (d *dying) Update(ctx context.Context, fn func(store.Tx) error) error {
	return d.Store.Update(ctx, func(tx store.Tx) error {
		if err := fn(&dyingTx{tx, d}); err != nil {
			return err
		}
		if d.dead.Load() {
			return errDead
		}
		return nil
	})
}

type dyingTx struct {
	store.Tx
	d *dying
}

func (t *dyingTx) Settle(store.Delivery) error { t.d.dead.Store(true); return errDead }

// What is sent a second time is what was under way: the outcomes of one commit,
// and those that waited for it. Everything else is sent once.
func TestKilledBetweenSendAndSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path, n, h := newPath(t), newNetwork(t), newFakeHub(nil)
		url := n.serve(t, "hub.test", h)
		s := openFile(t, path)
		names := enqueueReversed(t, s, url, 30)
		stop := start(t, Config{Store: &dying{Store: s}, Served: everything, Transport: n})
		pass(time.Second)
		stop()
		want(t, s, url, 30, store.Waiting)
		before := h.topics()
		if len(before) > 1+ahead || !slices.Equal(before, names[:len(before)]) {
			t.Fatalf("sent before the crash: %v", before)
		}
		closeFile(t, s)
		s = openFile(t, path)
		stop = start(t, Config{Store: s, Served: everything, Transport: n})
		pass(0)
		stop()
		want(t, s, url, 30, store.Delivered)
		if got := h.topics()[len(before):]; !slices.Equal(got, names) {
			t.Errorf("sent after it: %v, want each once", got)
		}
		closeFile(t, s)
	})
}

func TestOutcomeIsWrittenThoughCommitsFail(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{
		"not committed": storetest.Before, "committed but reported failed": storetest.After, "run again": storetest.Again,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
				h := newFakeHub(nil)
				url := n.serve(t, "hub.test", h)
				enqueue(t, s, url, 7, topicNames(20)...)
				c.Store = storetest.NewFaulty(s, func(update int) storetest.Fault {
					if update%2 == 0 { // the first one only claims
						return fault
					}
					return storetest.None
				})
				start(t, c)
				pass(5 * time.Minute)
				want(t, s, url, 20, store.Delivered)
				if got := len(h.requests()); got != 20 {
					t.Errorf("%d requests for 20 topics", got)
				}
			})
		})
	}
}

func TestRunLetsARequestFinish(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		h := newFakeHub(func(int, string, http.ResponseWriter, *http.Request) { <-time.After(4 * time.Second) })
		url := n.serve(t, "hub.test", h)
		enqueue(t, s, url, 7, topicA, topicB)
		stop := start(t, c)
		pass(time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("Run took %s to end", took)
		}
		rows := rowsOf(t, s, url)
		if rows[topicA].Outcome != store.Delivered || rows[topicB].Outcome != store.Waiting || len(h.requests()) != 1 {
			t.Errorf("rows are %+v", rows)
		}
	})
}

func TestRunCutsAHangingRequest(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		h := newFakeHub(hang)
		url := n.serve(t, "hub.test", h)
		enqueue(t, s, url, 7, topicA)
		stop := start(t, c)
		pass(time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took != grace {
			t.Errorf("Run took %s to end", took)
		}
		if d := rowsOf(t, s, url)[topicA]; d.Outcome != store.Waiting || d.Attempt != 0 {
			t.Errorf("row is %+v", d)
		}
		h.answer = nil
		start(t, c)
		pass(0) // its lease ended with the Run
		want(t, s, url, 1, store.Delivered)
	})
}

func TestRunEndsThoughTheStoreFails(t *testing.T) {
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		url := n.serve(t, "hub.test", newFakeHub(nil))
		enqueue(t, s, url, 7, topicA)
		c.Store = &dying{Store: s}
		stop := start(t, c)
		pass(time.Minute)
		began := time.Now()
		stop()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("Run took %s to end", took)
		}
	})
}

func TestRunEndsWhenTheStoreIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openFile(t, newPath(t))
		enqueue(t, s, "http://dead.test/", 7, topicA)
		ended := make(chan error, 1)
		go func() {
			ended <- New(Config{Store: s, Served: everything, Transport: newNetwork(t)}).Run(t.Context())
		}()
		pass(time.Minute)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Run: %v, want that the store is closed", err)
		}
	})
}
