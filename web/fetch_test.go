package web

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// counting is a store that counts what is read of feeds.
type counting struct {
	store.Store
	artifacts, fragments atomic.Int64
}

func (s *counting) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(countingReader{r, s}) })
}

type countingReader struct {
	store.Reader
	s *counting
}

func (r countingReader) Artifacts(num uint64) ([]feed.Artifact, error) {
	r.s.artifacts.Add(1)
	return r.Reader.Artifacts(num)
}

func (r countingReader) AppendFragment(to []byte, key feed.FragmentKey) ([]byte, error) {
	r.s.fragments.Add(1)
	return r.Reader.AppendFragment(to, key)
}

// counts has a server read from a counting store.
func (h *house) counts() *counting {
	h.Helper()
	s := &counting{Store: h.store}
	h.over(s, Config{})
	return s
}

// newPost publishes one post more.
func (h *house) newPost(c feed.Category, slug string) feed.Post {
	h.Helper()
	p := h.post(feed.Post{Slug: slug, Title: "Title of " + slug, Body: "x", Categories: []string{c.ID}})
	h.publish(c.Num)
	return p
}

// At start only headers are read, and a feed when it is asked for.
func TestFeedsAreReadWhenAskedFor(t *testing.T) {
	h, _, posts := design(t)
	read := h.counts()
	if n := read.artifacts.Load() + read.fragments.Load(); n != 0 {
		t.Errorf("%d reads at start", n)
	}
	h.get("/design/rss.xml").want(t, 200)
	h.get("/design/rss.xml").want(t, 200)
	if n := read.fragments.Load(); n != int64(len(posts)) {
		t.Errorf("%d entries were read of %d", n, len(posts))
	}
}

// A new generation is made of the one in memory and of what is new.
func TestEntriesInMemoryAreNotReadAgain(t *testing.T) {
	h, c, _ := design(t)
	read := h.counts()
	for _, f := range feed.Formats {
		h.get("/design/"+f.File(), "Accept-Encoding", "gzip").want(t, 200)
	}
	read.fragments.Store(0)
	for i := range 3 { // generations that nobody reads are passed over
		h.newPost(c, fmt.Sprintf("new-%d", i))
		h.load()
	}
	for _, f := range feed.Formats {
		for _, name := range []string{"gzip", "identity"} {
			g := h.get("/design/"+f.File(), "Accept-Encoding", name).want(t, 200)
			if body := decode(t, g); !h.wasPublished(g.Header.Get("Etag"), body) || !bytes.Contains(body, []byte("Title of new-2")) {
				t.Errorf("%s is not what was published", f)
			}
		}
	}
	// In each format one is checked before it replaces what is in memory; the
	// generations in between replace nothing; then all three are read.
	if n := read.fragments.Load(); n != (1+3)*3 {
		t.Errorf("%d entries were read", n)
	}
	if used, _ := h.server.memory.state(); len(h.server.memory.ring) != 6 {
		t.Errorf("%d bodies of %d bytes are held, want 6", len(h.server.memory.ring), used)
	}
}

// Whatever is published, a feed made from the one before has the same bytes.
func TestReusedEntriesOverHistories(t *testing.T) {
	h, c, posts := design(t)
	dice := rand.New(rand.NewPCG(3, 5))
	for i := range 30 {
		at := dice.IntN(len(posts))
		h.change(posts[at].Num, func(p *feed.Post) {
			if p.Title, p.Revision = fmt.Sprintf("Title %d", i), p.Revision+1; i%4 == 0 {
				p.State = feed.Recalled
			}
		})
		if i%4 == 0 {
			posts = slices.Delete(posts, at, at+1)
		}
		if dice.IntN(3) == 0 {
			posts = append(posts, h.newPost(c, fmt.Sprintf("post-x%d", i)))
		}
		h.publish(c.Num)
		h.load()
		for _, f := range feed.Formats {
			if dice.IntN(2) == 0 {
				if g := h.get("/design/"+f.File()).want(t, 200); !h.wasPublished(g.Header.Get("Etag"), g.body) {
					t.Fatalf("round %d: %s is not what was published", i, f)
				}
			}
		}
	}
}

