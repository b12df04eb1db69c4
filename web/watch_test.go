package web

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
)

// run keeps the house's server up with its store until the test ends.
func (h *house) run() {
	h.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.server.Run(ctx) }()
	h.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.Errorf("Run: %v", err)
		}
	})
}

// served waits until the feed is served as the store has it.
func (h *house) served(num uint64, f feed.Format) feed.Artifact {
	h.Helper()
	var a feed.Artifact
	h.update(func(tx store.Tx) (err error) { a, err = tx.Artifact(num, f); return err })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := h.server.WaitServed(ctx, a.Topic, a.Generation); err != nil {
		h.Fatalf("wait for generation %d of %s: %v", a.Generation, a.Topic, err)
	}
	return a
}

// until waits for a condition that comes with something newer.
func (h *house) until(what string, ok func() bool) {
	h.Helper()
	timeout := time.After(10 * time.Second)
	for {
		news := *h.server.news.Load()
		if ok() {
			return
		}
		select {
		case <-news:
		case <-timeout:
			h.Fatalf("it never came that %s", what)
		}
	}
}

func TestRunFollowsTheStore(t *testing.T) {
	h := newHouse(t, nil)
	h.run()
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	h.posts(c, 3)
	h.publish(c.Num, feed.SiteNum)
	a := h.served(c.Num, feed.RSS)
	h.served(feed.SiteNum, feed.JSON)
	first := h.get("/design/rss.xml").want(t, 200)
	if first.Header.Get("ETag") != `"`+a.Digest+`"` {
		t.Errorf("ETag %s, want %s", first.Header.Get("ETag"), a.Digest)
	}
	site := h.get("/rss.xml").Header.Get("ETag")

	h.post(feed.Post{Slug: "new", Title: "New", Body: "x", Categories: []string{c.ID}})
	h.publish(c.Num)
	a = h.served(c.Num, feed.RSS)
	if g := h.get("/design/rss.xml"); g.Header.Get("ETag") != `"`+a.Digest+`"` || !strings.Contains(string(g.body), "<title>New</title>") {
		t.Errorf("not the new generation: %v", g.Header)
	}
	if h.get("/rss.xml").Header.Get("ETag") != site {
		t.Error("the site's feed changed without a publication")
	}

	c.Slug, c.Title = "art", "Art"
	c = h.category(c)
	h.until("a rename shows", func() bool { return h.get("/design/").StatusCode == 301 })
	c.State = feed.Retired
	h.category(c)
	h.until("a retired category is gone", func() bool { return h.get("/art/rss.xml").StatusCode == 410 })

	h.site.Title = "Another Journal"
	h.update(func(tx store.Tx) error { return tx.PutSite(h.site) })
	h.until("the site's title shows", func() bool { return strings.Contains(string(h.get("/").body), "Another Journal") })
}

func TestReadersSeeWholeGenerations(t *testing.T) {
	h, c, _ := design(t)
	h.run()
	var stop atomic.Bool
	var answers atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			path := "/design/" + feed.Formats[i%3].File()
			for !stop.Load() {
				g, err := tryFetch("GET", h.public.URL+path, "Accept-Encoding", codingNames[i])
				if err != nil {
					t.Error(err)
					return
				}
				tag := g.Header.Get("ETag")
				if body := decode(t, g); g.StatusCode != 200 || !h.wasPublished(tag, body) {
					t.Errorf("%s: %d with %s does not fit its body", path, g.StatusCode, tag)
					return
				}
				answers.Add(1)
			}
		})
	}
	for i := range 15 {
		h.post(feed.Post{Slug: fmt.Sprintf("more-%d", i), Title: "More", Body: "x", Categories: []string{c.ID}})
		h.publish(c.Num)
		h.served(c.Num, feed.JSON)
	}
	stop.Store(true)
	wg.Wait()
	if answers.Load() == 0 {
		t.Error("nobody read anything")
	}
}

// breaking is a store whose artifacts and views can be made to fail.
type breaking struct {
	store.Store
	views     atomic.Pointer[error] // what View returns
	fragments atomic.Bool           // no fragment is found
	digests   atomic.Bool           // heads are damaged
	headers   atomic.Bool           // no header can be read
}

