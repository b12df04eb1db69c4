package scheduler

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// statuses counts the rows of each category by status.
func statuses(rows []Result) map[string]Status {
	m := map[string]Status{}
	for _, r := range rows {
		m[r.Category+" "+r.Format.String()] = r.Status
	}
	return m
}

func wantStatus(t *testing.T, rows []Result, want map[string]Status) {
	t.Helper()
	got := statuses(rows)
	for _, f := range feed.Formats {
		for slug, status := range want {
			if got[slug+" "+f.String()] != status {
				t.Errorf("%q as %s: %s, want %s", slug, f, got[slug+" "+f.String()], status)
			}
		}
	}
	if len(rows) != 3*len(want) {
		t.Errorf("%d rows, want %d", len(rows), 3*len(want))
	}
}

// Both ways: with Run's loop, and as a command line without a daemon does it.
func bothWays(t *testing.T, site feed.Site, test func(t *testing.T, w *world)) {
	for name, loop := range map[string]bool{"with the loop": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, site, nil)
				w.step()
				if loop {
					defer w.run(w.sched)()
				}
				<-time.After(time.Second)
				test(t, w)
			})
		})
	}
}

func TestRepublish(t *testing.T) {
	bothWays(t, siteWith("0 6 * * *"), func(t *testing.T, w *world) {
		queued := w.add(nil, store.PutOptions{}, "design")
		w.add(func(p *feed.Post) { p.State = feed.Draft }, store.PutOptions{}, "design")
		w.add(func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, start.Add(99*time.Hour) }, store.PutOptions{}, "design")
		other := w.add(nil, store.PutOptions{}, "code")
		design := w.bySlug("design")

		rows := w.republish(Request{Categories: []uint64{design.Num}})
		wantStatus(t, rows, map[string]Status{"": Changed, "design": Changed})
		w.wantTitles("design", queued.Title)
		w.wantTitles("", other.Title, queued.Title)
		w.wantTitles("code")
		r := rows[3+int(feed.Atom)]
		a := w.artifacts("design")[feed.Atom]
		if r.Topic != a.Topic || r.Digest != a.Digest || r.Bytes != a.Size || r.Generation != a.Generation ||
			!slices.Equal(r.Hubs, a.Hubs) || r.Title != "design" || r.Error != "" {
			t.Errorf("the row %+v is not of the feed as it is published", r)
		}
		if w.waiting() != 6 {
			t.Errorf("%d pings, want one for each feed that changed", w.waiting())
		}

		w.delivered()
		<-time.After(time.Second)
		before := w.generations("design")
		rows = w.republish(Request{Categories: []uint64{design.Num}})
		wantStatus(t, rows, map[string]Status{"": Unchanged, "design": Unchanged})
		w.wantSame("design", before)
		if w.waiting() != 0 {
			t.Errorf("nothing changed and %d pings wait", w.waiting())
		}

		wantStatus(t, w.republish(Request{}), map[string]Status{"": Unchanged, "design": Unchanged, "code": Changed})
		if w.waiting() != 3 {
			t.Errorf("%d pings, want those of the feeds that changed", w.waiting())
		}
	})
}

