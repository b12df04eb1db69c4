package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// onLoopback serves a shelf over TCP until the test ends.
func onLoopback(t *testing.T, s *Server, limit time.Duration) (dial func() *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewHTTPServer(s.Public())
	server.WriteTimeout = limit
	go func() { _ = server.Serve(s.Listen(l, server, true)) }()
	t.Cleanup(func() { _ = server.Close() })
	return func() *net.TCPConn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		return c.(*net.TCPConn)
	}
}

// Large bodies are sent out of the file of memory, in the same bytes, and piece
// by piece if the reader is slow.
func TestBodiesOutOfTheFile(t *testing.T) {
	const many = 40
	s := shelf(400_000)
	dial := onLoopback(t, s, time.Minute)
	for c, fields := range map[coding]string{identity: "", gzipCoding: "Accept-Encoding: gzip\r\n"} {
		conn := dial()
		_ = conn.SetReadBuffer(64 << 10)
		go func() {
			_, _ = io.WriteString(conn, strings.Repeat("GET /rss.xml HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n", many))
		}()
		want := s.encoders.encode(c, prose(400_000))
		r := bufio.NewReader(conn)
		for i := range many {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || !bytes.Equal(body, want) {
				t.Fatalf("answer %d has %d bytes of %d, %v", i, len(body), len(want), err)
			}
		}
		if s.has("/rss.xml", c).body.file == nil {
			t.Errorf("%s is not in the file", c)
		}
	}
}

// A reader that goes away costs nothing but its connection, and lets go of what
// it was sent.
func TestReaderLeaves(t *testing.T) {
	s := shelf(2_000_000)
	dial := onLoopback(t, s, time.Minute)
	for range 32 {
		c := dial()
		_, _ = io.WriteString(c, getFeed)
		if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	awaitUnpinned(s)
}

// A reader that takes nothing is let go as well.
func TestStuckReaderOfTheFileEnds(t *testing.T) {
	s := shelf(2_000_000)
	c := onLoopback(t, s, 2*time.Second)()
	go func() { _, _ = io.WriteString(c, strings.Repeat(getFeed, 64)) }()
	for range 32 {
		if _, err := io.ReadFull(c, make([]byte, 2_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	awaitUnpinned(s)
}

// awaitUnpinned waits until no connection is left and nobody but the memory has
// the feed.
func awaitUnpinned(s *Server) {
	for s.gate.open.Load() > 0 || s.has("/rss.xml", identity).refs.Load() != 1 {
		runtime.Gosched()
	}
}

// What is freed goes back to the system, and reads as nothing.
func TestFreedBodiesAreHoles(t *testing.T) {
	m := &memoryFile{}
	var at [3]int64
	for i := range at {
		var ok bool
		if at[i], ok = m.put(bytes.Repeat([]byte{byte(i + 1)}, 10_000)); !ok {
			t.Fatal("there is no file of memory")
		}
	}
	blocks := func() int64 {
		var st unix.Stat_t
		if err := unix.Fstat(m.fd, &st); err != nil {
			t.Fatal(err)
		}
		return st.Blocks * 512
	}
	if n := blocks(); n != 9*pageBytes {
		t.Errorf("%d bytes for three bodies of three pages", n)
	}
	m.free(at[1], 10_000)
	if n := blocks(); n != 6*pageBytes {
		t.Errorf("%d bytes after one was freed", n)
	}
	b := make([]byte, 10_000)
	for i, want := range []byte{1, 0, 3} {
		if err := m.read(b, at[i]); err != nil || b[0] != want || b[9_999] != want {
			t.Errorf("body %d: %d and %d, %v", i, b[0], b[9_999], err)
		}
	}
	if err := m.read(b, at[2]+3*pageBytes); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("beyond the end: %v", err)
	}
}

// What has been handed to the kernel arrives, also when the body was given up
// meanwhile: a page that is on its way must not become part of a hole.
func TestFreedBodiesArrive(t *testing.T) {
	s := shelf(60_001)
	c := onLoopback(t, s, time.Minute)()
	_, _ = io.WriteString(c, "GET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	v, r := s.has("/rss.xml", identity), bufio.NewReader(c)
	if _, err := r.Peek(1); err != nil {
		t.Fatal(err)
	}
	for s.gate.open.Load() != 0 {
		runtime.Gosched() // until all is in the socket's buffers
	}
	s.memory.bound(1)
	if v.refs.Load() != 0 {
		t.Fatal("the body is still there")
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(body, prose(60_001)) {
		t.Errorf("%d bytes, and not those that were sent; %v", len(body), err)
	}
}

// Without such a file everything works as well.
func TestNoFileOfMemory(t *testing.T) {
	s := shelf(100_000)
	s.memory.file = &memoryFile{}
	s.memory.file.open.Do(func() { s.memory.file.fd = -1 })
	s.keep(s.feedAt("/rss.xml"), identity, prose(100_000), nil).release()
	if v := s.has("/rss.xml", identity); v.body.file != nil || len(v.body.text) != v.body.size {
		t.Error("the body is nowhere")
	}
	c := onLoopback(t, s, time.Minute)()
	_, _ = io.WriteString(c, getFeed)
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
		t.Error(err)
	} else if body, err := io.ReadAll(res.Body); err != nil || !bytes.Equal(body, prose(100_000)) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestNothingIsSentFromAClosedFile(t *testing.T) {
	client, server := socketPair(t)
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	m := &memoryFile{}
	at, _ := m.put([]byte("12345"))
	c := &laneConn{raw: raw}
	if n, err := c.sendDirect([]byte("head "), &body{size: 6, file: m, at: at}); n != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", n, err)
	}
	closed := &memoryFile{fd: 1 << 20}
	if n, err := c.sendDirect([]byte("head "), &body{size: 5, file: closed}); n != 0 || !errors.Is(err, unix.EBADF) {
		t.Errorf("%d, %v", n, err)
	}
	_ = server.Close()
	if b, _ := io.ReadAll(client); string(b) != "head 12345head " {
		t.Errorf("%q", b)
	}
}

func socketPair(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(c.Close(), s.Close()) })
	return c.(*net.TCPConn), s.(*net.TCPConn)
}
