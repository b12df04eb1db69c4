package web

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	lanePeek      = 4                     // net/http ends without a word on fewer bytes of a second request
	laneHeadBytes = 3968                  // of one request; a longer one is for net/http
	laneLast      = 10 * time.Millisecond // for a request that was sent before the lane was closed
)

// exchange is what a connection needs while it is not idle.
type exchange struct {
	in   [laneHeadBytes]byte
	out  []byte
	pair [2][]byte
	vec  net.Buffers
}

// laneConn is a connection in the lane. An idle one costs a goroutine with a
// small stack, and no buffer.
type laneConn struct {
	lane *lane
	conn *admitted

	raw     syscall.RawConn       // nil without a descriptor
	ready   func(fd uintptr) bool // tryRead
	err     error                 // of tryRead
	byte    [1]byte               // for what has no descriptor
	sending sending

	x        *exchange // nil while idle
	from, to int       // what is in x.in and not answered

	midHead  bool          // part of a head has been read
	slow     atomic.Bool   // midHead, for hurry
	readAt   time.Time     // when the deadline for reading was set,
	readFor  time.Duration // and how far ahead
	wroteAt  time.Time     // when the deadline for writing was set
	now      time.Time     // the end of the last answer
	answered bool          // at least one request
	left     bool          // it is net/http's
}

// serve answers until the connection ends or is handed over.
func (c *laneConn) serve() {
	defer c.end()
	c.now = time.Now()
	wait := c.lane.first // as net/http has it: a new connection must ask soon
	for c.await(wait) && c.answerAll() {
		wait = c.lane.idle
	}
}

func (c *laneConn) end() {
	if p := recover(); p != nil {
		c.lane.server.log.Error().Err(panicked(p)).Msg("a connection failed")
	}
	c.release()
	c.lane.forget(c)
	if !c.left {
		_ = c.conn.Close()
	}
}

// release gives the buffers back.
func (c *laneConn) release() {
	if c.x != nil {
		c.lane.exchanges.Put(c.x)
		c.x = nil
	}
	c.from, c.to = 0, 0
}

// await reads the first bytes of a request.
func (c *laneConn) await(limit time.Duration) bool {
	c.limitRead(limit)
	if c.lane.draining.Load() {
		return false
	}
	if c.raw != nil {
		return c.raw.Read(c.ready) == nil && c.err == nil
	}
	n, err := c.conn.Read(c.byte[:])
	if n == 0 || err != nil {
		return false
	}
	c.x = c.lane.exchanges.Get().(*exchange)
	c.to = copy(c.x.in[:], c.byte[:])
	return true
}

// tryRead reads if there is something to read, and takes a buffer only then.
func (c *laneConn) tryRead(fd uintptr) bool {
	x := c.lane.exchanges.Get().(*exchange)
	n, err := readNow(fd, x.in[:])
	for err == syscall.EINTR {
		n, err = readNow(fd, x.in[:])
	}
	if err == syscall.EAGAIN {
		c.lane.exchanges.Put(x)
		return false
	}
	if n <= 0 && err == nil {
		err = io.EOF
	}
	c.x, c.to, c.err = x, max(n, 0), err
	return true
}

// answerAll answers what has been read, and what comes with it, until there is
// nothing more; not ok when the lane is done with the connection.
func (c *laneConn) answerAll() (ok bool) {
	var p plain
	for {
		if c.lane.server.bypass.Load() {
			c.handOver()
			return false
		}
		n, v := c.lane.server.current.Load().understand(c.x.in[c.from:c.to], &p)
		if v == foreign && c.answered && c.to-c.from < lanePeek {
			v = partial
		}
		if v == understood && !c.lane.server.limits.Load().admits(c.conn, &p) {
			v = foreign
		}
		switch v {
		case understood:
			if !c.answer(&p, n) {
				return false
			}
			if c.from == c.to {
				c.release()
				return true
			}
		case partial:
			if !c.readMore() {
				return false
			}
		default:
			c.handOver()
			return false
		}
	}
}

func (c *laneConn) setMidHead(midHead bool) {
	if midHead != c.midHead {
		c.midHead = midHead
		c.slow.Store(midHead)
	}
}

// readMore reads on in a head that has begun. It has one deadline for all.
func (c *laneConn) readMore() bool {
	x := c.x
	c.from, c.to = 0, copy(x.in[:], x.in[c.from:c.to])
	if c.to == len(x.in) {
		c.handOver()
		return false
	}
	if !c.midHead {
		c.setMidHead(true)
		c.now = time.Now()
		c.limitRead(c.lane.first)
	}
	n, err := c.conn.Read(x.in[c.to:])
	c.to += n
	if errors.Is(err, io.EOF) && n == 0 && (!c.answered || c.to >= lanePeek) {
		c.handOver() // net/http has an answer to half a head
		return false
	}
	return n > 0
}

// handOver leaves the connection to net/http, with what has not been answered.
func (c *laneConn) handOver() {
	rest := bytes.Clone(c.x.in[c.from:c.to])
	c.release()
	c.lane.forget(c)
	_ = c.conn.SetDeadline(time.Time{})
	c.conn.handed()
	c.left = c.lane.pass(&handedConn{c.conn, rest})
}

