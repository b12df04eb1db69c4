package control

import (
	"context"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

// postPage is how many posts one page of a list looks at.
const postPage = 500

// postsQuery is PostQuery with a cursor.
type postsQuery struct {
	Category string     `json:"category"`
	State    feed.State `json:"state"`
	After    number     `json:"after"`
}

// posts lists one page: those among the next posts that fit the query, so that
// a page may be empty and yet have a next one.
func (h *Handler) posts(ctx context.Context, q postsQuery) (page PostPage, err error) {
	if q.State != "" && !q.State.Valid() {
		return page, refuse("invalid", "unknown state %q: use draft, scheduled, queued, published, recalled or removed", q.State)
	}
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		page = PostPage{Posts: []PostInfo{}}
		lister, err := h.lister(r)
		if err != nil {
			return err
		}
		posts, err := nextPosts(r, lister.site, q)
		if err != nil {
			return err
		}
		if len(posts) == postPage {
			page.Next = posts[len(posts)-1].Num
		}
		for _, p := range posts {
			if !fits(p, q.State) {
				continue
			}
			info, err := lister.info(p)
			if err != nil {
				return err
			}
			page.Posts = append(page.Posts, info)
		}
		return nil
	})
	return page, wrap("list posts", err)
}

// nextPosts are the next page's of the category, or of all.
func nextPosts(r store.Reader, site feed.Site, q postsQuery) ([]feed.Post, error) {
	if q.Category != "" {
		c, err := findCategory(r, site, q.Category)
		if err != nil {
			return nil, err
		}
		if c.Num != feed.SiteNum {
			return r.PostsIn(c.Num, uint64(q.After), postPage)
		}
	}
	return r.Posts(uint64(q.After), postPage)
}

// fits tells whether a post is asked for; a tombstone only by its state.
func fits(p feed.Post, state feed.State) bool {
	if state == "" {
		return p.State != feed.Removed
	}
	return p.State == state
}

func (h *Handler) post(ctx context.Context, q nameQuery) (info PostInfo, err error) {
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		p, err := findPost(r, q.Name)
		if err != nil {
			return err
		}
		lister, err := h.lister(r)
		if err != nil {
			return err
		}
		info, err = lister.whole(p)
		return err
	})
	return info, wrap(fmt.Sprintf("show post %q", q.Name), err)
}

// lister describes posts of one snapshot.
type lister struct {
	r      store.Reader
	site   feed.Site
	labels map[string]feed.Label // by category ID
}

func (h *Handler) lister(r store.Reader) (*lister, error) {
	site, err := h.site(r)
	return &lister{r, site, map[string]feed.Label{}}, err
}

// info describes a post without its text.
func (l *lister) info(p feed.Post) (PostInfo, error) {
	info := PostInfo{
		ID: p.ID, Slug: p.Slug, Title: p.Title, State: p.State, Categories: []string{},
		PublishAt: timeOrNil(p.PublishAt), Published: timeOrNil(p.Published),
		Revision: p.Revision, Live: p.Live, File: p.File, URL: p.URL,
	}
	if !p.Updated.IsZero() {
		info.Updated = timeOrNil(p.UpdatedAt())
	}
	for _, id := range p.Categories {
		label, err := l.label(id)
		if err != nil {
			return info, err
		}
		p.Labels = append(p.Labels, label)
		info.Categories = append(info.Categories, label.Slug)
	}
	info.Page = l.site.PageURL(p)
	return info, nil
}

func (l *lister) label(id string) (feed.Label, error) {
	if label, ok := l.labels[id]; ok {
		return label, nil
	}
	c, err := l.r.CategoryByID(id)
	if isNotFound(err) {
		return feed.Label{}, fmt.Errorf("%w: a post is in the category %s, which is not there", store.ErrDamaged, id)
	}
	if err != nil {
		return feed.Label{}, fmt.Errorf("category %s: %w", id, err)
	}
	l.labels[id] = feed.Label{Slug: c.Slug, Title: c.Title}
	return l.labels[id], nil
}

// whole describes a post with its text.
func (l *lister) whole(p feed.Post) (PostInfo, error) {
	info, err := l.info(p)
	if err != nil {
		return info, err
	}
	info.Summary, info.Language, info.Authors, info.Tags = p.Summary, p.Lang, p.Authors, p.Tags
	info.Attachments, info.Body, info.Markup = p.Attachments, p.Body, p.Markup
	info.Document, err = l.document(p)
	return info, err
}

// document is a post as a door would hand it in. It leaves out Updated, so
// that an edit of it counts as one.
func (l *lister) document(p feed.Post) (*Document, error) {
	zone, err := time.LoadLocation(l.site.TimeZone)
	if err != nil {
		return nil, refuse("invalid", "site.time_zone: %v", err)
	}
	d := &Document{Post: authored(p), Draft: p.State == feed.Draft, Categories: []string{}, Links: []string{}, Warnings: []string{}}
	for _, id := range p.Categories {
		d.Categories = append(d.Categories, l.labels[id].Title)
	}
	if !p.Published.IsZero() {
		d.Date = p.Published.In(zone).Format(time.RFC3339)
	}
	return d, nil
}
