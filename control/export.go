package control

import (
	"context"
	"strconv"
	"time"

	"syndic/feed"
	"syndic/store"
)

// A page of an export holds no more posts than this, and ends after so many
// bytes of text.
const (
	exportPosts = 200
	exportBytes = 4 << 20
)

// ExportedPost is a post as a door would hand it in again, with its dates in
// UTC. A removed one has no document.
type ExportedPost struct {
	Num      uint64     `json:"num"` // in order of first add; never changes
	State    feed.State `json:"state"`
	Document *Document  `json:"document,omitempty"`
}

// ExportPage is one page of all posts, by Num.
type ExportPage struct {
	Posts []ExportedPost `json:"posts"`
	Next  uint64         `json:"next,omitempty"` // the cursor of the next page; 0 on the last
}

// exportQuery is the cursor of a page.
type exportQuery struct {
	After number `json:"after"`
}

// export reads one page in one snapshot.
func (h *Handler) export(ctx context.Context, q exportQuery) (page ExportPage, err error) {
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		page = ExportPage{Posts: []ExportedPost{}}
		lister, err := h.lister(r)
		if err != nil {
			return err
		}
		posts, err := r.Posts(uint64(q.After), exportPosts)
		if err != nil {
			return err
		}
		if len(posts) == exportPosts {
			page.Next = posts[len(posts)-1].Num
		}
		size := 0
		for _, p := range posts {
			one, err := lister.exported(p)
			if err != nil {
				return err
			}
			page.Posts = append(page.Posts, one)
			if size += len(p.Body); size > exportBytes {
				page.Next = p.Num
				break
			}
		}
		return nil
	})
	return page, wrap("export posts", err)
}

func (l *lister) exported(p feed.Post) (ExportedPost, error) {
	e := ExportedPost{Num: p.Num, State: p.State}
	if p.State == feed.Removed {
		return e, nil
	}
	for _, id := range p.Categories {
		if _, err := l.label(id); err != nil {
			return e, err
		}
	}
	d, err := l.document(p)
	if err != nil {
		return e, err
	}
	d.Draft = p.State == feed.Draft || p.State == feed.Recalled
	if !p.Published.IsZero() {
		d.Date = p.Published.UTC().Format(time.RFC3339)
	}
	if p.Updated.After(p.Published) {
		d.Updated = p.Updated.UTC().Format(time.RFC3339)
	}
	e.Document = d
	return e, nil
}

// Export reads all posts after the cursor, a page of them.
func (c *Client) Export(ctx context.Context, after uint64) (ExportPage, error) {
	var page ExportPage
	return page, c.get(ctx, "/posts/export", values("after", strconv.FormatUint(after, 10)), &page)
}
