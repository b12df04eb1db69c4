package websub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"syndic/feed"
	"syndic/store"
)

// standing is what a topic's readers get, seen from one of its deliveries.
type standing int

const (
	served    standing = iota // this generation, or a newer one
	notServed                 // an older one, or nothing yet
	gone                      // nothing, and nothing is published there any more
)

const (
	patience = time.Second           // how long a new generation is awaited on the spot
	pollMin  = time.Millisecond      // between two questions to Served, at first
	pollMax  = 50 * time.Millisecond // and at last
)

// standing waits, for a second after the delivery was made or the Run began,
// until its generation is served: readers get it a few milliseconds after the
// commit. After that it answers at once, so that what is not served for long
// holds up nothing else.
func (d *drain) standing(row store.Delivery) standing {
	for wait := pollMin; ; wait = min(2*wait, pollMax) {
		generation, ok := d.c.Served(row.Topic)
		if ok && generation >= row.Generation {
			return served
		}
		left := patience - d.waited(row)
		if left > 0 && sleep(d.begin, min(wait, left), nil) {
			continue
		}
		if ok || d.begin.Err() != nil {
			return notServed
		}
		return d.unknown(row)
	}
}

// waited is how long the delivery could have been sent, as far as this Run
// knows.
func (d *drain) waited(row store.Delivery) time.Duration {
	if row.First.After(d.started) {
		return time.Since(row.First)
	}
	return time.Since(d.started)
}

// unknown tells a topic that is not served yet from one that is gone for good.
func (d *drain) unknown(row store.Delivery) standing {
	published, err := d.topics.published(d.begin, d.c.Store, row)
	if err != nil {
		d.c.Log.Error().Err(err).Msg("published topics cannot be read, trying again")
		return notServed
	}
	if published {
		return notServed
	}
	return gone
}

// topics remembers which topics are published. It is only asked about topics
// that readers do not get, so that it is hardly ever read.
type topics struct {
	mu    sync.Mutex
	seq   store.Seq // the set holds what was published at this commit
	read  time.Time
	known map[string]bool
}

const (
	topicsKeep = time.Second // how long a remembered "yes" holds
	topicsPage = 100         // categories a View, which must be short
)

// published tells whether an artifact has the delivery's topic. A "no" that is
// not older than the delivery holds for ever: a topic that comes back has a
// newer generation, and that replaces the row.
func (t *topics) published(ctx context.Context, s store.Store, row store.Delivery) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seq >= store.Seq(row.Generation) && (!t.known[row.Topic] || time.Since(t.read) < topicsKeep) && t.known != nil {
		return t.known[row.Topic], nil
	}
	if err := t.load(ctx, s); err != nil {
		return false, fmt.Errorf("read the published topics: %w", err)
	}
	return t.known[row.Topic], nil
}

func (t *topics) load(ctx context.Context, s store.Store) error {
	var first store.Seq
	known := map[string]bool{}
	for after, more := uint64(0), true; more; {
		err := s.View(ctx, func(r store.Reader) error {
			if first == 0 {
				first = r.Seq()
			}
			page, err := r.Categories(after, topicsPage)
			if err != nil {
				return err
			}
			more = len(page) == topicsPage
			if len(page) > 0 {
				after = page[len(page)-1].Num
			}
			return addTopics(r, page, known)
		})
		if err != nil {
			return err
		}
	}
	t.seq, t.read, t.known = first, time.Now(), known
	return nil
}

func addTopics(r store.Reader, page []feed.Category, known map[string]bool) error {
	for _, c := range page {
		artifacts, err := r.Artifacts(c.Num)
		if err != nil {
			return fmt.Errorf("feeds of category %q: %w", c.Slug, err)
		}
		for _, a := range artifacts {
			known[a.Topic] = true
		}
	}
	return nil
}
