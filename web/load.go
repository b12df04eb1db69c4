package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// listLimit is how many rows are read from the store at a time.
const listLimit = 500

// errDamaged means that a feed's bytes are not what was published.
var errDamaged = errors.New("feed is damaged")

// head is all that a snapshot shows besides the feeds.
type head struct {
	site       feed.Site
	configured bool // the site is in the store
	records    []feed.Category
	read       time.Time // to the second; zero before the first Load
}

// category finds one by its number; one that is not there yet has no slug.
func (h head) category(num uint64) feed.Category {
	i, ok := slices.BinarySearchFunc(h.records, num, func(c feed.Category, num uint64) int { return cmp.Compare(c.Num, num) })
	if !ok {
		return feed.Category{Num: num}
	}
	return h.records[i]
}

// categoryFeeds are the places of a category's feeds by format. They stay the
// same for as long as the process runs.
type categoryFeeds [len(feed.Formats)]slot

// Load reads what has been published, without the bytes of the feeds, and
// serves it. A category that cannot be read is logged, and its previous
// generation stays.
func (s *Server) Load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	return s.loadAll(ctx)
}

func (s *Server) loadAll(ctx context.Context) error {
	h, seq, err := s.readHead(ctx)
	if err != nil {
		return err
	}
	found, err := s.readHeaders(ctx, h)
	if err != nil {
		return err
	}
	s.apply(h, found, true)
	s.upTo(seq)
	return nil
}

// upTo notes that every change up to seq is served.
func (s *Server) upTo(seq store.Seq) { s.seen, s.looked = seq, time.Now().Round(0) }

// found is what the store has of one category: for each format an artifact, or
// nil for none.
type found struct {
	category uint64
	feeds    [len(feed.Formats)]*feed.Artifact
	err      [len(feed.Formats)]error // damage; the feed stays as it was
}

// fail says of every format that it cannot be read.
func (f *found) fail(err error) {
	for i := range f.err {
		f.err[i] = err
	}
}

// apply serves what was found: the same at start-up and after a publication by
// whomever. The maps are made again only if all is set, or a path or a topic is
// not in them yet.
func (s *Server) apply(h head, list []found, all bool) {
	sn := s.current.Load()
	if all {
		for _, c := range h.records {
			if s.feeds[c.Num] == nil {
				s.feeds[c.Num] = &categoryFeeds{}
			}
		}
	}
	for _, f := range list {
		feeds := s.feeds[f.category]
		if feeds == nil {
			continue // its record has not come yet, and brings it along
		}
		for format := range feeds {
			at := &feeds[format]
			stays, moved := s.place(h, at, f, feed.Format(format))
			all = all || moved || !stays && !sn.leadsTo(at)
		}
	}
	if all {
		s.head = h
		s.current.Store(newSnapshot(h, s.feeds))
	} else {
		sn.newer(s.feeds, list)
	}
	s.serial.Add(1)
	close(*s.news.Swap(newBell()))
}

// place serves a feed at its slot in the generation that was found. It tells
// whether readers find the feed where they found the one before, and whether it
// has another path now.
func (s *Server) place(h head, at *slot, found found, format feed.Format) (stays, moved bool) {
	old := at.now.Load()
	a, err := found.feeds[format], found.err[format]
	switch {
	case err != nil:
		if old == nil {
			old = &servedFeed{unreadable: true, Artifact: feed.Artifact{Category: found.category, Format: format}, slot: at}
			at.now.Store(old)
		}
		s.failedLoad(h, old, err)
	case a == nil:
		at.now.Store(nil)
		s.retire(old, nil)
	case old.same(*a):
		old.failed.Store(0) // it may have been mended
		stays = true
	default:
		f := newServedFeed(*a)
		f.slot, f.tally = at, s.metrics.tallies.of(*a)
		s.retire(old, f)
		if old != nil {
			moved = old.Path != f.Path
			stays = !moved && !old.unreadable && old.Topic == f.Topic
		}
	}
	return stays, moved
}

// retire replaces a generation, nil for none. Its identity is kept a while for
// the sake of the next one; of the encodings that were asked for lately, new
// ones are made ahead.
func (s *Server) retire(old, f *servedFeed) {
	if f != nil && old != nil {
		for c := range old.asked {
			f.asked[c].Store(old.asked[c].Load())
		}
	}
	var base *variant
	if old != nil {
		old.retired.Store(true)
		if base = old.variants[identity].Swap(nil); base == nil {
			base = old.base.Swap(nil)
		}
	}
	if f == nil {
		s.memory.drop(base)
	} else {
		f.base.Store(base)
		f.slot.now.Store(f)
		s.ahead.add(f)
	}
	if old != nil {
		for c := range old.variants {
			s.memory.drop(old.variants[c].Swap(nil))
		}
	}
}

// readHead reads the site and its categories, and the Seq that they are of.
func (s *Server) readHead(ctx context.Context) (h head, seq store.Seq, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		h, seq = head{}, r.Seq()
		site, err := r.Site()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		h.site, h.configured = site, err == nil
		h.records, err = allCategories(r)
		return err
	})
	h.read = time.Now().UTC().Truncate(time.Second)
	if err != nil {
		return head{}, 0, fmt.Errorf("read the site: %w", err)
	}
	return h, seq, nil
}

func allCategories(r store.Reader) ([]feed.Category, error) {
	var all []feed.Category
	for after := uint64(0); ; {
		some, err := r.Categories(after, listLimit)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < listLimit {
			return all, nil
		}
		after = some[len(some)-1].Num
	}
}
