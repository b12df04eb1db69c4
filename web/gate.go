package web

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	defaultConnections = 20_000 // with 10 KB for an idle one
	spareFiles         = 100    // that the process needs besides connections
	heavyConnections   = 3_000  // with the 20 KB that net/http keeps for an idle one
)

// gate counts the connections of all public listeners, and turns away those
// that are too many: a server without files for its own work helps nobody.
type gate struct {
	limit   int64
	open    atomic.Int64
	heavy   atomic.Int64 // of those, net/http's
	most    int64        // of the heavy ones that are kept alive
	refused prometheus.Counter

	draining  atomic.Bool
	emptied   chan struct{} // made by drain; holds a value when open may have come to 0
	mu        sync.Mutex
	listeners []*gated
}

// newGate lowers the limit to what the process may have open.
func newGate(limit int, refused prometheus.Counter) *gate {
	if limit <= 0 {
		limit = defaultConnections
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && uint64(files.Cur) < uint64(limit)+spareFiles {
		limit = max(int(files.Cur)-spareFiles, 1)
	}
	return &gate{limit: int64(limit), most: heavyConnections, refused: refused}
}

// closing tells whether an answer of net/http's is to be its connection's last:
// because the gate drains, or because too many would be kept. A reader who
// comes again costs less than one who stays and does not ask.
func (g *gate) closing() bool { return g.draining.Load() || g.heavy.Load() > g.most }

// gated is a listener behind the gate.
type gated struct {
	net.Listener
	gate  *gate
	heavy bool // all its connections are net/http's
	*valve
}

// guard puts a listener behind the gate.
func (g *gate) guard(l net.Listener) *gated {
	guarded := &gated{Listener: l, gate: g, valve: newValve()}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.listeners = append(g.listeners, guarded)
	return guarded
}

// Accept returns the next connection. While the gate drains there is none, and
// only Close ends the waiting for one.
func (l *gated) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil && l.gate.draining.Load() {
			l.noticed.Do(func() { close(l.stopped) })
			<-l.closed
			return nil, net.ErrClosed
		}
		if err != nil {
			return nil, err
		}
		if l.gate.open.Add(1) <= l.gate.limit {
			a := &admitted{Conn: c, gate: l.gate}
			if l.heavy {
				a.handed()
			}
			return a, nil
		}
		l.gate.leave()
		l.gate.refused.Inc()
		_ = c.Close() // there is nobody to tell
	}
}

// stop closes the socket, and leaves Accept waiting.
func (l *gated) stop() { l.stopping.Do(func() { l.err = l.Listener.Close() }) }

// Close ends Accept.
func (l *gated) Close() error {
	l.stop()
	l.closing.Do(func() { close(l.closed) })
	return l.err
}

// leave counts a connection that has ended.
func (g *gate) leave() {
	if g.open.Add(-1) == 0 && g.draining.Load() {
		select {
		case g.emptied <- struct{}{}:
		default:
		}
	}
}

// admitted is a connection that counts until it is closed.
type admitted struct {
	net.Conn
	gate  *gate
	heavy bool
	once  sync.Once
}

// handed counts the connection as one of net/http's, which gets it next.
func (c *admitted) handed() {
	c.heavy = true
	c.gate.heavy.Add(1)
}

func (c *admitted) Close() error {
	c.once.Do(func() {
		if c.heavy {
			c.gate.heavy.Add(-1)
		}
		c.gate.leave()
	})
	return c.Conn.Close()
}

// CloseWrite is what net/http ends an answer with when it must close a
// connection from which more is coming: the client still gets the answer.
func (c *admitted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
