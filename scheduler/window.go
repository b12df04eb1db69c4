package scheduler

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// known are the entries of the feeds before. Those stand for their posts as
// long as nothing happened to these, and their sums for their bytes: so the
// work of a publication is in proportion to what changed.
type known struct {
	before [3]*feed.Artifact
	next   int            // the place after the one that was found last
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
		k.alike = k.alike && a.EntryFingerprint == e.entryPrint
	}
	k.alike = k.alike && e.renamed <= k.since
	return k
}

func samePost(a, b feed.FragmentKey) bool { return a.Post == b.Post }

// count is how many entries are known.
func (k *known) count() int {
	if k.before[0] == nil {
		return 0
	}
	return len(k.before[0].Entries)
}

// place is where a post stands in the feeds before. Nearly all are asked for in
// their order, an arriving one several times.
func (k *known) place(post uint64) (i int, ok bool) {
	for _, i := range [...]int{k.next, k.next - 1} {
		if 0 <= i && i < k.count() && k.before[0].Entries[i].Post == post {
			k.next = i + 1
			return i, true
		}
	}
	if k.at == nil {
		k.at = make(map[uint64]int, k.count())
		for i := range k.count() {
			k.at[k.before[0].Entries[i].Post] = i
		}
	}
	if i, ok = k.at[post]; ok {
		k.next = i + 1
	}
	return i, ok
}

// holds tells whether the entry at a place is that of a timeline's row as it is
// now.
func (k *known) holds(i int, p store.Place) bool {
	first := k.before[0]
	return k.alike && p.Seq <= k.since && first.Entries[i].Post == p.Num && first.Dates[i].Published == p.Published.Unix()
}

// stays tells whether the feeds before hold just what the window does.
func (k *known) stays(window []seat) bool {
	if k.before[0] == nil || len(window) != k.count() {
		return false
	}
	for i, s := range window {
		if s.arrives != nil || !k.holds(i, s.Place) {
			return false
		}
	}
	return true
}

// take makes an entry that of a timeline's row, if the feeds before have it as
// it is now.
func (k *known) take(p store.Place, e *entry) bool {
	i, ok := k.place(p.Num)
	if !ok || !k.holds(i, p) {
		return false
	}
	e.dates, e.summed = k.before[0].Dates[i], [3]bool{true, true, true}
	for f, a := range k.before {
		e.keys[f], e.sums[f] = a.Entries[i], a.Sums[i]
	}
	return true
}

// sum fills in what the feed before knows of an entry that was made from its
// post: one of the same key has the same bytes.
func (k *known) sum(e *entry, f feed.Format) {
	if i, ok := k.place(e.post.Num); ok && k.before[f].Entries[i] == e.keys[f] {
		e.sums[f], e.summed[f] = k.before[f].Sums[i], true
	}
}

// seat is one of the window's places: that of a row of the timeline, or of a
// post that arrives.
type seat struct {
	store.Place
	arrives *feed.Post
}

// newer is the order of feed.Newer.
func newer(a, b store.Cursor) int {
	return cmp.Or(b.Published.Compare(a.Published), cmp.Compare(b.Num, a.Num))
}

// readWindow finds what the window holds, once what arrives and what leaves is
// counted.
func (e *edition) readWindow(r store.Reader) ([]seat, error) {
	gone := make(map[uint64]bool, len(e.handled))
	for _, row := range e.handled {
		gone[row.Post] = true
	}
	window := *e.category.Window
	page := min(max(window.Posts, 49), feed.MaxPosts) + 1
	seats := make([]seat, 0, page+len(e.arriving))
	for i := range e.arriving {
		p := &e.arriving[i]
		seats = append(seats, seat{Place: store.Place{Cursor: store.Cursor{Published: p.Published, Num: p.Num}}, arrives: p})
	}
	for cursor := (store.Cursor{}); ; {
		old, err := r.Places(e.stored.Num, cursor, page)
		if err != nil {
			return nil, err
		}
		for _, p := range old {
			cursor = p.Cursor
			if !gone[p.Num] {
				seats = append(seats, seat{Place: p})
			}
		}
		slices.SortFunc(seats, func(a, b seat) int { return newer(a.Cursor, b.Cursor) })
		// All up to the last post that was read is known; what arrives may be
		// older than posts that were not.
		n := window.Take(len(seats), func(i int) time.Time { return seats[i].Published })
		if len(old) < page || n < len(seats) && newer(cursor, seats[n].Cursor) >= 0 {
			return seats[:n], nil
		}
	}
}

// windowReader reads what a window is rendered from.
type windowReader struct {
	store.Reader
	*edition
	known  known
	labels map[string]feed.Label // by category ID
	early  map[uint64]*entry     // by post, those that were begun with
}

// readEntries reads the window and fills it. With all set it takes no entry
// from the feeds before. What arrives takes longest to make, so it is begun with
// while the rest is read.
func (e *edition) readEntries(r store.Reader, all bool) error {
	w := windowReader{Reader: r, edition: e, labels: map[string]feed.Label{}, early: map[uint64]*entry{}}
	if err := w.begin(); err != nil {
		return err
	}
	window, err := e.readWindow(r)
	if err != nil {
		return err
	}
	// These grow with the configuration, so they are made once.
	e.print, e.entryPrint = feed.Fingerprint(e.category), feed.EntryFingerprint(e.site)
	if err := e.readBefore(r); err != nil {
		return err
	}
	if !all {
		w.known = e.known()
	}
	return w.read(window)
}

// begin begins with the posts that arrive, if they are few and not kept. That
// one is too old for the window is found out too late, and hardly ever.
func (w *windowReader) begin() error {
	if len(w.arriving) > soon {
		return nil
	}
	for _, p := range w.arriving {
		e, err := w.entry(p, true)
		if err != nil {
			return err
		}
		w.early[p.Num] = e
	}
	return nil
}

// read fills the edition's window, unless the feeds before hold the same.
func (w *windowReader) read(window []seat) error {
	if w.stays = w.known.stays(window); w.stays {
		return nil
	}
	w.entries = make([]*entry, 0, len(window))
	room := make([]entry, len(window)) // of all that is known, at once
	for i, s := range window {
		e, err := w.sit(s, &room[i])
		if err != nil {
			return err
		}
		if e != nil {
			w.entries = append(w.entries, e)
		}
	}
	return nil
}

// sit is the entry of one seat, in the room for it if it is known; nil where the
// post has been taken back.
func (w *windowReader) sit(s seat, room *entry) (*entry, error) {
	if e := w.early[s.Num]; e != nil {
		for _, f := range feed.Formats {
			w.known.sum(e, f)
		}
		return e, nil
	}
	if s.arrives != nil {
		return w.entry(*s.arrives, false)
	}
	if w.known.take(s.Place, room) {
		return room, nil
	}
	p, err := w.LivePost(s.Num)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return w.entry(p, false)
}

// entry is that of a post that was read. Only bytes of which the feeds before
// know nothing are looked for in the store. With early set the post is begun
// with as soon as one format is missing.
func (w *windowReader) entry(p feed.Post, early bool) (*entry, error) {
	var err error
	if p.Labels, err = w.labelsOf(p); err != nil {
		return nil, err
	}
	e := &entry{dates: feed.DatesOf(p), making: &making{post: p}}
	for _, f := range feed.Formats {
		e.keys[f] = feed.EntryKey(w.site, p, f)
		if w.known.sum(e, f); e.summed[f] || e.begun != nil {
			continue // it is known, or rendered in any case
		}
		if e.bytes[f], err = w.Fragment(e.keys[f]); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if early && e.bytes[f] == nil {
			e.begin(w.site, w.lints)
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
