package control

import (
	"context"
	"fmt"
	"strings"

	"syndic/feed"
	"syndic/store"
)

// retire ends a category; its posts stay, and its page and feeds answer 410.
func (h *Handler) retire(ctx context.Context, r CategoryAction) (CategoryInfo, error) {
	return h.alter(ctx, "retire", r.Name, func(tx store.Tx, _ feed.Site, c feed.Category) ([]string, error) {
		if c.State == feed.Retired {
			return []string{"it is retired already"}, nil
		}
		c.State = feed.Retired
		if _, err := tx.PutCategory(c); err != nil {
			return nil, err
		}
		return nil, tx.PutMark(c.Num, tx.Now(), false)
	})
}

// rename gives a category a new title, and the slug that follows from it; the
// old ones lead on to it. Its id stays.
func (h *Handler) rename(ctx context.Context, r CategoryAction) (CategoryInfo, error) {
	title := strings.Join(strings.Fields(feed.Clean(r.Title)), " ")
	return h.alter(ctx, "rename", r.Name, func(tx store.Tx, site feed.Site, c feed.Category) ([]string, error) {
		slug, err := freeName(tx, c, title)
		if err != nil || title == c.Title && slug == c.Slug {
			return nil, err
		}
		warnings := declared(site, c)
		c.Title, c.Slug = title, slug
		if c, err = tx.PutCategory(c); err != nil {
			return nil, err
		}
		return warnings, store.MarkLabelled(tx, c)
	})
}

// alter changes one category, but not the site's, in one commit.
func (h *Handler) alter(ctx context.Context, verb, name string, change func(store.Tx, feed.Site, feed.Category) ([]string, error)) (info CategoryInfo, err error) {
	err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		site, c, err := h.siteAndCategory(tx, name)
		if err != nil {
			return err
		}
		if c.Num == feed.SiteNum {
			return refuse("invalid", "cannot %s the site's own feed: name a category; the site's title is site.title in the configuration", verb)
		}
		warnings, err := change(tx, site, c)
		if err != nil {
			return err
		}
		if c, err = tx.Category(c.Num); err != nil {
			return err
		}
		info, err = oneCategory(tx, site, c)
		info.Warnings = warnings
		return err
	})
	return info, wrap(fmt.Sprintf("%s category %q", verb, name), err)
}

// freeName is the slug of a title that no other category has or had.
func freeName(r store.Reader, c feed.Category, title string) (string, error) {
	slug := feed.Slug(title)
	switch {
	case slug == "" || len(title) > maxTitle:
		return "", refuse("invalid", "%q cannot be a category's name: it needs a letter or digit, and at most %d bytes", title, maxTitle)
	case feed.Reserved(slug):
		return "", refuse("invalid", "%q cannot be a category's name: syndic keeps the path /%s for itself; choose another", title, slug)
	}
	for _, find := range []func() (feed.Category, error){
		func() (feed.Category, error) { return r.CategoryByName(title) },
		func() (feed.Category, error) { return r.CategoryBySlug(slug) },
	} {
		o, err := find()
		if err == nil && o.Num != c.Num {
			return "", refuse("conflict", "%q is, or was, a name of the category %q: choose another", title, o.Title)
		}
		if err != nil && !isNotFound(err) {
			return "", err
		}
	}
	return slug, nil
}

func declared(site feed.Site, c feed.Category) []string {
	for _, d := range site.Categories {
		if d.Slug == c.Slug {
			return []string{fmt.Sprintf("the configuration declares categories.%s: rename it there too, or its old title comes back", d.Slug)}
		}
	}
	return nil
}
