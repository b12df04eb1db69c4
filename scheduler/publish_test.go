package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

func TestEditChangesOnlyTheFeedsThatHoldIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design")
		w.add(nil, store.PutOptions{}, "code")
		w.clean()
		site, design, code := w.generations(""), w.generations("design"), w.generations("code")
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = "Another" })
		w.step()
		w.wantTitles("design", "Another")
		w.wantNew("", site)
		w.wantNew("design", design)
		w.wantSame("code", code)
		if n := w.waiting(); n != 6 {
			t.Errorf("%d pings, want one for each feed that changed", n)
		}
	})
}

func TestLeavingACategory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design", "code")
		q := w.add(nil, store.PutOptions{}, "design")
		w.clean()
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Categories = p.Categories[1:] })
		w.edit(q.Num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled })
		w.step()
		w.wantTitles("design")
		w.wantTitles("code", p.Title)
		w.wantTitles("", p.Title)
	})
}

func TestFirstGenerationWithoutEntriesIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change", "design", ""), nil)
		w.step()
		if len(w.artifacts("design")) != 3 || len(w.pings()) != 0 {
			t.Errorf("%d feeds, pings %q", len(w.artifacts("design")), w.pings())
		}
	})
}

func TestOneGenerationASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design")
		w.step()
		before, modified := w.generations("design"), w.artifacts("design")[0].Modified
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = "Another" })
		next := w.step()
		w.wantSame("design", before)
		if want := modified.Add(time.Second); !next.Equal(want) {
			t.Fatalf("put off to %v, want %v", next, want)
		}
		until(next)
		w.step()
		w.wantTitles("design", "Another")
		if got := w.artifacts("design")[0].Modified; !got.Equal(next) {
			t.Errorf("Modified is %v, want %v", got, next)
		}
	})
}

func TestClockThatWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design")
		w.clean()
		ahead := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		w.update(func(tx store.Tx) error { // as the clock had it
			c, err := tx.CategoryBySlug("design")
			if err != nil {
				return err
			}
			list, err := tx.Artifacts(c.Num)
			for i := range list {
				list[i].Modified = ahead
			}
			return errors.Join(err, tx.Publish(store.Publication{Category: c, Artifacts: list}))
		})
		for i := range 3 {
			before := w.generations("design")
			w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title += "!" })
			w.step()
			w.wantNew("design", before)
			want := ahead.Add(time.Duration(i+1) * time.Second)
			if got := w.artifacts("design")[0].Modified; !got.Equal(want) {
				t.Errorf("Modified is %v, want %v", got, want)
			}
		}
	})
}

// refusing makes a check that refuses a format while told to.
func refusing(f feed.Format, on *bool) func(*Config) {
	return func(c *Config) {
		c.Check = func(_ feed.Category, p Part) error {
			if *on && p.Format == f {
				return errors.New("line 1: no good")
			}
			return nil
		}
	}
}

func TestRefusedFeedIsNotSwappedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var on bool
		w := newWorld(t, siteWith("@change", "design", ""), refusing(feed.Atom, &on))
		w.add(nil, store.PutOptions{}, "design")
		w.clean()
		on = true
		before := w.generations("design")
		p := w.add(nil, store.PutOptions{}, "design")
		w.step()
		after := w.generations("design")
		if after[feed.RSS] == before[feed.RSS] || after[feed.Atom] != before[feed.Atom] || after[feed.JSON] == before[feed.JSON] {
			t.Errorf("generations went from %v to %v, want Atom's to stay", before, after)
		}
		if len(w.runs) != 2 || !strings.Contains(w.runs[0].Error, "atom.xml: line 1: no good") {
			t.Errorf("the runs say %+v", w.runs)
		}
		if got := w.post(p.Num); got.State != feed.Published {
			t.Errorf("the post is %s though two feeds show it", got.State)
		}
		on = false
		<-time.After(time.Minute)
		w.step()
		if got := w.generations("design"); got[feed.Atom] <= after[feed.Atom] || got[feed.RSS] != after[feed.RSS] {
			t.Errorf("after the repair generations went from %v to %v", after, got)
		}
		if next := w.step(); next.Sub(time.Now()) != time.Minute {
			t.Errorf("after the repair there is still something to do at %v", next)
		}
	})
}

func TestDefaultCheck(t *testing.T) {
	tests := []struct {
		f    feed.Format
		text string
		good bool
	}{
		{feed.RSS, "<rss><channel/></rss>\n", true},
		{feed.RSS, "<rss><channel></rss>", false},
		{feed.Atom, "<feed>\x01</feed>", false},
		{feed.Atom, "<feed>", false},
		{feed.Atom, "", false},
		{feed.RSS, "no element", false},
		{feed.JSON, `{"items": []}`, true},
		{feed.JSON, `{"items": [}`, false},
	}
	for _, test := range tests {
		if err := parses(feed.Category{}, Part{Format: test.f, Head: []byte(test.text)}); (err == nil) != test.good {
			t.Errorf("%s %q: %v", test.f, test.text, err)
		}
	}
}

