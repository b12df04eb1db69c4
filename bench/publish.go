package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
	"syndic/store/bolt"
)

// reference is the least that a durable change can cost: one small row, synced.
type reference struct{ db *bbolt.DB }

var referenceBucket = []byte("row")

func newReference(path string) (*reference, error) {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(referenceBucket)
		return err
	})
	return &reference{db}, err
}

func (r *reference) close() { _ = r.db.Close() } // a temporary file

func (r *reference) commit(round int) (time.Duration, error) {
	start := time.Now()
	err := r.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(referenceBucket).Put(fmt.Append(nil, round), make([]byte, 100))
	})
	return time.Since(start), err
}

// publisher is a filled store and the scheduler on it.
type publisher struct {
	store      *bolt.Store
	scheduler  *scheduler.Scheduler
	categories []feed.Category
}

// never is a schedule that does not come up while the benchmark runs: what is
// measured is published because its mark is due, the site's feed is not.
const never = "0 0 29 2 *"

func newPublisher(ctx context.Context, path string, posts, categories int) (*publisher, error) {
	slots := scheduler.NewSlots()
	s, err := bolt.Open(path, bolt.Options{Create: true, Slot: slots.Slot})
	if err != nil {
		return nil, err
	}
	p := &publisher{store: s, scheduler: scheduler.New(scheduler.Config{Store: s, Slots: slots})}
	if err := p.fill(ctx, posts, categories); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *publisher) close() { _ = p.store.Close() } // a temporary file

func (p *publisher) fill(ctx context.Context, posts, categories int) error {
	site := feed.Site{
		Title: "Bench", URL: "http://127.0.0.1:8080/", Authority: "bench.example", Language: "en", TimeZone: "UTC",
		Schedule: never, Window: feed.Window{Posts: 50}, Hubs: []string{"http://hub.example/"},
	}
	if _, err := p.scheduler.Apply(ctx, site); err != nil {
		return err
	}
	if err := p.addCategories(ctx, categories); err != nil {
		return err
	}
	const bulk = 1000
	for from := 0; from < posts; from += bulk {
		if err := p.addPosts(ctx, from, min(from+bulk, posts)); err != nil {
			return err
		}
	}
	_, err := p.scheduler.Republish(ctx, scheduler.Request{})
	return err
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

var day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// body is about 4 KB of Markdown.
var body = strings.Repeat("Structured logging was the single highest-return investment of the year, *by far*. ", 48)

func (p *publisher) addPosts(ctx context.Context, from, to int) error {
	return p.store.Update(ctx, func(tx store.Tx) error {
		for i := from; i < to; i++ {
			slug := fmt.Sprintf("post-%d", i)
			_, err := tx.PutPost(feed.Post{
				ID: feed.PostID("bench.example", day, slug, 0), Slug: slug, Title: fmt.Sprintf("Post %d", i),
				Body: body, Markup: feed.Markdown, Categories: []string{p.categories[i%len(p.categories)].ID},
				State: feed.Queued, Published: day.Add(time.Duration(i) * time.Minute),
			}, store.PutOptions{})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// publishOne edits the newest post of a category and measures the step that
// publishes it. Each round takes another category, as no feed has two
// generations in a second; the site's feed stays dirty until its own slot.
func (p *publisher) publishOne(ctx context.Context, round int) (time.Duration, error) {
	c := p.categories[round%len(p.categories)]
	before, err := p.artifact(ctx, c.Num)
	if err != nil {
		return 0, err
	}
	err = p.store.Update(ctx, func(tx store.Tx) error {
		newest, err := tx.Timeline(c.Num, store.Cursor{}, 1)
		if err != nil {
			return err
		}
		post := newest[0]
		post.Revision++
		post.Title = fmt.Sprintf("Post in round %d", round)
		if _, err = tx.PutPost(post, store.PutOptions{}); err != nil {
			return err
		}
		return tx.PutMark(c.Num, tx.Now(), false)
	})
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := p.scheduler.Step(ctx, start); err != nil {
		return 0, err
	}
	took := time.Since(start)
	after, err := p.artifact(ctx, c.Num)
	if err == nil && after.Digest == before.Digest {
		err = fmt.Errorf("round %d changed nothing", round)
	}
	return took, err
}

func (p *publisher) artifact(ctx context.Context, category uint64) (a feed.Artifact, err error) {
	err = p.store.View(ctx, func(r store.Reader) error {
		a, err = r.Artifact(category, feed.RSS)
		return err
	})
	return a, err
}
