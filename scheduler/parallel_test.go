package scheduler

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// meeting is a check in which the first two categories wait for each other.
type meeting struct {
	mu      sync.Mutex
	first   uint64
	arrived chan struct{}
	met     bool
	entries int // that were checked
}

func (m *meeting) check(c feed.Category, p Part) error {
	m.mu.Lock()
	m.entries += len(p.Entries)
	waits := m.first == 0
	if waits {
		m.first = c.Num
	} else if c.Num != m.first && !m.met {
		m.met = true
		close(m.arrived)
	}
	m.mu.Unlock()
	if waits {
		select {
		case <-m.arrived:
		case <-time.After(time.Minute):
		}
	}
	return nil
}

// Very many categories are published several at a time, and a post that has no
// date yet gets the same one in all of them. Another configuration renders
// heads and no posts.
func TestEverythingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const categories = 40
		m := &meeting{arrived: make(chan struct{})}
		site := siteWith("@change")
		w := newWorld(t, site, func(c *Config) { c.Check = m.check }).clean()
		w.sched.workers, w.sched.chunk = 4, 7
		for i := range categories {
			for _, dated := range []bool{true, false} {
				w.add(func(p *feed.Post) {
					if !dated {
						p.Published = time.Time{}
					}
				}, store.PutOptions{Due: time.Now()}, fmt.Sprint("c", i), fmt.Sprint("c", (i+7)%categories))
			}
		}
		m.first, m.entries = 0, 0
		w.step()
		if !m.met {
			t.Error("one category waited for another")
		}
		w.wantFromNothing(categories + 1)
		m.entries = 0
		site.Copyright += "!"
		w.apply(site)
		until(time.Now().Add(time.Minute))
		w.step()
		w.wantFromNothing(categories + 1)
		if m.entries > 0 {
			t.Errorf("another copyright had %d entries rendered", m.entries)
		}
	})
}

// wantFromNothing holds every feed against one made from nothing.
func (w *world) wantFromNothing(n int) {
	w.t.Helper()
	var all []feed.Category
	w.view(func(r store.Reader) (err error) {
		all, err = r.Categories(0, 100)
		return err
	})
	if len(all) != n {
		w.t.Errorf("%d categories, want %d", len(all), n)
	}
	for _, c := range all {
		list := w.artifacts(c.Slug)
		if len(list) != len(feed.Formats) {
			w.t.Errorf("category %q has %d feeds", c.Slug, len(list))
		}
		for _, a := range list {
			if !bytes.Equal(w.bytes(a), w.fromNothing(c, a.Format)) {
				w.t.Errorf("%s is other than from nothing", a.Path)
			}
		}
	}
}

// A category that gets another name between the reading of a publication and
// its commit is shown by it in all feeds that hold its posts.
func TestRenamedWhilePublishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil).clean()
		w.add(nil, store.PutOptions{Due: time.Now()}, "design", "other")
		renamed := false
		meddle := &interposed{Store: w.store}
		meddle.before = func(int) {
			if renamed {
				return
			}
			renamed = true
			c := w.category("other")
			c.Title = "Others"
			w.update(func(tx store.Tx) error { _, err := tx.PutCategory(c); return err })
		}
		w.sched.lease.Release()
		s := w.scheduler(func(c *Config) { c.Store = meddle })
		if _, err := s.Step(w.ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		w.wantFromNothing(3)
	})
}

// Who changed a post looks for it in its category first.
func TestSiteComesLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil).clean()
		w.add(nil, store.PutOptions{}, "design", "code")
		w.step()
		if len(w.runs) != 3 || w.runs[2].Category != feed.SiteNum {
			t.Errorf("published %+v, want the site's own feed last", w.runs)
		}
	})
}
