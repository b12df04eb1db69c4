package scheduler

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
)

const (
	longestWait   = time.Minute        // rows are looked at this often, whatever hints say
	historyKept   = 7 * 24 * time.Hour // changes and the hub log
	pruneInterval = time.Hour
	pruneBatch    = 1000 // rows a commit
	firstBackoff  = time.Second
	longestPause  = time.Minute // between attempts while the store refuses
)

// Config is what a Scheduler is made of.
type Config struct {
	// Store holds everything; it is the only state that outlives the process.
	Store store.Store
	// Slots is shared with the store, which dates marks by it; nil makes one.
	Slots *Slots
	// Log takes one line a publication, and each change of an error.
	Log zerolog.Logger
	// Check may refuse a feed before it is published: the last good one stays.
	// Nil means that it must parse as what it claims to be. It may be called by
	// several goroutines.
	Check func(c feed.Category, p Part) error
	// Beat is called whenever the loop gets on, at least once a minute while it
	// has a store to work on; for a watchdog. It may be nil, and is called by
	// several goroutines.
	Beat func()
	// Observe is told how each publication went; for metrics. It may be nil.
	Observe func(store.Run)
	// Late is told how long after its due time each publication was out, and
	// whether the category's next slot had passed by then, which is one that was
	// missed; for metrics. It may be nil, and is called by several goroutines.
	Late func(by time.Duration, missed bool)
}

// Part is what is new in a feed: its frame, and the entries that no feed has
// shown yet.
type Part struct {
	Format     feed.Format
	Topic      string // the feed's URL
	Head, Tail []byte
	Entries    [][]byte

	verdicts []*verdict // of the entries, nil where there is none yet; or nil
}

// Lint is feed.LintEntry of an entry, which may have been done by then.
func (p Part) Lint(entry int) ([]feed.Finding, feed.Facts) {
	if p.verdicts != nil && p.verdicts[entry] != nil {
		return p.verdicts[entry].found, p.verdicts[entry].facts
	}
	return feed.LintEntry(p.Format, p.Entries[entry])
}

// Scheduler publishes categories when they are due. Its methods may be called
// from several goroutines, whether Run is running or not.
type Scheduler struct {
	store   store.Store
	slots   *Slots
	log     zerolog.Logger
	check   func(c feed.Category, p Part) error
	beat    func()
	observe func(store.Run)
	late    func(by time.Duration, missed bool)
	chunk   int // pending posts a commit
	workers int // publications at the same time

	observing sync.Mutex // one run is told of at a time

	// turn holds a value while somebody publishes a category, or asks for one.
	turn   chan struct{}
	asking atomic.Int32 // how many wait for the turn

	lease store.Lease   // changed by nobody but who has the turn
	runs  atomic.Uint64 // numbers what is published together, for the log

	mu     sync.Mutex
	claims map[uint64][]*claim // requests that wait for a category; they come within a turn
	delays map[uint64]delay    // categories that are put off
}

// New makes a Scheduler, which does nothing until it is told to. From its first
// publication on it has the leadership, until Run ends or the store is closed.
func New(c Config) *Scheduler {
	s := &Scheduler{
		store: c.Store, slots: c.Slots, check: c.Check, beat: c.Beat, observe: c.Observe, late: c.Late,
		log:   c.Log.With().Str("component", "scheduler").Logger(),
		turn:  make(chan struct{}, 1),
		chunk: chunk, workers: 8 * runtime.GOMAXPROCS(0), // most wait for the disk, and share its syncs

		claims: map[uint64][]*claim{}, delays: map[uint64]delay{},
	}
	if s.slots == nil {
		s.slots = NewSlots()
	}
	if s.beat == nil {
		s.beat = func() {}
	}
	if s.observe == nil {
		s.observe = func(store.Run) {}
	}
	if s.late == nil {
		s.late = func(time.Duration, bool) {}
	}
	return s
}

