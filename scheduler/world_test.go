package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// world is a store with a scheduler on it.
type world struct {
	t     testing.TB
	ctx   context.Context
	slots *Slots
	store store.Store
	sched *Scheduler
	runs  []store.Run // as Observe was told
	posts int
}

// newWorld opens a store and applies a configuration. config may be nil.
func newWorld(t testing.TB, site feed.Site, config func(*Config)) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), slots: NewSlots()}
	w.store = storetest.MustOpen(t, func(path string) (store.Store, error) {
		return bolt.Open(path, bolt.Options{Create: true, Slot: w.slots.Slot})
	})
	w.sched = w.scheduler(config)
	w.apply(site)
	return w
}

// scheduler makes another one on the same store.
func (w *world) scheduler(config func(*Config)) *Scheduler {
	c := Config{
		Store: w.store, Slots: w.slots, Log: zerolog.New(zerolog.NewTestWriter(w.t)).Level(zerolog.WarnLevel),
		Observe: func(r store.Run) { w.runs = append(w.runs, r) },
	}
	if config != nil {
		config(&c)
	}
	return New(c)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(fn func(store.Reader) error) {
	w.t.Helper()
	w.must(w.store.View(w.ctx, fn))
}

func (w *world) update(fn func(store.Tx) error) {
	w.t.Helper()
	w.must(w.store.Update(w.ctx, fn))
}

func (w *world) apply(site feed.Site) Changes {
	w.t.Helper()
	ch, err := w.sched.Apply(w.ctx, site)
	w.must(err)
	return ch
}

func (w *world) step() time.Time {
	w.t.Helper()
	next, err := w.sched.Step(w.ctx, time.Now())
	w.must(err)
	return next
}

func (w *world) republish(req Request) []Result {
	w.t.Helper()
	rows, err := w.sched.Republish(w.ctx, req)
	w.must(err)
	return rows
}

// run starts the loop; stop ends it and waits.
func (w *world) run(s *Scheduler) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() {
		w.t.Helper()
		cancel()
		w.must(<-ended)
	}
}

// category finds or makes a category by its title.
func (w *world) category(title string) (c feed.Category) {
	w.t.Helper()
	w.update(func(tx store.Tx) (err error) {
		if c, err = tx.CategoryByName(title); errors.Is(err, store.ErrNotFound) {
			c, err = tx.PutCategory(storetest.Category(title))
		}
		return err
	})
	return c
}

// add puts a new queued post into categories.
func (w *world) add(edit func(*feed.Post), o store.PutOptions, categories ...string) (p feed.Post) {
	w.t.Helper()
	w.posts++
	p = storetest.Post(w.posts)
	for _, title := range categories {
		p.Categories = append(p.Categories, w.category(title).ID)
	}
	if edit != nil {
		edit(&p)
	}
	w.update(func(tx store.Tx) (err error) {
		p, err = tx.PutPost(p, o)
		return err
	})
	return p
}

