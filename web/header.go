package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

const (
	headersAtOnce = 1000 // read in one View: a few milliseconds
	mendEvery     = 60   // seconds between two calls for the repair of one feed
)

// readHeaders finds the feeds of all categories. What is damaged is found out
// category by category, so that one costs no other.
func (s *Server) readHeaders(ctx context.Context, h head) ([]found, error) {
	list := make([]found, len(h.records))
	at := make(map[uint64]*found, len(list))
	for i, c := range h.records {
		list[i].category = c.Num
		at[c.Num] = &list[i]
	}
	alone, err := s.readAllHeaders(ctx, at)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if f := &list[i]; alone || s.toCheck(f) {
			if *f, err = s.readCategory(ctx, f.category); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// readAllHeaders fills in what it finds; damaged when that is not all.
func (s *Server) readAllHeaders(ctx context.Context, at map[uint64]*found) (damaged bool, err error) {
	var hubs []string // nearly all feeds have the same ones
	for after := uint64(0); ; {
		var some []feed.Artifact
		err := s.store.View(ctx, func(r store.Reader) (err error) {
			some, err = r.Headers(after, headersAtOnce)
			return err
		})
		if errors.Is(err, store.ErrDamaged) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read the headers of feeds: %w", err)
		}
		for i := range some {
			a := &some[i]
			a.Hubs = shared(a.Hubs, hubs)
			hubs = a.Hubs
			if f := at[a.Category]; f != nil {
				f.feeds[a.Format] = a
			}
		}
		if len(some) < headersAtOnce {
			return false, nil
		}
		after = some[len(some)-1].Category
	}
}

// shared is a list in the memory of an equal one.
func shared(list, equal []string) []string {
	if len(list) != len(equal) {
		return list
	}
	for i := range list {
		if list[i] != equal[i] {
			return list
		}
	}
	return equal
}

// toCheck tells whether the category has a feed in memory that is to be
// replaced: that is good, so the new one is looked at before.
func (s *Server) toCheck(f *found) bool {
	feeds := s.feeds[f.category]
	if feeds == nil {
		return false
	}
	for format, a := range f.feeds {
		if old := feeds[format].now.Load(); a != nil && old != nil && old.inMemory() && !old.same(*a) {
			return true
		}
	}
	return false
}

// readCategory finds the feeds of one category in a View of its own, so that
// none is long. Of those that would replace bytes in memory, it checks what is
// new: damage leaves the previous generation in place.
func (s *Server) readCategory(ctx context.Context, num uint64) (f found, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		f = found{category: num}
		artifacts, whole, err := s.readFeeds(r, num)
		if err != nil {
			return err
		}
		for i := range artifacts {
			a := &artifacts[i]
			if a.Category != num {
				break // the header of another, where this one has no feeds
			}
			f.feeds[a.Format] = a
			if !whole {
				continue // nothing was in memory a moment ago
			}
			if err := s.checkNew(r, a); isDamage(err) {
				f.err[a.Format] = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrDamaged) {
		f = found{category: num}
		f.fail(err)
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read the feeds of category %d: %w", num, err)
	}
	return f, nil
}

// readFeeds reads a category's feeds: whole if one of them is in memory, else
// their headers.
func (s *Server) readFeeds(r store.Reader, num uint64) (list []feed.Artifact, whole bool, err error) {
	if feeds := s.feeds[num]; feeds != nil {
		for i := range feeds {
			if f := feeds[i].now.Load(); f != nil && f.inMemory() {
				list, err = r.Artifacts(num)
				return list, true, err
			}
		}
	}
	if list, err = r.Headers(num-1, 1); err != nil { // it may be of the next category
		list, err = r.Artifacts(num)
	}
	return list, false, err
}

// checkNew checks a feed that is to replace one in memory, but for the entries
// that are in memory too.
func (s *Server) checkNew(r store.Reader, a *feed.Artifact) error {
	feeds := s.feeds[a.Category]
	if feeds == nil {
		return nil
	}
	old := feeds[a.Format].now.Load()
	if old == nil || !old.inMemory() || old.same(*a) {
		return nil
	}
	base := old.variants[identity].Load()
	if base == nil {
		base = old.base.Load()
	}
	scratch := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(scratch)
	if base == nil || !a.Summed() {
		_, err := assembleAll(r, *a, (*scratch)[:0])
		return err
	}
	if err := a.CheckParts(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	for i, key := range a.Entries {
		if known, ok := base.parts[key]; ok && known.sum == a.Sums[i] {
			continue
		}
		entry, err := readEntry(r, (*scratch)[:0], key)
		if err != nil {
			return err
		}
		if feed.SumOf(entry) != a.Sums[i] {
			return fmt.Errorf("%w: the entry of post %d is not what was published", errDamaged, key.Post)
		}
	}
	return nil
}

// assembleAll appends a feed to a slice, with every entry out of the store.
func assembleAll(r store.Reader, a feed.Artifact, to []byte) ([]byte, error) {
	return assembleFrom(a, to, func(to []byte, i int) ([]byte, bool, error) {
		to, err := readEntry(r, to, a.Entries[i])
		return to, false, err
	})
}

// assembleFrom tells damage of a feed from a store that cannot be read.
func assembleFrom(a feed.Artifact, to []byte, entry func(to []byte, i int) ([]byte, bool, error)) ([]byte, error) {
	var unread error
	to, err := a.Assemble(to, func(to []byte, i int) (_ []byte, sure bool, err error) {
		to, sure, unread = entry(to, i)
		return to, sure, unread
	})
	if err != nil && unread == nil {
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
	return to, err
}

// failedLoad says that a feed is damaged, and asks for it to be rendered again,
// both at most once a minute: each request comes upon it. It is of the category
// as the head has it.
func (s *Server) failedLoad(h head, f *servedFeed, err error) {
	s.metrics.loadFailures.Inc()
	now, mended := time.Now().Unix(), &f.slot.mended
	if last := mended.Load(); now-last < mendEvery || !mended.CompareAndSwap(last, now) {
		return
	}
	c := h.category(f.Category)
	s.log.Error().Err(err).Str("category", c.Slug).Str("feed", cmp.Or(f.Path, c.FeedPath(f.Format))).
		Msg("a feed is damaged; its previous generation stays if it is in memory; it is rendered again")
	if s.damaged != nil {
		s.damaged(f.Category)
	}
}
