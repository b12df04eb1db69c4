package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

const hubURL = "https://hub.example.org/?a=1&b=2"

// house is a store with a site in it, a server that reads it, and both of its
// listeners.
type house struct {
	testing.TB
	store  store.Store
	server *Server
	site   feed.Site
	public *httptest.Server
	admin  *httptest.Server
	logged *syncBuffer
	bodies sync.Map // what was published, by digest
}

// newHouse makes a house with a site that nothing has been published of.
func newHouse(t testing.TB, change func(*feed.Site)) *house {
	t.Helper()
	st := storetest.MustOpen(t, func(path string) (store.Store, error) { return bolt.Open(path, bolt.Options{Create: true}) })
	h := &house{TB: t, store: st, logged: &syncBuffer{}}
	h.server = New(Config{Store: st, Log: zerolog.New(h.logged), Version: "1.2.3", Status: func() []Fact { return []Fact{{"Next slot", "soon"}} }})
	h.public, h.admin = h.open(true), listen(t, h.server.Admin())
	h.site = feed.Site{
		Title: "Example Journal", URL: h.public.URL + "/", Description: "Notes & letters", Language: "en",
		Schedule: "*/5 * * * *", Window: feed.Window{Posts: 50}, Hubs: []string{hubURL},
		Author: feed.Person{Name: "The Author"},
	}
	if change != nil {
		change(&h.site)
	}
	h.update(func(tx store.Tx) error {
		if err := tx.PutAuthority("example.org"); err != nil {
			return err
		}
		site, err := tx.Category(feed.SiteNum)
		if err != nil {
			return err
		}
		site.ID = feed.CategoryID("example.org", "", 0)
		if _, err = tx.PutCategory(site); err != nil {
			return err
		}
		return tx.PutSite(h.site)
	})
	return h
}

func listen(t testing.TB, handler http.Handler) *httptest.Server {
	l := httptest.NewUnstartedServer(nil)
	l.Config = NewHTTPServer(handler)
	l.Start()
	t.Cleanup(l.Close)
	return l
}

// open serves to the public, with the fast lane or without it.
func (h *house) open(lane bool) *httptest.Server {
	l := httptest.NewUnstartedServer(nil)
	l.Config = NewHTTPServer(h.server.Public())
	l.Listener = h.server.Listen(l.Listener, l.Config, lane)
	l.Start()
	h.Cleanup(l.Close)
	return l
}

// over has another server serve what a store shows of the house's.
func (h *house) over(st store.Store, c Config) {
	h.Helper()
	c.Store, c.Log, c.Version = st, zerolog.New(h.logged), "1.2.3"
	h.server = New(c)
	h.public, h.admin = h.open(true), listen(h.TB, h.server.Admin())
	h.load()
}

func (h *house) update(fn func(store.Tx) error) {
	h.Helper()
	if err := h.store.Update(context.Background(), fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) load() {
	h.Helper()
	if err := h.server.Load(context.Background()); err != nil {
		h.Fatal(err)
	}
}

// category adds a category or changes it.
func (h *house) category(c feed.Category) feed.Category {
	h.Helper()
	h.update(func(tx store.Tx) (err error) {
		if c.ID == "" {
			c.ID = feed.CategoryID("example.org", c.Slug, 0)
		}
		c, err = tx.PutCategory(c)
		return err
	})
	return c
}

// post adds a post or changes it; a new one is queued.
func (h *house) post(p feed.Post) feed.Post {
	h.Helper()
	h.update(func(tx store.Tx) (err error) {
		if p.Num == 0 {
			p.ID, p.State = "tag:example.org,2026:"+p.Slug, cmp.Or(p.State, feed.Queued)
		} else {
			p.Revision++
		}
		p, err = tx.PutPost(p, store.PutOptions{})
		return err
	})
	return p
}

// posts adds n posts to a category, the last the newest, and returns them.
func (h *house) posts(c feed.Category, n int) []feed.Post {
	h.Helper()
	var all []feed.Post
	for i := range n {
		all = append(all, h.post(feed.Post{
			Slug: fmt.Sprintf("post-%d", i), Title: fmt.Sprintf("Post %d", i), Categories: []string{c.ID},
			Body:      fmt.Sprintf("Text number %d of the day.\n\n## Part\n\nMore of %d.", i, i),
			Published: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(i/2) * time.Hour),
		}))
	}
	return all
}

// publish does what the scheduler does, in one transaction.
func (h *house) publish(nums ...uint64) {
	h.Helper()
	for _, num := range nums {
		h.update(func(tx store.Tx) error {
			p, err := h.publication(tx, num)
			if err != nil {
				return err
			}
			return tx.Publish(p)
		})
	}
}

