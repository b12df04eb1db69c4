package scheduler

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// takenBack are the two ways of taking a post back, as control does them.
var takenBack = map[string]func(*feed.Post){
	"recall": func(p *feed.Post) { p.State, p.PublishAt, p.Revision = feed.Recalled, time.Time{}, p.Revision-1 },
	"remove": func(p *feed.Post) {
		*p = feed.Post{
			Num: p.Num, ID: p.ID, Slug: p.Slug, Categories: p.Categories, Markup: p.Markup, State: feed.Removed,
			Published: p.Published, Revision: p.Revision - 1, Live: p.Live, File: p.File,
		}
	},
}

// A post that was taken back leaves each of its feeds when that publishes
// next, or at once, and hubs are told of exactly those feeds.
func TestTakenBackPostLeavesItsFeeds(t *testing.T) {
	for name, take := range takenBack {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, siteWith("0 * * * *", "slow", "0 6 * * *", "other", "@change"), nil)
				p := w.add(nil, store.PutOptions{Due: time.Now()}, "design", "slow")
				q := w.add(nil, store.PutOptions{Due: time.Now()}, "design", "slow", "other")
				w.clean()
				stop := w.run(w.sched)
				defer stop()
				other := w.generations("other")
				w.edit(p.Num, store.PutOptions{}, take)
				until(at(0, 59))
				w.wantTitles("design", q.Title, p.Title)
				w.wantTitles("", q.Title, p.Title)
				until(at(1, 0))
				w.wantTitles("design", q.Title)
				w.wantTitles("", q.Title)
				w.wantTitles("slow", q.Title, p.Title)
				if n := w.waiting(); n != 6 {
					t.Errorf("%d pings wait, want one for each feed of the category and the site", n)
				}
				until(at(5, 59))
				w.wantTitles("slow", q.Title, p.Title)
				until(at(6, 0))
				w.wantTitles("slow", q.Title)
				w.wantSame("other", other)

				until(at(6, 10))
				w.edit(q.Num, store.PutOptions{Due: time.Now()}, take)
				synctest.Wait()
				for _, slug := range []string{"", "design", "slow", "other"} {
					w.wantTitles(slug)
				}
				w.view(func(r store.Reader) error {
					for _, slug := range []string{"design", "slow", "other"} {
						c, err := r.CategoryBySlug(slug)
						if err != nil {
							return err
						}
						if rows, err := r.Pending(c.Num, 0, 10); err != nil || len(rows) > 0 {
							t.Errorf("%s: %d rows are pending still, %v", slug, len(rows), err)
						}
					}
					return nil
				})
			})
		})
	}
}

// at is a time on the first day of the bubble.
func at(hour, minute int) time.Time { return time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC) }

// What was taken back before it went out never goes out: neither at its slot
// nor at its hour.
func TestTakenBackBeforeItWentOut(t *testing.T) {
	for name, take := range takenBack {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, siteWith("0 * * * *", "design", ""), nil).clean()
				var nums []uint64
				for _, state := range []feed.State{feed.Queued, feed.Scheduled, feed.Draft} {
					p := w.add(func(p *feed.Post) {
						if p.State = state; state == feed.Scheduled {
							p.PublishAt = at(2, 30)
						}
					}, store.PutOptions{}, "design")
					nums = append(nums, p.Num)
				}
				kept := w.add(nil, store.PutOptions{}, "design")
				stop := w.run(w.sched)
				defer stop()
				until(at(0, 30))
				for _, num := range nums {
					w.edit(num, store.PutOptions{}, take)
				}
				until(at(4, 1))
				w.wantTitles("design", kept.Title)
				w.wantTitles("", kept.Title)
				for _, num := range nums {
					if p := w.post(num); p.Live != 0 || p.State.Goes() {
						t.Errorf("post %d is %s, live %d", num, p.State, p.Live)
					}
				}
			})
		})
	}
}

// A recalled post that is published again is the entry that it was: the same
// bytes in every feed, with its id and its dates.
func TestRecalledPostComesBackAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("0 * * * *"), nil)
		undated := func(p *feed.Post) { p.Published = time.Time{} }
		p := w.add(undated, store.PutOptions{Due: time.Now()}, "design")
		w.add(nil, store.PutOptions{Due: time.Now()}, "design")
		w.clean()
		read := func() (all []string) {
			for _, slug := range []string{"", "design"} {
				for _, a := range w.artifacts(slug) {
					all = append(all, string(w.bytes(a)))
				}
			}
			return all
		}
		before, was := read(), w.post(p.Num)
		again := func(take func(*feed.Post)) {
			w.edit(p.Num, store.PutOptions{Due: time.Now()}, take)
			w.step()
			<-time.After(90 * time.Minute)
		}
		again(takenBack["recall"])
		if slices.Equal(read(), before) {
			t.Fatal("the recall changed nothing")
		}
		again(func(p *feed.Post) { p.State, p.Revision = feed.Queued, p.Revision-1 })
		for i, got := range read() {
			if got != before[i] {
				t.Errorf("it came back as\n%s\nbefore:\n%s", got, before[i])
			}
		}
		if now := w.post(p.Num); now.ID != was.ID || !now.Published.Equal(was.Published) || now.State != feed.Published {
			t.Errorf("%+v, was %+v", now, was)
		}
	})
}
