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
// http.Server: each connection's next answer says that it is the last. It
// returns when no connection is left, after a second, or when ctx ends, and then
// no connection is accepted any more. Sockets that are shared, because another
// process has them next, are left to that one from the beginning, with what
// waits in their queues.
func (s *Server) Drain(ctx context.Context, shared bool) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	s.gate.drain(ctx, shared)
}

func (g *gate) drain(ctx context.Context, shared bool) {
	g.mu.Lock()
	if !g.draining.Load() {
		g.emptied = make(chan struct{}, 1)
		g.draining.Store(true)
	}
	listeners := g.listeners
	g.mu.Unlock()
	if shared {
		stopAll(ctx, listeners)
	}
	for g.open.Load() > 0 && ctx.Err() == nil {
		select {
		case <-g.emptied:
		case <-ctx.Done():
		}
	}
	stopAll(ctx, listeners)
}

// stopAll closes the sockets and waits until their Accepts know: from then on
// there is no connection that has been accepted and not counted.
func stopAll(ctx context.Context, listeners []*gated) {
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