// A category that only drafts and scheduled posts name is not told of by a slot,
// a configuration or a republish, however it is asked for.
func TestRepublishKeepsHidden(t *testing.T) {
	site := siteWith("*/10 * * * *", "declared", "*/10 * * * *")
	bothWays(t, site, func(t *testing.T, w *world) {
		draft := w.add(func(p *feed.Post) { p.State = feed.Draft }, store.PutOptions{}, "hidden")
		w.add(func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, start.Add(99*time.Hour) }, store.PutOptions{}, "hidden")
		recalled := w.add(nil, store.PutOptions{}, "hidden") // it has a mark from now on
		w.edit(recalled.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled })
		until(start.Add(10 * time.Minute))
		w.step()
		site.Title += "!"
		w.apply(site)
		w.step()
		named := []uint64{w.bySlug("hidden").Num}
		for _, req := range []Request{{}, {Force: true}, {Categories: named}, {Categories: named, Force: true}, {Categories: named, DryRun: true}} {
			<-time.After(time.Second)
			rows := w.republish(req)
			w.wantTitles("hidden")
			if n := len(w.artifacts("hidden")); n != 0 {
				t.Fatalf("%+v made %d feeds of a category that nobody is to know of", req, n)
			}
			for _, r := range rows {
				if r.Category == "hidden" && (r.Status != Unchanged || r.Generation != 0 || r.Bytes != 0 || r.Error != "") {
					t.Errorf("%+v: %+v", req, r)
				}
			}
			if len(rows) < 6 || len(w.artifacts("declared")) != 3 {
				t.Errorf("%+v: %d rows, %d feeds of a category that is declared", req, len(rows), len(w.artifacts("declared")))
			}
		}
		w.edit(draft.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Queued })
		wantStatus(t, w.republish(Request{Categories: named}), map[string]Status{"": Changed, "hidden": Changed})
		w.wantTitles("hidden", draft.Title)
		w.edit(draft.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled })
		<-time.After(time.Second)
		wantStatus(t, w.republish(Request{Categories: named}), map[string]Status{"": Changed, "hidden": Changed})
		if n := len(w.artifacts("hidden")); n != 3 {
			t.Errorf("%d feeds once the only post was taken back: readers know of them", n)
		}
	})
}

func TestRepublishPings(t *testing.T) {
	bothWays(t, siteWith("0 6 * * *"), func(t *testing.T, w *world) {
		w.add(nil, store.PutOptions{}, "design")
		w.republish(Request{NoPing: true})
		if w.waiting() != 0 || len(w.titles("design")) != 1 {
			t.Errorf("%d pings though none were wanted", w.waiting())
		}
		w.republish(Request{Force: true})
		if w.waiting() != 6 {
			t.Errorf("%d pings, want one for each feed, changed or not", w.waiting())
		}
		w.delivered()
		w.republish(Request{Force: true, NoPing: true})
		w.republish(Request{})
		if w.waiting() != 0 {
			t.Errorf("%d pings: what one call wanted came with the next", w.waiting())
		}
	})
}

func TestRepublishDryRun(t *testing.T) {
	bothWays(t, siteWith("0 6 * * *"), func(t *testing.T, w *world) {
		w.add(nil, store.PutOptions{}, "design")
		before := w.seq()
		dry := w.republish(Request{DryRun: true})
		wantStatus(t, dry, map[string]Status{"": Changed, "design": Changed})
		if w.seq() != before || len(w.artifacts("design")) != 0 {
			t.Error("a dry run wrote something")
		}
		for i, row := range w.republish(Request{}) {
			if row.Digest != dry[i].Digest || row.Bytes != dry[i].Bytes || row.Topic != dry[i].Topic {
				t.Errorf("%s came out other than the dry run said", row.Topic)
			}
		}
	})
}

func TestRepublishWaitsForTheNextSecond(t *testing.T) {
	bothWays(t, siteWith("0 6 * * *"), func(t *testing.T, w *world) {
		p := w.add(nil, store.PutOptions{}, "design")
		w.republish(Request{})
		at := w.artifacts("design")[0].Modified
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = "Another" })
		wantStatus(t, w.republish(Request{}), map[string]Status{"": Changed, "design": Changed})
		w.wantTitles("design", "Another")
		if got := w.artifacts("design")[0].Modified; !got.Equal(at.Add(time.Second)) {
			t.Errorf("Modified is %v, want the second after %v", got, at)
		}
	})
}

func TestRepublishOfWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		c := w.category("design")
		c.State = feed.Retired
		w.update(func(tx store.Tx) error { _, err := tx.PutCategory(c); return err })
		for _, num := range []uint64{c.Num, 99} {
			if _, err := w.sched.Republish(w.ctx, Request{Categories: []uint64{num}}); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("category %d: %v", num, err)
			}
		}
		wantStatus(t, w.republish(Request{}), map[string]Status{"": Changed})
	})
}

func TestRepublishTellsOfFailures(t *testing.T) {
	var on bool
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), refusing(feed.RSS, &on))
		w.add(nil, store.PutOptions{}, "design")
		w.clean()
		on = true
		w.add(nil, store.PutOptions{Due: start.Add(time.Hour)}, "design")
		good := w.artifacts("design")[feed.RSS]
		rows := w.republish(Request{})
		for _, r := range rows {
			want := Changed
			if r.Format == feed.RSS {
				want = Failed
			}
			if r.Status != want || (r.Error != "") != (want == Failed) {
				t.Errorf("%q as %s: %s %q", r.Category, r.Format, r.Status, r.Error)
			}
		}
		if rows[3].Digest != good.Digest || rows[3].Generation != good.Generation {
			t.Error("the failed row does not tell of the last good feed")
		}
	})
}

// outcome is what a call in the background came to.
type outcome struct {
	rows []Result
	err  error
}

func (w *world) republishing(req Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		rows, err := w.sched.Republish(w.ctx, req)
		done <- outcome{rows, err}
	}()
	return done
}

// A category's publication is held while a second call comes: it gets a turn
// before the first goes on, and then both share what is left.
func TestRepublishShares(t *testing.T) {
	tests := []struct {
		name          string
		first, second Request
		pings         int
	}{
		{"alike", Request{}, Request{}, 6},
		{"a ping wins", Request{NoPing: true}, Request{}, 3}, // of design; the site's had gone out quietly
		{"no ping takes none away", Request{}, Request{NoPing: true}, 6},
		{"nobody wants a ping", Request{NoPing: true}, Request{NoPing: true}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				entered, leave := make(chan string), make(chan struct{})
				var hold atomic.Bool
				w := newWorld(t, siteWith("0 6 * * *"), func(c *Config) {
					c.Check = func(c feed.Category, p Part) error {
						if c.Slug == "" && p.Format == feed.RSS && hold.CompareAndSwap(true, false) {
							entered <- c.Slug
							<-leave
						}
						return nil
					}
				}).clean()
				w.sched.workers = 1
				w.add(nil, store.PutOptions{}, "design")
				hold.Store(true)
				first := w.republishing(test.first)
				<-entered
				second := w.republishing(test.second)
				synctest.Wait() // the second waits for its turn
				close(leave)
				a, b := <-first, <-second
				w.must(errors.Join(a.err, b.err))
				wantStatus(t, a.rows, map[string]Status{"": Changed, "design": Changed})
				wantStatus(t, b.rows, map[string]Status{"": Unchanged, "design": Changed})
				if got := w.published(); !slices.Equal(got, []string{"", "", "design"}) {
					t.Errorf("published %q, want design once", got)
				}
				if n := w.waiting(); n != test.pings {
					t.Errorf("%d pings, want %d", n, test.pings)
				}
				if len(w.sched.claims) != 0 {
					t.Error("claims are left")
				}
			})
		})
	}
}

// The loop leaves to a request what that has asked for, and looks again soon.
func TestStepLeavesRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered, leave := make(chan struct{}), make(chan struct{})
		var hold atomic.Bool
		w := newWorld(t, siteWith("0 6 * * *"), func(c *Config) {
			c.Check = func(feed.Category, Part) error {
				if hold.CompareAndSwap(true, false) {
					entered <- struct{}{}
					<-leave
				}
				return nil
			}
		}).clean()
		w.add(nil, store.PutOptions{}, "design")
		hold.Store(true)
		request := w.republishing(Request{})
		<-entered
		if next := w.step(); !next.Equal(time.Now().Add(shortWait)) {
			t.Errorf("it looks again at %v, want in %v", next, shortWait)
		}
		close(leave)
		w.must((<-request).err)
		w.step()
		if got := w.published(); len(got) != 2 {
			t.Errorf("published %q, want each once", got)
		}
	})
}

