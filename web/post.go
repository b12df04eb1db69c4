package web

import (
	"net/http"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// postPage is a page about one post.
type postPage struct {
	page
	Article article
}

// postPage answers a path below a category (0 for "posts") with the post that
// has its page there, or once had: every path stays its post's.
func (s *Server) postPage(r *http.Request, sn *snapshot, category uint64, path string) (*document, error) {
	slug := strings.TrimSuffix(path[strings.IndexByte(path, '/')+1:], "/")
	var live, newest feed.Post
	read, err := s.view(r.Context(), "a post", func(r store.Reader) (err error) {
		live, newest, err = readPost(r, category, slug)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case path == live.Path() && !sn.elsewhere(live), live.URL == sn.site.Abs(path):
		return s.showPost(sn, live, read)
	case sn.elsewhere(live):
		return nil, movedTo(live.URL)
	case path == newest.Path():
		// Its path from the next publication on: nothing to be kept by a browser.
		return nil, foundAt(sn.href(live.Path()))
	default:
		return nil, movedTo(sn.href(live.Path()))
	}
}

// readPost finds a post as last published, and as it is now.
func readPost(r store.Reader, category uint64, slug string) (live, newest feed.Post, err error) {
	if newest, err = r.PostByPath(category, slug); err != nil {
		return live, newest, err
	}
	// One that was never out has nothing to take back.
	if newest.Live > 0 && newest.State.TakenBack() {
		return live, newest, errGone
	}
	if live, err = r.LivePost(newest.Num); err != nil {
		return live, newest, err
	}
	both := []feed.Post{live, newest}
	err = fillLabels(r, both)
	return both[0], both[1], err
}

func (s *Server) showPost(sn *snapshot, p feed.Post, read time.Time) (*document, error) {
	title := p.Title
	if title == "" {
		title = sn.date(p.Published, "").Text
	}
	v := postPage{page: sn.newPage(title+" – "+sn.site.Title, p.Path(), sn.langOf(p))}
	v.Style, v.Description = s.pages.style, s.summaryOf(sn, p)
	if c := firstCategory(sn, p); c != nil {
		v.Feeds = feedLinks(c)
	}
	v.Article = s.newArticle(sn, p, ownPage(sn, p), v.page)
	v.Article.Heading = 1
	return s.pages.document("post", v, sn.since(read))
}

// firstCategory is the one whose feeds a post's page offers: its first that is
// published, else the site's.
func firstCategory(sn *snapshot, p feed.Post) *category {
	for _, l := range p.Labels {
		if c := sn.bySlug[l.Slug]; c != nil && c.published() {
			return c
		}
	}
	return sn.byNum[feed.SiteNum]
}
