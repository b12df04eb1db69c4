package bolt

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

var body = strings.Repeat("Some words of a post. ", 180) // 4 KB

// filled is a store with n posts of 4 KB in the given number of categories,
// each in one.
func filled(b *testing.B, posts, categories int) *Store {
	b.Helper()
	s := mustOpen(b, filepath.Join(b.TempDir(), "syndic.db"))
	b.Cleanup(func() { s.Close() }) //nolint:errcheck // the directory goes anyway
	ids := make([]string, categories)
	update(b, s, func(tx store.Tx) error {
		for i := range ids {
			c, err := tx.PutCategory(storetest.Category(fmt.Sprintf("Category %d", i)))
			if err != nil {
				return err
			}
			ids[i] = c.ID
		}
		return nil
	})
	for from := 0; from < posts; from += 1000 {
		addBulk(b, s, from, min(1000, posts-from), ids)
	}
	return s
}

func update(b *testing.B, s *Store, fn func(tx store.Tx) error) {
	b.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		b.Fatal(err)
	}
}

func addBulk(b *testing.B, s *Store, from, n int, ids []string) {
	b.Helper()
	update(b, s, func(tx store.Tx) error {
		for i := from; i < from+n; i++ {
			p := storetest.Post(i)
			p.Body, p.Categories = body, []string{ids[i%len(ids)]}
			if _, err := tx.PutPost(p, store.PutOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkAdd(b *testing.B) {
	s := filled(b, 0, 1)
	for i := 0; b.Loop(); i++ {
		if err := post(s, i); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

func BenchmarkAddBy16(b *testing.B) {
	s := filled(b, 0, 1)
	var n atomic.Int64
	b.SetParallelism(8) // times GOMAXPROCS
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := post(s, int(n.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

func BenchmarkAddBulk(b *testing.B) {
	s := filled(b, 0, 100)
	var ids []string
	for i := range 100 {
		ids = append(ids, storetest.Category(fmt.Sprintf("Category %d", i)).ID)
	}
	i := 0
	for b.Loop() {
		addBulk(b, s, i, 1000, ids)
		i += 1000
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkPublish changes one post of a category of 50 and publishes it, in
// stores of ten times the size: the time must not follow.
func BenchmarkPublish(b *testing.B) {
	for _, posts := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("of %d posts", posts), func(b *testing.B) {
			s := filled(b, posts, posts/50)
			publishAll(b, s, 2)
			for b.Loop() {
				update(b, s, func(tx store.Tx) error {
					p, err := tx.Post(1)
					if err != nil {
						return err
					}
					p.Revision++
					_, err = tx.PutPost(p, store.PutOptions{})
					return err
				})
				publishAll(b, s, 2)
			}
		})
	}
}

func publishAll(b *testing.B, s *Store, category uint64) {
	b.Helper()
	update(b, s, func(tx store.Tx) error {
		p, err := storetest.Publication(tx, category, tx.Now())
		if err != nil {
			return err
		}
		return tx.Publish(p)
	})
}

func BenchmarkTimeline(b *testing.B) {
	s := filled(b, 100_000, 10)
	for c := uint64(2); c <= 11; c++ {
		publishAll(b, s, c)
	}
	for b.Loop() {
		err := s.View(context.Background(), func(r store.Reader) error {
			list, err := r.Timeline(feed.SiteNum+1, store.Cursor{}, 50)
			if len(list) != 50 {
				b.Fatalf("%d posts", len(list))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
