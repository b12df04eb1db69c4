package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// inherit is the command line as systemd starts it with sockets: the process is
// told its own id. Names are those of the sockets; none is as good as one.
func (h *host) inherit(names string, sockets []*os.File, args ...string) *exec.Cmd {
	script := fmt.Sprintf(`LISTEN_PID=$$ LISTEN_FDS=%d LISTEN_FDNAMES=%s exec "$@"`, len(sockets), names)
	cmd := h.command(context.Background(), args...)
	cmd.Args = append([]string{"sh", "-c", script, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.ExtraFiles = sockets
	return cmd
}

// socket is a listening socket that outlives every daemon, as systemd's do.
func socket(t *testing.T) (file *os.File, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if file, err = l.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file, l.Addr().String()
}

// newHeir is a host whose listener is handed on.
func newHeir(t *testing.T) (h *host, listening *os.File) {
	t.Helper()
	h = newHost(t)
	listening, h.addr = socket(t)
	h.url, h.addr = "http://"+h.addr+"/", "fd"
	h.configure(`schedule: "@change"`)
	return h, listening
}

func TestInheritedSocket(t *testing.T) {
	h, public := newHeir(t)
	if r := h.run("serve"); r.code != exitConfig || !strings.Contains(r.err, "listen: fd: systemd handed over no socket for it") || !oneMessage(r.err) {
		t.Errorf("without a socket: exit %d:\n%s", r.code, r.err)
	}
	p := h.start(h.inherit("syndic.socket", []*os.File{public}, "serve"))
	p.ready()
	if resp, _ := get(t, h.url+"feed.json"); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
}

func TestInheritedSocketsHaveNames(t *testing.T) {
	h, public := newHeir(t)
	admin, addr := socket(t)
	r := h.finish(h.inherit("admin:public", []*os.File{admin, public}, "serve"), "")
	if r.code != exitConfig || !strings.Contains(r.err, "admin.listen: systemd hands over the socket "+addr+" for it: set admin.listen to fd") {
		t.Errorf("a socket that nobody takes: exit %d:\n%s", r.code, r.err)
	}
	h.write("config.yaml", strings.Replace(string(readFile(t, h.config)), "127.0.0.1:0", "fd", 1))
	h.start(h.inherit("admin:public", []*os.File{admin, public}, "serve")).ready()
	if resp, _ := get(t, "http://"+addr+"/readyz"); resp.StatusCode != http.StatusOK {
		t.Errorf("admin: %s", resp.Status)
	}
	if resp, _ := get(t, h.url+"rss.xml"); resp.StatusCode != http.StatusOK {
		t.Errorf("public: %s", resp.Status)
	}
}

// Daemon after daemon takes the socket, and reloads meanwhile: no reader sees
// anything of it.
func TestHandover(t *testing.T) { handover(t, 4*time.Second) }

func TestSoakHandover(t *testing.T) {
	if fromEnvironment(t, "SYNDIC_SOAK", 0) == 0 {
		t.Log("TestHandover is the short form; make soak runs this one")
		return
	}
	handover(t, 30*time.Second)
}

func handover(t *testing.T, load time.Duration) {
	h, listening := newHeir(t)
	p := h.start(h.inherit("syndic.socket", []*os.File{listening}, "serve"))
	p.ready()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A title\n\n"+strings.Repeat("word ", 5000)+"\n"))
	h.must(0, "republish")

	crowd := newCrowd(t, h.url)
	hammered := hammer(t, h.url+"design/atom.xml", load)
	restarts, reloads := 0, 0
	end := time.After(load)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for over := false; !over || restarts == 0; {
		// Every second the feeds look otherwise, and every other second another
		// process serves them.
		h.configure(fmt.Sprintf("  title: Journal %d", reloads), `schedule: "@change"`)
		h.must(0, "reload")
		reloads++
		if reloads%2 == 0 {
			if code := p.stop(); code != 0 {
				t.Errorf("exit %d", code)
			}
			p = h.start(h.inherit("syndic.socket", []*os.File{listening}, "serve"))
			p.ready()
			restarts++
		}
		select {
		case <-second.C:
		case <-end:
			over = true
		}
	}
	asked, failures := crowd.leave()
	t.Logf("%d restarts and %d reloads under %d requests of the crowd and wrk's:\n%s", restarts, reloads, asked, <-hammered)
	for _, err := range failures {
		t.Errorf("failed: %v", err)
	}
	if asked < 100 {
		t.Error("too few to mean anything")
	}
}

// hammer has wrk ask for a URL, and returns what it says; an error or an answer
// that is none fails the test.
func hammer(t *testing.T, url string, load time.Duration) <-chan string {
	t.Helper()
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		t.Fatal("wrk is missing: run make tools")
	}
	said := make(chan string, 1)
	cmd := exec.CommandContext(t.Context(), wrk, "-t1", "-c32", "-d"+load.String(), "--timeout", "30s", url)
	go func() {
		out, err := cmd.CombinedOutput()
		if text := string(out); err != nil || strings.Contains(text, "Socket errors") || strings.Contains(text, "Non-2xx") || !strings.Contains(text, " requests in ") {
			t.Errorf("wrk: %v", err)
		}
		said <- string(out)
	}()
	return said
}

// crowd are readers that keep their connections as long as they may, or come
// anew each time, and take note of everything that is not as it should be.
type crowd struct {
	addr     string
	leaving  chan struct{}
	running  sync.WaitGroup
	mu       sync.Mutex
	asked    int
	failures []error
}

func newCrowd(t *testing.T, url string) *crowd {
	c := &crowd{addr: strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"), leaving: make(chan struct{})}
	for _, request := range []string{
		"GET /design/rss.xml", "GET /feed.json", "HEAD /atom.xml", "GET /", "GET /design/", "GET /design/a", "GET /feeds.opml", "GET /none",
	} {
		c.running.Go(func() { c.read(request, false) })
	}
	for range 2 {
		c.running.Go(func() { c.read("GET /rss.xml", true) })
	}
	t.Cleanup(func() { c.leave() })
	return c
}

// leave ends the load, and returns how many requests there were and what went
// wrong.
func (c *crowd) leave() (int, []error) {
	c.mu.Lock()
	select {
	case <-c.leaving:
	default:
		close(c.leaving)
	}
	c.mu.Unlock()
	c.running.Wait()
	return c.asked, c.failures
}

// read asks for the same thing over and over; anew: on a connection each.
func (c *crowd) read(request string, anew bool) {
	var conn net.Conn
	var answers *bufio.Reader
	for {
		select {
		case <-c.leaving:
			if conn != nil {
				_ = conn.Close()
			}
			return
		default:
		}
		var err error
		if conn == nil {
			if conn, err = c.connect(); err == nil {
				answers = bufio.NewReader(conn)
			}
		}
		last := true
		if err == nil {
			last, err = c.ask(conn, answers, request)
		}
		if (last || anew) && conn != nil {
			_ = conn.Close()
			conn = nil
		}
		c.mu.Lock()
		c.asked++
		if err != nil {
			c.failures = append(c.failures, fmt.Errorf("%s: %w", request, err))
		}
		c.mu.Unlock()
	}
}

// connect opens a connection that leaves nothing behind when it is closed: the
// machine would run out of ports.
func (c *crowd) connect() (net.Conn, error) {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetLinger(0)
}

// ask sends one request and reads its whole answer; last tells whether the
// connection ends with it.
func (c *crowd) ask(conn net.Conn, answers *bufio.Reader, request string) (last bool, err error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return true, err
	}
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\n\r\n", request, c.addr); err != nil {
		return true, err
	}
	method, path, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(answers, &http.Request{Method: method})
	if err != nil {
		return true, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	want := http.StatusOK
	if path == "/none" {
		want = http.StatusNotFound
	}
	if res.StatusCode != want {
		err = errors.Join(err, errors.New(res.Status))
	}
	return res.Close || err != nil, err
}
