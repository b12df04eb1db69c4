package web

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"syndic/feed"
)

// many is a house with n categories of large feeds, of which a server with so
// much memory serves the headers.
func many(t testing.TB, n int, memory int64) *house {
	h := newHouse(t, nil)
	var nums []uint64
	for i := range n {
		c := h.category(feed.Category{Slug: fmt.Sprintf("c%d", i), Title: fmt.Sprintf("Category %d", i)})
		h.post(feed.Post{Slug: fmt.Sprintf("large-%d", i), Title: "Large", Categories: []string{c.ID}, Body: string(prose(9000))})
		nums = append(nums, c.Num)
	}
	h.publish(nums...)
	h.over(h.store, Config{Memory: memory})
	return h
}

// However many feeds are asked for, in whatever order and by however many, what
// is held stays within the bound, and everybody gets the right bytes.
func TestMemoryIsBounded(t *testing.T) {
	const limit, feeds = 200 << 10, 12
	h := many(t, feeds, limit)
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(i), 0))
			for range 100 {
				path := fmt.Sprintf("/c%d/%s", dice.IntN(feeds), feed.Formats[dice.IntN(3)].File())
				g, err := tryFetch("GET", h.public.URL+path, "Accept-Encoding", codingNames[dice.IntN(len(codingNames))])
				if err != nil || !h.wasPublished(g.Header.Get("Etag"), decode(t, g)) {
					t.Errorf("%s: %v, %v", path, g.Header, err)
				}
			}
		})
	}
	readers.Wait()
	m := h.server.memory
	if used, _ := m.state(); used > limit || used < limit/2 {
		t.Errorf("%d bytes are held of %d", used, limit)
	}
	if n := h.counted()["syndic_feed_bodies_evicted_total"]; n < 50 {
		t.Errorf("only %d bodies were given up", n)
	}
	m.bound(10 << 10)
	if used, _ := m.state(); used > 10<<10 {
		t.Errorf("%d bytes are held after the bound was lowered", used)
	}
	h.get("/c0/rss.xml").want(t, 200) // larger than all that may be held
}

// What is asked for often stays; what was asked for once goes.
func TestOftenAskedFeedsStay(t *testing.T) {
	h := many(t, 12, 130<<10)
	h.get("/c0/rss.xml").want(t, 200)
	kept := h.server.has("/c0/rss.xml", identity)
	for i := 1; i < 12; i++ {
		h.get(fmt.Sprintf("/c%d/rss.xml", i)).want(t, 200)
		h.get("/c0/rss.xml").want(t, 200)
	}
	if h.server.has("/c0/rss.xml", identity) != kept || kept == nil {
		t.Error("the feed that everybody asks for was given up")
	}
	if h.server.has("/c1/rss.xml", identity) != nil {
		t.Error("the feed that nobody asks for stayed")
	}
}

// Bytes that somebody has pinned are not given up, nor counted as gone.
func TestPinnedBodiesStay(t *testing.T) {
	m := newMemory(100<<10, prometheus.NewRegistry())
	hold := func() *variant {
		f := newServedFeed(feed.Artifact{})
		v := m.newVariant(f, identity, bytes.Repeat([]byte("x"), 60<<10), nil)
		m.hold(v)
		return v
	}
	first, second := hold(), hold()
	if used, limit := m.state(); used <= limit {
		t.Errorf("%d bytes with two of 60 KB pinned", used)
	}
	second.release()
	first.release()
	third := hold()
	if first.pin() || second.pin() || !third.pin() {
		t.Error("what nobody has pinned is still there, or what somebody has is gone")
	}
	m.drop(third)
	third.release()
	if third.refs.Load() != 1 {
		t.Errorf("%d pins", third.refs.Load())
	}
	third.release()
	if used, _ := m.state(); used != 0 || len(m.ring) != 0 {
		t.Errorf("%d bytes, %d bodies are left", used, len(m.ring))
	}
}

// 304 and HEAD need no body, as long as its length is known.
func TestHeadsNeedNoBody(t *testing.T) {
	h := many(t, 1, 0)
	tag, since := h.validators("/c0/rss.xml", gzipCoding)
	h.get("/c0/rss.xml", "Accept-Encoding", "gzip", "If-None-Match", tag).want(t, 304)
	h.get("/c0/rss.xml", "If-Modified-Since", since).want(t, 304)
	h.do("HEAD", "/c0/rss.xml").want(t, 200)
	if n := h.counted()["syndic_feed_bodies_made_total"]; n != 0 {
		t.Errorf("%d bodies were made", n)
	}
	g := h.get("/c0/rss.xml", "Accept-Encoding", "gzip").want(t, 200)
	for h.server.has("/c0/rss.xml", gzipCoding) != nil { // until it has been sent
		h.server.memory.bound(1)
	}
	made := h.counted()["syndic_feed_bodies_made_total"]
	if head := h.do("HEAD", "/c0/rss.xml", "Accept-Encoding", "gzip").want(t, 200); head.ContentLength != int64(len(g.body)) {
		t.Errorf("length %d of %d", head.ContentLength, len(g.body))
	}
	if n := h.counted()["syndic_feed_bodies_made_total"]; n != made {
		t.Errorf("%d more bodies were made", n-made)
	}
}

// However many ask at once, each encoding is made once.
func TestBodiesAreMadeOnce(t *testing.T) {
	h := many(t, 1, 0)
	var readers sync.WaitGroup
	handler := h.server.Public()
	for i := range 40 {
		readers.Go(func() {
			r := httptest.NewRequest("GET", "/c0/rss.xml", nil)
			r.Header.Set("Accept-Encoding", codingNames[i%2])
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != 200 {
				t.Errorf("%d", w.Code)
			}
		})
	}
	readers.Wait()
	// The identity may be read for both.
	if n := h.counted()["syndic_feed_bodies_made_total"]; n != 2 && n != 3 {
		t.Errorf("%d bodies were made for 40 requests", n)
	}
}

// A feed that many wait for is theirs, also where nothing can be held.
func TestNothingIsHeld(t *testing.T) {
	h := many(t, 1, 1)
	var readers sync.WaitGroup
	for range 20 {
		readers.Go(func() {
			g, err := tryFetch("GET", h.public.URL+"/c0/rss.xml", "Accept-Encoding", "br")
			if err != nil || !h.wasPublished(g.Header.Get("Etag"), decode(t, g)) {
				t.Errorf("%v, %v", g.Header, err)
			}
		})
	}
	readers.Wait()
	if used, _ := h.server.memory.state(); used != 0 {
		t.Errorf("%d bytes are held", used)
	}
}
