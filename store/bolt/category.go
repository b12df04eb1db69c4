package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// Category finds a category by its number.
func (r *reader) Category(num uint64) (feed.Category, error) {
	data, err := r.find(inCategory, numKey(num))
	if err != nil {
		return feed.Category{}, fmt.Errorf("read category %d: %w", num, err)
	}
	return readCategory(num, data)
}

func readCategory(num uint64, data []byte) (feed.Category, error) {
	var c feed.Category
	if err := decode(data, &c); err != nil {
		return feed.Category{}, fmt.Errorf("read category %d: %w", num, err)
	}
	return c, nil
}

// CategoryByID finds a category by what a post's Categories call it.
func (r *reader) CategoryByID(id string) (feed.Category, error) {
	return r.categoryBy(inCategoryID, id, id)
}

// CategoryBySlug finds a category by a slug that it has or once had.
func (r *reader) CategoryBySlug(slug string) (feed.Category, error) {
	if slug == "" {
		return r.Category(feed.SiteNum)
	}
	return r.categoryBy(inCategorySlug, slug, slug)
}

// CategoryByName takes a slug before a title.
func (r *reader) CategoryByName(name string) (feed.Category, error) {
	c, err := r.CategoryBySlug(name)
	if errors.Is(err, store.ErrNotFound) {
		return r.categoryBy(inCategoryTitle, feed.FoldTitle(name), name)
	}
	return c, err
}

func (r *reader) categoryBy(index bucket, key, name string) (feed.Category, error) {
	num, err := r.find(index, []byte(key))
	if err != nil {
		return feed.Category{}, &lookupError{"category", name, err}
	}
	return r.Category(number(num))
}

// Categories lists all by number.
func (r *reader) Categories(after uint64, limit int) ([]feed.Category, error) {
	var list []feed.Category
	for k, v := range r.rows(inCategory, nil, numKey(after+1)) {
		if len(list) >= limit {
			break
		}
		c, err := readCategory(number(k), v)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, r.fault
}

// renamedKey is the row of meta that says when a category was renamed.
var renamedKey = []byte("renamed")

// Renamed is the newest commit that renamed a category.
func (r *reader) Renamed() store.Seq { return store.Seq(number(r.get(inMeta, renamedKey))) }

// PutCategory adds a category or replaces its record. One that is kept like
// this already is not a change.
func (t *tx) PutCategory(c feed.Category) (feed.Category, error) {
	old, err := t.prepareCategory(&c)
	if err != nil {
		return feed.Category{}, fmt.Errorf("put category %q: %w", c.Slug, err)
	}
	names, err := t.free(categoryNames(old, c), c.Num)
	if err != nil {
		return feed.Category{}, fmt.Errorf("put category %q: %w", c.Slug, err)
	}
	c.Aliases = aliases(old, c)
	if c.Num == 0 {
		c.Num = t.next("category")
	}
	data, err := encode(c)
	if err != nil {
		return feed.Category{}, fmt.Errorf("put category %q: %w", c.Slug, err)
	}
	if bytes.Equal(data, t.get(inCategory, numKey(c.Num))) {
		return c, t.fault
	}
	if old.Num != 0 && (old.Slug != c.Slug || old.Title != c.Title) {
		t.put(inMeta, renamedKey, numKey(uint64(t.seq)))
	}
	t.enroll(names, c.Num)
	t.put(inCategory, numKey(c.Num), data)
	delete(t.slots, c.Num)
	return c, t.log(store.CategoryChanged, 0, c.Num)
}

// prepareCategory checks what is asked for against what is kept, fills in what
// a new one lacks, and returns the record before.
func (t *tx) prepareCategory(c *feed.Category) (old feed.Category, err error) {
	c.Created, c.Settings = wholeSecond(c.Created), listed(c.Settings)
	if c.State == "" {
		c.State = feed.Active
	}
	switch {
	case c.Num == feed.SiteNum && c.Slug != "":
		return old, errors.New("the site's own category has no slug")
	case c.Num != feed.SiteNum && (c.Slug == "" || c.ID == ""):
		return old, errors.New("a category needs a slug and an id")
	case c.Num == 0:
		if c.Created.IsZero() {
			c.Created = wholeSecond(t.now)
		}
		return old, t.fault
	}
	if old, err = t.Category(c.Num); err != nil {
		return old, err
	}
	if old.ID != "" && old.ID != c.ID {
		return old, fmt.Errorf("the id %s cannot become %q", old.ID, c.ID)
	}
	return old, nil
}

// aliases are all the names that the category has besides its present ones.
func aliases(old, c feed.Category) []string {
	var list []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && n != c.Slug && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	add(old.Aliases...)
	add(c.Aliases...)
	add(old.Slug)
	if feed.FoldTitle(old.Title) != feed.FoldTitle(c.Title) {
		add(old.Title)
	}
	return list
}

// categoryNames are the index rows that c needs. An alias that a caller adds
// may be a slug or a title and stands for both.
func categoryNames(old, c feed.Category) []name {
	list := []name{{inCategoryID, c.ID}, {inCategorySlug, c.Slug}, {inCategoryTitle, feed.FoldTitle(c.Title)}}
	for _, a := range c.Aliases {
		if !slices.Contains(old.Aliases, a) {
			list = append(list, name{inCategorySlug, a}, name{inCategoryTitle, feed.FoldTitle(a)})
		}
	}
	return slices.DeleteFunc(list, func(n name) bool { return n.key == "" })
}