// fill adds many dated posts, an hour apart, in few commits.
func (w *world) fill(n int, body string, categories ...string) {
	w.t.Helper()
	var ids []string
	for _, title := range categories {
		ids = append(ids, w.category(title).ID)
	}
	for from := 0; from < n; from += 1000 {
		w.update(func(tx store.Tx) error {
			for i := from; i < min(from+1000, n); i++ {
				p := storetest.Post(i)
				p.Title, p.Body, p.Published = fmt.Sprint(i), body, start.Add(time.Duration(i)*time.Hour)
				if len(ids) > 0 {
					p.Categories = ids[i%len(ids) : i%len(ids)+1]
				}
				if _, err := tx.PutPost(p, store.PutOptions{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// edit changes a post as it is in the store.
func (w *world) edit(num uint64, o store.PutOptions, change func(*feed.Post)) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		p, err := tx.Post(num)
		if err != nil {
			return err
		}
		p.Revision++
		change(&p)
		_, err = tx.PutPost(p, o)
		return err
	})
}

func (w *world) post(num uint64) (p feed.Post) {
	w.t.Helper()
	w.view(func(r store.Reader) (err error) {
		p, err = r.Post(num)
		return err
	})
	return p
}

// artifacts are a category's feeds as published, by its slug.
func (w *world) artifacts(slug string) (list []feed.Artifact) {
	w.t.Helper()
	w.view(func(r store.Reader) error {
		c, err := r.CategoryBySlug(slug)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			list, err = r.Artifacts(c.Num)
		}
		return err
	})
	return list
}

// bytes joins a feed as readers get it, and checks the digest.
func (w *world) bytes(a feed.Artifact) (whole []byte) {
	w.t.Helper()
	w.view(func(r store.Reader) error {
		var entries [][]byte
		for _, k := range a.Entries {
			data, err := r.Fragment(k)
			if err != nil {
				return err
			}
			entries = append(entries, data)
		}
		var err error
		if whole, err = a.Whole(entries); err != nil || a.Sums == nil {
			w.t.Errorf("%s, %d sums: %v", a.Path, len(a.Sums), err)
		}
		return nil
	})
	return whole
}

// titles are what a category's feed shows, in its order.
func (w *world) titles(slug string) (titles []string) {
	w.t.Helper()
	for _, a := range w.artifacts(slug) {
		whole := w.bytes(a)
		if a.Format != feed.JSON {
			continue
		}
		var doc struct{ Items []struct{ Title string } }
		w.must(json.Unmarshal(whole, &doc))
		for _, item := range doc.Items {
			titles = append(titles, item.Title)
		}
	}
	return titles
}

func (w *world) wantTitles(slug string, want ...string) {
	w.t.Helper()
	if got := w.titles(slug); !slices.Equal(got, want) {
		w.t.Errorf("%v: feed of %q shows %q, want %q", time.Now().UTC(), slug, got, want)
	}
}

// generations are a category's, by format.
func (w *world) generations(slug string) (list []uint64) {
	w.t.Helper()
	for _, a := range w.artifacts(slug) {
		list = append(list, a.Generation)
	}
	return list
}

func (w *world) wantSame(slug string, before []uint64) {
	w.t.Helper()
	if after := w.generations(slug); !slices.Equal(before, after) {
		w.t.Errorf("generations of %q went from %v to %v", slug, before, after)
	}
}

func (w *world) wantNew(slug string, before []uint64) {
	w.t.Helper()
	after := w.generations(slug)
	for i := range after {
		if i < len(before) && after[i] <= before[i] {
			w.t.Errorf("generations of %q went from %v to %v", slug, before, after)
			return
		}
	}
}

// pings lists the outbox as "topic generation".
func (w *world) pings() (list []string) {
	w.t.Helper()
	w.view(func(r store.Reader) error {
		rows, err := r.Deliveries("")
		for _, d := range rows {
			list = append(list, fmt.Sprintf("%s %s %d", d.Hub, d.Topic, d.Generation))
		}
		return err
	})
	return list
}

// delivered empties the outbox of what waits.
func (w *world) delivered() {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		rows, err := tx.Deliveries("")
		for _, d := range rows {
			d.Outcome = store.Delivered
			if err := tx.Settle(d); err != nil {
				return err
			}
		}
		return err
	})
}

// waiting counts the deliveries that are to be made.
func (w *world) waiting() (n int) {
	w.t.Helper()
	w.view(func(r store.Reader) error {
		rows, err := r.Deliveries("")
		for _, d := range rows {
			if d.Outcome == store.Waiting {
				n++
			}
		}
		return err
	})
	return n
}

// until lets the bubble's time pass.
func until(at time.Time) {
	<-time.After(time.Until(at))
	synctest.Wait()
}

// clean takes away what a new store has to do: its first feeds.
func (w *world) clean() *world {
	w.t.Helper()
	w.step()
	w.delivered()
	w.runs = nil
	<-time.After(time.Second)
	return w
}

// siteWith is storetest's configuration with a schedule, and categories given
// as slug and schedule.
func siteWith(schedule string, categories ...string) feed.Site {
	site := storetest.Site()
	site.Schedule = schedule
	for pair := range slices.Chunk(categories, 2) {
		site.Categories = append(site.Categories, feed.Configured{
			Slug: pair[0], Title: pair[0], Settings: feed.Settings{Schedule: pair[1]},
		})
	}
	return site
}
