package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// listLimit is how many rows are read from the store at a time.
const listLimit = 500

// errDamaged means that a feed's bytes are not what was published.
var errDamaged = errors.New("feed is damaged")

// head is all that a snapshot shows besides the feeds' bytes.
type head struct {
	site       feed.Site
	configured bool // the site is in the store
	records    []feed.Category
	read       time.Time // to the second; zero before the first Load
}

// categoryFeeds are a category's feeds by format; nil where there is none.
type categoryFeeds [len(feed.Formats)]*servedFeed

// Load reads everything that has been published and serves it. A feed whose
// bytes are damaged is logged, and its previous generation stays.
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
	nums := slices.Collect(maps.Keys(s.feeds))
	for _, c := range h.records {
		nums = append(nums, c.Num)
	}
	slices.Sort(nums)
	return s.apply(ctx, h, slices.Compact(nums), seq)
}

// apply reads the feeds of some categories and swaps in a snapshot with them:
// the same at start-up and after a publication by whomever. A failure changes
// nothing.
func (s *Server) apply(ctx context.Context, h head, categories []uint64, seq store.Seq) error {
	feeds := maps.Clone(s.feeds)
	for _, num := range categories {
		loaded, err := s.loadCategory(ctx, num, s.feeds[num])
		if err != nil {
			return err
		}
		feeds[num] = loaded
		if loaded == (categoryFeeds{}) {
			delete(feeds, num)
		}
	}
	s.head, s.feeds = h, feeds
	s.seen, s.looked = seq, time.Now().Round(0)
	old := s.current.Swap(newSnapshot(h, feeds))
	close(old.replaced)
	return nil
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

// pieces are an artifact as it lies in the store.
type pieces struct {
	artifact feed.Artifact
	entries  [][]byte
	err      error // errDamaged
}

// loadCategory reads the feeds of one category in a View of its own, so that
// none is long, and joins them outside. What has not changed since before is
// taken from there, with the encodings that were made of it.
func (s *Server) loadCategory(ctx context.Context, num uint64, before categoryFeeds) (categoryFeeds, error) {
	var read []pieces
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		read, err = readPieces(r, num, before)
		return err
	})
	if errors.Is(err, store.ErrDamaged) {
		s.failedLoad(num, "", err)
		return before, nil
	}
	if err != nil {
		return categoryFeeds{}, fmt.Errorf("read the feeds of category %d: %w", num, err)
	}
	var after categoryFeeds
	for _, p := range read {
		f := p.artifact.Format
		if before[f].same(p.artifact) {
			after[f] = before[f]
			continue
		}
		loaded, err := joinPieces(p)
		if err != nil {
			s.failedLoad(num, p.artifact.Path, err)
			if loaded = before[f]; loaded == nil {
				loaded = &servedFeed{Artifact: header(p.artifact)}
			}
		}
		if loaded != before[f] {
			loaded.tally = s.metrics.tallies.of(p.artifact)
		}
		after[f] = loaded
	}
	return after, nil
}

func readPieces(r store.Reader, num uint64, before categoryFeeds) ([]pieces, error) {
	artifacts, err := r.Artifacts(num)
	if err != nil {
		return nil, err
	}
	var read []pieces
	for _, a := range artifacts {
		p := pieces{artifact: a}
		if !before[a.Format].same(a) {
			p.entries, p.err = readEntries(r, a)
		}
		if p.err != nil && !errors.Is(p.err, errDamaged) {
			return nil, p.err
		}
		read = append(read, p)
	}
	return read, nil
}

func readEntries(r store.Reader, a feed.Artifact) ([][]byte, error) {
	entries := make([][]byte, 0, len(a.Entries))
	for _, key := range a.Entries {
		data, err := r.Fragment(key)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
			return nil, fmt.Errorf("%w: entry of post %d: %w", errDamaged, key.Post, err)
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, data)
	}
	return entries, nil
}

func joinPieces(p pieces) (*servedFeed, error) {
	if p.err != nil {
		return nil, p.err
	}
	body, err := p.artifact.Whole(p.entries)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return newServedFeed(p.artifact, body), nil
}

func (s *Server) failedLoad(category uint64, path string, err error) {
	s.metrics.loadFailures.Inc()
	s.log.Error().Err(err).Uint64("category", category).Str("feed", path).
		Msg("a feed cannot be read; its previous generation stays; republish the category to repair it")
}
