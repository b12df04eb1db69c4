package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"syndic/feed"
	"syndic/store"
)

const (
	fetchTimeout = 30 * time.Second // for a feed's bytes, the wait for a core included
	fetchTries   = 3                // at a feed that is being published meanwhile
)

// errReplaced means that the store has another generation by now, and that the
// slot has been brought up to it.
var errReplaced = errors.New("a newer generation is there")

// fetching makes bodies: each once, however many wait for it, and no more at a
// time than there are cores, so that many cold feeds neither starve those who
// ask for warm ones nor take memory without bound.
type fetching struct {
	mu      sync.Mutex
	flights map[flightKey]*flight
	cores   chan struct{}
}

type flightKey struct {
	feed   *servedFeed
	coding coding
}

// flight is a body that is being made.
type flight struct {
	waiting int // each gets a pin
	done    chan struct{}
	made    *variant
	err     error
}

func newFetching() *fetching {
	return &fetching{flights: map[flightKey]*flight{}, cores: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// body is the feed in an encoding, pinned: out of memory, or made now. It is
// made on a goroutine of its own, so that an asker's stack stays small and an
// asker who leaves takes nothing from the others.
func (s *Server) body(f *servedFeed, c coding) (*variant, error) {
	if v := f.held(c); v != nil {
		v.touch()
		return v, nil
	}
	if time.Now().Unix()-f.failed.Load() < retryAfter {
		return nil, errUnreadable
	}
	key := flightKey{f, c}
	s.fetching.mu.Lock()
	fl := s.fetching.flights[key]
	if fl == nil {
		fl = &flight{done: make(chan struct{})}
		s.fetching.flights[key] = fl
		go s.fly(key, fl)
	}
	fl.waiting++
	s.fetching.mu.Unlock()
	<-fl.done
	return fl.made, fl.err
}

func (s *Server) fly(key flightKey, fl *flight) {
	made, err := s.makeGuarded(key.feed, key.coding)
	s.fetching.mu.Lock()
	delete(s.fetching.flights, key)
	s.fetching.mu.Unlock() // nobody joins from here on
	if made != nil {
		made.refs.Add(int32(fl.waiting))
		made.release()
	}
	fl.made, fl.err = made, err
	close(fl.done)
}

// makeGuarded makes a body when a core is free. What fails for good is logged
// here, where it happens once for all who wait.
func (s *Server) makeGuarded(f *servedFeed, c coding) (v *variant, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	s.fetching.cores <- struct{}{}
	v, err = s.makeBody(ctx, f, c)
	<-s.fetching.cores
	switch {
	case errors.Is(err, errReplaced):
		if _, failed := s.catchUp(ctx); failed != nil {
			return nil, failed
		}
	case isDamage(err):
		f.failed.Store(time.Now().Unix())
		s.failedLoad(s.current.Load().head, f, err)
		return nil, errUnreadable
	}
	return v, err
}

func isDamage(err error) bool { return errors.Is(err, errDamaged) || errors.Is(err, store.ErrDamaged) }

// makeBody makes a body, pinned for its maker, and holds it. An identity that
// was read for another encoding's sake is held as long as there is room: the
// next generation is made from it.
func (s *Server) makeBody(ctx context.Context, f *servedFeed, c coding) (v *variant, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, panicked(p)
		}
	}()
	if v := f.held(c); v != nil {
		return v, nil
	}
	scratch := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(scratch)
	text, parts, err := s.identityOf(ctx, f, (*scratch)[:0])
	*scratch = text
	if err != nil {
		return nil, err
	}
	if c == identity {
		return s.keep(f, identity, text, parts), nil
	}
	if parts != nil && s.memory.hasRoom(costs(len(text), len(parts))) {
		s.keep(f, identity, text, parts).release()
	}
	return s.keep(f, c, s.encoders.encode(c, text), nil), nil
}

// identityOf appends the feed's plain bytes to a slice; parts is nil when they
// came out of memory.
func (s *Server) identityOf(ctx context.Context, f *servedFeed, to []byte) ([]byte, map[feed.FragmentKey]part, error) {
	if v := f.held(identity); v != nil {
		defer v.release()
		to, err := v.body.appendTo(to)
		return to, nil, err
	}
	return s.assemble(ctx, f, to)
}

// keep holds a body of a feed that is still served.
func (s *Server) keep(f *servedFeed, c coding, text []byte, parts map[feed.FragmentKey]part) *variant {
	v := s.memory.newVariant(f, c, text, parts)
	f.sizes[c].Store(int32(len(text)))
	s.memory.hold(v)
	if c == identity {
		s.memory.drop(f.base.Swap(nil))
	}
	if f.retired.Load() && f.variants[c].CompareAndSwap(v, nil) {
		s.memory.drop(v)
	}
	return v
}

// assemble reads the feed out of the store, in the generation that f is of. The
// entries that an earlier generation in memory has are copied from there.
func (s *Server) assemble(ctx context.Context, f *servedFeed, to []byte) (_ []byte, parts map[feed.FragmentKey]part, err error) {
	var known []byte
	base := f.base.Load()
	if base != nil && base.pin() {
		defer base.release()
		before := s.scratch.Get().(*[]byte)
		defer s.scratch.Put(before)
		if known, err = base.body.appendTo((*before)[:0]); err != nil {
			return to, nil, fmt.Errorf("read an earlier generation: %w", err)
		}
		*before = known
	}
	err = s.store.View(ctx, func(r store.Reader) error {
		a, err := r.Artifact(f.Category, f.Format)
		if errors.Is(err, store.ErrNotFound) || err == nil && !f.same(a) {
			return errReplaced
		}
		if err != nil {
			return err
		}
		parts = make(map[feed.FragmentKey]part, len(a.Entries))
		to, err = assembleFrom(a, to[:0], func(to []byte, i int) ([]byte, bool, error) {
			key, begin := a.Entries[i], len(to)
			if a.Summed() {
				parts[key] = part{begin, a.Sums[i]}
			}
			if known != nil && a.Summed() {
				if old, ok := base.parts[key]; ok && old.sum == a.Sums[i] {
					return append(to, known[old.begin:old.begin+old.sum.Size]...), true, nil
				}
			}
			to, err := readEntry(r, to, key)
			return to, false, err
		})
		return err
	})
	return to, parts, err
}

// readEntry appends an entry. One that is not there is damage: the feed that
// names it was read in the same View.
func readEntry(r store.Reader, to []byte, key feed.FragmentKey) ([]byte, error) {
	to, err := r.AppendFragment(to, key)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%w: entry of post %d: %w", errDamaged, key.Post, err)
	}
	return to, err
}

// opened is the source of a feed's document.
type opened struct {
	server *Server
	feed   *servedFeed
	now    time.Time
}

func (o opened) asked(c coding) { o.feed.ask(c, o.now) }

func (o opened) length(c coding) (int, error) { return o.server.length(o.feed, c) }

func (o opened) open(c coding) (io.WriterTo, int, func(), error) {
	v, err := o.server.body(o.feed, c)
	if err != nil {
		return nil, 0, nil, err
	}
	return &v.body, v.body.size, v.release, nil
}

// length is the size of a feed's body, which is made only if nobody knows it.
func (s *Server) length(f *servedFeed, c coding) (int, error) {
	if n := f.sizes[c].Load(); n > 0 {
		return int(n), nil
	}
	v, err := s.body(f, c)
	if err != nil {
		return 0, err
	}
	defer v.release()
	return v.body.size, nil
}
