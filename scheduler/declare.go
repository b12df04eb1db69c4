package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// declare creates the categories that the configuration names, and gives those
// that exist the title and settings that it says.
func (s *Scheduler) declare(ctx context.Context, site feed.Site, part []feed.Configured, ch *Changes) error {
	var added, updated []string
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		added, updated, err = declareAll(tx, site, part)
		return err
	})
	ch.Added, ch.Updated = append(ch.Added, added...), append(ch.Updated, updated...)
	return err
}

// errTrial undoes a transaction that has shown what was to be known.
var errTrial = errors.New("this was a trial")

// try declares all categories and undoes that, so that a configuration with a
// name that is taken changes nothing at all.
func (s *Scheduler) try(ctx context.Context, site feed.Site) error {
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if _, _, err := declareAll(tx, site, site.Categories); err != nil {
			return err
		}
		return errTrial
	})
	if errors.Is(err, errTrial) {
		return nil
	}
	return err
}

func declareAll(tx store.Tx, site feed.Site, part []feed.Configured) (added, updated []string, err error) {
	for _, conf := range part {
		old, err := declared(tx, site, conf)
		if err != nil {
			return nil, nil, err
		}
		if err := once(tx, site, old, conf); err != nil {
			return nil, nil, err
		}
		c := configure(old, conf)
		if old.Num == 0 {
			c.ID, c.State = feed.CategoryID(cmp.Or(tx.Authority(), site.FirstAuthority()), conf.Slug, 0), feed.Active
			c.Created = tx.Now().UTC().Truncate(time.Second)
			added = append(added, c.Slug)
		} else if same(old, c) {
			continue
		} else {
			updated = append(updated, c.Slug)
		}
		if err := put(tx, old, c); errors.Is(err, store.ErrTaken) {
			return nil, nil, &KeyError{
				Key: "categories." + conf.Slug, Value: cmp.Or(conf.Title, conf.Slug),
				Reason: "this title or slug is, or once was, another category's: choose another one",
			}
		} else if err != nil {
			return nil, nil, err
		}
	}
	return added, updated, nil
}

// once refuses a category that the configuration also declares by another of
// its slugs: the two would take turns.
func once(r store.Reader, site feed.Site, c feed.Category, conf feed.Configured) error {
	other := names(site, c, conf.Slug)
	if other == "" {
		return nil
	}
	// A former title may look like the slug of another category.
	o, err := r.CategoryBySlug(other)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && o.Num != c.Num:
		return nil
	case err != nil:
		return err
	}
	return &KeyError{
		Key: "categories." + conf.Slug, Value: cmp.Or(conf.Title, conf.Slug),
		Reason: fmt.Sprintf("this is the same category as categories.%s, as it was renamed: leave one of them out", other),
	}
}

// put keeps a category. One that has another name from now on makes those due
// whose feeds show it.
func put(tx store.Tx, old, c feed.Category) error {
	if _, err := tx.PutCategory(c); err != nil {
		return err
	}
	if old.Num == 0 || old.Slug == c.Slug && old.Title == c.Title {
		return nil
	}
	return store.MarkLabelled(tx, c)
}

// declared finds the category that the configuration means; none gives the
// zero value. A title that the store knows under a slug which the configuration
// does not name is that category, which gets its slug from now on.
func declared(r store.Reader, site feed.Site, conf feed.Configured) (feed.Category, error) {
	c, err := r.CategoryBySlug(conf.Slug)
	if !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	if conf.Title == "" {
		return feed.Category{}, nil
	}
	c, err = r.CategoryByName(conf.Title)
	if errors.Is(err, store.ErrNotFound) {
		return feed.Category{}, nil
	}
	if err != nil {
		return c, err
	}
	if feed.FoldTitle(c.Title) != feed.FoldTitle(conf.Title) || names(site, c, "") != "" {
		return feed.Category{}, nil
	}
	return c, nil
}

// announced tells whether a category has feeds before it has posts: the site's
// own, and what the configuration declares.
func announced(site feed.Site, c feed.Category) bool {
	return c.Num == feed.SiteNum || names(site, c, "") != ""
}

// names is the slug under which the configuration declares the category: one
// that it has or once had, but not the one in but; empty for none.
func names(site feed.Site, c feed.Category, but string) string {
	for _, slug := range append([]string{c.Slug}, c.Aliases...) {
		_, ok := slices.BinarySearchFunc(site.Categories, slug, func(conf feed.Configured, slug string) int {
			return cmp.Compare(conf.Slug, slug)
		})
		if ok && slug != but {
			return slug
		}
	}
	return ""
}

// configure gives a category what the configuration says of it. One that was
// renamed since keeps its new names.
func configure(c feed.Category, conf feed.Configured) feed.Category {
	c.Settings = conf.Settings
	switch {
	case c.Num == 0:
		c.Slug, c.Title = conf.Slug, cmp.Or(conf.Title, conf.Slug)
	case !slices.Contains(c.Aliases, conf.Slug):
		c.Slug, c.Title = conf.Slug, cmp.Or(conf.Title, c.Title)
	}
	return c
}
