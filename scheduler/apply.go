package scheduler

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// batch is how many categories, or due posts, one commit takes at most, so
// that others' commits do not wait long.
const batch = 200

// Changes say what Apply found to do.
type Changes struct {
	Authority string   // the tagging entity of every id, as the store keeps it
	Site      bool     // the site's own settings are others than before
	Added     []string // slugs of categories that exist from now on
	Updated   []string // slugs of categories with a new title or settings
	Cleared   []string // slugs of categories that left the configuration
	Marked    int      // categories that are due now
	Redated   int      // categories whose waiting changes go out earlier
}

// Apply makes a configuration the one in force: it is kept in the store, and
// whatever it changes is marked due. What it finds wrong is a *KeyError.
//
// It works in several commits, each of which compares rows with the
// configuration and not with the one before. So applying the same twice does
// nothing the second time, and a crash halfway leaves what the Apply of the
// next start completes.
func (s *Scheduler) Apply(ctx context.Context, site feed.Site) (Changes, error) {
	var ch Changes
	if err := Validate(site); err != nil {
		return ch, err
	}
	site = sorted(site)
	if err := s.try(ctx, site); err != nil {
		return ch, fmt.Errorf("apply configuration: %w", err)
	}
	if err := s.keepSite(ctx, site, &ch); err != nil {
		return ch, fmt.Errorf("apply configuration: %w", err)
	}
	for part := range slices.Chunk(site.Categories, batch) {
		if err := s.declare(ctx, site, part, &ch); err != nil {
			return ch, fmt.Errorf("apply configuration: %w", err)
		}
	}
	for after, more := uint64(0), true; more; {
		var err error
		if after, more, err = s.adjust(ctx, site, after, &ch); err != nil {
			return ch, fmt.Errorf("apply configuration: %w", err)
		}
	}
	if err := s.dropHubs(ctx, site); err != nil {
		return ch, fmt.Errorf("apply configuration: %w", err)
	}
	return ch, nil
}

// keepSite keeps the configuration, the authority and the id of the site's
// feed. A crash after it leaves feeds of the former configuration, which the
// fingerprints show.
func (s *Scheduler) keepSite(ctx context.Context, site feed.Site, ch *Changes) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		*ch = Changes{Authority: tx.Authority()}
		if ch.Authority == "" {
			ch.Authority = site.FirstAuthority()
			if err := tx.PutAuthority(ch.Authority); err != nil {
				return err
			}
		}
		old, err := tx.Site()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil || !same(old, site) {
			ch.Site = true
			if err := tx.PutSite(site); err != nil {
				return err
			}
		}
		c, err := tx.Category(feed.SiteNum)
		if err != nil || c.ID != "" {
			return err
		}
		c.ID = feed.CategoryID(ch.Authority, "", 0)
		if c.Created.IsZero() {
			c.Created = tx.Now().UTC().Truncate(time.Second)
		}
		_, err = tx.PutCategory(c)
		return err
	})
}

// SameSite tells whether two configurations mean the same.
func SameSite(a, b feed.Site) bool { return same(sorted(a), sorted(b)) }

func sorted(site feed.Site) feed.Site {
	site.Categories = slices.SortedFunc(slices.Values(site.Categories), func(a, b feed.Configured) int {
		return cmp.Compare(a.Slug, b.Slug)
	})
	return site
}

// same compares two configurations as the store would read them back: an
// empty list or map is as good as none.
func same[T any](a, b T) bool { return equal(reflect.ValueOf(a), reflect.ValueOf(b)) }

