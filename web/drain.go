package web

import (
	"context"
	"sync"
	"time"
)

// lastWords is how long Drain waits for connections that are kept alive: who
// reads often asks within it, and who reads seldom asks too seldom to ask in
// the moment after it.
const lastWords = time.Second

// Drain ends the public listeners gently, before the Shutdown of their
// http.Server. No connection is accepted any more; what waits in the queue of a
// socket that another process has too is left to that one. Each connection's
// next answer says that it is the last. Drain returns when no connection is
// left, after a second, or when ctx ends.
func (s *Server) Drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	s.gate.drain(ctx)
}

// drain stops the listeners, waits until they know, and then until no
// connection is left. Only then is there none that has been accepted and not
// counted.
func (g *gate) drain(ctx context.Context) {
	g.mu.Lock()
	if !g.draining.Load() {
		g.emptied = make(chan struct{}, 1)
		g.draining.Store(true)
	}
	listeners := g.listeners
	g.mu.Unlock()
	for _, l := range listeners {
		l.stop()
	}
	for _, l := range listeners {
		select {
		case <-l.stopped:
		case <-ctx.Done():
			return
		}
	}
	for g.open.Load() > 0 {
		select {
		case <-g.emptied:
		case <-ctx.Done():
			return
		}
	}
}

// valve is what a listener has to be drained with.
type valve struct {
	stopping sync.Once
	err      error         // of the listener's Close
	noticed  sync.Once     // by Accept, that there is no listener any more
	stopped  chan struct{} // closed then
	closing  sync.Once
	closed   chan struct{} // by Close
}

func newValve() *valve { return &valve{stopped: make(chan struct{}), closed: make(chan struct{})} }
