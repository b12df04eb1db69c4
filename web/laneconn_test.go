package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
)

// shelf is a server with one feed and no store, for bubbles and measurements.
func shelf(size int) *Server {
	s := New(Config{Log: zerolog.Nop()})
	body := prose(size)
	a := feed.Artifact{
		Category: feed.SiteNum, Path: "rss.xml", Topic: "http://a.example/rss.xml", Generation: 1, Digest: feed.DigestOf(body),
		Size: len(body), Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	h := head{site: feed.Site{URL: "http://a.example/"}, configured: true, records: []feed.Category{{Num: feed.SiteNum}}, read: a.Modified}
	s.apply(h, []found{{category: feed.SiteNum, feeds: [3]*feed.Artifact{feed.RSS: &a}}}, true)
	s.keep(s.feedAt("/rss.xml"), identity, body, nil).release()
	return s
}

// feedAt is the feed that is served at a path.
func (s *Server) feedAt(path string) *servedFeed { return s.current.Load().paths[path].served() }

// has is a feed in one encoding if it is in memory.
func (s *Server) has(path string, c coding) *variant { return s.feedAt(path).variants[c].Load() }

// prose is text that compresses as feeds do.
func prose(size int) (text []byte) {
	for dice := rand.New(rand.NewPCG(1, 2)); len(text) < size; {
		text = fmt.Appendf(text, "%d words and more, ", dice.Uint32())
	}
	return text
}

// pipes is a listener in memory.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// bubble is a shelf behind pipes in a bubble of its own time.
type bubble struct {
	*testing.T
	*pipes
	shelf  *Server
	server *http.Server
}

// inBubble runs a test with the lane or without it: what is promised of time
// holds on both ways.
func inBubble(t *testing.T, size int, test func(b *bubble), ways ...bool) {
	for _, lane := range ways {
		t.Run(fmt.Sprintf("lane=%v", lane), func(t *testing.T) {
			s := shelf(size)
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{t, newPipes(), s, NewHTTPServer(s.Public())}
				served, l := make(chan error), s.Listen(b.pipes, b.server, lane)
				go func() { served <- b.server.Serve(l) }()
				test(b)
				_ = b.server.Close()
				if err := <-served; !errors.Is(err, http.ErrServerClosed) {
					t.Error(err)
				}
				synctest.Wait()
				if n := s.gate.open.Load(); n != 0 {
					t.Errorf("%d connections are still counted", n)
				}
			})
		})
	}
}

// visitor is a client on a pipe.
type visitor struct {
	*bubble
	net.Conn
	r *bufio.Reader
}

func (b *bubble) visit() *visitor {
	c := b.dial()
	return &visitor{b, c, bufio.NewReader(c)}
}

const getFeed = "GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n"

func (v *visitor) send(text string) {
	v.Helper()
	if _, err := io.WriteString(v.Conn, text); err != nil {
		v.Fatal(err)
	}
}

// receive reads one answer with its body.
func (v *visitor) receive() *http.Response {
	v.Helper()
	res, err := http.ReadResponse(v.r, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
	}
	if err != nil {
		v.Fatal(err)
	}
	return res
}

// ends waits until the connection ends without another word, after more than
// one time and no more than another.
func (v *visitor) ends(after, before time.Duration) {
	v.Helper()
	start := time.Now()
	b, err := io.ReadAll(v.r)
	if d := time.Since(start); err != nil || len(b) > 0 || d <= after || d > before {
		v.Errorf("after %v: %q, %v", d, b, err)
	}
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestSilentConnectionEnds(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) { b.visit().ends(8*time.Second, 10*time.Second) }, true, false)
}

func TestIdleConnectionEnds(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		v := b.visit()
		for range 5 {
			v.send(getFeed)
			v.receive()
			pass(50 * time.Second)
		}
		v.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n") // and the same after a handover
		v.receive()
		v.ends(118*time.Second, 120*time.Second)
	}, true, false)
}

// A head has one deadline, however slowly it trickles.
func TestSlowHeadEnds(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		v := b.visit()
		v.send(getFeed + getFeed[:1])
		v.receive()
		var trickle sync.WaitGroup
		trickle.Go(func() {
			for _, c := range []byte(getFeed[1:]) {
				pass(time.Second)
				if _, err := v.Write([]byte{c}); err != nil {
					return
				}
			}
		})
		start := time.Now()
		_, _ = io.ReadAll(v.r) // net/http has a word to say
		if d := time.Since(start); d < 8*time.Second || d > 15*time.Second {
			b.Errorf("after %v", d)
		}
		trickle.Wait()
	}, true, false)
}

