package bolt

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"syndic/store"
	"syndic/store/storetest"
)

// held returns a store whose writer is held in an Update, until release.
func held(t *testing.T) (s *Store, release func()) {
	t.Helper()
	s = mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	entered, leave := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() {
		first <- s.Update(context.Background(), func(store.Tx) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	return s, func() {
		close(leave)
		if err := <-first; err != nil {
			t.Errorf("first update: %v", err)
		}
	}
}

// queued waits until n Updates wait for the writer.
func queued(s *Store, n int) {
	for {
		s.mu.Lock()
		waiting := len(s.queue)
		s.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// Updates that arrive while the writer is busy share one transaction, each
// with its own outcome: done, failed, panicked, or its goroutine ended.
func TestGroupCommit(t *testing.T) {
	s, release := held(t)
	defer check(t, s)
	const n = 20
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Add(1)
		go func() {
			defer group.Done()
			defer func() { _ = recover() }()
			errs[i] = s.Update(context.Background(), func(tx store.Tx) error {
				if _, err := tx.PutPost(storetest.Post(i), store.PutOptions{}); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return storetest.ErrInjected
				case 2:
					panic("out")
				case 3:
					runtime.Goexit()
				}
				return nil
			})
		}()
	}
	queued(s, n)
	before := commits(t, s)
	release()
	group.Wait()
	if got := commits(t, s) - before; got != 1 {
		t.Errorf("%d transactions for %d updates, want 1", got, n)
	}
	for i, err := range errs {
		if want := i%4 == 1; errors.Is(err, storetest.ErrInjected) != want || (err != nil) != want {
			t.Errorf("update %d: got error %v", i, err)
		}
	}
	wantPosts(t, s, n/4)
}

// commits is the number of bbolt's newest transaction.
func commits(t *testing.T, s *Store) (n int) {
	t.Helper()
	btx, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	n = btx.ID()
	if err := btx.Rollback(); err != nil {
		t.Fatal(err)
	}
	return n
}

// A caller may go away as long as the writer has not come to it.
func TestCancelledInTheQueue(t *testing.T) {
	s, release := held(t)
	defer check(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() {
		gone <- s.Update(ctx, func(store.Tx) error {
			t.Error("the function ran")
			return nil
		})
	}()
	queued(s, 1)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that it was cancelled", err)
	}
	release()
	if err := post(s, 1); err != nil {
		t.Errorf("next update: %v", err)
	}
}

func TestCloseInTheQueue(t *testing.T) {
	s, release := held(t)
	waiting, closed := make(chan error), make(chan error)
	go func() { waiting <- post(s, 1) }()
	queued(s, 1)
	go func() { closed <- s.Close() }()
	<-s.closed
	release()
	if err := <-waiting; !errors.Is(err, store.ErrClosed) {
		t.Errorf("got error %v, want that the store is closed", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// In a bubble every goroutine must have ended with it: Close leaves none.
func TestNoGoroutineIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
		if _, err := s.Hold(t.Context(), "scheduler"); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := post(s, i); err != nil {
				t.Fatal(err)
			}
		}
		check(t, s)
	})
}

// An error that a function swallows does not make damage go away, and what is
// too long for a key is the writer's error alone.
func TestWriteThatCannotBeKept(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	defer check(t, s)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		p := storetest.Post(1)
		p.Slug = strings.Repeat("s", 1<<16)
		_, _ = tx.PutPost(p, store.PutOptions{})
		return nil
	})
	if !errors.Is(err, errKeySize) {
		t.Errorf("got error %v, want that a name is too long", err)
	}
	wantPosts(t, s, 0)
}

// Whoever writes in his own goroutine takes those along who come meanwhile,
// even if his function does not return, and leaves the store to the next one.
func TestDirectUpdateEndsBadly(t *testing.T) {
	for how, end := range map[string]func(){"panic": func() { panic("in the function") }, "exit": runtime.Goexit} {
		t.Run(how, func(t *testing.T) {
			s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
			defer check(t, s)
			entered, leave, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				defer func() { _ = recover() }()
				_ = s.Update(context.Background(), func(tx store.Tx) error {
					_, err := tx.PutPost(storetest.Post(0), store.PutOptions{})
					close(entered)
					<-leave
					end()
					return err
				})
			}()
			<-entered
			done := make(chan error)
			for i := range 2 {
				go func() { done <- post(s, 1+i) }()
			}
			queued(s, 2)
			close(leave)
			for range 2 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			<-ended
			if err := post(s, 3); err != nil {
				t.Error(err)
			}
			wantPosts(t, s, 3)
		})
	}
}
