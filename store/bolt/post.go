package bolt

import (
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// Post finds a post by its number.
func (r *reader) Post(num uint64) (feed.Post, error) {
	data, err := r.find(inPost, numKey(num))
	if err != nil {
		return feed.Post{}, fmt.Errorf("read post %d: %w", num, err)
	}
	return readPost(num, data)
}

func readPost(num uint64, data []byte) (feed.Post, error) {
	p, err := decodePost(data)
	if err != nil {
		return feed.Post{}, fmt.Errorf("read post %d: %w", num, err)
	}
	return p, nil
}

// PostByID finds a post by its id.
func (r *reader) PostByID(id string) (feed.Post, error) { return r.postBy(inPostID, []byte(id), id) }

// PostBySlug finds a post by a slug that it has or once had.
func (r *reader) PostBySlug(slug string) (feed.Post, error) {
	return r.postBy(inPostSlug, []byte(slug), slug)
}

// PostByPath finds the post whose page is, or once was, at the path.
func (r *reader) PostByPath(category uint64, slug string) (feed.Post, error) {
	return r.postBy(inPostPath, pathKey(category, slug), slug)
}

func (r *reader) postBy(index bucket, key []byte, name string) (feed.Post, error) {
	num, err := r.find(index, key)
	if err != nil {
		return feed.Post{}, &lookupError{"post", name, err}
	}
	return r.Post(number(num))
}

// lookupError is of a look for a name. Its text is written when somebody reads
// it: a bulk looks for many names that nobody has yet.
type lookupError struct {
	what, name string
	err        error
}

// Error is one line.
func (e *lookupError) Error() string { return fmt.Sprintf("read %s %q: %v", e.what, e.name, e.err) }

// Unwrap is what the look came to.
func (e *lookupError) Unwrap() error { return e.err }

// PostsByIDPrefix lists posts by id.
func (r *reader) PostsByIDPrefix(prefix string, limit int) ([]feed.Post, error) {
	var nums []uint64
	for _, v := range r.rows(inPostID, []byte(prefix), nil) {
		if len(nums) >= limit {
			break
		}
		nums = append(nums, number(v))
	}
	var list []feed.Post
	for _, num := range nums {
		p, err := r.Post(num)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, r.fault
}

// Posts lists all posts by number.
func (r *reader) Posts(after uint64, limit int) ([]feed.Post, error) {
	var list []feed.Post
	for k, v := range r.rows(inPost, nil, numKey(after+1)) {
		if len(list) >= limit {
			break
		}
		p, err := readPost(number(k), v)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, r.fault
}

// PostsIn lists a category's posts by number.
func (r *reader) PostsIn(category, after uint64, limit int) ([]feed.Post, error) {
	var list []feed.Post
	for k := range r.rows(inCategoryPost, numKey(category), pairKey(category, after+1)) {
		if len(list) >= limit {
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

// PutPost adds a post or replaces its record.
func (t *tx) PutPost(p feed.Post, o store.PutOptions) (feed.Post, error) {
	next, err := t.planPost(p)
	if err != nil {
		return feed.Post{}, fmt.Errorf("put post %q: %w", p.ID, err)
	}
	if err := t.writePost(&next); err != nil {
		return feed.Post{}, fmt.Errorf("put post %q: %w", next.p.ID, err)
	}
	if err := t.log(store.PostChanged, next.p.Num, 0); err != nil {
		return feed.Post{}, err
	}
	return next.p, t.markPost(next, o)
}

// putPlan is what one PutPost is going to write.
type putPlan struct {
	p, old  feed.Post
	oldData []byte   // the record before, nil for a new post
	is, was []uint64 // categories
	touched []uint64 // those that p is or was in, and the site's
	names   []name   // that nobody has yet
}

// planPost checks everything before anything is written, so that an Update may
// go on after ErrTaken.
func (t *tx) planPost(p feed.Post) (n putPlan, err error) {
	p.PublishAt, p.Published, p.Updated = wholeSecond(p.PublishAt), wholeSecond(p.Published), wholeSecond(p.Updated)
	n.p = p
	if p.ID == "" || p.Slug == "" {
		return n, errors.New("a post needs an id and a slug")
	}
	if p.Num == 0 {
		n.p.Revision, n.p.Live = 1, 0
	} else if err := n.replace(t); err != nil {
		return n, err
	}
	if !n.old.State.CanBecome(p.State) || p.State == feed.Published && n.old.State != feed.Published {
		return n, fmt.Errorf("its state cannot go from %q to %q", n.old.State, p.State)
	}
	if n.was, err = t.categoryNums(n.old); errors.Is(err, store.ErrNotFound) {
		return n, damaged("it is in a category that is not there: %v", err) // none is ever taken out
	} else if err != nil {
		return n, err
	}
	if n.is, err = t.categoryNums(p); err != nil {
		return n, err
	}
	n.touched = union(n.was, n.is)
	names := [...]name{{inPostID, p.ID}, {inPostSlug, p.Slug}, {inPostPath, string(pathKey(first(n.is), p.Slug))}}
	n.names, err = t.free(names[:], p.Num)
	return n, err
}

// replace takes over from the record that is kept what no caller decides.
func (n *putPlan) replace(t *tx) (err error) {
	if n.oldData, err = t.find(inPost, numKey(n.p.Num)); err != nil {
		return fmt.Errorf("number %d: %w", n.p.Num, err)
	}
	if n.old, err = readPost(n.p.Num, n.oldData); err != nil {
		return err
	}
	if n.p.ID != n.old.ID {
		return fmt.Errorf("the id %s of a post never changes", n.old.ID)
	}
	if n.p.Revision < n.old.Revision {
		return fmt.Errorf("%w: revision %d is older than %d", store.ErrConflict, n.p.Revision, n.old.Revision)
	}
	n.p.Live = n.old.Live
	if n.p.State == feed.Published && n.p.Revision == n.p.Live && !n.p.Published.Equal(n.old.Published) {
		return errors.New("the date of a revision that is live changes only with the revision")
	}
	return nil
}

// categoryNums are the numbers of the post's categories, in its order.
func (t *tx) categoryNums(p feed.Post) ([]uint64, error) {
	var nums []uint64
	for _, id := range p.Categories {
		num, err := t.find(inCategoryID, []byte(id))
		if err != nil {
			return nil, fmt.Errorf("category %q: %w", id, err)
		}
		nums = append(nums, number(num))
	}
	return nums, nil
}

// union lists every number once, the site's with them.
func union(lists ...[]uint64) []uint64 {
	all := append([]uint64{feed.SiteNum}, slices.Concat(lists...)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// first is the category that a post's path lies under, 0 for none.
func first(nums []uint64) uint64 {
	if len(nums) == 0 {
		return 0
	}
	return nums[0]
}

// writePost writes the record with its indexes, and keeps the live revision
// when a newer one takes its place.
func (t *tx) writePost(n *putPlan) error {
	live := byte(notLive)
	if n.p.State == feed.Published {
		live = liveThere
		if n.p.Revision == n.p.Live {
			live = liveHere
		}
	}
	if n.p.Num == 0 {
		n.p.Num = t.next("post")
	}
	data, err := encodePost(n.p, live)
	if err != nil {
		return err
	}
	switch {
	case live == liveThere && liveAt(n.oldData) == liveHere:
		t.put(inLive, numKey(n.p.Num), append([]byte{n.oldData[0]}, n.oldData[2:]...))
	case live != liveThere && liveAt(n.oldData) == liveThere:
		t.drop(inLive, numKey(n.p.Num))
	}
	t.put(inPost, numKey(n.p.Num), data)
	t.enroll(n.names, n.p.Num)
	t.moveTo(n)
	if n.old.State == feed.Scheduled {
		t.drop(inDuePost, duePostKey(n.old.PublishAt, n.p.Num))
	}
	if n.p.State == feed.Scheduled {
		t.put(inDuePost, duePostKey(n.p.PublishAt, n.p.Num), nil)
	}
	return nil
}

// moveTo keeps the lists of what is in each category.
func (t *tx) moveTo(n *putPlan) {
	for _, category := range n.was {
		if !slices.Contains(n.is, category) {
			t.drop(inCategoryPost, pairKey(category, n.p.Num))
		}
	}
	for _, category := range n.is {
		if !slices.Contains(n.was, category) {
			t.put(inCategoryPost, pairKey(category, n.p.Num), nil)
		}
	}
}