func TestLintParsesWhatIsNew(t *testing.T) {
	broken := [3][]byte{[]byte("<item>"), []byte("<entry>"), []byte("{")}
	heads, tails, err := feed.RenderFrames(feed.Category{Title: "T", Settings: feed.Settings{Hubs: &[]string{}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range feed.Formats {
		a := &feed.Artifact{Format: f, Head: heads[f], Tail: tails[f]}
		e := &edition{entries: []*entry{{making: &making{bytes: broken, other: [3]bool{true, true, true}}}}}
		if err := New(Config{}).lint(e, a); err == nil {
			t.Errorf("%s: a broken entry was taken", f)
		}
		e.entries = []*entry{{}}
		if err := New(Config{}).lint(e, a); err != nil {
			t.Errorf("%s: the frame alone: %v", f, err)
		}
		a.Tail = nil
		if err := New(Config{}).lint(e, a); err == nil {
			t.Errorf("%s: half a frame was taken", f)
		}
	}
}

// interposed calls before ahead of each Update, for one at a time.
type interposed struct {
	store.Store
	mu     sync.Mutex
	before func(n int)
	n      int
}

func (s *interposed) Update(ctx context.Context, fn func(store.Tx) error) error {
	s.mu.Lock()
	s.n++
	s.before(s.n)
	s.mu.Unlock()
	return s.Store.Update(ctx, fn)
}

func TestConflictReadsAgain(t *testing.T) {
	for name, always := range map[string]bool{"once": false, "always": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, siteWith("@change"), nil)
				w.clean()
				p := w.add(nil, store.PutOptions{Due: time.Now()}, "design")
				edits := 0
				meddle := &interposed{Store: w.store}
				meddle.before = func(n int) {
					if edits == 0 || always && edits < 100 {
						edits++
						w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = fmt.Sprint("Edit ", edits) })
					}
				}
				w.sched.lease.Release()
				s := w.scheduler(func(c *Config) { c.Store = meddle })
				if _, err := s.Step(w.ctx, time.Now()); err != nil {
					t.Fatal(err)
				}
				if !always {
					w.wantTitles("design", "Edit 1")
					return
				}
				if edits < attempts || len(w.titles("design")) > 0 {
					t.Errorf("after %d edits in between the feed shows %q", edits, w.titles("design"))
				}
				edits = 100 // and now it is left alone
				if _, err := s.Step(w.ctx, time.Now()); err != nil {
					t.Fatal(err)
				}
				w.wantTitles("design", w.post(p.Num).Title)
			})
		})
	}
}

func TestTenThousandPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const posts = 10_000
		count := &interposed{before: func(int) {}}
		w := newWorld(t, siteWith("@change"), nil)
		w.clean()
		w.fill(posts, "Text.", "design")
		w.sched.lease.Release()
		count.Store = w.store
		s := w.scheduler(func(c *Config) { c.Store = count })
		dry, err := s.Republish(w.ctx, Request{DryRun: true})
		w.must(err)
		if _, err := s.Step(w.ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range 50 {
			want = append(want, fmt.Sprint(posts-1-i))
		}
		w.wantTitles("design", want...)
		w.wantTitles("", want...)
		for i, a := range append(w.artifacts(""), w.artifacts("design")...) {
			if a.Digest != dry[i].Digest {
				t.Errorf("%s is not what the dry run said", a.Path)
			}
		}
		if least := 2 * posts / chunk; count.n < least {
			t.Errorf("%d commits, want at least %d: the writer is held too long", count.n, least)
		}
		if p := w.post(1); p.State != feed.Published {
			t.Errorf("the oldest post is %s", p.State)
		}
	})
}

// A crash amid many pending posts leaves some live, and the rest as due.
func TestPromotionGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		w.clean()
		w.fill(2*chunk+10, "Text.")
		w.sched.lease.Release()
		ctx, cancel := context.WithCancel(w.ctx)
		dying := &interposed{Store: w.store, before: func(n int) {
			if n == 2 { // one part, then the end
				cancel()
			}
		}}
		s := w.scheduler(func(c *Config) { c.Store = dying })
		if _, err := s.Step(ctx, time.Now()); !errors.Is(err, context.Canceled) {
			t.Fatalf("a step that is broken off: %v", err)
		}
		if a, b := w.post(1).State, w.post(2*chunk).State; a != feed.Published || b != feed.Queued {
			t.Errorf("the first post is %s and one of the last %s", a, b)
		}
		s.lease.Release()
		if _, err := w.scheduler(nil).Step(w.ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := w.titles(""); len(got) != 50 || got[0] != fmt.Sprint(2*chunk+9) {
			t.Errorf("the feed shows %q", got)
		}
		if p := w.post(2 * chunk); p.State != feed.Published {
			t.Errorf("one of the last is %s", p.State)
		}
	})
}

func TestRenameMovesTheTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design")
		w.step()
		<-time.After(time.Second)
		id := w.bySlug("design").ID
		w.update(func(tx store.Tx) error {
			c, err := tx.CategoryBySlug("design")
			c.Slug, c.Title = "form", "Form"
			if err == nil {
				_, err = tx.PutCategory(c)
			}
			return errors.Join(err, tx.PutMark(c.Num, tx.Now(), false))
		})
		w.step()
		w.wantTitles("form", p.Title)
		for _, line := range w.pings() {
			if strings.Contains(line, "/design/") {
				t.Errorf("a ping of the former topic is left: %s", line)
			}
		}
		a := w.artifacts("form")[feed.Atom]
		if a.Topic != "http://example.org/form/atom.xml" || !strings.Contains(string(w.bytes(a)), id) {
			t.Errorf("the renamed feed has the topic %s, or another id than %s", a.Topic, id)
		}
	})
}

func TestRetireDropsTheFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		p := w.add(nil, store.PutOptions{}, "design", "code")
		w.step()
		<-time.After(time.Second)
		w.update(func(tx store.Tx) error {
			c, err := tx.CategoryBySlug("design")
			c.State = feed.Retired
			if err == nil {
				_, err = tx.PutCategory(c)
			}
			return errors.Join(err, tx.PutMark(c.Num, tx.Now(), false))
		})
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = "Another" })
		w.step()
		if n := len(w.artifacts("design")); n != 0 {
			t.Errorf("the retired category has %d feeds", n)
		}
		w.wantTitles("code", "Another")
		if whole := string(w.bytes(w.artifacts("code")[feed.RSS])); !strings.Contains(whole, ">design</category>") {
			t.Error("the entry lost the label of the retired category")
		}
		if slices.ContainsFunc(w.pings(), func(line string) bool { return strings.Contains(line, "/design/") }) {
			t.Errorf("pings of the retired feeds are left: %q", w.pings())
		}
		if next := w.step(); next.Sub(time.Now()) != time.Minute {
			t.Error("the retired category is still due")
		}
		w.apply(siteWith("@change"))
		if next := w.step(); next.Sub(time.Now()) != time.Minute || len(w.artifacts("design")) != 0 {
			t.Error("a start brings the retired feeds back")
		}
	})
}

func TestWindowIsRefilledFromTheTimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("@change")
		site.Window = feed.Window{Posts: 3, Hours: 0}
		w := newWorld(t, site, nil)
		var titles []string
		var nums []uint64
		for range 120 {
			p := w.add(nil, store.PutOptions{}, "design")
			titles, nums = slices.Insert(titles, 0, p.Title), slices.Insert(nums, 0, p.Num)
		}
		w.clean()
		w.wantTitles("design", titles[:3]...)
		for _, num := range nums[:100] {
			w.edit(num, store.PutOptions{}, func(p *feed.Post) { p.State = feed.Recalled })
		}
		w.step()
		w.wantTitles("design", titles[100:103]...)
		<-time.After(time.Second)
		old := w.add(func(p *feed.Post) { p.Published = start }, store.PutOptions{}, "design")
		w.step()
		w.wantTitles("design", titles[100:103]...)
		<-time.After(time.Second)
		site.Window = feed.Window{Posts: 1, Hours: 24 * 365 * 100}
		w.apply(site)
		w.step()
		w.wantTitles("design", append(slices.Clone(titles[100:]), old.Title)...)
	})
}

// What arrives may be older than posts that were not read yet.
func TestOldArrivalCutsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("@change")
		site.Window = feed.Window{Posts: 1, Hours: 24 * 365}
		w := newWorld(t, site, nil)
		w.fill(200, "Text.")
		w.clean()
		w.update(func(tx store.Tx) error {
			p := feed.Post{ID: "tag:old", Slug: "old", Title: "Old", State: feed.Queued, Published: start.AddDate(-9, 0, 0)}
			_, err := tx.PutPost(p, store.PutOptions{})
			return err
		})
		w.step()
		if n := len(w.titles("")); n != 200 {
			t.Errorf("%d entries, want the 200 of the year", n)
		}
	})
}

func TestFeedStaysWithinItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		for range 3 {
			w.add(func(p *feed.Post) { p.Body = strings.Repeat("much", 225_000) }, store.PutOptions{}, "design")
		}
		w.step()
		for _, a := range w.artifacts("design") {
			if len(w.bytes(a)) > feed.MaxBytes || len(a.Entries) != 2 {
				t.Errorf("%s has %d entries and %d bytes", a.Path, len(a.Entries), a.Size)
			}
		}
	})
}
