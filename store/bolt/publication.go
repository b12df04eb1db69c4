package bolt

import (
	"bytes"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// Publish applies a publication. It checks all before it writes anything.
func (t *tx) Publish(p store.Publication) error {
	if err := t.publish(p); err != nil {
		return fmt.Errorf("publish category %d: %w", p.Category.Num, err)
	}
	return t.fault
}

func (t *tx) publish(p store.Publication) error {
	if err := t.sameCategory(p.Category); err != nil {
		return err
	}
	plan, err := t.planPosts(p)
	if err != nil {
		return err
	}
	entries, err := t.planEntries(p)
	if err != nil {
		return err
	}
	if err := t.writePosts(p, plan); err != nil {
		return err
	}
	if err := t.writeArtifacts(p, entries); err != nil {
		return err
	}
	if err := t.unmark(p.Category.Num, p.Mark.Seq); err != nil {
		return err
	}
	mended, err := t.writeEntries(p, entries)
	if err != nil {
		return err
	}
	if mended || p.Drop || len(p.Artifacts) > 0 {
		return t.log(store.FeedPublished, 0, p.Category.Num)
	}
	return t.fault
}

// sameCategory fails when the record is not the one that was read.
func (t *tx) sameCategory(read feed.Category) error {
	data, err := t.find(inCategory, numKey(read.Num))
	if err != nil {
		return fmt.Errorf("read category %d: %w", read.Num, err)
	}
	read.Settings = listed(read.Settings)
	want, err := encode(read)
	if err != nil || bytes.Equal(data, want) {
		return err
	}
	// It may have been written in another way.
	kept, err := t.Category(read.Num)
	if err != nil {
		return err
	}
	got, err := encode(kept)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: the category's record", store.ErrConflict)
	}
	return nil
}

// showPlan is a post that is live from now on, and the categories in whose
// timelines it stands elsewhere than it will.
type showPlan struct {
	post feed.Post
	live bool // already, by another category: its record stays
	move []uint64
}

// planPosts checks the handled rows and plans what to show. It reads ahead of
// all writes: walking rows between writes of the same rows is slow.
func (t *tx) planPosts(p store.Publication) ([]showPlan, error) {
	handled := make(map[uint64]bool, len(p.Handled))
	for _, h := range p.Handled {
		row := t.get(inPending, pairKey(p.Category.Num, h.Post))
		if row == nil || store.Seq(number(row)) != h.Seq {
			return nil, fmt.Errorf("%w: post %d", store.ErrConflict, h.Post)
		}
		handled[h.Post] = true
	}
	plan := make([]showPlan, 0, len(p.Posts))
	for _, live := range p.Posts {
		if !handled[live.Num] {
			return nil, fmt.Errorf("post %d is not among the handled ones", live.Num)
		}
		kept, err := t.Post(live.Num)
		if err != nil {
			return nil, err
		}
		if kept.Revision != live.Revision || live.Live > kept.Revision {
			return nil, fmt.Errorf("%w: revision of post %d", store.ErrConflict, live.Num)
		}
		already := kept.State == feed.Published && kept.Live == kept.Revision
		if already && !kept.Published.Equal(wholeSecond(live.Published)) {
			return nil, fmt.Errorf("%w: the date of post %d", store.ErrConflict, live.Num)
		}
		if err := t.mayShow(p.Category, kept, live); err != nil {
			return nil, err
		}
		seen := kept.Live > 0
		kept.State, kept.Published, kept.Live = live.State, wholeSecond(live.Published), live.Live
		show := showPlan{post: kept, live: already, move: []uint64{p.Category.Num}}
		if seen {
			show.move = t.elsewhere(kept, p.Category.Num)
		}
		plan = append(plan, show)
	}
	return plan, t.fault
}

// mayShow refuses what would leave the indexes without a reason.
func (t *tx) mayShow(c feed.Category, kept, live feed.Post) error {
	switch {
	case live.State != feed.Published || live.Live != live.Revision:
		return fmt.Errorf("post %d is to be live, but is %q at revision %d of %d", live.Num, live.State, live.Live, live.Revision)
	case !kept.State.Goes():
		return fmt.Errorf("post %d is %q and cannot go out", live.Num, kept.State)
	case c.Num != feed.SiteNum && !slices.Contains(kept.Categories, c.ID):
		return fmt.Errorf("post %d is not in the category", live.Num)
	}
	return nil
}

// writePosts makes the posts live and takes the other handled ones out of the
// timeline.
func (t *tx) writePosts(p store.Publication, plan []showPlan) error {
	whole := len(p.Artifacts) == len(feed.Formats)
	stays := make(map[uint64]bool, len(plan))
	for _, show := range plan {
		stays[show.post.Num] = true
	}
	for _, h := range p.Handled {
		t.drop(inPending, pairKey(p.Category.Num, h.Post))
		if !stays[h.Post] {
			t.leave(p.Category.Num, h.Post)
		}
	}
	for _, show := range plan {
		live := show.post
		if !show.live {
			if err := t.putLive(live); err != nil {
				return err
			}
		}
		for _, category := range show.move {
			if !whole || category != p.Category.Num || !t.stands(category, live.Num, live.Published) {
				t.enter(category, live.Num, live.Published)
			}
		}
	}
	return t.fault
}

// putLive writes the record of a post that goes live with what it holds.
func (t *tx) putLive(p feed.Post) error {
	data, err := encodePost(p, liveHere)
	if err != nil {
		return err
	}
	if liveAt(t.get(inPost, numKey(p.Num))) == liveThere {
		t.drop(inLive, numKey(p.Num))
	}
	t.put(inPost, numKey(p.Num), data)
	return nil
}
