package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"syndic/store"
)

const (
	lookEvery = time.Minute // Wait is a hint that may be lost
	retryMin  = time.Second // after a store error
	retryMax  = 30 * time.Second
	fullAfter = 24 * time.Hour // far below the seven days for which changes are kept
)

// Run keeps what is served up with the store until ctx ends. Errors of the
// store are logged once, and tried again.
func (s *Server) Run(ctx context.Context) error {
	var ahead sync.WaitGroup
	defer ahead.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead.Go(func() { s.makeAhead(ctx) })
	failing, pause := false, retryMin
	for {
		seen, err := s.catchUp(ctx)
		if err == nil {
			if failing {
				s.log.Info().Msg("the store can be read again")
			}
			failing, pause = false, retryMin
			err = s.wait(ctx, seen)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			continue
		case errors.Is(err, store.ErrClosed):
			return err
		}
		if !failing {
			s.log.Error().Err(err).Msg("the store cannot be read; what was loaded stays served")
			failing = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMax)
	}
}

// wait returns when there may be something new.
func (s *Server) wait(ctx context.Context, seen store.Seq) error {
	look, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	if _, err := s.store.Wait(look, seen); err != nil && look.Err() == nil {
		return fmt.Errorf("wait for a publication: %w", err)
	}
	return nil
}

// catchUp brings the snapshot up to the store's newest commit.
func (s *Server) catchUp(ctx context.Context) (store.Seq, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	// The wall clock, because the monotonic one stands still in a sleeping machine.
	if !s.current.Load().loaded || time.Now().Round(0).Sub(s.looked) > fullAfter {
		err := s.loadAll(ctx)
		return s.seen, err
	}
	n, err := s.readNews(ctx)
	switch {
	case err != nil:
		return s.seen, err
	case n.everything:
		err = s.loadAll(ctx)
	default:
		err = s.follow(ctx, n)
	}
	return s.seen, err
}

// follow reads what the news are about. A failure changes nothing.
func (s *Server) follow(ctx context.Context, n news) error {
	h := s.head
	if n.head {
		var err error
		if h, _, err = s.readHead(ctx); err != nil {
			return err
		}
	}
	list := make([]found, len(n.categories))
	for i, num := range n.categories {
		var err error
		if list[i], err = s.readCategory(ctx, num); err != nil {
			return err
		}
	}
	if n.head || len(list) > 0 {
		s.apply(h, list, n.head)
	}
	s.upTo(n.seq)
	return nil
}

// news is what the changes since the last look ask for.
type news struct {
	seq        store.Seq
	everything bool     // the site's configuration changed
	head       bool     // a category's record changed
	categories []uint64 // whose feeds are to be read, ascending
}

func (s *Server) readNews(ctx context.Context) (n news, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		n = news{seq: r.Seq()}
		for after := s.seen; ; {
			changes, err := r.Changes(after, listLimit)
			if err != nil {
				return err
			}
			for _, c := range changes {
				n.add(c)
			}
			if len(changes) < listLimit {
				return nil
			}
			after = changes[len(changes)-1].Seq
		}
	})
	if err != nil {
		return news{}, fmt.Errorf("read the changes after %d: %w", s.seen, err)
	}
	slices.Sort(n.categories)
	n.categories = slices.Compact(n.categories)
	return n, nil
}

func (n *news) add(c store.Change) {
	switch c.Kind {
	case store.SiteChanged:
		n.everything = true
	case store.CategoryChanged:
		n.head = true
		n.categories = append(n.categories, c.Category)
	case store.FeedPublished:
		n.categories = append(n.categories, c.Category)
	}
}
