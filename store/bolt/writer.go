package bolt

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"syndic/store"
)

// call is one Update on its way. Its function runs in its caller's goroutine,
// so that a panic or a Goexit in it is the caller's own.
type call struct {
	turn  chan *batch // the transaction is handed over
	done  chan error  // how the commit went
	taken atomic.Bool // by the writer, or by the caller who went away
}

var errAborted = errors.New("the function did not return")

// Update runs fn and commits what it wrote. Updates that arrive while a commit
// is being synced share the next one.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &call{turn: make(chan *batch, 1), done: make(chan error, 1)}
	select {
	case s.writing <- struct{}{}:
		return s.direct(c, fn)
	default:
	}
	if err := s.enqueue(c); err != nil {
		return err
	}
	select {
	case b := <-c.turn:
		return s.take(b, c, fn)
	case err := <-c.done:
		return err
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	select {
	case b := <-c.turn:
		return s.take(b, c, fn)
	case err := <-c.done:
		return err
	}
}

// direct is Update while nobody writes. The caller is the writer then, which
// spares it three changes of goroutine, each of which may wake a core.
func (s *Store) direct(c *call, fn func(store.Tx) error) error {
	defer func() { <-s.writing }()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	b, err := s.openBatch([]*call{c})
	if err != nil {
		return err
	}
	b.ran = 1
	func() {
		defer s.settle(b) // however fn ends, as there may be others
		s.run(b, c, fn)
	}()
	return <-c.done
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
func (s *Store) take(b *batch, c *call, fn func(store.Tx) error) error {
	s.run(b, c, fn)
	return <-c.done
}

// run hands the transaction on when fn has ended, however it did.
func (s *Store) run(b *batch, c *call, fn func(store.Tx) error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	t := s.newTurn(b)
	defer func() {
		s.keep(b, c, t)
		s.handOn(b)
	}()
	defer recoverFault(&t.err)
	t.err = errAborted
	t.err = fn(t)
}

// write is the writer for those who came while somebody wrote: one goroutine
// from Open to Close, after which nobody writes.
func (s *Store) write() {
	defer close(s.stopped)
	debug.SetPanicOnFault(true)
	for {
		job := func() { s.commit(s.waiting()) }
		select {
		case <-s.wake:
		case job = <-s.jobs:
		case <-s.closed:
			s.writing <- struct{}{}
			tell(s.waiting(), nil, store.ErrClosed)
			return
		}
		s.writing <- struct{}{}
		job()
		<-s.writing
	}
}

// between runs fn in the writer goroutine, so that no commit is under way.
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
	return s.dequeue()
}

// joining takes the queue for a transaction that runs already.
func (s *Store) joining() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	return s.dequeue()
}

func (s *Store) dequeue() []*call {
	var calls []*call
	for _, c := range s.queue {
		if c.taken.CompareAndSwap(false, true) {
			calls = append(calls, c)
		}
	}
	s.queue = nil
	return calls
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