// Who goes away takes nothing from those who stay.
func TestRepublishBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var on atomic.Bool
		w := newWorld(t, siteWith("0 6 * * *"), func(c *Config) {
			c.Check = func(feed.Category, Part) error {
				if on.CompareAndSwap(true, false) {
					cancel()
				}
				return nil
			}
		}).clean()
		w.sched.workers = 1 // or another category is out, quietly, before the end
		p := w.add(nil, store.PutOptions{}, "design")
		on.Store(true)
		if _, err := w.sched.Republish(ctx, Request{NoPing: true}); !errors.Is(err, context.Canceled) {
			t.Fatalf("broken off: %v", err)
		}
		if len(w.sched.claims) != 0 {
			t.Error("claims are left")
		}
		w.step() // the marks are
		w.wantTitles("design", p.Title)
		if w.waiting() != 6 {
			t.Errorf("%d pings: the call that went away still has a say", w.waiting())
		}
	})
}

// A scheduled post takes along what waits in its categories and in the site's, so
// these are due with it; one that comes after the slot changes nothing.
func TestSchedulesShowWhatIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 6 * * *"), nil).clean()
		at := func(hours int) func(*feed.Post) {
			return func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, start.Add(time.Duration(hours)*time.Hour) }
		}
		w.add(nil, store.PutOptions{}, "soon")
		w.add(at(2), store.PutOptions{}, "soon", "alone", "retired")
		w.add(nil, store.PutOptions{}, "late")
		w.add(at(30), store.PutOptions{}, "late", "alone")
		w.category("idle")
		retired := w.category("retired")
		retired.State = feed.Retired
		w.update(func(tx store.Tx) error { _, err := tx.PutCategory(retired); return err })
		due := func() (list []string) {
			rows, err := w.sched.Schedules(w.ctx)
			w.must(err)
			for _, row := range rows {
				line := row.Category.Slug
				if !row.Due.IsZero() {
					line += " " + row.Due.UTC().Format("02T15:04")
				}
				list = append(list, line)
			}
			return list
		}
		if got, want := due(), []string{" 01T02:00", "soon 01T02:00", "alone 01T02:00", "late 01T06:00", "idle"}; !slices.Equal(got, want) {
			t.Errorf("due are %q, want %q", got, want)
		}
		until(start.Add(2 * time.Hour))
		w.step()
		if len(w.titles("soon")) != 2 || len(w.titles("late")) != 0 {
			t.Errorf("%q and %q went out otherwise than was said", w.titles("soon"), w.titles("late"))
		}
		if got, want := due(), []string{" 02T06:00", "soon", "alone 02T06:00", "late 01T06:00", "idle"}; !slices.Equal(got, want) {
			t.Errorf("then due are %q, want %q", got, want)
		}
	})
}

func TestSchedules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 6 * * *", "design", "@change"), nil).clean()
		w.add(nil, store.PutOptions{}, "code")
		retired := w.category("gone")
		retired.State = feed.Retired
		w.update(func(tx store.Tx) error { _, err := tx.PutCategory(retired); return err })
		list, err := w.sched.Schedules(w.ctx)
		w.must(err)
		var got []string
		for _, row := range list {
			line := row.Category.Slug + " " + row.Spec + " " + row.Next.UTC().Format("15:04:05")
			if !row.Due.IsZero() {
				line += " " + row.Due.UTC().Format("15:04:05")
			}
			got = append(got, line)
		}
		want := []string{" 0 6 * * * 06:00:00 06:00:00", "design @change 00:00:01", "code 0 6 * * * 06:00:00 06:00:00"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q\nwant %q", got, want)
		}
	})
}
