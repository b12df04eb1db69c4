package bolt

import (
	"bytes"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

// LivePost is the post at its last published revision.
func (r *reader) LivePost(num uint64) (feed.Post, error) {
	p, live, err := r.livePost(num)
	if err == nil && !live {
		err = fmt.Errorf("read live post %d: %w", num, store.ErrNotFound)
	}
	return p, err
}

// livePost also says whether there is one, without decoding what is not live.
func (r *reader) livePost(num uint64) (p feed.Post, live bool, err error) {
	data, err := r.find(inPost, numKey(num))
	if err != nil {
		return p, false, fmt.Errorf("read live post %d: %w", num, err)
	}
	switch liveAt(data) {
	case liveHere:
		p, err = readPost(num, data)
	case liveThere:
		if data = r.get(inLive, numKey(num)); data == nil {
			return p, false, fmt.Errorf("read live post %d: %w", num, damaged("its live revision is missing"))
		}
		if err = decode(data, &p); err != nil {
			err = fmt.Errorf("read live post %d: %w", num, err)
		}
	default:
		return p, false, nil
	}
	return p, err == nil, err
}

// Timeline lists the posts live in a category in feed order. A post that was
// taken back and still has its row is passed over by one byte of its record.
func (r *reader) Timeline(category uint64, after store.Cursor, limit int) ([]feed.Post, error) {
	var list []feed.Post
	for k := range r.rows(inTimeline, numKey(category), afterPlace(category, after)) {
		if len(list) >= limit {
			break
		}
		p, live, err := r.livePost(timelinePost(k))
		if err != nil {
			return nil, fmt.Errorf("read timeline of category %d: %w", category, err)
		}
		if live {
			list = append(list, p)
		}
	}
	return list, r.fault
}

// Places lists the timeline's rows without looking at the posts.
func (r *reader) Places(category uint64, after store.Cursor, limit int) ([]store.Place, error) {
	list := make([]store.Place, 0, limit)
	for k, v := range r.rows(inTimeline, numKey(category), afterPlace(category, after)) {
		if len(list) >= limit {
			break
		}
		at := time.Unix(int64(^number(rest(k, 8))^signBit), 0).UTC()
		list = append(list, store.Place{Cursor: store.Cursor{Published: at, Num: timelinePost(k)}, Seq: store.Seq(number(v))})
	}
	return list, r.fault
}

// afterPlace is where the rows after a cursor begin.
func afterPlace(category uint64, after store.Cursor) []byte {
	if after == (store.Cursor{}) {
		return nil
	}
	return append(timelineKey(category, after.Published, after.Num), 0)
}

// enter puts the post into the category's timeline, or says of one that is
// there that this commit has.
func (t *tx) enter(category, post uint64, published time.Time) {
	member, at := pairKey(post, category), appendSecond(nil, published)
	if !bytes.Equal(t.get(inMember, member), at) {
		t.leave(category, post)
		t.put(inMember, member, at)
	}
	t.put(inTimeline, timelineKey(category, published, post), numKey(uint64(t.seq)))
}

// stands tells whether the post is in the category's timeline at that date.
// Where every feed is written with the post, none shows less than the row, and
// this need not say so of itself.
func (t *tx) stands(category, post uint64, published time.Time) bool {
	return bytes.Equal(t.get(inMember, pairKey(post, category)), appendSecond(nil, published)) &&
		t.has(inTimeline, timelineKey(category, published, post))
}

// leave takes the post out of the category's timeline, if it is there.
func (t *tx) leave(category, post uint64) {
	member := pairKey(post, category)
	if at := t.get(inMember, member); at != nil {
		t.drop(inTimeline, timelineKey(category, second(at), post))
		t.drop(inMember, member)
	}
}

// elsewhere lists the category and all those that show the post at another
// place than its date's: each timeline is in the order of what it shows.
func (t *tx) elsewhere(p feed.Post, category uint64) []uint64 {
	in := []uint64{category}
	for k, at := range t.rows(inMember, numKey(p.Num), nil) {
		if c := number(rest(k, 8)); c != category && !second(at).Equal(p.Published) {
			in = append(in, c)
		}
	}
	return in
}
