package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syndic/feed"
	"syndic/store"
)

// posts takes out the records that cannot be used, and settles where each
// live revision is.
func (b *rebuild) posts() error {
	if err := b.empty(inDuePost); err != nil {
		return err
	}
	err := b.each(inPost, func(t *tx, k, v []byte) error {
		p, err := decodePost(v)
		altered := err == nil && len(k) == 8 && b.nameAgain(t, &p, k)
		if err != nil || !soundPost(p, k) {
			t.drop(inPost, k)
			return nil // counted with those of which there is no row at all
		}
		altered = b.leaveUnnamed(&p) || altered
		for _, id := range p.Categories {
			if _, known := b.category[id]; !known {
				if _, err := b.unknown(t, id); err != nil {
					return err
				}
			}
		}
		if p.State == feed.Scheduled {
			t.put(inDuePost, duePostKey(p.PublishAt, p.Num), nil)
		}
		return b.settle(t, p, v, altered)
	})
	if err != nil {
		return err
	}
	return b.each(inLive, func(t *tx, k, _ []byte) error {
		if liveAt(t.get(inPost, k)) != liveThere {
			t.drop(inLive, k)
		}
		return nil
	})
}

// nameAgain gives a post the id of the index where its own cannot be one, or is
// another that what else there is speaks against: an id never changes.
func (b *rebuild) nameAgain(t *tx, p *feed.Post, key []byte) bool {
	sound := !unsoundID(p.ID)
	if sound && bytes.Equal(t.get(inPostID, []byte(p.ID)), key) {
		return false
	}
	id, known := b.indexed(t)[number(key)]
	if !known || sound && !b.speaksFor(t, id, p) {
		return false
	}
	p.ID = id
	b.mended("post %d (%s): its id was damaged: it is %s again", p.Num, p.Slug, p.ID)
	return true
}

// indexed are the ids that can be one in the index, by the numbers of their posts.
func (b *rebuild) indexed(t *tx) map[uint64]string {
	if b.ids == nil {
		b.ids = map[uint64]string{}
		for id, num := range t.rows(inPostID, nil, nil) {
			if len(num) == 8 && !unsoundID(string(id)) {
				b.ids[number(num)] = string(id)
			}
		}
	}
	return b.ids
}

// speaksFor tells whether an id is a post's rather than that of its record: its
// entries in feeds show it and not the other, or it alone is made under the
// site's authority.
func (b *rebuild) speaksFor(t *tx, id string, p *feed.Post) bool {
	shown := false
	for _, entry := range t.rows(inFragment, numKey(p.Num), nil) {
		if bytes.Contains(entry, []byte(p.ID)) {
			return false
		}
		shown = shown || bytes.Contains(entry, []byte(id))
	}
	minted := "tag:" + t.Authority() + ","
	return shown || strings.HasPrefix(id, minted) && !strings.HasPrefix(p.ID, minted)
}

// leaveUnnamed takes a post out of the categories whose ids are none, as no feed
// could carry them.
func (b *rebuild) leaveUnnamed(p *feed.Post) bool {
	sound := slices.DeleteFunc(slices.Clone(p.Categories), unsoundID)
	if len(sound) == len(p.Categories) {
		return false
	}
	p.Categories = sound
	b.mended("post %d (%s): the id of a category of it could not be read: add it to that category again", p.Num, p.Slug)
	return true
}

func unsoundID(id string) bool { return feed.CheckIRI(id) != nil }