func equal(a, b reflect.Value) bool {
	if t, ok := a.Interface().(time.Time); ok {
		return t.Equal(b.Interface().(time.Time))
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !equal(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Type().Elem().Kind() == reflect.Uint8 {
			return bytes.Equal(a.Bytes(), b.Bytes())
		}
		if a.Len() != b.Len() || a.UnsafePointer() == b.UnsafePointer() {
			return a.Len() == b.Len()
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return a.Len() == 0 && b.Len() == 0 || reflect.DeepEqual(a.Interface(), b.Interface())
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	}
	return a.Equal(b)
}

// adjust brings the next categories after a number into line with the
// configuration: those that it does not name lose their own settings, those
// whose feeds look otherwise now are due now, and marks that a new schedule
// would have set earlier are due earlier.
func (s *Scheduler) adjust(ctx context.Context, site feed.Site, after uint64, ch *Changes) (last uint64, more bool, err error) {
	var todo []adjustment
	err = s.store.View(ctx, func(r store.Reader) error {
		list, err := r.Categories(after, batch)
		if err != nil {
			return err
		}
		more = len(list) == batch
		feeds, err := headers(r, after, len(list))
		if err != nil {
			return err
		}
		now := time.Now()
		for _, c := range list {
			last = c.Num
			a, err := s.compare(r, site, c, feeds[c.Num], now)
			if err != nil {
				return err
			}
			if a.clear || !a.due.IsZero() {
				todo = append(todo, a)
			}
		}
		return nil
	})
	if err != nil || len(todo) == 0 {
		return last, more, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		for _, a := range todo {
			if err := a.apply(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return last, more, err
	}
	for _, a := range todo {
		a.count(ch)
	}
	return last, more, nil
}

// headers are the published feeds of the next categories after a number.
func headers(r store.Reader, after uint64, categories int) (map[uint64][]feed.Artifact, error) {
	list, err := r.Headers(after, categories*len(feed.Formats))
	feeds := make(map[uint64][]feed.Artifact, categories)
	for _, a := range list {
		feeds[a.Category] = append(feeds[a.Category], a)
	}
	return feeds, err
}

// adjustment is what one category needs.
type adjustment struct {
	category feed.Category
	clear    bool      // its own settings go
	due      time.Time // it is to be published then; zero for no change
	now      bool      // because its feeds look otherwise
}

// compare finds what a category with these feeds needs under the configuration.
func (s *Scheduler) compare(r store.Reader, site feed.Site, c feed.Category, feeds []feed.Artifact, now time.Time) (adjustment, error) {
	a := adjustment{category: c}
	named := names(site, c, "") != ""
	if c.Num != feed.SiteNum && !named && !same(c.Settings, feed.Settings{}) {
		a.clear = true
		c.Settings = feed.Settings{}
	}
	mark, err := r.Mark(c.Num)
	marked := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	stale, err := s.stale(r, site, c, feeds)
	if err != nil {
		return a, err
	}
	switch {
	case stale && (!marked || mark.Due.After(now)):
		a.due, a.now = now, true
	case !stale && marked:
		if next := s.slots.Slot(site, c, now); mark.Due.After(next) {
			a.due = next
		}
	}
	return a, nil
}

// stale tells whether the category's feeds are to be made again, or for the
// first time. A category that exists only because a post names it, which is
// not out yet, gets its first feed with that post.
func (s *Scheduler) stale(r store.Reader, site feed.Site, c feed.Category, artifacts []feed.Artifact) (bool, error) {
	if c.State == feed.Retired {
		return len(artifacts) > 0, nil
	}
	if len(artifacts) == 0 && !announced(site, c) {
		posts, err := r.Timeline(c.Num, store.Cursor{}, 1)
		return len(posts) > 0, err
	}
	want := feed.Fingerprint(s.slots.effective(site, c))
	other := func(a feed.Artifact) bool { return a.Fingerprint != want }
	return len(artifacts) < len(feed.Formats) || slices.ContainsFunc(artifacts, other), nil
}

func (a adjustment) apply(tx store.Tx) error {
	if a.clear {
		c, err := tx.Category(a.category.Num)
		if err != nil {
			return err
		}
		c.Settings = feed.Settings{}
		if _, err := tx.PutCategory(c); err != nil {
			return err
		}
	}
	if a.due.IsZero() {
		return nil
	}
	return tx.PutMark(a.category.Num, a.due, false)
}

func (a adjustment) count(ch *Changes) {
	if a.clear {
		ch.Cleared = append(ch.Cleared, a.category.Slug)
	}
	switch {
	case a.now:
		ch.Marked++
	case !a.due.IsZero():
		ch.Redated++
	}
}

// dropHubs forgets the pings of hubs that the configuration names nowhere. A
// hub that it only takes from some categories loses its rows when those are
// published.
func (s *Scheduler) dropHubs(ctx context.Context, site feed.Site) error {
	hubs := map[string]bool{}
	for _, h := range site.Hubs {
		hubs[h] = true
	}
	for _, c := range site.Categories {
		if c.Hubs != nil {
			for _, h := range *c.Hubs {
				hubs[h] = true
			}
		}
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		return tx.DropDeliveries(func(hub, _ string) bool { return hubs[hub] })
	})
}
