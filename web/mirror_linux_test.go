package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
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

// What is asked for often is sent out of a mirror, in the same bytes, and piece
// by piece if the reader is slow.
func TestMirrorsAreTheSame(t *testing.T) {
	const many = 3 * mirrorAfter
	s := shelf(400_000)
	d := s.current.Load().paths["/rss.xml"].document
	dial := onLoopback(t, s, time.Minute)
	for _, fields := range []string{"", "Accept-Encoding: gzip\r\n"} {
		v := d.variant(identity, s.encoders)
		if fields != "" {
			v = d.variant(gzipCoding, s.encoders)
		}
		c := dial()
		_ = c.SetReadBuffer(64 << 10)
		go func() {
			_, _ = io.WriteString(c, strings.Repeat("GET /rss.xml HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n", many))
		}()
		r := bufio.NewReader(c)
		for i := range many {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || !bytes.Equal(body, v.body) {
				t.Fatalf("answer %d has %d bytes of %d, %v", i, len(body), len(v.body), err)
			}
			if mirrored := v.mirror.Load() != nil; i == many-1 && !mirrored {
				t.Error("there is no mirror")
			}
		}
	}
}

// A reader that goes away costs nothing but its connection.
func TestReaderLeavesAMirror(t *testing.T) {
	s := shelf(2_000_000)
	dial := onLoopback(t, s, time.Minute)
	for range 2 * mirrorAfter {
		c := dial()
		_, _ = io.WriteString(c, getFeed)
		if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	for s.gate.open.Load() > 0 {
		runtime.Gosched()
	}
	if s.current.Load().paths["/rss.xml"].document.variants[identity].mirror.Load() == nil {
		t.Error("there is no mirror")
	}
}

// A reader that takes nothing is let go as well.
func TestStuckReaderOfAMirrorEnds(t *testing.T) {
	s := shelf(2_000_000)
	c := onLoopback(t, s, 2*time.Second)()
	go func() { _, _ = io.WriteString(c, strings.Repeat(getFeed, 4*mirrorAfter)) }()
	for range 2 * mirrorAfter {
		if _, err := io.ReadFull(c, make([]byte, 2_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	for s.gate.open.Load() > 0 {
		runtime.Gosched()
	}
	if s.current.Load().paths["/rss.xml"].document.variants[identity].mirror.Load() == nil {
		t.Error("there is no mirror")
	}
}

// Mirrors are few, and end with the generation that they are of.
func TestMirrorsAreBounded(t *testing.T) {
	m, before := &mirrors{}, memoryFiles(t) // other tests' may still go
	fill := func(size int) (all []*mirror) {
		for {
			f := m.add(make([]byte, size))
			if f == nil {
				return all
			}
			all = append(all, f)
		}
	}
	for size, most := range map[int]int{mirrorFrom: mirrorFiles, mirrorBytes / 4: 4} {
		all := fill(size)
		if len(all) != most {
			t.Errorf("%d mirrors of %d bytes", len(all), size)
		}
		if n := memoryFiles(t); n < most {
			t.Errorf("%d files for %d mirrors", n, most)
		}
		runtime.KeepAlive(all)
		for all = nil; m.left() > 0; {
			runtime.GC()
		}
		if m.bytes != 0 {
			t.Errorf("%d bytes are left", m.bytes)
		}
	}
	if n := memoryFiles(t); n > before {
		t.Errorf("%d files are left, %d of them not ours", n, before)
	}
}

func (m *mirrors) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files
}

// memoryFiles are the files of mirrors that the process has open.
func memoryFiles(t *testing.T) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if to, err := os.Readlink(name); err == nil && strings.HasPrefix(to, "/memfd:syndic feed") {
			n++
		}
	}
	return n
}

func TestNothingIsSentFromAClosedMirror(t *testing.T) {
	client, server := socketPair(t)
	raw, err := server.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := memoryFile([]byte("12345"))
	c := &laneConn{raw: raw}
	if n, err := c.sendDirect([]byte("head "), &mirror{fd, 6}); n != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", n, err)
	}
	_ = unix.Close(fd)
	if n, err := c.sendDirect([]byte("head "), &mirror{fd, 5}); n != 0 || !errors.Is(err, unix.EBADF) {
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