// settle writes the record again where it was altered, or says wrongly where
// the live revision is. One that is lost is replaced by the newest, as an edit
// would in a moment.
func (b *rebuild) settle(t *tx, p feed.Post, data []byte, altered bool) error {
	at, want := liveAt(data), byte(notLive)
	if p.State == feed.Published {
		want = liveHere
		var live feed.Post
		if p.Live != p.Revision && decode(t.get(inLive, numKey(p.Num)), &live) == nil && soundPost(live, numKey(p.Num)) && live.ID == p.ID && live.Revision == p.Live && !slices.ContainsFunc(live.Categories, unsoundID) {
			want = liveThere
		}
		if want == liveHere && p.Live != p.Revision {
			b.mended("post %d (%s): its published revision could not be read: the newest takes its place", p.Num, p.Slug)
			p.Live = p.Revision
			at = liveThere
		}
	}
	if at == want && !altered {
		return nil
	}
	fixed, err := encodePost(p, want)
	t.put(inPost, numKey(p.Num), fixed)
	return err
}

// postNames keeps the former names that lead to posts, and has every post found
// by those that it has.
func (b *rebuild) postNames() error {
	for _, in := range []bucket{inPostID, inPostSlug, inPostPath} {
		err := b.each(in, func(t *tx, k, v []byte) error {
			data := t.get(inPost, numKey(number(v)))
			wrongID := false
			if in == inPostID && data != nil {
				p, err := decodePost(data)
				wrongID = err != nil || p.ID != string(k)
			}
			if len(v) == 8 && data != nil && !wrongID {
				return nil
			}
			if num := number(v); len(v) == 8 && data == nil && in != inPostPath {
				b.named[num] += fmt.Sprintf(", %s %s", nameKinds[in], k)
			}
			t.drop(in, k)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.each(inPost, func(t *tx, k, v []byte) error {
		p, err := decodePost(v)
		if err != nil {
			return err
		}
		for _, n := range b.names(p) {
			by := t.get(n.in, []byte(n.key))
			if number(by) == p.Num {
				continue
			}
			if other, err := decodePost(t.get(inPost, numKey(number(by)))); by != nil && err == nil && slices.Contains(b.names(other), n) {
				b.named[p.Num] = fmt.Sprintf(", %s, %s, as post %d has its %s", p.ID, p.Slug, other.Num, nameKinds[n.in])
				for _, in := range []bucket{inPost, inLive} {
					t.drop(in, k)
				}
				t.drop(inDuePost, duePostKey(p.PublishAt, p.Num))
				return nil
			}
			t.put(n.in, []byte(n.key), numKey(p.Num))
		}
		return nil
	})
}

// lists makes the lists of what is in each category anew.
func (b *rebuild) lists() error {
	if err := b.empty(inCategoryPost); err != nil {
		return err
	}
	return b.each(inPost, func(t *tx, k, v []byte) error {
		p, err := decodePost(v)
		if err != nil {
			return err
		}
		for _, id := range p.Categories {
			t.put(inCategoryPost, pairKey(b.category[id], p.Num), nil)
		}
		return nil
	})
}

// names are those that a post has now.
func (b *rebuild) names(p feed.Post) []name {
	under := uint64(0)
	if len(p.Categories) > 0 {
		under = b.category[p.Categories[0]]
	}
	return []name{{inPostID, p.ID}, {inPostSlug, p.Slug}, {inPostPath, string(pathKey(under, p.Slug))}}
}

// authority is the one that most ids are made under, where it was lost.
func (b *rebuild) authority() error {
	return b.write(func(t *tx) error {
		if t.has(inMeta, []byte("authority")) {
			return nil
		}
		under, most := map[string]int{}, ""
		for id := range t.rows(inPostID, []byte("tag:"), nil) {
			name, _, _ := strings.Cut(string(id[len("tag:"):]), ",")
			if under[name]++; under[name] > under[most] {
				most = name
			}
		}
		return t.PutAuthority(most)
	})
}

// in lists the categories that a post is in, the site's among them.
func (b *rebuild) in(p feed.Post) []uint64 {
	nums := []uint64{feed.SiteNum}
	for _, id := range p.Categories {
		nums = append(nums, b.category[id])
	}
	return union(nums)
}

// pending keeps what can be, and has every post that is to go out wait in all
// of its categories.
func (b *rebuild) pending() error {
	err := b.each(inPending, func(t *tx, k, v []byte) error {
		if len(k) != 16 || len(v) != 8 || number(v) > b.seq || !t.has(inCategory, k[:8]) || !t.has(inPost, k[8:]) {
			t.drop(inPending, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.each(inPost, func(t *tx, _, v []byte) error {
		p, err := decodePost(v)
		if err != nil || p.State != feed.Queued && liveAt(v) != liveThere {
			return err
		}
		waits := func(category uint64) bool { return t.has(inPending, pairKey(category, p.Num)) }
		if slices.ContainsFunc(b.in(p), waits) {
			return nil
		}
		for _, category := range b.in(p) {
			t.put(inPending, pairKey(category, p.Num), numKey(b.seq))
		}
		return nil
	})
}

// places makes the timelines anew: a live post stands in each of its categories
// at the date that it shows, but where it waits for its first publication
// there; one that left a category stays where it waits to be taken out.
func (b *rebuild) places() error {
	err := b.each(inMember, func(t *tx, k, v []byte) error {
		if len(k) != 16 || len(v) != 8 || !t.has(inPost, k[:8]) || !t.has(inCategory, k[8:]) {
			t.drop(inMember, k)
		}
		return nil
	})
	if err == nil {
		err = b.each(inPost, func(t *tx, _, v []byte) error {
			p, err := decodePost(v)
			if err != nil {
				return err
			}
			return b.place(t, p)
		})
	}
	if err != nil {
		return err
	}
	err = b.each(inTimeline, func(t *tx, k, v []byte) error {
		at := t.get(inMember, pairKey(timelinePost(k), number(k)))
		if len(k) != 24 || len(v) != 8 || number(v) > b.seq || at == nil || !bytes.Equal(timelineKey(number(k), second(at), timelinePost(k)), k) {
			t.drop(inTimeline, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.each(inMember, func(t *tx, k, v []byte) error {
		if key := timelineKey(number(k[8:]), second(v), number(k)); !t.has(inTimeline, key) {
			t.put(inTimeline, key, numKey(b.seq))
		}
		return nil
	})
}

// place settles in which timelines a post is.
func (b *rebuild) place(t *tx, p feed.Post) error {
	live, isLive, err := t.livePost(p.Num)
	if err != nil {
		return err
	}
	is := b.in(p)
	var was []uint64
	for k := range t.rows(inMember, numKey(p.Num), nil) {
		was = append(was, number(k[8:]))
	}
	for _, category := range union(is, was) {
		waits := t.has(inPending, pairKey(category, p.Num))
		member := slices.Contains(was, category)
		switch belongs := isLive && slices.Contains(is, category); {
		case member && !belongs && !waits:
			t.drop(inMember, pairKey(p.Num, category))
		case belongs && (member || !waits), member && isLive:
			t.put(inMember, pairKey(p.Num, category), appendSecond(nil, live.Published))
		}
	}
	return t.fault
}

// errNothing says that a salvage would be an empty store.
var errNothing = fmt.Errorf("%w: nothing in it can be read: restore a backup with `syndic restore`, or move it away to begin anew", store.ErrDamaged)

// count tells which posts are lost: every number that was given has a record.
func (b *rebuild) count() error {
	return b.read(func(r *reader) error {
		next := uint64(1)
		newest := number(r.get(inMeta, []byte("post")))
		lost := func(until uint64) {
			for ; next < until && len(b.found.Lost) < maxProblems; next++ {
				say(&b.found.Lost, "post %d%s", next, b.named[next])
			}
		}
		for k := range r.rows(inPost, nil, nil) {
			lost(number(k))
			next = number(k) + 1
			b.found.Posts++
		}
		lost(newest + 1)
		if b.found.Posts == 0 && len(b.category) == 0 && !r.has(inMeta, []byte("site")) {
			return errors.Join(r.fault, errNothing)
		}
		return r.fault
	})
}
