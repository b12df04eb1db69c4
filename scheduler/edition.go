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
	chunk    int  // how many pending posts it takes in
	lints    bool // its check lints entries
	site     feed.Site
	stored   feed.Category // as it was read
	category feed.Category // with what it leaves to the site
	mark     store.Mark    // zero for none
	renamed  store.Seq     // when a category was given another name
	before   [3]*feed.Artifact

	handled  []store.Pending // what this publication takes in
	more     bool            // there is more pending than a commit takes
	arriving []feed.Post     // the handled posts that are live from now on

	stays   bool     // the feeds before hold the same entries
	entries []*entry // the window, newest first; none when it stays
	dates   []feed.EntryDates
	heads   [3][]byte
	tails   [3][]byte

	print, entryPrint string // of the category and of its entries

	fragments []feed.Fragment // entries that the store has not, or has with other bytes
	made      [3]*feed.Artifact
	unchanged [3]bool // made reads as before
	refused   [3]error
}

// entry is a post's place in the window, and what it looks like in each format.
type entry struct {
	dates   feed.EntryDates
	keys    [3]feed.FragmentKey
	sums    [3]feed.EntrySum
	summed  [3]bool // by the feeds before: the store keeps it, and it is not read
	*making         // nil when it is summed in every format
}

// read takes a snapshot of all that a publication of the category is made
// from. With all set it takes in every pending post at once, and no entry from
// the feeds before: right for a look that commits nothing.
func (s *Scheduler) read(ctx context.Context, category uint64, all bool) (*edition, error) {
	var e *edition
	err := s.store.View(ctx, func(r store.Reader) error {
		e = &edition{now: time.Now().UTC().Truncate(time.Second), chunk: s.chunk, lints: s.check != nil}
		if err := e.readHead(r, category); err != nil {
			return err
		}
		e.category = s.slots.effective(e.site, e.stored)
		if e.retired() {
			return e.readBefore(r) // what is pending stays so, for a category that comes back
		}
		if err := e.readPending(r, all); err != nil {
			return err
		}
		if e.more {
			return e.readBefore(r)
		}
		return e.readEntries(r, all || e.mark.Force)
	})
	return e, err
}

func (e *edition) retired() bool { return e.stored.State == feed.Retired }

// hidden tells whether readers are not to know of the category yet: it was never
// published, and is there only because posts name it that do not go out.
func (e *edition) hidden() bool {
	return e.before == [3]*feed.Artifact{} && len(e.entries) == 0 && !announced(e.site, e.stored)
}

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
	e.renamed = r.Renamed()
	return nil
}

// readBefore reads the feeds as they were published last.
func (e *edition) readBefore(r store.Reader) error {
	artifacts, err := r.Artifacts(e.stored.Num)
	for i := range artifacts {
		e.before[artifacts[i].Format] = &artifacts[i]
	}
	return err
}

// readPending reads the posts that changed since the last publication.
func (e *edition) readPending(r store.Reader, all bool) error {
	for after := uint64(0); ; {
		rows, err := r.Pending(e.stored.Num, after, e.chunk+1)
		if err != nil {
			return err
		}
		more := len(rows) > e.chunk
		rows = rows[:min(len(rows), e.chunk)]
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
