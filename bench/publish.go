package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/web"
)

// publisher is a filled store with the scheduler and the server on it.
type publisher struct {
	library    *library
	store      *bolt.Store
	site       feed.Site
	scheduler  *scheduler.Scheduler
	web        *web.Server
	stop       context.CancelFunc
	categories []feed.Category
	opened     time.Duration // how long it took to open the filled store
}

// never is a schedule that does not come up while the benchmark runs: what is
// measured is published because its mark is due, the site's feed is not.
const never = "0 0 29 2 *"

// newPublisher fills a store with pings to hubs, if there are any, publishes everything and serves it.
func (b *bench) newPublisher(ctx context.Context, path string, size size, hubs ...string) (*publisher, error) {
	p, err := b.filled(ctx, path, size, hubs...)
	if err != nil {
		return nil, err
	}
	_, err = p.scheduler.Republish(ctx, scheduler.Request{})
	p.close()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := p.open(path); err != nil {
		return nil, err
	}
	p.opened = time.Since(start)
	p.serve(ctx)
	return p, nil
}

// filled makes a store with posts.
func (b *bench) filled(ctx context.Context, path string, size size, hubs ...string) (*publisher, error) {
	p, err := b.openPublisher(ctx, path, size.categories, hubs...)
	for from := 0; err == nil && from < size.posts; from += bulk {
		if err = p.addPosts(ctx, from, min(from+bulk, size.posts)); err != nil {
			p.close()
		}
	}
	return p, err
}

