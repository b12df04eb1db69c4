package web

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
)

// BenchmarkLoad is a start: a category costs so much time and memory before
// anybody asks for its feeds.
func BenchmarkLoad(b *testing.B) {
	const categories = 10_000
	h := newHouse(b, nil)
	for from := 0; from < categories; from += 500 {
		h.update(func(tx store.Tx) error {
			for i := from; i < from+500; i++ {
				if err := h.bare(tx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		b.StopTimer()
		before := heap()
		s := New(Config{Store: h.store, Log: zerolog.Nop()})
		b.StartTimer()
		if err := s.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/(categories*3), "B/feed")
		runtime.KeepAlive(s)
		b.StartTimer()
	}
}

// bare adds a category with feeds that nobody can read.
func (h *house) bare(tx store.Tx, i int) error {
	c, err := tx.PutCategory(feed.Category{ID: fmt.Sprintf("tag:example.org,2026:c%d", i), Slug: fmt.Sprintf("category-%d", i), Title: fmt.Sprintf("Category %d", i)})
	if err != nil {
		return err
	}
	p := store.Publication{Category: c}
	for _, f := range feed.Formats {
		a := feed.Artifact{
			Category: c.Num, Format: f, Topic: h.site.Topic(c, f), Path: c.FeedPath(f), Hubs: []string{hubURL}, Generation: uint64(tx.Seq()),
			Modified: tx.Now(), Head: fmt.Appendf(nil, "%1000d", i), Sums: []feed.EntrySum{},
		}
		a.Digest, a.Size = feed.DigestParts(f, a.Head, a.Sums, a.Tail)
		p.Artifacts = append(p.Artifacts, a)
	}
	return tx.Publish(p)
}

// BenchmarkFollow is what comes between the commit of a publication and its
// readers, for three feeds of 50 posts: those that nobody asks for, and those
// that everybody does, without and with the making of the new bytes.
func BenchmarkFollow(b *testing.B) {
	for _, kind := range []struct {
		name        string
		asked, made bool
	}{{"cold", false, false}, {"hot", true, false}, {"hot, with its bytes", true, true}} {
		b.Run(kind.name, func(b *testing.B) {
			h := newHouse(b, nil)
			c := h.category(feed.Category{Slug: "design", Title: "Design"})
			for i := range 50 {
				h.post(feed.Post{Slug: fmt.Sprintf("post-%d", i), Title: "Post", Categories: []string{c.ID}, Body: string(prose(4000))})
			}
			h.publish(c.Num)
			h.load()
			read := func() {
				for _, f := range feed.Formats {
					v, err := h.server.body(h.server.feedAt("/design/"+f.File()), identity)
					if err != nil {
						b.Fatal(err)
					}
					v.release()
				}
			}
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				if kind.asked {
					read()
				}
				h.newPost(c, fmt.Sprintf("new-%d", i))
				b.StartTimer()
				h.follow()
				if kind.made {
					read()
				}
			}
		})
	}
}
