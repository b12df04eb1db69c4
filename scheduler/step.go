package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"syndic/feed"
	"syndic/store"
)

// shortWait is after how long the loop looks again at a category that a request
// is about to publish: it may have been broken off.
const shortWait = time.Second

// longestBackoff is the longest wait between two attempts at one category.
const longestBackoff = 5 * time.Minute

// delay puts a category's publication off. It is kept in memory only: a new
// process tries at once.
type delay struct {
	until time.Time
	wait  time.Duration // the backoff that led there; 0 if nothing failed
	mark  store.Seq     // what failed; a newer mark is tried at once
	text  string        // the error, so that it is logged once
}

// stands tells whether the mark has to wait.
func (d delay) stands(m store.Mark, now time.Time) bool {
	return now.Before(d.until) && (d.wait == 0 || m.Seq == d.mark)
}

// Step does everything that is due at now: scheduled posts join the queue, and
// every category whose mark is due is published. It returns when it should be
// called again, at most a minute after now.
//
// What goes wrong with one category is recorded in its Run, logged, and tried
// again later; the error is of the store as a whole.
func (s *Scheduler) Step(ctx context.Context, now time.Time) (next time.Time, err error) {
	next = now.Add(longestWait)
	err = s.queueDue(ctx, now)
	if err == nil || !fatal(ctx, err) {
		err = errors.Join(err, s.publishDue(ctx, now))
	}
	if err != nil {
		return next, err
	}
	return s.next(ctx, now)
}

// fatal tells whether an error is of the store as a whole, so that the other
// categories would fare no better.
func fatal(ctx context.Context, err error) bool {
	for _, whole := range []error{store.ErrClosed, store.ErrFenced, store.ErrFull, store.ErrPermission, store.ErrLocked} {
		if errors.Is(err, whole) {
			return true
		}
	}
	return ctx.Err() != nil
}

