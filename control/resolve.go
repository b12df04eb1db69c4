package control

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"syndic/feed"
)

// maxTitle bounds a category's title, in bytes.
const maxTitle = 500

// resolve returns the categories of a document, each once; those that do not
// exist yet have no Num. A post that is in a retired category stays there.
func (a *adder) resolve(names []string, old feed.Post) ([]feed.Category, error) {
	cats := make([]feed.Category, 0, len(names))
	for _, name := range names {
		c, err := a.named(name)
		if err != nil {
			return nil, err
		}
		if c.State == feed.Retired && !slices.Contains(old.Categories, c.ID) {
			return nil, refuse("gone", "category %q is retired: leave it out, or name another", c.Title)
		}
		same := func(o feed.Category) bool { return o.Slug == c.Slug }
		if i := slices.IndexFunc(cats, same); i < 0 {
			cats = append(cats, c)
		} else if c.Num == 0 && !cats[i].Named(c.Title) {
			return nil, oneSlug(c, cats[i])
		}
	}
	return cats, nil
}

// named finds a category, or describes the one to be made.
func (a *adder) named(name string) (feed.Category, error) {
	name = strings.Join(strings.Fields(feed.Clean(name)), " ")
	if c, ok := a.names[name]; ok {
		return c, nil
	}
	c, err := a.tx.CategoryByName(name)
	if isNotFound(err) {
		c, err = a.tx.CategoryByID(name)
	}
	switch {
	case isNotFound(err):
		return a.unmade(name)
	case err == nil && c.Num == feed.SiteNum:
		return c, refuse("invalid", "category %q has the name of the site, whose own feed holds every post: leave it out", name)
	case err == nil:
		a.names[name] = c
	}
	return c, err
}

// unmade describes a category that does not exist: as the configuration
// declares it, else with the slug that its title gives.
func (a *adder) unmade(title string) (feed.Category, error) {
	c := feed.Category{Title: title, State: feed.Active}
	for _, d := range a.site.Categories {
		if n := (feed.Category{Slug: d.Slug, Title: d.Title}); n.Named(title) {
			c.Slug, c.Title, c.Settings = d.Slug, cmp.Or(d.Title, d.Slug), d.Settings
		}
	}
	if len(title) > maxTitle {
		return c, refuse("invalid", "a category name has %d bytes, more than %d: shorten it", len(title), maxTitle)
	}
	if c.Slug == "" {
		if c.Slug = feed.Slug(title); c.Slug == "" {
			return c, refuse("invalid", "category %q has no letter or digit for its path: declare it as categories.<slug>.title in the configuration", title)
		}
		if feed.Reserved(c.Slug) {
			c.Slug += "-posts"
		}
	}
	other, err := a.tx.CategoryBySlug(c.Slug)
	if isNotFound(err) {
		return c, nil
	}
	if err == nil {
		err = oneSlug(c, other)
	}
	return c, err
}

func oneSlug(c, other feed.Category) error {
	return refuse("conflict", "categories %q and %q would both be at /%s/: rename one, or give it a slug of its own as categories.<slug>.title in the configuration", c.Title, other.Title, c.Slug)
}

// make adds a category.
func (a *adder) make(c feed.Category) (feed.Category, error) {
	for n := 0; ; n = max(n+1, 2) {
		c.ID = feed.CategoryID(a.authority, c.Slug, n)
		_, err := a.tx.CategoryByID(c.ID)
		if isNotFound(err) {
			break
		}
		if err != nil {
			return c, err
		}
	}
	c.Created = a.now
	return a.tx.PutCategory(c)
}

// date reads a date as authors write it. A bare day begins at its first
// instant, where the clocks skip midnight too.
func (a *adder) date(text string) (time.Time, error) {
	t, err := feed.ParseDate(text, a.zone)
	if err != nil {
		return t, err
	}
	local := t.In(a.zone)
	if day := strings.TrimSpace(text); len(day) == len(time.DateOnly) && local.Format(time.DateOnly) < day {
		if _, gap := local.ZoneBounds(); !gap.IsZero() {
			t = gap.UTC()
		}
	}
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return t, errors.New("only the years 1 to 9999 can be written in a feed")
	}
	return t, nil
}
