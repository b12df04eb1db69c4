package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// moves checks that each path answers with the status, and redirects to the
// location after it.
func moves(t *testing.T, h *house, table [][3]any) {
	t.Helper()
	for _, row := range table {
		g := h.get(row[0].(string))
		if g.StatusCode != row[1] || g.Header.Get("Location") != row[2] {
			t.Errorf("%s: %d to %q, want %v to %q", row[0], g.StatusCode, g.Header.Get("Location"), row[1], row[2])
		}
	}
}

func TestRoutes(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) {
		s.Favicon = "/static/icon.ico"
		s.Redirects = map[string]string{"/feed/": "/rss.xml", "/?feed=atom": "/atom.xml", "old.xml": "https://e.example/x", "/über": "/design/"}
	})
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	h.category(feed.Category{Slug: "hidden", Title: "Never published"})
	h.posts(c, 2)
	h.post(feed.Post{Slug: "loose", Title: "Loose", Body: "x"})
	h.post(feed.Post{Slug: "away", Title: "Away", Body: "x", URL: "https://blog.example/away", Categories: []string{c.ID}})
	h.post(feed.Post{Slug: "self", Title: "Self", Body: "x", URL: h.site.URL + "design/self", Categories: []string{c.ID}})
	draft := h.post(feed.Post{Slug: "later", Title: "Later", Body: "x", Categories: []string{c.ID}})
	draft.State = feed.Draft
	h.post(draft)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	moves(t, h, [][3]any{
		{"/", 200, ""}, {"/design/", 200, ""}, {"/design", 301, "/design/"}, {"/design?before=1.1", 301, "/design/?before=1.1"},
		{"/design/post-0", 200, ""}, {"/design/post-0/", 301, "/design/post-0"}, {"/posts/loose", 200, ""}, {"/posts/post-0", 404, ""},
		{"/posts/", 404, ""}, {"/posts", 404, ""}, {"/posts/rss.xml", 404, ""}, {"/design/away", 301, "https://blog.example/away"},
		{"/design/self", 200, ""}, {"/design/later", 404, ""}, {"/hidden/", 404, ""}, {"/hidden", 404, ""}, {"/hidden/rss.xml", 404, ""},
		{"/nothing", 404, ""}, {"/nothing/", 404, ""}, {"/nothing/rss.xml", 404, ""}, {"/design/nothing", 404, ""}, {"/design/post-0/x", 404, ""},
		{"//design/", 404, ""}, {"/design//", 404, ""}, {"/design/%00", 404, ""}, {"/design/%FF", 404, ""}, {"/DESIGN/", 404, ""}, {"/robots.txt", 404, ""},
		{"/feed/", 301, "/rss.xml"}, {"/feed", 301, "/rss.xml"}, {"/?feed=atom", 301, "/atom.xml"}, {"/?feed=other", 200, ""},
		{"/old.xml", 301, "https://e.example/x"}, {"/%C3%BCber", 301, "/design/"}, {"/favicon.ico", 307, "/static/icon.ico"},
		{"/design/rss.xml?x=y", 200, ""}, {"/rss.xml/", 404, ""},
	})
	if body := string(h.get("/design/").want(t, 200).body); !strings.Contains(body, `href="https://blog.example/away"`) {
		t.Error("the heading of a post whose page is elsewhere does not lead there")
	}
}

func TestBasePath(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) {
		s.URL += "my%20blog/"
		s.Redirects = map[string]string{"/feed/": "/rss.xml"}
	})
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	h.posts(c, 1)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	for _, prefix := range []string{"", "/my%20blog"} {
		moves(t, h, [][3]any{
			{prefix + "/", 200, ""}, {prefix + "/rss.xml", 200, ""}, {prefix + "/design/atom.xml", 200, ""}, {prefix + "/design/post-0", 200, ""},
			{prefix + "/design", 301, "/my%20blog/design/"}, {prefix + "/feed/", 301, "/my%20blog/rss.xml"}, {prefix + "/x", 404, ""},
		})
	}
	if link := h.get("/rss.xml").Header.Get("Link"); !strings.HasSuffix(link, "<"+h.public.URL+`/my%20blog/rss.xml>; rel="self"`) {
		t.Errorf("Link: %s", link)
	}
	checkPage(t, h.get("/my%20blog/design/").want(t, 200))
}

func TestRenamedCategory(t *testing.T) {
	h, c, _ := design(t)
	before := h.get("/design/rss.xml").want(t, 200)
	c.Slug, c.Title = "art", "Art"
	c = h.category(c)
	h.load()
	// Until it is published again the feed has both paths.
	moves(t, h, [][3]any{{"/design/rss.xml", 200, ""}, {"/art/rss.xml", 200, ""}, {"/design/", 301, "/art/"}, {"/art/", 200, ""}})
	if g := h.get("/art/rss.xml"); g.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Error("the feed is another before its publication")
	}
	h.publish(c.Num)
	h.load()
	moves(t, h, [][3]any{
		{"/design/rss.xml", 301, "/art/rss.xml"}, {"/design/feed.json?x=1", 301, "/art/feed.json"}, {"/design/", 301, "/art/"},
		{"/design", 301, "/art/"}, {"/design/?before=1.1", 301, "/art/?before=1.1"}, {"/art", 301, "/art/"},
		{"/design/post-1", 301, "/art/post-1"}, {"/art/post-1", 200, ""}, {"/art/rss.xml", 200, ""}, {"/Design/", 404, ""},
	})
}

