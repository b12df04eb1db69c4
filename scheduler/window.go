package scheduler

import (
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// known are entries of the feeds before, which stand for their posts as long as
// nothing happened to these: so the work of a publication is in proportion to
// what changed.
type known struct {
	at    map[uint64]int // the post's place in the feeds
	since store.Seq      // what a timeline got later is not known
	keys  [3][]feed.FragmentKey
	dates []feed.EntryDates
}

// known finds what this publication may take from the feeds before: nothing
// unless these are of one make, and categories are called as they were then.
//
// A crash between promotions, or a feed that was refused, leaves feeds that
// show less than their timeline. Its rows tell: they are newer than since.
func (e *edition) known() (k known) {
	print := feed.EntryFingerprint(e.site)
	for f, a := range e.before {
		if a == nil || a.EntryFingerprint != print || len(a.Dates) != len(a.Entries) {
			return known{}
		}
		if f == 0 {
			k.since, k.dates = store.Seq(a.Generation), a.Dates
		}
		k.since, k.keys[f] = min(k.since, store.Seq(a.Generation)), a.Entries
		if !slices.Equal(a.Dates, k.dates) || !slices.EqualFunc(a.Entries, k.keys[0], samePost) {
			return known{}
		}
	}
	if e.renamed > k.since {
		return known{}
	}
	k.at = make(map[uint64]int, len(k.dates))
	for i, key := range k.keys[0] {
		k.at[key.Post] = i
	}
	return k
}

func samePost(a, b feed.FragmentKey) bool { return a.Post == b.Post }

// find is where a row of the timeline stands in the feeds before; -1 if it is
// not there as it was then.
func (k known) find(p store.Place) int {
	i, ok := k.at[p.Num]
	if !ok || p.Seq > k.since || k.dates[i].Published != p.Published.Unix() {
		return -1
	}
	return i
}

// readWindow finds what the window holds, once what arrives and what leaves is
// counted. Posts that were there before have only a place so far.
func (e *edition) readWindow(r store.Reader) ([]feed.Post, map[uint64]store.Place, error) {
	gone := make(map[uint64]bool, len(e.handled))
	for _, row := range e.handled {
		gone[row.Post] = true
	}
	window := *e.category.Window
	page := min(max(window.Posts, 49), feed.MaxPosts) + 1
	places := make(map[uint64]store.Place, page)
	posts := slices.Clone(e.arriving)
	slices.SortFunc(posts, feed.Newer)
	for cursor := (store.Cursor{}); ; {
		old, err := r.Places(e.stored.Num, cursor, page)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range old {
			cursor = p.Cursor
			if !gone[p.Num] {
				places[p.Num] = p
				posts = append(posts, feed.Post{Num: p.Num, Published: p.Published})
			}
		}
		slices.SortFunc(posts, feed.Newer)
		// All up to the last post that was read is known; what arrives may be
		// older than posts that were not.
		n := window.Take(posts)
		if len(old) < page || n < len(posts) && !olderThan(cursor, posts[n]) {
			return posts[:n], places, nil
		}
	}
}

// olderThan tells whether a post comes after the cursor in feed order.
func olderThan(c store.Cursor, p feed.Post) bool {
	return feed.Newer(feed.Post{Published: c.Published, Num: c.Num}, p) < 0
}

// windowReader reads what a window is rendered from.
type windowReader struct {
	store.Reader
	*edition
	places map[uint64]store.Place
	known  known
	labels map[string]feed.Label // by category ID
}

// read fills the edition's window.
func (w *windowReader) read(posts []feed.Post) error {
	e := w.edition
	e.posts = make([]feed.Post, 0, len(posts))
	e.keys = make([][3]feed.FragmentKey, 0, len(posts))
	e.kept = make([][3][]byte, 0, len(posts))
	for f, a := range e.before {
		if a != nil && cap(e.memory[f]) < a.Size {
			e.memory[f] = make([]byte, 0, a.Size+a.Size/8)
		}
	}
	for _, p := range posts {
		if place, old := w.places[p.Num]; old {
			taken, err := w.take(place)
			if err != nil || taken {
				if err != nil {
					return err
				}
				continue
			}
			if p, err = w.LivePost(p.Num); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		if err := w.add(p); err != nil {
			return err
		}
	}
	return nil
}

// take takes a post's entries from the feeds before, if they are known and the
// store still has them all.
func (w *windowReader) take(place store.Place) (bool, error) {
	i := w.known.find(place)
	if i < 0 {
		return false, nil
	}
	var keys [3]feed.FragmentKey
	for f := range keys {
		keys[f] = w.known.keys[f][i]
	}
	kept, err := w.fragments(keys)
	if err != nil || kept[feed.RSS] == nil || kept[feed.Atom] == nil || kept[feed.JSON] == nil {
		return false, err
	}
	w.posts = append(w.posts, w.known.dates[i].Post(place.Num))
	w.keys, w.kept = append(w.keys, keys), append(w.kept, kept)
	return true, nil
}

// add takes in a post that was read.
func (w *windowReader) add(p feed.Post) error {
	var err error
	if p.Labels, err = w.labelsOf(p); err != nil {
		return err
	}
	var keys [3]feed.FragmentKey
	for _, f := range feed.Formats {
		keys[f] = feed.EntryKey(w.site, p, f)
	}
	kept, err := w.fragments(keys)
	if err != nil {
		return err
	}
	w.posts, w.keys, w.kept = append(w.posts, p), append(w.keys, keys), append(w.kept, kept)
	return nil
}

// labelsOf are what an entry shows of its categories, retired ones too.
func (w *windowReader) labelsOf(p feed.Post) ([]feed.Label, error) {
	list := make([]feed.Label, 0, len(p.Categories))
	for _, id := range p.Categories {
		label, ok := w.labels[id]
		if !ok {
			c, err := w.CategoryByID(id)
			if err != nil {
				return nil, fmt.Errorf("post %q: %w", p.ID, err)
			}
			label = feed.Label{Slug: c.Slug, Title: c.Title}
			w.labels[id] = label
		}
		list = append(list, label)
	}
	return list, nil
}

// fragments reads a post's entries; nil for those that the store has not.
func (w *windowReader) fragments(keys [3]feed.FragmentKey) (kept [3][]byte, err error) {
	for f, key := range keys {
		from := len(w.memory[f])
		all, err := w.AppendFragment(w.memory[f], key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return kept, err
		}
		w.memory[f], kept[f] = all, all[from:len(all):len(all)]
	}
	return kept, nil
}
