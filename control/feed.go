package control

import (
	"context"
	"fmt"

	"syndic/feed"
	"syndic/store"
)

// feedQuery names a feed.
type feedQuery struct {
	Category string `json:"category"`
	Format   string `json:"format"`
}

// feed joins a feed's bytes as they are published.
func (h *Handler) feed(ctx context.Context, q feedQuery) (out raw, err error) {
	f, err := feed.ParseFormat(q.Format)
	if err != nil {
		return raw{}, refuse("invalid", "%v", err)
	}
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		_, c, err := h.siteAndCategory(r, q.Category)
		if err != nil {
			return err
		}
		art, err := r.Artifact(c.Num, f)
		if isNotFound(err) {
			return unpublished(c)
		}
		if err != nil {
			return err
		}
		entries := make([][]byte, len(art.Entries))
		for i, key := range art.Entries {
			if entries[i], err = r.Fragment(key); err != nil {
				return err
			}
		}
		whole, err := art.Whole(entries)
		if err != nil {
			return fmt.Errorf("%s of %s: %w: %w", f, art.Topic, store.ErrDamaged, err)
		}
		out = raw{whole, f.MediaType()}
		return nil
	})
	return out, wrap("read feed", err)
}

func unpublished(c feed.Category) error {
	if c.State == feed.Retired {
		return refuse("gone", "category %q is retired: it has no feeds any more", c.Title)
	}
	return refuse("conflict", "category %q has not been published yet: it is with its first queued post, at its slot or by `syndic republish %s`", c.Title, c.Slug)
}

// feeds lists the category's feeds; those of one never published have only
// their addresses, a retired one has none.
func feeds(r store.Reader, site feed.Site, c feed.Category) ([]FeedInfo, error) {
	arts, err := r.Artifacts(c.Num)
	if err != nil {
		return nil, err
	}
	list := []FeedInfo{}
	for _, a := range arts {
		list = append(list, FeedInfo{Format: a.Format.String(), URL: a.Topic, Entries: len(a.Entries), Bytes: a.Size, Digest: a.Digest, Modified: a.Modified, Generation: a.Generation})
	}
	if len(arts) == 0 && c.State != feed.Retired {
		for _, f := range feed.Formats {
			list = append(list, FeedInfo{Format: f.String(), URL: site.Topic(c, f)})
		}
	}
	return list, nil
}