// openPublisher makes a store with categories and no posts.
func (b *bench) openPublisher(ctx context.Context, path string, categories int, hubs ...string) (*publisher, error) {
	p := &publisher{library: b.library, stop: func() {}, site: feed.Site{
		Title: "Bench", URL: "http://127.0.0.1:8080/", Authority: "bench.example", Language: "en", TimeZone: "UTC",
		Schedule: never, Window: feed.Window{Posts: 50}, Hubs: hubs,
	}}
	if err := p.open(path); err != nil {
		return nil, err
	}
	_, err := p.scheduler.Apply(ctx, p.site)
	if err == nil {
		err = p.addCategories(ctx, categories)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *publisher) open(path string) (err error) {
	slots := scheduler.NewSlots()
	if p.store, err = bolt.Open(path, bolt.Options{Create: true, Slot: slots.Slot}); err != nil {
		return err
	}
	p.scheduler = scheduler.New(scheduler.Config{Store: p.store, Slots: slots, Check: lint, Log: zerolog.Nop()})
	return nil
}

// lint is what the daemon has every feed checked with.
func lint(_ feed.Category, p scheduler.Part) error {
	facts := make([]feed.Facts, len(p.Entries))
	var found []feed.Finding
	for i := range p.Entries {
		var some []feed.Finding
		some, facts[i] = p.Lint(i)
		found = append(found, some...)
	}
	for _, f := range append(found, feed.LintFrame(p.Format, p.Head, p.Tail, p.Topic, facts)...) {
		if f.Severity == feed.Error {
			return errors.New(f.String())
		}
	}
	return nil
}

func (p *publisher) serve(ctx context.Context) {
	ctx, p.stop = context.WithCancel(ctx)
	p.web = web.New(web.Config{Store: p.store, Log: zerolog.Nop()})
	go p.web.Run(ctx) //nolint:errcheck // it ends with the context or the store
}

// close may be called twice.
func (p *publisher) close() {
	p.stop()
	_ = p.store.Close() // a temporary file
}

func (p *publisher) addCategories(ctx context.Context, n int) error {
	return p.store.Update(ctx, func(tx store.Tx) error {
		p.categories = p.categories[:0] // the function may run again
		for i := range n {
			slug := fmt.Sprintf("category-%d", i)
			c, err := tx.PutCategory(feed.Category{
				ID: feed.CategoryID("bench.example", slug, 0), Slug: slug, Title: fmt.Sprintf("Category %d", i), State: feed.Active, Created: day,
			})
			if err != nil {
				return err
			}
			p.categories = append(p.categories, c)
		}
		return nil
	})
}

// noHub is a hub to which nothing is sent, so that pings are made as usual.
const noHub = "http://hub.example/"

var day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (p *publisher) addPosts(ctx context.Context, from, to int) error {
	return p.store.Update(ctx, func(tx store.Tx) error {
		for i := from; i < to; i++ {
			slug := fmt.Sprintf("post-%d", i)
			_, err := tx.PutPost(feed.Post{
				ID: feed.PostID("bench.example", day, slug, 0), Slug: slug, Title: p.library.title(i),
				Body: p.library.body(i), Markup: feed.Markdown, Categories: []string{p.categories[i%len(p.categories)].ID},
				State: feed.Queued, Published: day.Add(time.Duration(i) * time.Minute),
			}, store.PutOptions{})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// change edits the newest post of a category, publishes it and waits until
// readers get it. Each round takes another category; the site's feed stays
// dirty until its own slot.
func (p *publisher) change(ctx context.Context, round int, took *change) error {
	c := p.categories[round%len(p.categories)]
	before, err := p.artifact(ctx, c.Num)
	if err != nil {
		return err
	}
	if err := p.web.WaitServed(ctx, before.Topic, before.Generation); err != nil {
		return err
	}
	// The feeds of interest are those that have readers.
	if err := p.read(ctx, c, before.Digest); err != nil {
		return err
	}
	// No feed has two generations in a second.
	if err := pause(ctx, before.Modified.Add(time.Second)); err != nil {
		return err
	}
	times := []time.Time{time.Now()}
	lap := func() { times = append(times, time.Now()) }
	newest, err := p.newest(ctx, c)
	lap()
	if err == nil {
		err = p.edit(ctx, newest, c, round)
	}
	lap()
	if err == nil {
		_, err = p.scheduler.Step(ctx, time.Now())
	}
	lap()
	if err != nil {
		return err
	}
	after, err := p.artifact(ctx, c.Num)
	if err == nil && after.Digest == before.Digest {
		err = p.unchanged(ctx, c)
	}
	for _, f := range feed.Formats {
		if err == nil {
			err = p.web.WaitServed(ctx, p.site.Topic(c, f), after.Generation)
		}
	}
	lap()
	if err == nil {
		err = p.read(ctx, c, after.Digest)
	}
	lap()
	for i, list := range []*[]time.Duration{&took.timeline, &took.add, &took.publish, &took.served, &took.read} {
		*list = append(*list, times[i+1].Sub(times[i]))
	}
	return err
}

// read has a reader get the feeds of a category, of which RSS has that digest.
func (p *publisher) read(ctx context.Context, c feed.Category, digest string) error {
	for _, f := range feed.Formats {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/"+c.FeedPath(f), nil)
		w := httptest.NewRecorder()
		p.web.Public().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return fmt.Errorf("%s is answered with %d", r.URL.Path, w.Code)
		}
		if tag := w.Header().Get("ETag"); f == feed.RSS && tag != `"`+digest+`"` {
			return fmt.Errorf("%s is served as %s, not as %q", r.URL.Path, tag, digest)
		}
	}
	return nil
}

// unchanged says why a publication changed nothing.
func (p *publisher) unchanged(ctx context.Context, c feed.Category) error {
	return p.store.View(ctx, func(r store.Reader) error {
		run, err := r.Run(c.Num)
		return errors.Join(fmt.Errorf("a publication of %s changed nothing: %q", c.Slug, run.Error), err)
	})
}

func (p *publisher) newest(ctx context.Context, c feed.Category) (post feed.Post, err error) {
	err = p.store.View(ctx, func(r store.Reader) error {
		list, err := r.Timeline(c.Num, store.Cursor{}, 50)
		if err == nil {
			post = list[0]
		}
		return err
	})
	return post, err
}

func (p *publisher) edit(ctx context.Context, post feed.Post, c feed.Category, round int) error {
	post.Revision++
	post.Title = fmt.Sprintf("Post in round %d", round)
	return p.store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.PutPost(post, store.PutOptions{}); err != nil {
			return err
		}
		return tx.PutMark(c.Num, tx.Now(), false)
	})
}

func pause(ctx context.Context, until time.Time) error {
	select {
	case <-time.After(time.Until(until)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *publisher) artifact(ctx context.Context, category uint64) (a feed.Artifact, err error) {
	err = p.store.View(ctx, func(r store.Reader) error {
		a, err = r.Artifact(category, feed.RSS)
		return err
	})
	return a, err
}