func (h *house) publication(tx store.Tx, num uint64) (p store.Publication, err error) {
	if p.Category, err = tx.Category(num); err != nil {
		return p, err
	}
	p.Mark, _ = tx.Mark(num)
	if p.Handled, err = tx.Pending(num, 0, 10_000); err != nil {
		return p, err
	}
	window, err := tx.Timeline(num, store.Cursor{}, feed.MaxPosts)
	if err != nil {
		return p, err
	}
	for _, row := range p.Handled {
		window = slices.DeleteFunc(window, func(q feed.Post) bool { return q.Num == row.Post })
		q, err := tx.Post(row.Post)
		if err != nil {
			return p, err
		}
		if q.State.Goes() && (num == feed.SiteNum || slices.Contains(q.Categories, p.Category.ID)) {
			q.State, q.Live = feed.Published, q.Revision
			if q.Published.IsZero() {
				q.Published = tx.Now().Truncate(time.Second)
			}
			p.Posts, window = append(p.Posts, q), append(window, q)
		}
	}
	if p.Drop = p.Category.State == feed.Retired; p.Drop {
		return p, nil
	}
	slices.SortFunc(window, feed.Newer)
	c := h.site.Effective(p.Category)
	c.Every = 5 * time.Minute
	window = window[:c.Window.Take(len(window), func(i int) time.Time { return window[i].Published })]
	if err := fillLabels(tx, window); err != nil {
		return p, err
	}
	for _, f := range feed.Formats {
		if err := h.render(tx, &p, c, window, f); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (h *house) render(tx store.Tx, p *store.Publication, c feed.Category, window []feed.Post, f feed.Format) error {
	a := feed.Artifact{
		Category: c.Num, Format: f, Topic: h.site.Topic(c, f), Path: c.FeedPath(f), Hubs: *c.Hubs,
		MaxAge: c.Every, Generation: uint64(tx.Seq()), Modified: tx.Now().Truncate(time.Second), Sums: []feed.EntrySum{},
	}
	var entries [][]byte
	for _, q := range window {
		data, err := feed.RenderEntry(h.site, q, f)
		if err != nil {
			return err
		}
		key := feed.EntryKey(h.site, q, f)
		if _, err := tx.Fragment(key); err != nil {
			p.Fragments = append(p.Fragments, feed.Fragment{Key: key, Data: data})
		}
		a.Entries, a.Sums, entries = append(a.Entries, key), append(a.Sums, feed.SumOf(data)), append(entries, data)
	}
	heads, tails, err := feed.RenderFrames(c, feed.DatesOfAll(window))
	if err != nil {
		return err
	}
	a.Head, a.Tail = heads[f], tails[f]
	a.Digest, a.Size = feed.DigestParts(f, a.Head, a.Sums, a.Tail)
	h.bodies.Store(a.Digest, string(feed.Join(f, a.Head, entries, a.Tail)))
	old, err := tx.Artifact(c.Num, f)
	if err == nil && old.Digest == a.Digest && old.Topic == a.Topic {
		return nil
	}
	if err == nil && !a.Modified.After(old.Modified) {
		a.Modified = old.Modified.Add(time.Second)
	}
	p.Artifacts = append(p.Artifacts, a)
	return nil
}

// wasPublished tells whether the body is the one that was published with the
// digest in the entity tag.
func (h *house) wasPublished(etag string, body []byte) bool {
	digest, _, _ := strings.Cut(strings.Trim(etag, `"`), "-")
	published, ok := h.bodies.Load(digest)
	return ok && published == string(body)
}

// design is a house with a published category of ten posts, loaded.
func design(t testing.TB) (*house, feed.Category, []feed.Post) {
	t.Helper()
	h := newHouse(t, nil)
	c := h.category(feed.Category{Slug: "design", Title: "Design", Settings: feed.Settings{Description: "On making things"}})
	posts := h.posts(c, 10)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	return h, c, posts
}

// got is an answer, read to its end.
type got struct {
	*http.Response
	body []byte
}

// client follows no redirect and decodes nothing.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
}

// do sends a request for a path on the public listener; headers are name and
// value in turn.
func (h *house) do(method, path string, headers ...string) got {
	h.Helper()
	return fetch(h.TB, method, h.public.URL+path, headers...)
}

func (h *house) get(path string, headers ...string) got {
	h.Helper()
	return h.do(http.MethodGet, path, headers...)
}

func fetch(t testing.TB, method, url string, headers ...string) got {
	t.Helper()
	g, err := tryFetch(method, url, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// tryFetch is fetch for goroutines other than the test's.
func tryFetch(method, url string, headers ...string) (got, error) {
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		return got{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		return got{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return got{res, body}, err
}

func (g got) want(t testing.TB, status int) got {
	t.Helper()
	if g.StatusCode != status {
		t.Fatalf("%s %s: got %d, want %d\n%s", g.Request.Method, g.Request.URL.Path, g.StatusCode, status, g.body)
	}
	return g
}

// syncBuffer collects a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *syncBuffer) contains(s string) bool { return strings.Contains(b.String(), s) }
