package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// change writes a post as control does: with the revision it says.
func (h *house) change(num uint64, edit func(*feed.Post)) {
	h.Helper()
	h.update(func(tx store.Tx) error {
		p, err := tx.Post(num)
		if err == nil {
			edit(&p)
			_, err = tx.PutPost(p, store.PutOptions{})
		}
		return err
	})
}

func recalled(p *feed.Post) { p.State = feed.Recalled }

func removed(p *feed.Post) {
	*p = feed.Post{Num: p.Num, ID: p.ID, Slug: p.Slug, Categories: p.Categories, Markup: p.Markup, State: feed.Removed, Published: p.Published, Revision: p.Revision, Live: p.Live}
}

// From the commit that takes a post back, every path that ever led to it
// answers 410, to readers who have its page as well, and no page shows it. Its
// feeds have it until they are published.
func TestTakenBackAtOnce(t *testing.T) {
	for name, take := range map[string]func(*feed.Post){"recalled": recalled, "removed": removed} {
		t.Run(name, func(t *testing.T) {
			h, c, posts := design(t)
			art := h.category(feed.Category{Slug: "art", Title: "Art"})
			p := posts[9]
			h.change(p.Num, func(p *feed.Post) { p.Slug, p.Categories, p.Revision = "moved", []string{art.ID, c.ID}, p.Revision+1 })
			h.publish(c.Num, art.Num, feed.SiteNum)
			h.load()
			page := h.get("/art/moved").want(t, 200)
			moves(t, h, [][3]any{{"/design/post-9", 301, "/art/moved"}})

			h.change(p.Num, take)
			for _, path := range []string{"/art/moved", "/art/moved/", "/design/post-9"} {
				g := h.get(path).want(t, 410)
				if strings.Contains(string(g.body), "Text number 9") || g.Header.Get("Etag") != "" {
					t.Errorf("%s: the answer shows the post, or can be kept as it:\n%s", path, g.body)
				}
			}
			h.get("/art/moved", "If-None-Match", page.Header.Get("Etag")).want(t, 410)
			h.get("/art/moved", "If-None-Match", "*", "If-Modified-Since", page.Header.Get("Last-Modified")).want(t, 410)
			if g := h.do(http.MethodHead, "/art/moved"); g.StatusCode != 410 || len(g.body) > 0 {
				t.Errorf("HEAD: %s, %d bytes", g.Status, len(g.body))
			}
			for _, path := range []string{"/", "/art/", "/design/"} {
				if body := string(h.get(path).want(t, 200).body); strings.Contains(body, "Text number 9") || strings.Contains(body, "Post 9") || strings.Contains(body, "/moved") {
					t.Errorf("%s shows it", path)
				}
			}
			shown := func(path string) bool {
				return strings.Contains(string(h.get(path).want(t, 200).body), "Text number 9")
			}
			if !shown("/design/rss.xml") || !shown("/rss.xml") {
				t.Error("it left a feed that was not published")
			}
			h.publish(c.Num, feed.SiteNum)
			h.load()
			if shown("/design/rss.xml") || shown("/rss.xml") || !shown("/art/rss.xml") {
				t.Error("it is not in just the feed that was not published")
			}
		})
	}
}

// Brought back, a post has its page again, under each of its paths.
func TestRecalledPostComesBack(t *testing.T) {
	h, c, posts := design(t)
	p := posts[3]
	h.change(p.Num, func(p *feed.Post) { p.Slug, p.Revision = "moved", p.Revision+1 })
	h.publish(c.Num, feed.SiteNum)
	h.load()
	before := h.get("/design/moved").want(t, 200)
	h.change(p.Num, recalled)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	h.get("/design/moved").want(t, 410)
	h.change(p.Num, func(p *feed.Post) { p.State = feed.Queued })
	h.publish(c.Num, feed.SiteNum)
	h.load()
	if after := h.get("/design/moved").want(t, 200); string(after.body) != string(before.body) {
		t.Errorf("its page is another:\n%s", after.body)
	}
	moves(t, h, [][3]any{{"/design/post-3", 301, "/design/moved"}})
}

// A post whose page is elsewhere is gone all the same.
func TestRecalledPostWithoutAPage(t *testing.T) {
	h, c, posts := design(t)
	h.change(posts[0].Num, func(p *feed.Post) { p.URL, p.Revision = "https://elsewhere.example/post", p.Revision+1 })
	h.publish(c.Num, feed.SiteNum)
	h.load()
	moves(t, h, [][3]any{{"/design/post-0", 301, "https://elsewhere.example/post"}})
	h.change(posts[0].Num, recalled)
	moves(t, h, [][3]any{{"/design/post-0", 410, ""}})
	c.State = feed.Retired
	h.category(c)
	h.load()
	moves(t, h, [][3]any{{"/design/post-0", 410, ""}})
}

// A post that was never out answers as if it had never been there, whatever is
// done to it: nobody learns that there was one.
func TestTakenBackBeforeItWasOut(t *testing.T) {
	for name, take := range map[string]func(*feed.Post){"recalled": recalled, "removed": removed} {
		t.Run(name, func(t *testing.T) {
			h, c, _ := design(t)
			in := []string{c.ID}
			posts := []feed.Post{
				h.post(feed.Post{Slug: "draft", State: feed.Draft, Categories: in}),
				h.post(feed.Post{Slug: "ahead", State: feed.Scheduled, PublishAt: time.Now().Add(time.Hour), Categories: in}),
				h.post(feed.Post{Slug: "waiting", Categories: in}), h.post(feed.Post{Slug: "alone"}),
			}
			h.load()
			all := [][3]any{{"/design/draft", 404, ""}, {"/design/ahead", 404, ""}, {"/design/waiting", 404, ""}, {"/posts/alone", 404, ""}}
			moves(t, h, all)
			for _, p := range posts {
				h.change(p.Num, take)
			}
			moves(t, h, all)
			h.publish(c.Num, feed.SiteNum)
			h.load()
			moves(t, h, all)
			c.State = feed.Retired
			h.category(c)
			h.load()
			moves(t, h, all)
		})
	}
}
