package bolt

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"syndic/feed"
)

// strayPost is a copy of a post in a page to which nothing leads.
type strayPost struct {
	post    feed.Post
	value   []byte
	current bool // the page is in use, so the copy is what the post is now
}

// adrift looks at the leaves to which nothing leads any more, because what led
// there is damaged, and takes the posts and categories in them that are found
// nowhere else. A page that is free, or may be, holds what was current once:
// see hold.
func (v *salvage) adrift() error {
	free, err := v.p.free()
	if err != nil {
		v.p.say("%v", err)
	}
	certain := err == nil && v.p.meta != (meta{})
	best := map[uint64]strayPost{}
	for id := uint64(2); id < uint64(v.p.size/v.p.page); id++ {
		if v.p.seen.has(id) {
			continue
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
		pg, err := v.p.read(id, true)
		if err != nil || pg.flags != leafFlag {
			continue
		}
		for i := range int(pg.count) {
			if key, value, isBucket := pg.row(i); !isBucket {
				if err := v.stray(key, value, certain && !free.has(id), best); err != nil {
					return err
				}
			}
		}
	}
	if err := v.flush(); err != nil {
		return err
	}
	return v.takeStrays(best)
}

// stray takes a row of an unknown bucket for what it looks like.
func (v *salvage) stray(key, value []byte, current bool, best map[uint64]strayPost) error {
	var site feed.Site
	switch string(key) {
	case "site":
		if decode(value, &site) == nil && site.URL != "" {
			return v.take(salvagedRow{in: inMeta, key: key, value: value, spare: true})
		}
	case "authority":
		return v.take(salvagedRow{in: inMeta, key: key, value: value, spare: true})
	}
	if len(key) != 8 {
		return nil
	}
	var live feed.Post
	if p, err := decodePost(value); err == nil && liveAt(value) <= liveThere && soundPost(p, key) {
		old, again := best[p.Num]
		if !again || current && !old.current || current == old.current && p.Revision >= old.post.Revision {
			best[p.Num] = strayPost{p, bytes.Clone(value), current}
		}
		return nil
	}
	if decode(value, &live) == nil && soundPost(live, key) {
		return v.take(salvagedRow{in: inLive, key: key, value: value, spare: true})
	}
	if c, err := readCategory(number(key), value); err == nil && soundCategory(c, key) {
		return v.take(salvagedRow{in: inCategory, key: key, value: value, spare: true})
	}
	return nil
}

// takeStrays takes the copies of posts that were not found otherwise.
func (v *salvage) takeStrays(best map[uint64]strayPost) error {
	for _, num := range slices.Sorted(maps.Keys(best)) {
		s := best[num]
		there := false
		err := v.read(func(r *reader) error {
			data := r.get(inPost, numKey(num))
			p, err := decodePost(data)
			there = err == nil && soundPost(p, numKey(num))
			if !there && !s.current {
				s = v.hold(r, s)
			}
			return r.fault
		})
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if err := v.take(salvagedRow{in: inPost, key: numKey(num), value: s.value}); err != nil {
			return err
		}
	}
	return v.flush()
}

// hold makes a draft of a copy that may be an old one: the post may have been
// recalled since, or never meant to go out yet. It stays as it is where nobody
// sees it anyway, and where the site's timeline still shows it.
func (v *salvage) hold(r *reader, s strayPost) strayPost {
	p := s.post
	shown := r.get(inMember, pairKey(p.Num, feed.SiteNum))
	switch {
	case p.State == feed.Draft, p.State == feed.Recalled, p.State == feed.Removed:
		return s
	case p.State == feed.Published && len(shown) == 8 && second(shown).Equal(p.Published):
		return s
	}
	say(&v.found.Held, "post %d (%s, %s): an earlier copy of it was found, which is a draft now: look at it, and send it out with `syndic post publish %s`", p.Num, p.ID, p.Slug, p.ID)
	p.State, p.Live = feed.Draft, 0
	if data, err := encodePost(p, notLive); err == nil { // as it was read
		s.value = data
	}
	return s
}

// soundPost tells whether a record can be the post with that key. One with an
// id that no feed can carry would keep all of its feeds from going out.
func soundPost(p feed.Post, key []byte) bool {
	return len(key) == 8 && p.Num == number(key) && feed.CheckIRI(p.ID) == nil && soundSlug(p.Slug) &&
		p.State.Valid() && p.Revision > 0 && p.Live <= p.Revision
}

func soundSlug(slug string) bool {
	return slug != "" && utf8.ValidString(slug) && !strings.ContainsFunc(slug, func(r rune) bool { return r <= ' ' || r == '/' })
}

// soundCategory tells whether a record can be the category with that key.
func soundCategory(c feed.Category, key []byte) bool {
	named := feed.CheckIRI(c.ID) == nil && soundSlug(c.Slug) || c.Num == feed.SiteNum && c.Slug == "" && (c.ID == "" || feed.CheckIRI(c.ID) == nil)
	return len(key) == 8 && c.Num == number(key) && named && (c.State == feed.Active || c.State == feed.Retired)
}
