package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// A short life of a site, each step of which wakes the scheduler. The posts
// carry dates, so that a retry a second later gives the same bytes.
var life = []func(w *world){
	func(w *world) { w.add(nil, store.PutOptions{}, "design") },
	func(w *world) { w.add(nil, store.PutOptions{}, "design", "code") },
	func(w *world) {
		w.edit(1, store.PutOptions{}, func(p *feed.Post) { p.Title = "Edited" })
		w.add(func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, start.Add(2*time.Hour) }, store.PutOptions{}, "code")
	},
	func(w *world) { <-time.After(time.Until(start.Add(2 * time.Hour))) },
	func(w *world) { w.edit(2, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled }) },
	func(w *world) {
		c := w.bySlug("code")
		c.State = feed.Retired
		w.update(func(tx store.Tx) error {
			_, err := tx.PutCategory(c)
			return errors.Join(err, tx.PutMark(c.Num, tx.Now(), false))
		})
	},
}

// live plays the life against a scheduler on a store with faults. When the
// scheduler fails, another one takes its place, as after a crash.
func live(t *testing.T, plan func(update int) storetest.Fault) (history []string, updates int) {
	w := newWorld(t, siteWith("@change"), nil)
	w.sched = nil
	var faulty *storetest.Faulty
	s := func() *Scheduler {
		return w.scheduler(func(c *Config) { c.Store = faulty })
	}
	faulty = storetest.NewFaulty(w.store, plan)
	current := s()
	settle := func() {
		for range 20 {
			next, err := current.Step(w.ctx, time.Now())
			if err != nil {
				if current.lease.Release != nil {
					current.lease.Release()
				}
				current, next = s(), time.Now().Add(time.Second)
			}
			if next.Sub(time.Now()) >= longestWait {
				return
			}
			<-time.After(time.Until(next))
		}
		t.Fatal("it does not come to rest")
	}
	for _, step := range life {
		step(w)
		settle()
		<-time.After(time.Second)
	}
	for _, slug := range []string{"", "design", "code"} {
		for _, a := range w.artifacts(slug) {
			w.bytes(a)
			history = append(history, a.Path+" "+a.Digest)
		}
	}
	for i := range 3 {
		p := w.post(uint64(i + 1))
		history = append(history, fmt.Sprint(p.ID, p.State, p.Live, p.Published))
	}
	w.view(func(r store.Reader) error {
		rows, err := r.Deliveries("")
		for _, d := range rows {
			a := slices.IndexFunc(w.artifacts(""), func(a feed.Artifact) bool { return a.Topic == d.Topic })
			if a >= 0 && w.artifacts("")[a].Generation != d.Generation {
				t.Errorf("%s: the ping is of generation %d", d.Topic, d.Generation)
			}
			history = append(history, d.Hub+" "+d.Topic)
		}
		if at := r.NextMark(); !at.IsZero() {
			t.Errorf("a mark is left for %v", at)
		}
		return err
	})
	return history, faulty.Updates()
}

// Each commit of the scheduler fails once in each way, and what it comes to is
// what an undisturbed life comes to.
func TestFaultAtEveryCommit(t *testing.T) {
	var want []string
	var updates int
	synctest.Test(t, func(t *testing.T) {
		want, updates = live(t, func(int) storetest.Fault { return storetest.None })
	})
	if updates < 10 || len(want) < 15 {
		t.Fatalf("an undisturbed life has %d commits and comes to %d rows", updates, len(want))
	}
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After, storetest.Again} {
		for k := 1; k <= updates; k++ {
			t.Run(fmt.Sprintf("fault %d at commit %d", fault, k), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got, _ := live(t, func(n int) storetest.Fault {
						if n == k {
							return fault
						}
						return storetest.None
					})
					if !slices.Equal(got, want) {
						t.Errorf("it comes to\n%q\nwant\n%q", got, want)
					}
				})
			})
		}
	}
}

// A store that refuses for a while costs some time and one line of the log.
func TestRunOutlastsTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		sick := &refusingStore{Store: w.store}
		sick.refuse.Store(true)
		var beats atomic.Int64
		lines := &counter{}
		s := w.scheduler(func(c *Config) {
			c.Store, c.Beat = sick, func() { beats.Add(1) }
			c.Log = c.Log.Output(lines)
		})
		defer w.run(s)()
		p := w.add(nil, store.PutOptions{}, "design")
		until(start.Add(10 * time.Minute))
		if lines.Load() != 1 {
			t.Errorf("ten minutes of a full disk give %d lines, want one", lines.Load())
		}
		if beats.Load() < 10 {
			t.Errorf("%d beats in ten minutes, want one a minute at least", beats.Load())
		}
		sick.refuse.Store(false)
		until(start.Add(12 * time.Minute))
		w.wantTitles("design", p.Title)
	})
}

func TestRunEndsWithTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		ended := make(chan error, 1)
		go func() { ended <- w.sched.Run(w.ctx) }()
		synctest.Wait()
		w.must(w.store.Close())
		until(start.Add(2 * time.Minute))
		if err := <-ended; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestRunPrunes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		w.fill(2*pruneBatch+10, "Text.")
		defer w.run(w.sched)()
		until(start.Add(historyKept - time.Minute))
		var n int
		count := func() int {
			w.view(func(r store.Reader) error {
				list, err := r.Changes(0, 10*pruneBatch)
				n = len(list)
				return err
			})
			return n
		}
		if count() < 2*pruneBatch {
			t.Errorf("%d changes are left before the week is over", n)
		}
		until(start.Add(historyKept + pruneInterval))
		if count() != 0 {
			t.Errorf("%d changes are left after the week", n)
		}
	})
}

// Who lost the leadership commits nothing, and asks for it anew.
func TestFencedCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil).clean()
		p := w.add(nil, store.PutOptions{}, "design")
		w.sched.lease.Token--
		if _, err := w.sched.Step(w.ctx, time.Now()); !errors.Is(err, store.ErrFenced) {
			t.Errorf("a step of a former leader: %v", err)
		}
		w.wantTitles("design")
		w.step()
		w.wantTitles("design", p.Title)
	})
}
