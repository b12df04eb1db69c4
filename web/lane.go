package web

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Listen is l as an http.Server of the public handler should serve it: with its
// connections counted and limited. With lane, plain requests for feeds are
// answered on the connection itself, in the same bytes and with the deadlines
// of the http.Server, which gets all others. Its Shutdown waits for both
// (for the lane up to five seconds), its Close ends both. Drain goes before it.
func (s *Server) Listen(l net.Listener, h *http.Server, lane bool) net.Listener {
	guarded := s.gate.guard(l)
	if !lane {
		guarded.heavy = true
		return guarded
	}
	return newLane(s, guarded, h)
}

// SetFastLane opens or closes the lanes of all listeners. A connection in a lane
// that is closed goes over to the http.Server with its next request.
func (s *Server) SetFastLane(open bool) { s.bypass.Store(!open) }

// lane is a listener that keeps a connection for as long as its requests are
// plain, and returns it from Accept at the first other one, with the bytes that
// were read put back in front. It stays with net/http from then on.
type lane struct {
	net.Listener
	server           *Server
	first, idle, all time.Duration // to read a head, to wait for one, to write an answer; 0 is for ever

	begin   sync.Once
	handed  chan net.Conn
	failed  chan error    // of the listener
	closed  chan struct{} // by Close
	drained chan struct{} // closed when no connection is left

	draining atomic.Bool
	stoodFor atomic.Bool // Accept has returned the stand-in
	mu       sync.Mutex
	conns    map[*laneConn]struct{}
	running  sync.WaitGroup

	date      atomic.Pointer[laneDate]
	exchanges sync.Pool
}

func newLane(s *Server, l net.Listener, h *http.Server) *lane {
	return &lane{
		Listener: l, server: s, first: h.ReadHeaderTimeout, idle: h.IdleTimeout, all: h.WriteTimeout,
		handed: make(chan net.Conn), failed: make(chan error), closed: make(chan struct{}), drained: make(chan struct{}),
		conns: map[*laneConn]struct{}{}, exchanges: sync.Pool{New: func() any { return new(exchange) }},
	}
}

// Accept returns the next connection for net/http. The first call sets the lane
// to work; the last connection stands for all that are still in the lane.
func (l *lane) Accept() (net.Conn, error) {
	l.begin.Do(func() { go l.run() })
	select {
	case c := <-l.handed:
		return c, nil
	case err := <-l.failed:
		return nil, err
	case <-l.closed:
		if l.stoodFor.Swap(true) {
			return nil, net.ErrClosed
		}
		return standIn{lane: l}, nil
	}
}

// run accepts connections. Failures go to net/http, which logs them and lets
// some time pass before it asks for more.
func (l *lane) run() {
	defer close(l.drained)
	for !l.draining.Load() {
		c, err := l.Listener.Accept()
		switch {
		case err == nil && l.server.bypass.Load():
			c.(*admitted).handed()
			if !l.pass(c) {
				_ = c.Close() // nobody reads what it asks
			}
		case err == nil:
			l.serve(c.(*admitted))
		case !l.draining.Load():
			select {
			case l.failed <- err:
			case <-l.closed:
			}
		}
	}
	l.running.Wait()
}

// pass leaves a connection to net/http; false when that takes no more.
func (l *lane) pass(c net.Conn) bool {
	select {
	case l.handed <- c:
		return true
	case <-l.closed:
		return false
	}
}

func (l *lane) serve(conn *admitted) {
	c := &laneConn{lane: l, conn: conn}
	if sc, ok := conn.Conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			c.raw, c.ready = raw, c.tryRead
		}
	}
	l.mu.Lock()
	l.conns[c] = struct{}{}
	l.mu.Unlock()
	l.running.Go(c.serve)
}

// Close ends what is idle. What is under way goes on, and is told that its
// connection ends.
func (l *lane) Close() error {
	if l.draining.Swap(true) {
		return nil
	}
	err := l.Listener.Close()
	close(l.closed)
	l.begin.Do(func() { close(l.drained) })
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.hurry()
	}
	return err
}

// cut ends every connection.
func (l *lane) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.conn.Close()
	}
}

func (l *lane) forget(c *laneConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// laneDate is the end of every head in one second.
type laneDate struct {
	second      int64
	keep, close []byte
}

func (l *lane) dateAt(now time.Time) *laneDate {
	d := l.date.Load()
	if second := now.Unix(); d == nil || d.second != second {
		text := now.UTC().Format(http.TimeFormat)
		d = &laneDate{second, []byte(text + "\r\n\r\n"), []byte(text + "\r\nConnection: close\r\n\r\n")}
		l.date.Store(d)
	}
	return d
}

// standIn is the connection by which an http.Server that shuts down knows that
// the lane is not empty: reading ends when it is, and closing cuts it off. The
// http.Server does so after five seconds, as with connections that do not ask.
type standIn struct {
	net.Conn // nil
	lane     *lane
}

func (s standIn) Read([]byte) (int, error) {
	<-s.lane.drained
	return 0, io.EOF
}

func (s standIn) Close() error                   { s.lane.cut(); return nil }
func (standIn) LocalAddr() net.Addr              { return nil }
func (standIn) RemoteAddr() net.Addr             { return nil }
func (standIn) SetReadDeadline(time.Time) error  { return nil }
func (standIn) SetWriteDeadline(time.Time) error { return nil }