func TestRetiredCategory(t *testing.T) {
	h, c, _ := design(t)
	c.State = feed.Retired
	h.category(c)
	for range 2 {
		h.load()
		moves(t, h, [][3]any{
			{"/design/rss.xml", 410, ""}, {"/design/", 410, ""}, {"/design", 410, ""}, {"/design/post-1", 200, ""}, {"/rss.xml", 200, ""},
		})
		if _, ok := h.server.Served(h.site.Topic(c, feed.RSS)); ok {
			t.Error("a retired feed counts as served")
		}
		h.publish(c.Num)
	}
	if page := string(h.get("/").want(t, 200).body); strings.Contains(page, `href="/design/"`) {
		t.Error("the site's page leads to a retired category")
	}
}

func TestRecalledAndRemovedPosts(t *testing.T) {
	h, c, posts := design(t)
	for i, state := range []feed.State{feed.Recalled, feed.Removed} {
		p := posts[i]
		h.update(func(tx store.Tx) (err error) {
			if p, err = tx.Post(p.Num); err != nil {
				return err
			}
			p.State = state
			_, err = tx.PutPost(p, store.PutOptions{})
			return err
		})
		h.get("/design/"+p.Slug).want(t, 410)
	}
	h.publish(c.Num)
	if page := string(h.get("/design/").want(t, 200).body); strings.Contains(page, "Text number 0") {
		t.Error("a recalled post is shown")
	}
}

func TestEditedPost(t *testing.T) {
	h, c, posts := design(t)
	p := posts[4]
	h.update(func(tx store.Tx) (err error) { p, err = tx.Post(p.Num); return err })
	p.Slug, p.Body = "moved", "New words."
	p = h.post(p)
	// Nothing shows of it before it is published, but its new path is known.
	moves(t, h, [][3]any{{"/design/post-4", 200, ""}, {"/design/moved", 307, "/design/post-4"}})
	if body := string(h.get("/design/post-4").body); strings.Contains(body, "New words") || !strings.Contains(body, "Text number 4") {
		t.Error("an edit shows before it is published")
	}
	h.publish(c.Num)
	moves(t, h, [][3]any{{"/design/post-4", 301, "/design/moved"}, {"/design/moved", 200, ""}})
	if body := string(h.get("/design/moved").body); !strings.Contains(body, "New words") {
		t.Error("an edit does not show after it was published")
	}
	p.URL = "https://blog.example/moved"
	h.update(func(tx store.Tx) (err error) {
		if p, err = tx.Post(p.Num); err == nil {
			p.URL, p.Revision = "https://blog.example/moved", p.Revision+1
			_, err = tx.PutPost(p, store.PutOptions{})
		}
		return err
	})
	h.publish(c.Num)
	moves(t, h, [][3]any{{"/design/post-4", 301, "https://blog.example/moved"}, {"/design/moved", 301, "https://blog.example/moved"}})
}

// An IMS-only client must see an edit of a post that has left every feed.
func TestPageMovesWithoutItsFeed(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) { s.Window.Posts = 1 })
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	posts := h.posts(c, 3)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	g := h.get("/design/post-0").want(t, 200)
	h.server.newest.Store(&moment{seq: h.server.newest.Load().seq, at: time.Now().Add(-time.Hour)})
	p := posts[0]
	h.update(func(tx store.Tx) (err error) { p, err = tx.Post(p.Num); return err })
	p.Body = "New words."
	h.post(p)
	h.publish(c.Num)
	again := h.get("/design/post-0", "If-None-Match", g.Header.Get("ETag")).want(t, 200)
	if at := h.server.newest.Load().at; time.Since(at) > time.Minute {
		t.Errorf("the page is still of %v: %v", at, again.Header)
	}
}

func TestStoreErrors(t *testing.T) {
	h, _, _ := design(t)
	h.get("/design/rss.xml").want(t, 200)
	h.store.Close()
	for _, path := range []string{"/", "/design/", "/design/post-1"} {
		g := h.get(path).want(t, 503)
		if g.Header.Get("Retry-After") != "30" || strings.Contains(string(g.body), "closed") {
			t.Errorf("%s: %v %s", path, g.Header, g.body)
		}
		checkPage(t, g)
	}
	h.get("/design/rss.xml").want(t, 200)
	h.get("/design/rss.xml", "Accept-Encoding", "gzip").want(t, 200)
	h.get("/design/atom.xml").want(t, 503)
	if !h.logged.contains("a request failed") {
		t.Error("nothing was logged")
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	h := newHouse(t, nil)
	handler := h.server.handler(func(*http.Request) (*document, error) { panic("oh") }, true)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "oh") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !h.logged.contains("goroutine") {
		t.Error("the stack was not logged")
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "/design/", "/design/post-1", "/design/%2e%2e/x", "//x", "/design/rss.xml/", "/posts/%FF?before=1.1", "/?before=zz.1", "*"} {
		f.Add(s)
	}
	h, _, _ := design(f)
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.server.Public().ServeHTTP(w, &http.Request{Method: "GET", URL: u, Header: http.Header{}})
		if w.Code >= 500 || w.Code < 200 {
			t.Fatalf("%q: %d", target, w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Fatalf("%q leads to %q", target, to)
		}
	})
}