// reply is what the handler would answer to a plain request.
type reply struct {
	feed   *servedFeed
	coding coding
	head   []byte
	body   *variant // pinned; nil for none
	sent   sent
}

// reply finds the answer. An error is the handler's to deal with.
func (s *Server) reply(p *plain, now time.Time) (r reply, err error) {
	err = errReplaced
	for try := 0; errors.Is(err, errReplaced) && try < fetchTries; try++ {
		f := p.slot.served()
		if f == nil || f.unreadable {
			return r, errUnreadable
		}
		r, err = s.replyOf(f, p, now)
	}
	return r, err
}

func (s *Server) replyOf(f *servedFeed, p *plain, now time.Time) (r reply, err error) {
	c := choose(p.codings.list(), f.Size)
	f.ask(c, now)
	if f.known(p) {
		return reply{feed: f, coding: c, head: f.brief(c), sent: sent{status: http.StatusNotModified}}, nil
	}
	r = reply{feed: f, coding: c, sent: sent{status: http.StatusOK, coding: c.String()}}
	if p.head {
		size, err := s.length(f, c)
		if err == nil {
			r.head = f.head(c, size)
		}
		return r, err
	}
	if r.body, err = s.body(f, c); err == nil {
		r.head = r.body.full
	}
	return r, err
}

// answer sends what the handler would; not ok when no request may follow.
func (c *laneConn) answer(p *plain, length int) (ok bool) {
	start := time.Now()
	s := c.lane.server
	r, err := s.reply(p, start)
	if err != nil {
		c.handOver()
		return false
	}
	c.from += length
	c.setMidHead(false)
	c.answered = true
	// While it drains, what came along with the request is answered as well.
	closing := p.close || c.from == c.to && (c.lane.draining.Load() || s.gate.draining.Load())
	date := c.lane.dateAt(start)
	c.x.out = append(c.x.out[:0], r.head...)
	if closing {
		c.x.out = append(c.x.out, date.close...)
	} else {
		c.x.out = append(c.x.out, date.keep...)
	}
	c.limitWrite(start)
	r.sent.bytes, err = c.send(r.body)
	if r.body != nil {
		r.body.release()
	}
	c.now = time.Now()
	took := c.now.Sub(start)
	p.feed = r.feed
	s.metrics.lane.observe(r.feed, r.coding, r.sent, took)
	s.requests.laned(c, p, r.sent, took)
	return err == nil && !closing
}

// send writes x.out and the body in one piece, and returns what of the body was
// written.
func (c *laneConn) send(v *variant) (n int, err error) {
	switch {
	case v == nil && c.raw != nil:
		return c.sendDirect(c.x.out, nil)
	case v == nil:
		_, err = c.conn.Write(c.x.out)
		return 0, err
	case v.body.file != nil && c.raw != nil:
		return c.sendDirect(c.x.out, &v.body)
	case v.body.file != nil:
		if _, err = c.conn.Write(c.x.out); err != nil {
			return 0, err
		}
		n, err := v.body.WriteTo(c.conn.Conn)
		return int(n), err
	}
	x := c.x
	x.pair = [...][]byte{x.out, v.body.text}
	x.vec = x.pair[:]
	all, err := x.vec.WriteTo(c.conn.Conn)
	x.pair = [2][]byte{} // the pool must not hold on to a body
	return max(int(all)-len(x.out), 0), err
}

// limitRead sets the deadline for reading, unless one like it was just set.
func (c *laneConn) limitRead(limit time.Duration) {
	if c.readFor == limit && c.now.Sub(c.readAt) < slack(limit) {
		return
	}
	c.readAt, c.readFor = c.now, limit
	_ = c.conn.SetReadDeadline(deadline(c.now, limit))
	if c.lane.draining.Load() {
		c.hurry()
	}
}

// limitWrite sets the deadline for writing, unless that was just done.
func (c *laneConn) limitWrite(now time.Time) {
	if now.Sub(c.wroteAt) < slack(c.lane.all) {
		return
	}
	c.wroteAt = now
	_ = c.conn.SetWriteDeadline(deadline(now, c.lane.all))
}

// slack is by how much a deadline may be early: to set one costs as much as to
// read a request.
func slack(limit time.Duration) time.Duration { return min(limit/10, time.Second) }

// deadline is the time after a limit, none for a limit of 0.
func deadline(now time.Time, limit time.Duration) time.Time {
	if limit <= 0 {
		return time.Time{}
	}
	return now.Add(limit)
}

// hurry ends the waiting for a request, because the lane is closed. Whoever
// sets a deadline looks afterwards whether it is.
func (c *laneConn) hurry() {
	if !c.slow.Load() {
		_ = c.conn.SetReadDeadline(time.Now().Add(laneLast))
	}
}

// handedConn is a connection of which something has been read.
type handedConn struct {
	*admitted
	rest []byte
}

func (c *handedConn) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return c.admitted.Read(b)
	}
	n := copy(b, c.rest)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		c.rest = nil
	}
	return n, nil
}
