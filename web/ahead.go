package web

import (
	"context"
	"sync"
	"time"
)

// aheadQueue are feeds of which encodings are made before anybody asks.
type aheadQueue struct {
	mu    sync.Mutex
	feeds []*servedFeed
	more  chan struct{}
}

func newAheadQueue() *aheadQueue { return &aheadQueue{more: make(chan struct{}, 1)} }

// add queues a feed if it was asked for lately.
func (q *aheadQueue) add(f *servedFeed) {
	if len(f.wanted(time.Now())) == 0 {
		return
	}
	q.mu.Lock()
	q.feeds = append(q.feeds, f)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default: // it is known that there are some
	}
}

func (q *aheadQueue) take() (f *servedFeed, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.feeds) == 0 {
		q.feeds = nil
		return nil, false
	}
	f, q.feeds = q.feeds[0], q.feeds[1:]
	return f, true
}

// makeAhead makes the encodings that were asked for lately of each newer
// generation, one after the other, until ctx ends. Who asks meanwhile waits for
// the one that is being made: a few milliseconds are less than the time that
// several times as many bytes take, and an entity tag stays with its encoding.
func (s *Server) makeAhead(ctx context.Context) {
	for ctx.Err() == nil {
		f, ok := s.ahead.take()
		if !ok {
			select {
			case <-ctx.Done():
			case <-s.ahead.more:
			}
			continue
		}
		for _, c := range f.wanted(time.Now()) {
			if f.retired.Load() || ctx.Err() != nil {
				break
			}
			// Whoever asks is told what is wrong.
			if v, err := s.body(f, c); err == nil {
				v.release()
			}
		}
	}
}