// A publication changes its own feeds, and makes no map anew.
func TestPublicationsKeepTheSnapshot(t *testing.T) {
	h, c, _ := design(t)
	art := h.category(feed.Category{Slug: "art", Title: "Art"})
	h.load()
	before, other := h.server.current.Load(), h.server.feedAt("/rss.xml")
	h.newPost(c, "new")
	h.publish(art.Num) // for the first time
	h.follow()
	if h.server.current.Load() != before || h.server.feedAt("/rss.xml") != other {
		t.Error("the snapshot was made anew")
	}
	for path, topic := range map[string]string{"/design/rss.xml": h.site.Topic(c, feed.RSS), "/art/feed.json": h.site.Topic(art, feed.JSON)} {
		f := h.server.feedAt(path)
		if g, ok := h.server.Served(topic); !ok || g != f.Generation {
			t.Errorf("%s: generation %d of %d", topic, g, f.Generation)
		}
		h.get(path).want(t, 200)
	}
	if b := h.get("/feeds.opml").want(t, 200).body; !strings.Contains(string(b), "art/feed.json") {
		t.Errorf("the list lacks the new category: %s", b)
	}
	c.Slug, c.Title = "form", "Form"
	h.category(c)
	h.follow()
	h.get("/form/rss.xml").want(t, 200) // as it was
	h.publish(c.Num)
	h.follow()
	h.get("/form/rss.xml").want(t, 200)
	h.get("/design/rss.xml").want(t, 301)
	if _, ok := h.server.Served(h.site.Topic(feed.Category{Num: c.Num, Slug: "design"}, feed.RSS)); ok {
		t.Error("the former topic is served")
	}
}

// follow has the server follow what was committed.
func (h *house) follow() {
	h.Helper()
	if _, err := h.server.catchUp(context.Background()); err != nil {
		h.Fatal(err)
	}
}

// What was asked for lately is there before anybody asks again, in the encodings
// that were asked for; the rest is not.
func TestEncodingsAreMadeAhead(t *testing.T) {
	h, c, _ := design(t)
	h.run()
	tag, _ := h.validators("/design/atom.xml", brotliCoding)
	h.get("/design/rss.xml", "Accept-Encoding", "gzip").want(t, 200)
	h.get("/design/atom.xml", "Accept-Encoding", "br", "If-None-Match", tag).want(t, 304)
	for i := range 3 {
		h.newPost(c, fmt.Sprintf("new-%d", i))
		h.served(c.Num, feed.JSON)
		for h.server.has("/design/rss.xml", gzipCoding) == nil || h.server.has("/design/atom.xml", brotliCoding) == nil {
			runtime.Gosched()
		}
	}
	for path, c := range map[string]coding{"/design/rss.xml": brotliCoding, "/design/atom.xml": gzipCoding, "/design/feed.json": gzipCoding, "/rss.xml": gzipCoding} {
		if h.server.has(path, c) != nil {
			t.Errorf("%s of %s was made, and nobody asked for it", c, path)
		}
	}
}

// Nobody polls less than each ten minutes and cannot wait.
func TestLatelyEnds(t *testing.T) {
	f, now := newServedFeed(feed.Artifact{}), time.Now()
	f.ask(gzipCoding, now.Add(-lately-time.Minute))
	f.ask(zstdCoding, now.Add(-lately+time.Minute))
	if list := f.wanted(now); len(list) != 1 || list[0] != zstdCoding {
		t.Errorf("%v", list)
	}
}

// A damaged feed that is found out by a request is refused for a while, said
// once, and rendered again; after that it is served.
func TestDamageIsFoundByARequest(t *testing.T) {
	h, c, _ := design(t)
	told := make(chan uint64, 100)
	broken := &breaking{Store: h.store}
	h.over(broken, Config{Damaged: func(category uint64) { told <- category }})
	broken.fragments.Store(true)
	for range 5 {
		for _, name := range []string{"gzip", "identity"} {
			g := h.get("/design/rss.xml", "Accept-Encoding", name).want(t, 503)
			if g.Header.Get("Retry-After") != "30" {
				t.Errorf("%v", g.Header)
			}
		}
	}
	if n := strings.Count(h.logged.String(), `"category":"design","feed":"design/rss.xml"`); n != 1 || len(told) != 1 || <-told != c.Num {
		t.Errorf("%d lines in the log, %d calls for repair", n, len(told)+1)
	}
	h.get("/design/rss.xml", "If-None-Match", "*").want(t, 304)
	broken.fragments.Store(false)
	h.update(func(tx store.Tx) error { // as a repair does: the feed stays, its entries are written again
		p, err := h.publication(tx, c.Num)
		if err != nil {
			return err
		}
		a, err := tx.Artifact(c.Num, feed.RSS)
		if err != nil {
			return err
		}
		p.Artifacts = []feed.Artifact{a}
		return tx.Publish(p)
	})
	h.follow()
	h.get("/design/rss.xml").want(t, 200)
}

// A publication that comes between the look at a feed and the reading of it
// is served, not refused.
func TestPublicationWhileAFeedIsRead(t *testing.T) {
	h, c, _ := design(t)
	h.newPost(c, "new") // nobody has told the server
	for i, fields := range [][]string{{"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br;q=1"}} {
		g := h.get("/design/"+feed.Formats[i].File(), fields...).want(t, 200)
		if body := decode(t, g); !h.wasPublished(g.Header.Get("Etag"), body) || !bytes.Contains(body, []byte("Title of new")) {
			t.Errorf("not the newest: %v", g.Header)
		}
	}
}