// A reader that takes nothing is let go after five minutes.
func TestStuckReaderEnds(t *testing.T) {
	inBubble(t, 100_000, func(b *bubble) {
		v := b.visit()
		v.send(getFeed)
		open := func() int64 { synctest.Wait(); return b.shelf.gate.open.Load() }
		if pass(298 * time.Second); open() != 1 {
			b.Error("too early")
		}
		if pass(3 * time.Second); open() != 0 {
			b.Error("it still waits")
		}
	}, true, false)
}

// Shutdown lets what is under way finish, tells it to be the last, and ends
// what is idle; Close ends what takes too long.
func TestShutdownDrainsTheLane(t *testing.T) {
	inBubble(t, 100_000, func(b *bubble) {
		idle, silent, begun, stuck, paged := b.visit(), b.visit(), b.visit(), b.visit(), b.visit()
		for _, v := range []*visitor{idle, begun} {
			v.send(getFeed)
			v.receive()
		}
		begun.send(getFeed[:10])
		stuck.send(getFeed)
		paged.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
		paged.receive()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		down := make(chan error, 1)
		go func() { down <- b.server.Shutdown(ctx) }()
		for _, v := range []*visitor{idle, silent, paged} {
			v.ends(-1, 10*time.Millisecond)
		}
		pass(time.Second)
		begun.send(getFeed[10:])
		if res := begun.receive(); !res.Close || res.StatusCode != http.StatusOK {
			b.Errorf("%v", res)
		}
		begun.ends(-1, 0)
		if err := <-down; !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("%v, with a reader that takes nothing", err)
		}
		if n := b.shelf.gate.open.Load(); n != 1 {
			b.Errorf("%d connections are left, want the one that takes nothing", n)
		}
		_ = b.server.Close()
		if _, err := io.ReadAll(stuck.r); err != nil {
			b.Error(err)
		}
	}, true)
}

// A request that was sent before the drain, and read after it, is answered;
// what is for net/http is not: that is closed by then.
func TestLastRequests(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		late, foreign := b.visit(), b.visit()
		for _, v := range []*visitor{late, foreign} {
			v.send(getFeed)
			v.receive()
		}
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- b.server.Shutdown(context.Background()) }()
		synctest.Wait()
		late.send(getFeed)
		if res := late.receive(); !res.Close {
			b.Errorf("%v", res)
		}
		late.ends(-1, 0)
		foreign.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		foreign.ends(-1, 0)
		start := time.Now()
		if err := <-down; err != nil || time.Since(start) > time.Second {
			b.Errorf("%v after %v", err, time.Since(start))
		}
	}, true)
}

