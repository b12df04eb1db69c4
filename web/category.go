package web

import (
	"fmt"
	"net/http"
	"strconv"

	"syndic/feed"
	"syndic/store"
)

// pageSize is how many posts a page shows in full.
const pageSize = 20

// listing is a page that shows posts of a timeline.
type listing struct {
	page
	Heading    string
	Text       string // the description
	Categories []categoryLink
	Articles   []article
	Newest     string // link to the first page; empty on it
	Older      string // link to the next page; empty on the last
}

// categoryLink is a category as the site's page lists it.
type categoryLink struct {
	link
	Description string
	Lang        string
	Feeds       []feedLink
}

// fillLabels fills in what the posts' categories are called now.
func fillLabels(r store.Reader, posts []feed.Post) error {
	known := map[string]feed.Label{}
	for i := range posts {
		posts[i].Labels = nil
		for _, id := range posts[i].Categories {
			if _, ok := known[id]; !ok {
				c, err := r.CategoryByID(id)
				if err != nil {
					// Not ErrNotFound: the post is there.
					return fmt.Errorf("category %q of post %q: %v", id, posts[i].ID, err)
				}
				known[id] = feed.Label{Slug: c.Slug, Title: c.Title}
			}
			posts[i].Labels = append(posts[i].Labels, known[id])
		}
	}
	return nil
}

// categoryPage shows a category's posts in full, newest first.
func (s *Server) categoryPage(r *http.Request, sn *snapshot, c *category) (*document, error) {
	t, err := s.readTimeline(r, c.Num)
	if err != nil {
		return nil, err
	}
	l := listing{page: sn.newPage(c.Title+" – "+sn.site.Title, c.Path(), c.Language), Heading: c.Title, Text: c.Description}
	l.Description, l.Feeds = c.Description, feedLinks(c)
	for _, p := range t.posts {
		k := contentKey{p.Num, p.Revision, sn.pageURL(p), 3, "p" + strconv.FormatUint(p.Num, 10) + "-", sn.frames()}
		if p.Title == "" {
			k.heading = 2
		}
		a := s.newArticle(sn, p, k, l.page)
		a.Heading = 2
		l.Articles = append(l.Articles, a)
	}
	return s.listingPage("category", sn, l, c, t)
}

// sitePage lists the categories with their feeds, and the newest posts.
func (s *Server) sitePage(r *http.Request, sn *snapshot) (*document, error) {
	t, err := s.readTimeline(r, feed.SiteNum)
	if err != nil {
		return nil, err
	}
	l := listing{page: sn.newPage(sn.site.Title, "", sn.site.Language), Heading: sn.site.Title, Text: sn.site.Description}
	l.Description, l.Home.Href = sn.site.Description, ""
	site := sn.byNum[feed.SiteNum]
	if site == nil {
		site = &category{}
	}
	l.Feeds = feedLinks(site)
	for c := range sn.published() {
		if c.Num != feed.SiteNum && t.after == (store.Cursor{}) {
			v := categoryLink{link: link{sn.href(c.Path()), c.Title}, Description: c.Description, Feeds: feedLinks(c)}
			if c.Language != sn.site.Language {
				v.Lang = c.Language
			}
			l.Categories = append(l.Categories, v)
		}
	}
	for _, p := range t.posts {
		a := article{Title: p.Title, Href: sn.postHref(p), Summary: s.summaryOf(sn, p)}
		a.Lang, a.UI = sn.otherLang(p, l.page)
		a.Published = sn.date(p.Published, a.UI)
		l.Articles = append(l.Articles, a)
	}
	return s.listingPage("site", sn, l, site, t)
}

// listingPage adds the ways to other pages of the timeline.
func (s *Server) listingPage(name string, sn *snapshot, l listing, c *category, t timeline) (*document, error) {
	if t.older {
		l.Older = "?before=" + cursorAfter(t.posts[len(t.posts)-1])
	}
	if t.after != (store.Cursor{}) {
		l.Newest = sn.href(c.Path())
		l.Title = "Older posts – " + l.Title
		l.Canonical += "?before=" + cursorAfter(feed.Post{Published: t.after.Published, Num: t.after.Num})
	}
	l.Style = s.pages.style
	return s.pages.document(name, l, sn.since(t.read))
}