func (b *breaking) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := b.views.Load(); err != nil {
		return *err
	}
	return b.Store.View(ctx, func(r store.Reader) error { return fn(brokenReader{r, b}) })
}

type brokenReader struct {
	store.Reader
	b *breaking
}

func (r brokenReader) AppendFragment(to []byte, key feed.FragmentKey) ([]byte, error) {
	if r.b.fragments.Load() {
		return to, fmt.Errorf("read fragment: %w", store.ErrNotFound)
	}
	return r.Reader.AppendFragment(to, key)
}

func (r brokenReader) Artifact(num uint64, f feed.Format) (feed.Artifact, error) {
	a, err := r.Reader.Artifact(num, f)
	if r.b.digests.Load() {
		a.Head = append([]byte("x"), a.Head...)
	}
	return a, err
}

func (r brokenReader) DuePosts(time.Time, int) ([]feed.Post, error) { return nil, store.ErrDamaged }

func (r brokenReader) Headers(after uint64, limit int) ([]feed.Artifact, error) {
	if r.b.headers.Load() {
		return nil, store.ErrDamaged
	}
	return r.Reader.Headers(after, limit)
}

func (r brokenReader) Artifacts(num uint64) ([]feed.Artifact, error) {
	if r.b.headers.Load() {
		return nil, store.ErrDamaged
	}
	all, err := r.Reader.Artifacts(num)
	for i := range all {
		if r.b.digests.Load() {
			all[i].Head = append([]byte("x"), all[i].Head...)
		}
	}
	return all, err
}

func TestDamagedFeedKeepsThePreviousGeneration(t *testing.T) {
	for name, damage := range map[string]func(*breaking){
		"missing entry": func(b *breaking) { b.fragments.Store(true) },
		"wrong digest":  func(b *breaking) { b.digests.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			h, c, _ := design(t)
			broken := &breaking{Store: h.store}
			h.over(broken, Config{})
			before := h.get("/design/rss.xml").want(t, 200)
			old, _ := h.server.Served(h.site.Topic(c, feed.RSS))
			damage(broken)
			h.post(feed.Post{Slug: "new", Title: "New", Body: "x", Categories: []string{c.ID}})
			h.publish(c.Num)
			h.load()
			after := h.get("/design/rss.xml").want(t, 200)
			if after.Header.Get("ETag") != before.Header.Get("ETag") || !h.logged.contains(`"category":"design","feed":"design/rss.xml"`) {
				t.Error("the previous generation is not kept, or nothing was logged")
			}
			if now, ok := h.server.Served(h.site.Topic(c, feed.RSS)); !ok || now != old {
				t.Errorf("generation %d counts as served, not %d", now, old)
			}
			broken.fragments.Store(false)
			broken.digests.Store(false)
			h.load()
			if h.get("/design/rss.xml").Header.Get("ETag") == before.Header.Get("ETag") {
				t.Error("the feed stays old after it was repaired")
			}
		})
	}
}

