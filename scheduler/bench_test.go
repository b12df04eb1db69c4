package scheduler

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// BenchmarkPublish is the publication of one changed category of 50 posts of
// 4 KB each: an edit of its newest post, then three feeds and their pings in
// one durable commit. The store around it must not matter.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []struct{ posts, categories int }{{1_000, 20}, {20_000, 400}} {
		b.Run(fmt.Sprintf("posts=%d/categories=%d", size.posts, size.categories), func(b *testing.B) {
			s, st := filled(b, size.posts, size.categories)
			ctx := context.Background()
			var c feed.Category
			var newest feed.Post
			err := st.View(ctx, func(r store.Reader) (err error) {
				if c, err = r.CategoryBySlug("category-7"); err != nil {
					return err
				}
				list, err := r.Timeline(c.Num, store.Cursor{}, 1)
				newest = list[0]
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			before := time.Now().Add(-time.Hour)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				edit(b, st, c, newest.Num, before.Add(time.Duration(i)*time.Second))
				b.StartTimer()
				r, began := report{category: c}, time.Now()
				if err := s.publish(ctx, order{}, &r); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				took = append(took, time.Since(began))
				if !r.changed(feed.RSS) || len(r.after[feed.RSS].Entries) != 50 {
					b.Fatal("the feed did not change, or has not 50 entries")
				}
				b.StartTimer()
			}
			// A disk that is busy now and then moves the mean, not the median.
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns/op")
		})
	}
}

// edit changes a post, and dates the category's feeds back, as only one
// generation a second is allowed.
func edit(b *testing.B, st store.Store, c feed.Category, post uint64, modified time.Time) {
	b.Helper()
	err := st.Update(context.Background(), func(tx store.Tx) error {
		p, err := tx.Post(post)
		if err != nil {
			return err
		}
		p.Revision++
		p.Title = fmt.Sprint("Edit ", p.Revision)
		if _, err := tx.PutPost(p, store.PutOptions{Due: tx.Now()}); err != nil {
			return err
		}
		list, err := tx.Artifacts(c.Num)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].Modified = modified.UTC().Truncate(time.Second)
		}
		return tx.Publish(store.Publication{Category: c, Artifacts: list})
	})
	if err != nil {
		b.Fatal(err)
	}
}

// filled makes a store in which one category is published, and the others hold
// their posts.
func filled(b *testing.B, posts, categories int) (*Scheduler, store.Store) {
	b.Helper()
	ctx := context.Background()
	slots := NewSlots()
	st, err := bolt.Open(filepath.Join(b.TempDir(), "syndic.db"), bolt.Options{Create: true, Slot: slots.Slot})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	s := New(Config{Store: st, Slots: slots, Log: zerolog.Nop()})
	site := storetest.Site()
	site.Window, site.Schedule = feed.Window{Posts: 50}, "0 0 29 2 *" // the others stay dirty
	if _, err := s.Apply(ctx, site); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, categories)
	must := func(fn func(store.Tx) error) {
		b.Helper()
		if err := st.Update(ctx, fn); err != nil {
			b.Fatal(err)
		}
	}
	must(func(tx store.Tx) error {
		for i := range ids {
			c, err := tx.PutCategory(storetest.Category(fmt.Sprint("Category ", i)))
			if err != nil {
				return err
			}
			ids[i] = c.ID
		}
		return nil
	})
	body := "With [a link](https://example.org/a).\n\n" + strings.Repeat("A sentence of plain words without end. ", 4096/40)
	for from := 0; from < posts; from += 500 {
		must(func(tx store.Tx) error {
			for i := from; i < from+500; i++ {
				p := storetest.Post(i)
				p.Body, p.Categories = body, ids[i%categories:i%categories+1]
				if _, err := tx.PutPost(p, store.PutOptions{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(func(tx store.Tx) error {
		c, err := tx.CategoryBySlug("category-7")
		if err != nil {
			return err
		}
		return tx.PutMark(c.Num, tx.Now(), false)
	})
	if _, err := s.Step(ctx, time.Now()); err != nil {
		b.Fatal(err)
	}
	return s, st
}
