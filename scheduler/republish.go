package scheduler

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

// Request asks for feeds to be made again from nothing, now.
type Request struct {
	// Categories are their numbers; none means all. The site's own feed goes
	// along with named ones.
	Categories []uint64
	// DryRun renders and compares, and writes nothing.
	DryRun bool
	// NoPing makes no deliveries for what changed.
	NoPing bool
	// Force makes deliveries for what did not change, too.
	Force bool

	run uint64 // its number, for the log
}

// claim is one request's interest in the next publication of one category.
type claim struct {
	quiet, force bool
	run          uint64        // the request's number, for the log
	results      chan []Result // holds one
}

// order says what a publication tells the hubs.
type order struct {
	quiet bool   // nothing
	force bool   // of every feed, changed or not
	run   uint64 // what the log calls all that is published with it
}

// orderOf joins what the requests want that share a publication. A ping that
// one of them wants is sent; who asks for nothing does not take it from them.
func orderOf(claims []*claim) order {
	o := order{quiet: len(claims) > 0}
	for _, c := range claims {
		o.run = cmp.Or(o.run, c.run)
		o.quiet = o.quiet && c.quiet
		o.force = o.force || c.force && !c.quiet
	}
	return o
}

// Republish makes feeds again and returns a row for each, the site's first.
// Queued posts go out with it; drafts and scheduled ones do not, and a category
// that only such posts name stays unpublished: its rows are unchanged, and of no
// generation. It works with and without Run: whoever has the turn publishes for
// all who wait for the category, and everybody gets that run's rows. A crash
// leaves marks, from which the next step publishes; NoPing and Force are
// forgotten then.
func (s *Scheduler) Republish(ctx context.Context, req Request) ([]Result, error) {
	categories, err := s.chosen(ctx, req.Categories)
	if err != nil {
		return nil, fmt.Errorf("republish: %w", err)
	}
	if req.DryRun {
		return s.compareAll(ctx, categories)
	}
	req.run = s.runs.Add(1)
	claims := map[uint64]*claim{}
	defer s.withdraw(claims)
	for part := range slices.Chunk(categories, batch) {
		if err := s.enlist(ctx, part, req, claims); err != nil {
			return nil, fmt.Errorf("republish: %w", err)
		}
	}
	answered := func(c uint64) bool { return len(claims[c].results) > 0 } // another request's turn did it
	if err := s.publishAll(ctx, 0, slices.Clone(categories), answered); err != nil {
		return nil, fmt.Errorf("republish: %w", err)
	}
	var rows []Result
	for _, c := range categories {
		got, err := s.await(ctx, c, claims[c])
		if err != nil {
			return rows, fmt.Errorf("republish: %w", err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// chosen are the categories that a request means, by number.
func (s *Scheduler) chosen(ctx context.Context, named []uint64) (chosen []uint64, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		chosen = nil
		for _, num := range named {
			c, err := r.Category(num)
			if err != nil {
				return err
			}
			if c.State == feed.Retired {
				return fmt.Errorf("category %q is retired: %w", c.Slug, store.ErrNotFound)
			}
			chosen = append(chosen, num)
		}
		if len(named) > 0 {
			chosen = append(chosen, feed.SiteNum)
			return nil
		}
		for after, more := uint64(0), true; more; {
			list, err := r.Categories(after, batch)
			if err != nil {
				return err
			}
			for _, c := range list {
				after = c.Num
				if c.State != feed.Retired {
					chosen = append(chosen, c.Num)
				}
			}
			more = len(list) == batch
		}
		return nil
	})
	slices.Sort(chosen)
	return slices.Compact(chosen), err
}

// enlist marks categories due, and claims the publications that follow. Both
// happen within one turn, so whoever publishes next knows of the claim and has
// the mark.
func (s *Scheduler) enlist(ctx context.Context, categories []uint64, req Request, claims map[uint64]*claim) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		for _, c := range categories {
			if err := tx.PutMark(c, tx.Now(), true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return wrap("mark categories", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range categories {
		claims[c] = &claim{quiet: req.NoPing, force: req.Force, run: req.run, results: make(chan []Result, 1)}
		s.claims[c] = append(s.claims[c], claims[c])
	}
	return nil
}

// claimed are the claims on the next publication of a category.
func (s *Scheduler) claimed(category uint64) []*claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims[category]
}

// answer gives everybody who waits for a category its rows.
func (s *Scheduler) answer(category uint64, rows []Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.claims[category] {
		c.results <- rows
	}
	delete(s.claims, category)
}

// withdraw removes the claims that nobody waits for any more.
func (s *Scheduler) withdraw(claims map[uint64]*claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for num, c := range claims {
		left := slices.DeleteFunc(slices.Clone(s.claims[num]), func(other *claim) bool { return other == c })
		if len(left) == 0 {
			delete(s.claims, num)
		} else {
			s.claims[num] = left
		}
	}
}

// await returns a claim's rows: those of the publication that somebody else
// made, or of the one that it makes itself.
func (s *Scheduler) await(ctx context.Context, category uint64, c *claim) ([]Result, error) {
	for {
		rows, turn, err := s.takeOr(ctx, c.results)
		if turn {
			rows, err = s.own(ctx, category, c)
		}
		if !turn || rows != nil || err != nil {
			return rows, err
		}
		// It was put off: the feed had a generation this very second.
		wait := time.NewTimer(time.Until(s.delay(category).until))
		select {
		case rows := <-c.results:
			wait.Stop()
			return rows, nil
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
	}
}

// own publishes a claimed category, unless that was done while the turn was
// waited for, and gives the turn back. No rows and no error: put off.
func (s *Scheduler) own(ctx context.Context, category uint64, c *claim) ([]Result, error) {
	defer s.give()
	select {
	case rows := <-c.results:
		return rows, nil
	default:
	}
	if _, err := s.serve(ctx, 0, category); err != nil {
		return nil, err
	}
	select {
	case rows := <-c.results:
		return rows, nil
	default:
		return nil, nil
	}
}

// compareAll is a republish that writes nothing.
func (s *Scheduler) compareAll(ctx context.Context, categories []uint64) ([]Result, error) {
	var rows []Result
	for _, num := range categories {
		r := &report{category: feed.Category{Num: num}}
		err := s.compareOne(ctx, r)
		if err != nil && fatal(ctx, err) {
			return rows, fmt.Errorf("republish: %w", err)
		}
		rows = append(rows, r.results(err)...)
	}
	return rows, nil
}

func (s *Scheduler) compareOne(ctx context.Context, r *report) error {
	e, err := s.read(ctx, r.category.Num, true)
	if err != nil {
		return wrap("read category", err)
	}
	r.note(e)
	if err := s.render(ctx, e, true); err != nil {
		return wrap("render", err)
	}
	list, err := e.artifacts(0, e.now)
	var later *laterError
	if errors.As(err, &later) {
		list, err = e.artifacts(0, later.until)
	}
	r.conclude(e, list, store.Run{})
	return err
}