// A listener that fails is net/http's to deal with, and does not stop the lane.
func TestLaneSurvivesAcceptErrors(t *testing.T) {
	s := shelf(1000)
	synctest.Test(t, func(t *testing.T) {
		p, server := newPipes(), NewHTTPServer(s.Public())
		server.ErrorLog = log.New(io.Discard, "", 0)
		served := make(chan error)
		go func() { served <- server.Serve(s.Listen(&failing{pipes: p, left: 3}, server, true)) }()
		v := &visitor{bubble: &bubble{T: t}, Conn: p.dial()}
		v.r = bufio.NewReader(v.Conn)
		v.send(getFeed)
		v.receive()
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// failing is a listener that has no files left, for a while.
type failing struct {
	*pipes
	left int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left--; f.left >= 0 {
		return nil, syscall.EMFILE
	}
	return f.pipes.Accept()
}

func TestLaneClosedBeforeItServes(t *testing.T) {
	l := shelf(1000).Listen(newPipes(), NewHTTPServer(nil), true)
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if c, err := l.Accept(); err != nil {
		t.Error(err)
	} else if b, err := io.ReadAll(c); len(b) > 0 || err != nil {
		t.Errorf("there is something in it: %q, %v", b, err)
	}
	if c, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v, %v", c, err)
	}
}

// Too many connections are turned away on both ways, and counted.
func TestConnectionsAreLimited(t *testing.T) {
	for _, lane := range []bool{true, false} {
		s := New(Config{Connections: 2, Log: zerolog.Nop()})
		server := NewHTTPServer(s.Public())
		p := newPipes()
		go func() { _ = server.Serve(s.Listen(p, server, lane)) }()
		t.Cleanup(func() { _ = server.Close() })
		h := &house{TB: t, server: s}
		first, second := p.dial(), p.dial()
		if b, err := io.ReadAll(p.dial()); len(b) > 0 || err != nil {
			t.Errorf("lane %v: the third is not turned away: %q, %v", lane, b, err)
		}
		if n := h.counted(); n["syndic_http_connections"] != 2 || n["syndic_http_connections_refused_total"] != 1 {
			t.Errorf("lane %v: %d open, %d refused", lane, n["syndic_http_connections"], n["syndic_http_connections_refused_total"])
		}
		_ = first.Close()
		for s.gate.open.Load() > 1 {
			runtime.Gosched()
		}
		for _, c := range []net.Conn{second, p.dial()} {
			go func() { _, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n") }()
			if b, err := io.ReadAll(c); !bytes.HasPrefix(b, []byte("HTTP/1.0 503 ")) || err != nil {
				t.Errorf("lane %v: %q, %v", lane, b, err)
			}
		}
	}
}

// Many slow heads are no burden to others, nor is a reader that takes nothing.
func TestSlowHeadsDelayNobody(t *testing.T) {
	h, _, _ := design(t)
	for range 500 {
		c := h.dial()
		_, _ = io.WriteString(c, getFeed[:20])
	}
	for range 20 {
		stuck := h.dial()
		_, _ = io.WriteString(stuck, strings.Repeat(getFeed, 100))
	}
	begin := time.Now()
	for range 50 {
		h.get("/design/rss.xml", "Accept-Encoding", "gzip").want(t, 200)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("50 requests took %v", d)
	}
}

// dial opens a connection that stays open until the test ends.
func (h *house) dial() net.Conn {
	h.Helper()
	c, err := net.Dial("tcp", h.public.Listener.Addr().String())
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = c.Close() })
	return c
}

// 10,000 idle connections have to cost less than 100 MB.
func TestIdleConnectionsAreCheap(t *testing.T) {
	const many = 1000
	h, _, _ := design(t)
	used := func() int {
		runtime.GC()
		runtime.GC() // pools are emptied by the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapInuse + m.StackInuse)
	}
	answer := make([]byte, 64<<10)
	h.dial()
	before := used()
	for range many {
		c := h.dial()
		_, _ = io.WriteString(c, getFeed)
		if _, err := c.Read(answer); err != nil {
			t.Fatal(err)
		}
	}
	// The client's half is in there as well.
	if each := (used() - before) / many; each > 10_000 {
		t.Errorf("an idle connection costs %d bytes", each)
	} else {
		t.Logf("an idle connection costs %d bytes", each)
	}
}

// The steady state makes no garbage.
func TestLaneAllocatesNothing(t *testing.T) {
	s := shelf(8_000) // a larger one would be copied out of the file
	l := newLane(s, nil, NewHTTPServer(nil))
	f := s.feedAt("/rss.xml")
	tag, since := entityTag(f.Digest, gzipCoding), f.modified
	for name, fields := range map[string]string{
		"200": "", "200 gzip": "Accept-Encoding: gzip, deflate\r\n", "304 by tag": "If-None-Match: " + tag + "\r\nIf-Modified-Since: " + since + "\r\n",
		"304 by date": "If-Modified-Since: " + since + "\r\n",
	} {
		request := "GET /rss.xml HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n" + fields + "\r\n"
		c := &laneConn{lane: l, conn: &admitted{Conn: drain{}}}
		c.x = l.exchanges.Get().(*exchange)
		n := testing.AllocsPerRun(1000, func() {
			if c.x == nil {
				c.x = l.exchanges.Get().(*exchange)
			}
			c.to = copy(c.x.in[:], request)
			if !c.answerAll() {
				t.Fatal("not answered")
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// drain is a connection that takes everything.
type drain struct{ net.Conn }

func (drain) Write(b []byte) (int, error)      { return len(b), nil }
func (drain) SetReadDeadline(time.Time) error  { return nil }
func (drain) SetWriteDeadline(time.Time) error { return nil }

// A panic costs its connection, or the encoding that it came from, and is
// logged; the next reader is served.
func TestPanicInTheLane(t *testing.T) {
	s, logged := shelf(1000), &syncBuffer{}
	s.encoders, s.log = nil, zerolog.New(logged)
	p, server := newPipes(), NewHTTPServer(s.Public())
	go func() { _ = server.Serve(s.Listen(p, server, true)) }()
	t.Cleanup(func() { _ = server.Close() })
	ask := func(fields string) []byte {
		c := p.dial()
		defer c.Close()
		go func() { _, _ = io.WriteString(c, "GET /rss.xml HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n") }()
		b, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		return b
	}
	if b := ask("Connection: close\r\nAccept-Encoding: gzip\r\n"); !bytes.HasPrefix(b, []byte("HTTP/1.1 500 ")) {
		t.Errorf("%q", b)
	}
	if !logged.contains("a request failed") || !logged.contains("encoding.go") {
		t.Error("it is not logged with its stack")
	}
	if b := ask("Connection: close\r\n"); !bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")) {
		t.Errorf("%q", b)
	}
	s.metrics.lane = laneMetrics{}
	if b := ask(""); !bytes.HasPrefix(b, []byte("HTTP/1.1 200 ")) {
		t.Errorf("%q", b)
	}
	if !logged.contains("a connection failed") || !logged.contains("laneconn.go") {
		t.Error("it is not logged with its stack")
	}
}
