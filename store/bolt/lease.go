package bolt

import (
	"context"
	"fmt"
	"sync"
	"time"

	"syndic/store"
)

// lease is a delivery that somebody tries until a time. Leases are kept in
// memory: a process that died holds none.
type lease struct{ until time.Time }

func fenceKey(name string) []byte { return []byte("fence/" + name) }

// Hold waits until nobody in this process has the leadership; the file's lock
// keeps other processes out.
func (s *Store) Hold(ctx context.Context, name string) (store.Lease, error) {
	held := s.holder(name)
	select {
	case held <- struct{}{}:
	case <-s.closed:
		return store.Lease{}, store.ErrClosed
	case <-ctx.Done():
		return store.Lease{}, ctx.Err()
	}
	l := store.Lease{Name: name}
	err := s.Update(ctx, func(stx store.Tx) error {
		t := stx.(*tx)
		l.Token = number(t.get(inMeta, fenceKey(name))) + 1
		t.put(inMeta, fenceKey(name), numKey(l.Token))
		return nil
	})
	if err != nil {
		<-held
		return store.Lease{}, fmt.Errorf("hold %s: %w", name, err)
	}
	var cancel context.CancelFunc
	l.Context, cancel = context.WithCancel(s.live)
	l.Release = sync.OnceFunc(func() {
		cancel()
		<-held
	})
	return l, nil
}

// holder is the leadership's turnstile: one value fits in.
func (s *Store) holder(name string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holders[name] == nil {
		s.holders[name] = make(chan struct{}, 1)
	}
	return s.holders[name]
}
