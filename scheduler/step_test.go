package scheduler

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// start is when every bubble's clock begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTwoSchedulesOver72Hours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change", "daily", "0 6 * * *", "often", "20 */8 * * *"), nil)
		defer w.run(w.sched)()
		var want []string
		daily, often := start.Add(6*time.Hour), start.Add(20*time.Minute)
		var inDaily, inOften []string
		for hour := range 72 {
			at := start.Add(time.Duration(hour)*time.Hour + 30*time.Minute)
			// The slots before this half hour, each a second early and in time.
			for ; daily.Before(at); daily = daily.Add(24 * time.Hour) {
				until(daily.Add(-time.Second))
				w.wantTitles("daily", inDaily...)
				until(daily)
				inDaily = slices.Clone(want)
				w.wantTitles("daily", inDaily...)
			}
			for ; often.Before(at); often = often.Add(8 * time.Hour) {
				until(often.Add(-time.Second))
				w.wantTitles("often", inOften...)
				until(often)
				inOften = slices.Clone(want)
				w.wantTitles("often", inOften...)
			}
			until(at)
			if hour%5 == 0 {
				p := w.add(nil, store.PutOptions{}, "daily", "often")
				want = slices.Insert(want, 0, p.Title)
				synctest.Wait()
				w.wantTitles("", want...)
				if got := w.post(p.Num); got.State != feed.Published || got.Live != 1 {
					t.Errorf("a post is %s at revision %d once one feed shows it", got.State, got.Live)
				}
			}
			w.wantTitles("daily", inDaily...)
			w.wantTitles("often", inOften...)
		}
	})
}

func TestMissedSlotRunsOnceAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 6 * * *"), nil)
		stop := w.run(w.sched)
		until(start.Add(5 * time.Hour))
		p := w.add(nil, store.PutOptions{}, "design")
		stop()
		until(start.Add(80 * time.Hour)) // three slots pass
		w.wantTitles("design")
		w.runs = nil
		defer w.run(w.scheduler(nil))()
		synctest.Wait()
		w.wantTitles("design", p.Title)
		w.wantTitles("", p.Title)
		until(start.Add(95 * time.Hour))
		if len(w.runs) != 2 {
			t.Errorf("%d publications after the start, want one of each of the two categories", len(w.runs))
		}
	})
}

// A publication at its slot is not late; one after a downtime is, by how much,
// and has missed a slot once the next one has passed, too.
func TestLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type late struct {
			by     time.Duration
			missed bool
		}
		var told []late
		var telling sync.Mutex
		listen := func(c *Config) {
			c.Late = func(by time.Duration, missed bool) {
				telling.Lock()
				defer telling.Unlock()
				told = append(told, late{by, missed})
			}
		}
		w := newWorld(t, siteWith("0 6 * * *"), listen)
		stop := w.run(w.sched)
		until(start.Add(5 * time.Hour))
		want := func(by time.Duration, missed bool) {
			t.Helper()
			synctest.Wait()
			if len(told) != 2 || told[0] != (late{by, missed}) || told[1] != told[0] {
				t.Errorf("told %v, want %v, %v twice", told, by, missed)
			}
			told = nil
		}
		told = nil
		w.add(nil, store.PutOptions{}, "design")
		until(start.Add(7 * time.Hour))
		want(0, false)
		w.add(nil, store.PutOptions{}, "design")
		stop()
		until(start.Add(32 * time.Hour))
		stop = w.run(w.scheduler(listen))
		want(2*time.Hour, false)
		w.add(nil, store.PutOptions{}, "design")
		stop()
		until(start.Add(80 * time.Hour))
		defer w.run(w.scheduler(listen))()
		want(26*time.Hour, true)
	})
}

func TestDuePostAtItsSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 6 * * *"), nil)
		defer w.run(w.sched)()
		at := start.Add(10*time.Hour + 7*time.Second)
		waiting := w.add(nil, store.PutOptions{}, "design") // for the slot at 06:00
		due := w.add(func(p *feed.Post) {
			p.State, p.PublishAt, p.Published = feed.Scheduled, at, time.Time{}
		}, store.PutOptions{}, "design", "code")
		until(at.Add(-time.Second))
		w.wantTitles("design", waiting.Title)
		w.wantTitles("code")
		later := w.add(nil, store.PutOptions{}, "design")
		until(at)
		// Dated in 2026, the others are newer. What waited goes along.
		w.wantTitles("design", later.Title, waiting.Title, due.Title)
		w.wantTitles("code", due.Title)
		got := w.post(due.Num)
		if got.State != feed.Published || !got.Published.Equal(at) {
			t.Errorf("the post is %s, dated %v; want published at %v", got.State, got.Published, at)
		}
	})
}

func TestPostThatIsHeldBackAtTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil).clean()
		p := w.add(func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, time.Now() }, store.PutOptions{}, "design")
		late := &interposed{Store: w.store, before: func(n int) {
			if n == 1 {
				w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Draft })
			}
		}}
		s := w.scheduler(func(c *Config) { c.Store = late })
		if _, err := s.Step(w.ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := w.post(p.Num).State; got != feed.Draft || late.n == 0 {
			t.Errorf("after %d commits the post is %s, want a draft", late.n, got)
		}
	})
}

func TestRescheduledPostKeepsItsDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil).clean()
		p := w.add(nil, store.PutOptions{}, "design")
		w.step()
		<-time.After(time.Minute)
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled })
		w.step()
		w.wantTitles("design")
		if _, err := w.sched.Step(w.ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Hour).Truncate(time.Second)
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, at })
		w.step()
		w.wantTitles("design")
		until(at)
		w.step()
		w.wantTitles("design", p.Title)
		if got := w.post(p.Num); !got.Published.Equal(p.Published) {
			t.Errorf("a post that was out before is dated %v, want %v", got.Published, p.Published)
		}
	})
}

func TestUndatedPostIsDatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 * * * *", "slow", "0 6 * * *"), nil).clean()
		p := w.add(func(p *feed.Post) { p.Published = time.Time{} }, store.PutOptions{}, "slow", "quick")
		until(start.Add(time.Hour))
		w.step()
		if got := w.post(p.Num); !got.Published.Equal(start.Add(time.Hour)) {
			t.Errorf("dated %v, want the hour at which it went out", got.Published)
		}
		until(start.Add(6 * time.Hour))
		w.step()
		w.wantTitles("slow", p.Title)
		if got := w.post(p.Num); !got.Published.Equal(start.Add(time.Hour)) {
			t.Errorf("dated %v by the second feed that shows it", got.Published)
		}
	})
}

func TestNextIsTheEarliest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("* * * * *"), nil).clean()
		now := time.Now()
		if next := w.step(); !next.Equal(now.Add(time.Minute)) {
			t.Errorf("nothing due: next after %v, want a minute", next.Sub(now))
		}
		w.add(nil, store.PutOptions{}, "design")
		if next := w.step(); !next.Equal(start.Add(time.Minute)) {
			t.Errorf("next is %v, want the slot", next)
		}
		at := now.Add(10 * time.Second).Truncate(time.Second)
		w.add(func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, at }, store.PutOptions{})
		if next := w.step(); !next.Equal(at) {
			t.Errorf("next is %v, want the post's %v", next, at)
		}
	})
}

func TestBackoffOfOneCategory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		w := newWorld(t, siteWith("@change"), func(c *Config) {
			c.Check = func(c feed.Category, _ Part) error {
				if c.Slug == "bad" && broken {
					panic("no good")
				}
				return nil
			}
		}).clean()
		w.add(nil, store.PutOptions{}, "bad")
		good := w.add(nil, store.PutOptions{}, "good")
		w.step()
		w.wantTitles("bad")
		w.wantTitles("good", good.Title)
		var gaps []time.Duration
		for last := time.Now(); len(gaps) < 11; {
			next := w.step()
			if next.Sub(last) < time.Minute || len(gaps) >= 6 {
				gaps = append(gaps, next.Sub(last))
				last = next
			}
			until(next)
		}
		want := []time.Duration{1, 2, 4, 8, 16, 32}
		for i, d := range want {
			if gaps[i] != d*time.Second {
				t.Errorf("attempt %d after %v, want %v: %v", i+1, gaps[i], d*time.Second, gaps)
			}
		}
		var run store.Run
		w.view(func(r store.Reader) (err error) {
			c, _ := r.CategoryBySlug("bad")
			run, err = r.Run(c.Num)
			return err
		})
		if run.Error != "publication panicked: no good" || !run.Good.IsZero() {
			t.Errorf("the failed run is kept as %+v", run)
		}
		broken = false
		p := w.add(nil, store.PutOptions{}, "bad") // a newer mark waits for nothing
		w.step()
		if got := w.titles("bad"); len(got) != 2 || got[0] != p.Title {
			t.Errorf("after the repair the feed shows %q", got)
		}
	})
}

func TestDelaysHideNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), func(c *Config) {
			c.Check = func(c feed.Category, _ Part) error {
				if c.Slug != "" && c.Slug != "last" {
					return errors.New("refused")
				}
				return nil
			}
		}).clean()
		w.update(func(tx store.Tx) error {
			for i := range batch + 20 {
				c, err := tx.PutCategory(feed.Category{ID: "tag:" + slug(i), Slug: slug(i), Title: slug(i)})
				if err != nil {
					return err
				}
				if err := tx.PutMark(c.Num, tx.Now(), false); err != nil {
					return err
				}
			}
			return nil
		})
		w.step()
		<-time.After(time.Nanosecond)
		p := w.add(nil, store.PutOptions{}, "last")
		w.step()
		w.wantTitles("last", p.Title)
	})
}

func slug(i int) string { return "c" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