// Run publishes what is due until ctx ends, which is no error, or the store is
// closed. Whatever wakes it, it does the same: a Step.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news := make(chan struct{}, 1)
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ctx, news) })
	defer watching.Wait()
	defer cancel()

	var trouble trouble
	var pruned time.Time
	for {
		s.beat()
		next, err := s.Step(ctx, time.Now())
		if err == nil && time.Since(pruned) >= pruneInterval {
			var more bool
			if more, err = s.prune(ctx); !more {
				pruned = time.Now()
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, store.ErrClosed):
			return fmt.Errorf("run scheduler: %w", err)
		}
		if wait := trouble.note(s.log, err); wait > 0 {
			s.pause(ctx, wait, nil)
			continue
		}
		s.pause(ctx, min(time.Until(next), longestWait), news)
	}
}

// watch passes on the store's hints. Many commits at once are one hint.
func (s *Scheduler) watch(ctx context.Context, news chan<- struct{}) {
	var seen store.Seq
	for {
		seq, err := s.store.Wait(ctx, seen)
		switch {
		case ctx.Err() != nil || errors.Is(err, store.ErrClosed):
			return
		case err != nil:
			s.pause(ctx, firstBackoff, nil) // the loop looks by itself meanwhile
			continue
		}
		seen = seq
		select {
		case news <- struct{}{}:
		default:
		}
	}
}

// pause waits for a time, for news, or for the end.
func (s *Scheduler) pause(ctx context.Context, wait time.Duration, news <-chan struct{}) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-news:
	case <-ctx.Done():
	}
}

// trouble is what the store last refused with.
type trouble struct {
	text string
	wait time.Duration
}

// note logs an error when it is another one than before, and tells how long to
// wait before the next attempt; 0 when all is well.
func (t *trouble) note(log zerolog.Logger, err error) time.Duration {
	if err == nil {
		if t.text != "" {
			log.Info().Msg("the store works again")
		}
		*t = trouble{}
		return 0
	}
	if t.text != err.Error() {
		log.Error().Err(err).Msg("cannot publish; trying again")
	}
	t.text = err.Error()
	t.wait = min(max(2*t.wait, firstBackoff), longestPause)
	return t.wait
}

// prune removes one batch of what is older than the history is kept.
func (s *Scheduler) prune(ctx context.Context) (more bool, err error) {
	err = s.store.Update(ctx, func(tx store.Tx) error {
		more, err = tx.Prune(tx.Now().Add(-historyKept), pruneBatch)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("prune history: %w", err)
	}
	return more, nil
}

// take waits for the turn to publish.
func (s *Scheduler) take(ctx context.Context) error {
	_, _, err := s.takeOr(ctx, nil)
	return err
}

// takeOr waits for the turn, or for rows if there is a channel, and tells
// whether it has the turn.
func (s *Scheduler) takeOr(ctx context.Context, results <-chan []Result) (rows []Result, turn bool, err error) {
	s.asking.Add(1)
	defer s.asking.Add(-1)
	select {
	case rows = <-results:
		return rows, false, nil
	case s.turn <- struct{}{}:
		return nil, true, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (s *Scheduler) give() { <-s.turn }

// lead makes sure that this process has the leadership. Whoever calls it has
// the turn.
func (s *Scheduler) lead(ctx context.Context) error {
	if s.lease.Context != nil && s.lease.Context.Err() == nil {
		return nil
	}
	s.yield()
	lease, err := s.store.Hold(ctx, "scheduler")
	if err != nil {
		return err
	}
	s.lease = lease
	return nil
}

// yield gives up the leadership. Whoever calls it has the turn.
func (s *Scheduler) yield() {
	if s.lease.Release != nil {
		s.lease.Release()
	}
	s.lease = store.Lease{}
}

// release gives up the leadership at the end, once nobody publishes.
func (s *Scheduler) release() {
	s.turn <- struct{}{}
	defer s.give()
	s.yield()
}