func TestDamagedAtStart(t *testing.T) {
	h, _, _ := design(t)
	broken := &breaking{Store: h.store}
	broken.digests.Store(true)
	s := New(Config{Store: broken, Log: zerolog.Nop()})
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Public().ServeHTTP(w, httptest.NewRequest("GET", "/design/rss.xml", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}

// What cannot be read at all is named like everything else: by the slug of its
// category and the path of the feed.
func TestUnreadableAtStart(t *testing.T) {
	h, _, _ := design(t)
	broken := &breaking{Store: h.store}
	broken.headers.Store(true)
	s := New(Config{Store: broken, Log: zerolog.New(h.logged)})
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"category":"design","feed":"design/atom.xml"`, `"category":"","feed":"feed.json"`} {
		if !h.logged.contains(want) {
			t.Errorf("%s is not in the log:\n%s", want, h.logged)
		}
	}
}

func TestWaitServed(t *testing.T) {
	h, c, _ := design(t)
	topic := h.site.Topic(c, feed.RSS)
	now, ok := h.server.Served(topic)
	if !ok {
		t.Fatal("the feed is not served")
	}
	if err := h.server.WaitServed(context.Background(), topic, now); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.server.WaitServed(ctx, topic, now+1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, ok := h.server.Served("https://example.org/nothing"); ok {
		t.Error("an unknown topic is served")
	}
}

func TestWaitServedWakes(t *testing.T) {
	h, c, _ := design(t)
	topic := h.site.Topic(c, feed.RSS)
	now, _ := h.server.Served(topic)
	done := make(chan error, 1)
	go func() { done <- h.server.WaitServed(context.Background(), topic, now+1) }()
	h.load() // a newer snapshot of the same generation
	select {
	case err := <-done:
		t.Fatalf("it returned before the generation was served: %v", err)
	default:
	}
	h.post(feed.Post{Slug: "new", Title: "New", Body: "x", Categories: []string{c.ID}})
	h.publish(c.Num)
	h.load()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if after, _ := h.server.Served(topic); after <= now {
		t.Errorf("generation %d after %d", after, now)
	}
}

func TestRunEndsWithItsStore(t *testing.T) {
	h := newHouse(t, nil)
	done := make(chan error, 1)
	go func() { done <- h.server.Run(context.Background()) }()
	h.until("the site is loaded", func() bool { return h.server.current.Load().loaded })
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestLoadFails(t *testing.T) {
	h, _, _ := design(t)
	down := errors.New("no route to host")
	broken := &breaking{Store: h.store}
	h.over(broken, Config{})
	h.get("/design/rss.xml").want(t, 200)
	broken.views.Store(&down)
	if err := h.server.Load(context.Background()); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	h.get("/design/rss.xml").want(t, 200)
	if !h.server.Ready() {
		t.Error("a failed load took away what was served")
	}
}

// After a day without a look, changes may have been pruned: everything is read.
func TestLongSleepReadsEverything(t *testing.T) {
	h, c, _ := design(t)
	h.post(feed.Post{Slug: "new", Title: "New", Body: "x", Categories: []string{c.ID}})
	h.publish(c.Num)
	h.update(func(tx store.Tx) error {
		_, err := tx.Prune(time.Now().Add(time.Hour), 10_000)
		return err
	})
	h.server.looked = time.Now().Add(-2 * fullAfter)
	if _, err := h.server.catchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.served(c.Num, feed.RSS)
}

func TestUnchangedFeedsKeepTheirEncodings(t *testing.T) {
	h, _, _ := design(t)
	h.get("/design/rss.xml", "Accept-Encoding", "br").want(t, 200)
	before := h.server.has("/design/rss.xml", brotliCoding)
	h.load()
	if after := h.server.has("/design/rss.xml", brotliCoding); after != before || after == nil {
		t.Error("feeds that did not change were read again")
	}
}

// In a bubble, so that minutes pass at once.
func TestRunRetriesAndLooksEachMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, err := bolt.Open(filepath.Join(t.TempDir(), "syndic.db"), bolt.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		down := errors.New("no route to host")
		b := &breaking{Store: deaf{st}}
		b.views.Store(&down)
		log := &syncBuffer{}
		s := New(Config{Store: b, Log: zerolog.New(log)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		<-time.After(5 * time.Minute)
		if s.current.Load().loaded || strings.Count(log.String(), "cannot be read") != 1 {
			t.Errorf("loaded: %v, log: %s", s.current.Load().loaded, log)
		}
		b.views.Store(nil)
		<-time.After(time.Minute)
		if !s.current.Load().loaded || !log.contains("can be read again") {
			t.Errorf("it did not try again: %s", log)
		}
		err = st.Update(ctx, func(tx store.Tx) error { return tx.PutSite(feed.Site{Title: "New", URL: "http://e.example/"}) })
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(lookEvery + time.Second)
		if got := s.current.Load().site.Title; got != "New" {
			t.Errorf("a change that no hint told of does not show after a minute: %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
}

// deaf is a store whose Wait never tells of anything.
type deaf struct{ store.Store }

func (deaf) Wait(ctx context.Context, _ store.Seq) (store.Seq, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}