// queueDue queues the posts whose time has come. Their marks are due from then
// on, with the categories' waiting changes. A crash between two batches leaves
// the rest scheduled, and as due as before.
func (s *Scheduler) queueDue(ctx context.Context, now time.Time) error {
	for {
		var due []feed.Post
		err := s.store.View(ctx, func(r store.Reader) (err error) {
			due, err = r.DuePosts(now, batch)
			return err
		})
		if err != nil || len(due) == 0 {
			return wrap("read due posts", err)
		}
		err = s.store.Update(ctx, func(tx store.Tx) error {
			for _, p := range due {
				if err := queue(tx, p.Num, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap("queue due posts", err)
		}
		s.beat()
		if len(due) < batch {
			return nil
		}
	}
}

// queue queues one post, if it is still scheduled and due. A post that was out
// before, and was recalled, keeps its date.
func queue(tx store.Tx, num uint64, now time.Time) error {
	p, err := tx.Post(num)
	if err != nil {
		return err
	}
	if p.State != feed.Scheduled || p.PublishAt.After(now) {
		return nil
	}
	p.State = feed.Queued
	if p.Live == 0 || p.Published.IsZero() {
		p.Published = p.PublishAt.UTC().Truncate(time.Second)
	}
	_, err = tx.PutPost(p, store.PutOptions{Due: p.PublishAt})
	return err
}

// publishDue publishes each category that is due, once.
func (s *Scheduler) publishDue(ctx context.Context, now time.Time) error {
	done := map[uint64]bool{}
	for limit := batch; ; {
		marks, err := s.dueMarks(ctx, now, limit)
		if err != nil {
			return err
		}
		todo := marks[:0:0]
		for _, m := range marks {
			if !done[m.Category] && !s.waits(m, now).After(now) {
				todo = append(todo, m)
			}
		}
		if len(todo) == 0 && len(marks) < limit {
			return nil
		}
		if len(todo) == 0 {
			limit *= 2 // those that have to wait are in front of the others
		}
		var categories []uint64
		for _, m := range todo {
			done[m.Category] = true
			categories = append(categories, m.Category)
		}
		if err := s.publishAll(ctx, s.runs.Add(1), categories, func(uint64) bool { return false }); err != nil {
			return err
		}
	}
}

func (s *Scheduler) dueMarks(ctx context.Context, now time.Time, limit int) (marks []store.Mark, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		marks, err = r.DueMarks(now, limit)
		return err
	})
	return marks, wrap("read due marks", err)
}

// publishAll publishes categories that are not done by then, as many a turn as
// there are until somebody else wants one. Of a few, the site's own feed comes
// last: who changed a post looks for it in its category. Of many it comes first,
// as it makes all their posts live in their order on disk. The log calls it run,
// where nobody waits for a category.
func (s *Scheduler) publishAll(ctx context.Context, run uint64, categories []uint64, done func(uint64) bool) error {
	for len(categories) > 0 {
		if err := s.take(ctx); err != nil {
			return err
		}
		todo, last := slices.DeleteFunc(categories, done), []uint64(nil)
		if 1 < len(todo) && len(todo) <= s.workers && todo[0] == feed.SiteNum {
			todo, last = todo[1:], todo[:1]
		}
		left, err := s.serve(ctx, run, todo...)
		s.give()
		if err != nil {
			return err
		}
		categories = append(left, last...)
	}
	return nil
}

// serve publishes categories, several at a time: each commits alone, and those
// that wait for the disk together share its syncs. When somebody asks for the
// turn it ends with what has been begun, and left is the rest. Its error is of
// the store as a whole, or ctx's. Whoever calls it has the turn.
func (s *Scheduler) serve(ctx context.Context, run uint64, categories ...uint64) (left []uint64, err error) {
	if err := s.lead(ctx); err != nil {
		return nil, wrap("hold the leadership", err)
	}
	next := make(chan uint64, len(categories))
	for _, c := range categories {
		next <- c
	}
	close(next)
	errs := make([]error, min(s.workers, len(categories)))
	work := func(i int) {
		for c := range next {
			if errs[i] = s.serveOne(ctx, run, c); errs[i] != nil {
				return
			}
			s.beat()
			if s.asking.Load() > 0 {
				return
			}
		}
	}
	var working sync.WaitGroup
	for i := 1; i < len(errs); i++ {
		working.Go(func() { work(i) })
	}
	if len(errs) > 0 {
		work(0) // one category alone needs no other goroutine
	}
	working.Wait()
	for c := range next {
		left = append(left, c)
	}
	if errors.Is(errors.Join(errs...), store.ErrFenced) {
		s.yield() // the next attempt asks for the leadership anew
	}
	return left, cmp.Or(errs...)
}

// serveOne publishes a category for everybody who waits for it, and keeps how
// it went. Its error is of the store as a whole, or ctx's: then those who wait
// still do.
func (s *Scheduler) serveOne(ctx context.Context, number, category uint64) error {
	start := time.Now()
	claims := s.claimed(category)
	o := orderOf(claims)
	o.run = cmp.Or(o.run, number)
	report, err := s.attempt(ctx, category, o)
	var later *laterError
	switch {
	case errors.As(err, &later):
		// By the running clock: one that is put back must not make it longer.
		s.putOff(category, delay{until: time.Now().Add(time.Until(later.until))})
		return nil
	case err != nil && fatal(ctx, err):
		return err
	}
	run := report.run
	if err != nil {
		run = s.fail(ctx, report, start, err)
	} else {
		s.settle(category)
		if now := time.Now(); !report.due.IsZero() && !report.due.After(now) {
			s.late(report.lateness(s.slots, now))
		}
	}
	s.observing.Lock()
	s.observe(run)
	s.observing.Unlock()
	s.answer(category, report.results(err))
	return nil
}

// attempt publishes a category and turns a panic into an error.
func (s *Scheduler) attempt(ctx context.Context, category uint64, o order) (r report, err error) {
	r.category.Num, r.number = category, o.run
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	err = s.publish(ctx, o, &r)
	return r, err
}

// panicError is a panic of a publication.
type panicError struct {
	value any
	stack []byte
}

// Error is one line for a log or a status.
func (e *panicError) Error() string { return fmt.Sprintf("publication panicked: %v", e.value) }

// fail keeps that a publication failed, and puts the next attempt off.
func (s *Scheduler) fail(ctx context.Context, r report, start time.Time, cause error) store.Run {
	category := r.category.Num
	run := store.Run{Category: category, At: start.UTC(), Duration: time.Since(start), Error: cause.Error()}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Fence(s.lease); err != nil {
			return err
		}
		if last, err := tx.Run(category); err == nil {
			run.Good = last.Good
		}
		return tx.PutRun(run)
	})
	last := s.delay(category)
	wait := min(max(2*last.wait, firstBackoff), longestBackoff)
	s.putOff(category, delay{until: time.Now().Add(wait), wait: wait, mark: r.mark, text: run.Error})
	if last.text != run.Error {
		event := s.log.Error().Str("category", r.category.Slug).Uint64("run", r.number).Err(cause)
		var panicked *panicError
		if errors.As(cause, &panicked) {
			event.Bytes("stack", panicked.stack)
		}
		event.Msg("publication failed; the last good feeds stay")
	}
	if err != nil {
		s.log.Error().Str("category", r.category.Slug).Err(err).Msg("cannot keep that a publication failed")
	}
	return run
}

func (s *Scheduler) delay(category uint64) delay {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.delays[category]
}

// waits is until when the loop leaves a mark alone, zero for not at all.
func (s *Scheduler) waits(m store.Mark, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch d := s.delays[m.Category]; {
	case d.stands(m, now):
		return d.until
	case len(s.claims[m.Category]) > 0:
		return now.Add(shortWait)
	}
	return time.Time{}
}

func (s *Scheduler) putOff(category uint64, d delay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delays[category] = d
}

// settle forgets a category's delay.
func (s *Scheduler) settle(category uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.delays, category)
}

// next is when there is something to do again.
func (s *Scheduler) next(ctx context.Context, now time.Time) (time.Time, error) {
	next := now.Add(longestWait)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	s.mu.Lock()
	waiting := len(s.delays) + len(s.claims)
	s.mu.Unlock()
	err := s.store.View(ctx, func(r store.Reader) error {
		sooner(r.NextPost())
		// The earliest that has to wait for nothing but its Due is among these.
		marks, err := r.DueMarks(next, waiting+1)
		for _, m := range marks {
			sooner(latest(m.Due, s.waits(m, now)))
		}
		return err
	})
	return next, wrap("read what is due next", err)
}

// wrap names the operation of an error, if there is one.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
