package bolt

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
)

// Options say how a database is opened.
type Options struct {
	// Create makes the file, and the directory it lies in, when there is none.
	Create bool
	// Wait is how long to wait for another process's lock; 0 means a second.
	Wait time.Duration
	// Slot is a category's next slot after a time: the Due of a mark for which
	// PutOptions names none. Nil means at once.
	Slot func(site feed.Site, c feed.Category, after time.Time) time.Time
	// Committed is told how long each commit took to be durable; it may be nil.
	// Every other writer waits for it.
	Committed func(took time.Duration)
	// Log takes what no caller is told of.
	Log zerolog.Logger

	readOnly bool // for Inspect alone: no lock against other readers, no migration, no writer
}

// Store is a store.Store in one file.
type Store struct {
	path string
	o    Options

	swap sync.RWMutex // taken to give the store another file
	db   *bbolt.DB
	file *os.File // bbolt's own, to be closed when bbolt cannot

	compacting sync.Mutex           // held by the one compaction, and in the end by Close
	news       atomic.Pointer[news] // what a compaction has to catch up with
	jobs       chan func()          // for the writer, between two commits

	writing chan struct{} // holds one, of whoever writes; after Close for ever

	mu      sync.Mutex
	seq     store.Seq     // newest commit
	moved   chan struct{} // closed, and made anew, when seq grows
	queue   []*call       // Updates that wait for the writer
	wake    chan struct{} // tells the writer of the queue; holds one
	broken  error         // damage that left bbolt's locks taken
	damage  string        // the first that was met
	holders map[string]chan struct{}
	ended   bool

	closed  chan struct{}    // closed by Close
	stopped chan struct{}    // closed when the writer has ended
	leases  map[string]lease // of deliveries; the writer's
	told    int              // how many calls the last transaction had; its holder's
	room    sizes            // of the last Update that wrote; its holder's
	sites   siteCache
	live    context.Context    // parent of every leadership; ends with Close
	end     context.CancelFunc // ends live
}

var _ store.Store = (*Store)(nil)

// Path is the file's.
func (s *Store) Path() string { return s.path }

// View runs fn on a consistent snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer recoverFault(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	btx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer btx.Rollback() //nolint:errcheck // of a read transaction: it only ends it
	r := &reader{btx: btx, sites: &s.sites}
	r.seq = store.Seq(number(r.get(inMeta, []byte("seq"))))
	if r.fault == nil {
		err = fn(r)
	}
	if r.fault != nil {
		s.hurt(r.fault)
		return fault(s.path, r.fault)
	}
	return err
}

// begin starts a transaction of bbolt. A panic there leaves bbolt's locks
// taken, so that nothing more can be done with this handle. Only the writer
// commits one: a compaction learns of its rows alone.
func (s *Store) begin(writable bool) (btx *bbolt.Tx, err error) {
	if err := s.state(); err != nil {
		return nil, err
	}
	s.swap.RLock()
	defer s.swap.RUnlock()
	defer func() {
		if p := recover(); p != nil {
			err = s.breakOff(damaged("%v", p))
		}
	}()
	btx, err = s.db.Begin(writable)
	return btx, fault(s.path, err)
}

// state is why the store takes no calls, nil while it does.
func (s *Store) state() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return store.ErrClosed
	}
	return s.broken
}

func (s *Store) breakOff(err error) error {
	s.hurt(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = fmt.Errorf("%s: %w", s.path, err)
		s.o.Log.Error().Str("component", "store").Err(s.broken).Msg("the database takes no more writes")
	}
	return s.broken
}

// Wait returns the newest Seq as soon as it is greater than after.
func (s *Store) Wait(ctx context.Context, after store.Seq) (store.Seq, error) {
	for {
		s.mu.Lock()
		seq, moved, ended := s.seq, s.moved, s.ended
		s.mu.Unlock()
		switch {
		case ended:
			return seq, store.ErrClosed
		case seq > after:
			return seq, nil
		}
		select {
		case <-moved:
		case <-s.closed:
		case <-ctx.Done():
			return seq, ctx.Err()
		}
	}
}

// announce moves seq on and wakes those who wait for it.
func (s *Store) announce(seq store.Seq) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq > s.seq {
		s.seq = seq
		close(s.moved)
		s.moved = make(chan struct{})
	}
}

// Close waits for the transactions that run, ends all leaderships and
// releases the file and its lock.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.ended = true
	close(s.closed)
	s.mu.Unlock()
	s.end()
	<-s.stopped
	s.compacting.Lock()
	defer s.compacting.Unlock()
	err := s.closeFile()
	s.noteClosed()
	return err
}

// handle is the file that the store has now.
func (s *Store) handle() handle {
	s.swap.RLock()
	defer s.swap.RUnlock()
	return handle{s.db, s.file}
}

// exchange gives the store another file. Transactions that have begun end on
// the one before.
func (s *Store) exchange(h handle) (old handle) {
	s.swap.Lock()
	defer s.swap.Unlock()
	old = handle{s.db, s.file}
	s.db, s.file = h.db, h.file
	return old
}
