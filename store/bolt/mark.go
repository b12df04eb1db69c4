package bolt

import (
	"errors"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

// Mark is the category's dirty mark.
func (r *reader) Mark(category uint64) (store.Mark, error) {
	var rec markRecord
	data, err := r.find(inMark, numKey(category))
	if err == nil {
		err = decode(data, &rec)
	}
	if err != nil {
		return store.Mark{}, fmt.Errorf("read mark of category %d: %w", category, err)
	}
	return store.Mark{Category: category, Due: rec.Due, Seq: store.Seq(rec.Seq), Force: rec.Force}, nil
}

// DueMarks lists the marks that are due, earliest first.
func (r *reader) DueMarks(now time.Time, limit int) ([]store.Mark, error) {
	var list []store.Mark
	for k := range r.rows(inDueMark, nil, nil) {
		if len(list) >= limit || instant(k).After(now) {
			break
		}
		m, err := r.Mark(number(rest(k, 12)))
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, r.fault
}

// NextMark is the earliest Due of all marks.
func (r *reader) NextMark() time.Time {
	for k := range r.rows(inDueMark, nil, nil) {
		return instant(k)
	}
	return time.Time{}
}

// DuePosts lists the scheduled posts that are due, earliest first.
func (r *reader) DuePosts(now time.Time, limit int) ([]feed.Post, error) {
	var list []feed.Post
	for k := range r.rows(inDuePost, nil, nil) {
		if len(list) >= limit || second(k).After(now) {
			break
		}
		p, err := r.Post(number(rest(k, 8)))
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, r.fault
}

// NextPost is the earliest PublishAt of all scheduled posts.
func (r *reader) NextPost() time.Time {
	for k := range r.rows(inDuePost, nil, nil) {
		return second(k)
	}
	return time.Time{}
}

// Pending lists what the category has not published yet.
func (r *reader) Pending(category, after uint64, limit int) ([]store.Pending, error) {
	var list []store.Pending
	for k, v := range r.rows(inPending, numKey(category), pairKey(category, after+1)) {
		if len(list) >= limit {
			break
		}
		list = append(list, store.Pending{Post: number(rest(k, 8)), Seq: store.Seq(number(v))})
	}
	return list, r.fault
}

// markPost makes the post pending and the mark dirty in every category that it
// touches. A post that nobody has seen and that does not go out yet is pending
// nowhere, even if it was about to go out a moment ago.
func (t *tx) markPost(n putPlan, o store.PutOptions) error {
	quiet := n.p.Live == 0 && (n.p.State == feed.Draft || n.p.State == feed.Scheduled)
	for _, category := range n.touched {
		row := pairKey(category, n.p.Num)
		if quiet {
			if t.has(inPending, row) {
				t.drop(inPending, row)
			}
			continue
		}
		t.put(inPending, row, numKey(uint64(t.seq)))
		if err := t.markSlot(category, o.Due); err != nil {
			return fmt.Errorf("mark category %d: %w", category, err)
		}
	}
	return t.fault
}

// markSlot marks the category for due, or for its next slot when due is zero.
// A retired one publishes nothing more.
func (t *tx) markSlot(category uint64, due time.Time) error {
	slot, known := t.slots[category]
	if !known {
		c, err := t.Category(category)
		if err != nil {
			return err
		}
		if slot, err = t.nextSlot(c); err != nil {
			return err
		}
		t.slots[category] = slot
	}
	if slot.IsZero() {
		return nil
	}
	if due.IsZero() {
		due = slot
	}
	return t.PutMark(category, due, false)
}

// nextSlot is the category's next slot after now, zero for a retired one.
func (t *tx) nextSlot(c feed.Category) (time.Time, error) {
	if c.State == feed.Retired {
		return time.Time{}, nil
	}
	if t.slot == nil {
		return t.now, nil
	}
	site, err := t.Site()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return time.Time{}, err
	}
	if slot := t.slot(site, c, t.now); !slot.IsZero() {
		return slot, nil
	}
	return t.now, nil
}

// PutMark makes the category dirty.
func (t *tx) PutMark(category uint64, due time.Time, force bool) error {
	if due.IsZero() {
		due = t.now
	}
	// A bulk marks the same categories again with each post.
	if set, ok := t.marks[category]; ok && !due.Before(set.Due) && (set.Force || !force) {
		return t.fault
	}
	old, err := t.Mark(category)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if !t.has(inCategory, numKey(category)) {
			return fmt.Errorf("mark category %d: %w", category, store.ErrNotFound)
		}
	case err != nil:
		return err
	case old.Due.Before(due):
		due = old.Due
	}
	m := store.Mark{Category: category, Due: due, Seq: t.seq, Force: force || old.Force}
	stays := err == nil && m.Due.Equal(old.Due)
	if stays && m.Seq == old.Seq && m.Force == old.Force {
		return t.fault
	}
	if err == nil && !stays {
		t.drop(inDueMark, dueMarkKey(old.Due, category))
	}
	data, err := encode(markRecord{Due: m.Due, Seq: uint64(m.Seq), Force: m.Force})
	if err != nil {
		return fmt.Errorf("mark category %d: %w", category, err)
	}
	t.put(inMark, numKey(category), data)
	if !stays {
		t.put(inDueMark, dueMarkKey(m.Due, category), nil)
	}
	t.marks[category] = m
	return t.fault
}

// unmark clears the category's mark if it is still the commit's.
func (t *tx) unmark(category uint64, seq store.Seq) error {
	m, err := t.Mark(category)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || m.Seq != seq {
		return err
	}
	t.drop(inMark, numKey(category))
	t.drop(inDueMark, dueMarkKey(m.Due, category))
	delete(t.marks, category)
	return t.fault
}
