package scheduler

import (
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// known are the entries of the feeds before. Those stand for their posts as
// long as nothing happened to these, and their sums for their bytes: so the
// work of a publication is in proportion to what changed.
type known struct {
	before [3]*feed.Artifact
	at     map[uint64]int // the post's place in the feeds before
	alike  bool           // an entry stays while its post does
	since  store.Seq      // what a timeline got later is not known
}

// known finds what this publication may take from the feeds before: nothing
// unless these hold the same posts and have their sums.
//
// A crash between promotions, or a feed that was refused, leaves feeds that
// show less than their timeline. Its rows tell: they are newer than since.
func (e *edition) known() known {
	k := known{before: e.before, alike: true}
	print := feed.EntryFingerprint(e.site)
	for f, a := range e.before {
		if a == nil || !a.Summed() || len(a.Dates) != len(a.Entries) {
			return known{}
		}
		if f == 0 {
			k.since = store.Seq(a.Generation)
		}
		first := e.before[0]
		if !slices.Equal(a.Dates, first.Dates) || !slices.EqualFunc(a.Entries, first.Entries, samePost) {
			return known{}
		}
		k.since = min(k.since, store.Seq(a.Generation))
		k.alike = k.alike && a.EntryFingerprint == print
	}
	k.alike = k.alike && e.renamed <= k.since
	k.at = make(map[uint64]int, len(e.before[0].Entries))
	for i, key := range e.before[0].Entries {
		k.at[key.Post] = i
	}
	return k
}

func samePost(a, b feed.FragmentKey) bool { return a.Post == b.Post }

// take is the entry of a timeline's row, if the feeds before have it as it is
// now; nil else.
func (k known) take(p store.Place) *entry {
	i, ok := k.at[p.Num]
	if !ok || !k.alike || p.Seq > k.since || k.before[0].Dates[i].Published != p.Published.Unix() {
		return nil
	}
	e := &entry{post: k.before[0].Dates[i].Post(p.Num), summed: [3]bool{true, true, true}}
	for f, a := range k.before {
		e.keys[f], e.sums[f] = a.Entries[i], a.Sums[i]
	}
	return e
}

// sum fills in what the feeds before know of an entry that was made from its
// post: one of the same key has the same bytes.
func (k known) sum(e *entry) {
	i, ok := k.at[e.post.Num]
	if !ok {
		return
	}
	for f, a := range k.before {
		if a.Entries[i] == e.keys[f] {
			e.sums[f], e.summed[f] = a.Sums[i], true
		}
	}
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
	w.entries = make([]*entry, 0, len(posts))
	for _, p := range posts {
		if place, old := w.places[p.Num]; old {
			if e := w.known.take(place); e != nil {
				w.entries = append(w.entries, e)
				continue
			}
			var err error
			if p, err = w.LivePost(p.Num); errors.Is(err, store.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		e, err := w.entry(p)
		if err != nil {
			return err
		}
		w.entries = append(w.entries, e)
	}
	return nil
}

// entry is that of a post that was read. Only bytes of which the feeds before
// know nothing are looked for in the store.
func (w *windowReader) entry(p feed.Post) (*entry, error) {
	var err error
	if p.Labels, err = w.labelsOf(p); err != nil {
		return nil, err
	}
	e := &entry{post: p}
	for _, f := range feed.Formats {
		e.keys[f] = feed.EntryKey(w.site, p, f)
	}
	w.known.sum(e)
	for f, key := range e.keys {
		if e.summed[f] {
			continue
		}
		if e.bytes[f], err = w.Fragment(key); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return e, nil
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
