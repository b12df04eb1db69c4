package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// chunk is how many pending posts one commit takes in, so that ten thousand
// posts added at once neither hold the writer long nor fill the memory.
const chunk = 250

// edition is one publication of a category on its way: what it is made from,
// as one snapshot had it, and what is made of that.
type edition struct {
	now      time.Time
	site     feed.Site
	stored   feed.Category // as it was read
	category feed.Category // with what it leaves to the site
	mark     store.Mark    // zero for none
	before   [3]*feed.Artifact

	handled  []store.Pending // what this publication takes in
	more     bool            // there is more pending than a commit takes
	arriving []feed.Post     // the handled posts that are live from now on
	posts    []feed.Post     // the window, newest first, with labels
	keys     [][3]feed.FragmentKey
	kept     [][3][]byte // entries that the store has; nil where it has not

	entries   [][3][]byte
	fragments []feed.Fragment // entries that the store has not
	made      [3]*feed.Artifact
	refused   [3]error
}

// read takes a snapshot of all that a publication of the category is made
// from. With all set it takes in every pending post at once: right for a look
// that commits nothing.
func (s *Scheduler) read(ctx context.Context, category uint64, all bool) (*edition, error) {
	var e *edition
	err := s.store.View(ctx, func(r store.Reader) error {
		e = &edition{now: time.Now().UTC().Truncate(time.Second)}
		if err := e.readHead(r, category); err != nil {
			return err
		}
		e.category = s.slots.effective(e.site, e.stored)
		if e.retired() {
			return nil // what is pending stays so, for a category that comes back
		}
		if err := e.readPending(r, all); err != nil || e.more {
			return err
		}
		if err := e.readWindow(r); err != nil {
			return err
		}
		return e.readEntries(r)
	})
	return e, err
}

func (e *edition) retired() bool { return e.stored.State == feed.Retired }

func (e *edition) readHead(r store.Reader, category uint64) (err error) {
	if e.site, err = r.Site(); errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no configuration is kept yet: start the daemon once: %w", err)
	} else if err != nil {
		return err
	}
	if e.stored, err = r.Category(category); err != nil {
		return err
	}
	if e.mark, err = r.Mark(category); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	artifacts, err := r.Artifacts(category)
	for i := range artifacts {
		e.before[artifacts[i].Format] = &artifacts[i]
	}
	return err
}

// readPending reads the posts that changed since the last publication.
func (e *edition) readPending(r store.Reader, all bool) error {
	for after := uint64(0); ; {
		rows, err := r.Pending(e.stored.Num, after, chunk+1)
		if err != nil {
			return err
		}
		more := len(rows) > chunk
		rows = rows[:min(len(rows), chunk)]
		for _, row := range rows {
			after = row.Post
			p, err := r.Post(row.Post)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil && e.holds(p) {
				e.arriving = append(e.arriving, e.live(p))
			}
		}
		e.handled = append(e.handled, rows...)
		if !more || !all {
			e.more = more
			return nil
		}
		// No feed is longer, so the others need not stay in memory.
		slices.SortFunc(e.arriving, feed.Newer)
		e.arriving = e.arriving[:min(len(e.arriving), feed.MaxPosts)]
	}
}

// holds tells whether a post is in the category from this publication on.
func (e *edition) holds(p feed.Post) bool {
	return p.State.Goes() &&
		(e.stored.Num == feed.SiteNum || slices.Contains(p.Categories, e.stored.ID))
}

// live is a post as it is once published. One without a date gets it now, and
// keeps it.
func (e *edition) live(p feed.Post) feed.Post {
	p.State, p.Live = feed.Published, p.Revision
	if p.Published.IsZero() {
		p.Published = e.now
	}
	return p
}

// readWindow reads as much of the timeline as the window holds, once what
// arrives and what leaves is counted.
func (e *edition) readWindow(r store.Reader) error {
	gone := make(map[uint64]bool, len(e.handled))
	for _, row := range e.handled {
		gone[row.Post] = true
	}
	window := *e.category.Window
	page := min(max(window.Posts, 49), feed.MaxPosts) + 1
	posts := slices.Clone(e.arriving)
	slices.SortFunc(posts, feed.Newer)
	for cursor := (store.Cursor{}); ; {
		old, err := r.Timeline(e.stored.Num, cursor, page)
		if err != nil {
			return err
		}
		for _, p := range old {
			cursor = store.Cursor{Published: p.Published, Num: p.Num}
			if !gone[p.Num] {
				posts = append(posts, p)
			}
		}
		slices.SortFunc(posts, feed.Newer)
		// All up to the last post that was read is known; what arrives may be
		// older than posts that were not.
		n := window.Take(posts)
		if len(old) < page || n < len(posts) && !olderThan(cursor, posts[n]) {
			e.posts = posts[:n]
			return e.readLabels(r)
		}
	}
}

// olderThan tells whether a post comes after the cursor in feed order.
func olderThan(c store.Cursor, p feed.Post) bool {
	return feed.Newer(feed.Post{Published: c.Published, Num: c.Num}, p) < 0
}

// readLabels fills in what entries show of their categories, retired ones too.
func (e *edition) readLabels(r store.Reader) error {
	labels := map[string]feed.Label{}
	for i, p := range e.posts {
		e.posts[i].Labels = make([]feed.Label, 0, len(p.Categories))
		for _, id := range p.Categories {
			label, ok := labels[id]
			if !ok {
				c, err := r.CategoryByID(id)
				if err != nil {
					return fmt.Errorf("post %q: %w", p.ID, err)
				}
				label = feed.Label{Slug: c.Slug, Title: c.Title}
				labels[id] = label
			}
			e.posts[i].Labels = append(e.posts[i].Labels, label)
		}
	}
	return nil
}

// readEntries reads those entries of the window that the store keeps.
func (e *edition) readEntries(r store.Reader) error {
	e.keys = make([][3]feed.FragmentKey, len(e.posts))
	e.kept = make([][3][]byte, len(e.posts))
	for i, p := range e.posts {
		for _, f := range feed.Formats {
			e.keys[i][f] = feed.EntryKey(e.site, p, f)
			data, err := r.Fragment(e.keys[i][f])
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err == nil {
				e.kept[i][f] = data
			}
		}
	}
	return nil
}
