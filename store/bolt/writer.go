package bolt

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"syndic/store"
)

// call is one Update on its way. Its function runs in its caller's goroutine,
// so that a panic or a Goexit in it is the caller's own.
type call struct {
	turn  chan *tx      // the writer hands over a transaction
	ran   chan struct{} // closed when the function has ended, however it did
	done  chan error    // how the commit went
	taken atomic.Bool   // by the writer, or by the caller who went away
}

var errAborted = errors.New("the function did not return")

// Update runs fn and commits what it wrote. Updates that arrive while a commit
// is being synced share the next one.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{turn: make(chan *tx, 1), ran: make(chan struct{}), done: make(chan error, 1)}
	if err := s.enqueue(c); err != nil {
		return err
	}
	select {
	case t := <-c.turn:
		return c.take(t, fn)
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	select {
	case t := <-c.turn:
		return c.take(t, fn)
	case err := <-c.done:
		return err
	}
}

func (s *Store) enqueue(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return store.ErrClosed
	}
	if s.broken != nil {
		return s.broken
	}
	s.queue = append(s.queue, c)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return nil
}

// take runs fn with the transaction and waits for the commit.
func (c *call) take(t *tx, fn func(store.Tx) error) error {
	c.run(t, fn)
	return <-c.done
}

func (c *call) run(t *tx, fn func(store.Tx) error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer close(c.ran)
	defer recoverFault(&t.err)
	t.err = errAborted
	t.err = fn(t)
}

// write is the writer: one goroutine from Open to Close.
func (s *Store) write() {
	defer close(s.stopped)
	debug.SetPanicOnFault(true)
	for {
		select {
		case <-s.wake:
			s.commit(s.waiting())
		case job := <-s.jobs:
			job()
		case <-s.closed:
			tell(s.waiting(), nil, store.ErrClosed)
			return
		}
	}
}

// between runs fn in the writer, so that no commit is under way.
func (s *Store) between(fn func() error) error {
	done := make(chan error, 1)
	select {
	case s.jobs <- func() { done <- fn() }:
		return <-done
	case <-s.closed:
		return store.ErrClosed
	}
}

// waiting takes the queue, without those whose callers went away.
func (s *Store) waiting() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []*call
	for _, c := range s.queue {
		if c.taken.CompareAndSwap(false, true) {
			calls = append(calls, c)
		}
	}
	s.queue = nil
	return calls
}

// batch is the Updates of one transaction of bbolt.
type batch struct {
	btx    *bbolt.Tx
	seq    store.Seq        // of the newest of them that wrote
	leases map[string]lease // as they are once it has committed
	wrote  []*overlay
}

// commit runs the calls one after another in one transaction and tells each
// how it ended. A crash before the sync of the meta page leaves none of them,
// one after it all.
func (s *Store) commit(calls []*call) {
	if len(calls) == 0 {
		return
	}
	b, err := s.openBatch()
	if err != nil {
		tell(calls, nil, err)
		return
	}
	failed := make(map[*call]error)
	for _, c := range calls {
		lost, err := s.turn(b, c)
		if lost {
			_ = s.rollback(b.btx) // the store says so itself if it fails
			tell(calls, nil, err)
			return
		}
		if err != nil {
			failed[c] = err
		}
	}
	// Even a failure is told after the sync: what it saw may be what the
	// others wrote.
	if err := s.seal(b); err != nil {
		tell(calls, nil, err)
		return
	}
	tell(calls, failed, nil)
}

// tell ends each call with its own error or else with err.
func tell(calls []*call, own map[*call]error, err error) {
	for _, c := range calls {
		if e := own[c]; e != nil {
			c.done <- e
			continue
		}
		c.done <- err
	}
}

func (s *Store) openBatch() (*batch, error) {
	btx, err := s.begin(true)
	if err != nil {
		return nil, err
	}
	r := reader{btx: btx}
	b := &batch{btx: btx, leases: s.leases, seq: store.Seq(number(r.get(inMeta, []byte("seq"))))}
	if r.fault != nil {
		_ = s.rollback(btx) // the store says so itself if it fails
		return nil, fault(s.path, r.fault)
	}
	return b, nil
}

// turn gives one call its turn. Its error is the call's own and undoes nothing
// but it, unless the whole transaction was lost with it.
func (s *Store) turn(b *batch, c *call) (lost bool, err error) {
	t := newTx(b.btx, b.seq+1)
	t.sites = &s.sites
	t.slot, t.leases = s.o.Slot, b.leases
	c.turn <- t
	<-c.ran
	if t.fault != nil {
		s.hurt(t.fault)
		return false, fault(s.path, t.fault)
	}
	if err := cmp.Or(t.err, t.broken); err != nil {
		return false, err
	}
	b.leases = t.leases
	if t.over.empty() {
		return false, nil
	}
	if err := t.over.put(inMeta, []byte("seq"), numKey(uint64(t.seq))); err != nil {
		return false, err
	}
	if err := guarded(func() error { return t.over.apply(b.btx) }); err != nil {
		return true, fault(s.path, err)
	}
	b.seq, b.wrote = t.seq, append(b.wrote, t.over)
	return false, nil
}

// seal commits the batch, if there is anything to commit.
func (s *Store) seal(b *batch) error {
	if len(b.wrote) == 0 {
		s.leases = b.leases
		return s.rollback(b.btx)
	}
	start := time.Now()
	err := s.commitFile(b.btx)
	if s.o.Committed != nil && err == nil {
		s.o.Committed(time.Since(start))
	}
	// After the commit, or a compaction could read a row just before it and
	// not learn of the new one; also after a failed one, which may be on disk.
	if n := s.news.Load(); n != nil {
		n.add(b.wrote)
	}
	if err != nil {
		return err
	}
	s.leases = b.leases
	s.announce(b.seq)
	return nil
}

// commitFile syncs the transaction. After an error of the system bbolt has
// rolled it back and goes on; after a panic nothing can be trusted.
func (s *Store) commitFile(btx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakOff(damaged("%v", p))
		}
	}()
	return fault(s.path, btx.Commit())
}

func (s *Store) rollback(btx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakOff(damaged("%v", p))
		}
	}()
	return fault(s.path, btx.Rollback())
}
