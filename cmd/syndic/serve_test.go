package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"syndic/control"
)

func TestServeAndStop(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	p := h.serve()
	if line := p.await("serving feeds and pages"); line["listen"] != h.addr || line["url"] != h.url {
		t.Errorf("the log says %v", line)
	}
	for _, path := range []string{"", "rss.xml", "atom.xml", "feed.json", "feeds.opml"} {
		if resp, _ := get(t, h.url+path); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	for _, path := range []string{"healthz", "readyz", "metrics", ""} {
		if resp, _ := get(t, p.admin+path); resp.StatusCode != http.StatusOK {
			t.Errorf("admin %s: %s", path, resp.Status)
		}
	}
	if resp, _ := get(t, h.url+"metrics"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the public gets the metrics: %s", resp.Status)
	}
	socket := filepath.Join(h.data, socketName)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket: %v, %v", info, err)
	}
	if info, err := os.Stat(h.data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info, err)
	}
	start := time.Now()
	if code := p.stop(); code != 0 {
		t.Errorf("SIGTERM: exit %d", code)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("an idle daemon took %v to stop", took)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

// What was published is served again at once, and the same.
func TestRestartServesTheSame(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	p := h.serve()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A title\n\ntext\n"))
	h.must(0, "republish")
	before, body := get(t, h.url+"design/atom.xml")
	if !strings.Contains(body, "A title") {
		t.Fatalf("not published:\n%s", body)
	}
	p.kill()
	h.serve()
	after, again := get(t, h.url+"design/atom.xml")
	if body != again || before.Header.Get("Etag") != after.Header.Get("Etag") || before.Header.Get("Last-Modified") != after.Header.Get("Last-Modified") {
		t.Errorf("before: %v\n%s\nafter: %v\n%s", before.Header, body, after.Header, again)
	}
}

func TestSecondDaemon(t *testing.T) {
	h := newHost(t)
	h.serve()
	r := h.run("serve")
	if r.code != exitLocked || !strings.Contains(r.err, "syndic.db") || !oneMessage(r.err) {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	h.must(0, "status")
}

// oneMessage tells whether exactly one line of a daemon's output is for people.
func oneMessage(messages string) bool {
	n := 0
	for line := range strings.Lines(messages) {
		if strings.HasPrefix(line, "syndic: ") {
			n++
		} else if !strings.HasPrefix(line, "{") {
			return false
		}
	}
	return n == 1
}

func TestPortInUse(t *testing.T) {
	for _, key := range []string{"listen", "admin.listen"} {
		t.Run(key, func(t *testing.T) {
			h := newHost(t)
			l, err := net.Listen("tcp", h.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if key == "admin.listen" {
				h.write("config.yaml", "listen: 127.0.0.1:0\nadmin: {listen: "+h.addr+"}\n")
			}
			r := h.run("serve")
			if r.code != exitFailed || !oneMessage(r.err) || !strings.Contains(r.err, "syndic: "+key+": "+h.addr+" is in use") {
				t.Errorf("exit %d:\n%s", r.code, r.err)
			}
			if _, err := os.Stat(filepath.Join(h.data, socketName)); !os.IsNotExist(err) {
				t.Errorf("the socket is left: %v", err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if code := h.serve().stop(); code != 0 {
				t.Errorf("with the port free: exit %d", code)
			}
		})
	}
}

// A dead daemon's socket is replaced; a file that is none is not.
func TestSocketLeftBehind(t *testing.T) {
	h := newHost(t)
	h.serve().kill()
	if _, err := os.Stat(filepath.Join(h.data, socketName)); err != nil {
		t.Fatalf("there is no dead socket to test with: %v", err)
	}
	if code := h.serve().stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	h.write("data/"+socketName, "mine")
	if r := h.run("serve"); r.code != exitFailed || !strings.Contains(r.err, "something else is there") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
}

func TestLongSocketPath(t *testing.T) {
	h := newHost(t)
	h.data = filepath.Join(h.dir, strings.Repeat("x", 110))
	if r := h.run("serve"); r.code != exitFailed || !strings.Contains(r.err, "107") || !oneMessage(r.err) {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	h.env = append(h.env, "RUNTIME_DIRECTORY="+filepath.Join(h.dir, "run"))
	h.serve()
	if s := decode[control.StatusInfo](h, "status"); !s.Daemon {
		t.Errorf("the daemon was not found in the runtime directory: %+v", s)
	}
}

// A daemon of another site in the runtime directory is not ours.
func TestOtherDaemonInRuntimeDirectory(t *testing.T) {
	other := newHost(t)
	other.env = append(other.env, "RUNTIME_DIRECTORY="+other.dir)
	other.serve()
	h := newHost(t)
	h.env = append(h.env, "RUNTIME_DIRECTORY="+other.dir)
	if r := h.run("status"); r.code != exitNoDatabase {
		t.Errorf("exit %d:\n%s%s", r.code, r.out, r.err)
	}
	if s := decode[control.StatusInfo](h, "--socket", filepath.Join(other.dir, socketName), "status"); s.Data != other.data {
		t.Errorf("--socket: %+v", s)
	}
}

// notifySocket receives what the daemon tells systemd.
func notifySocket(t *testing.T, h *host) *net.UnixConn {
	t.Helper()
	path := filepath.Join(h.dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h.env = append(h.env, "NOTIFY_SOCKET="+path)
	return conn
}

// hear returns the first message that contains the text.
func hear(t *testing.T, conn *net.UnixConn, text string) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("systemd never heard %s: %v", text, err)
		}
		if bytes.Contains(buf[:n], []byte(text)) {
			return string(buf[:n])
		}
	}
}

func TestSystemdIsNotified(t *testing.T) {
	h := newHost(t)
	conn := notifySocket(t, h)
	h.env = append(h.env, "WATCHDOG_USEC=180000000")
	p := h.start(h.command(context.Background(), "serve"))
	hear(t, conn, "STATUS=publishing")
	hear(t, conn, "WATCHDOG=1")
	if m := hear(t, conn, "READY=1"); !strings.Contains(m, "STATUS=serving "+h.url) {
		t.Errorf("ready: %q", m)
	}
	if resp, _ := get(t, h.url+"rss.xml"); resp.StatusCode != http.StatusOK {
		t.Errorf("ready, but %s", resp.Status)
	}
	p.signal(syscall.SIGTERM)
	hear(t, conn, "STOPPING=1")
	if code := p.wait(10 * time.Second); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A running request is finished before the daemon ends; one that never ends
// does not hold it up.
func TestDrain(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+silentHub(t)+"]")
	p := h.serve()
	h.must(0, "post", "add", h.write("a.md", "# A\n\ntext\n"))
	waiting := h.start(h.command(context.Background(), "republish", "--timeout", "60s")) // its hub never answers
	eventually(t, "the republish waits", func() bool {
		return decode[control.StatusInfo](h, "status").PingsWaiting > 0
	})
	slow, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d after %v", code, time.Since(start))
	}
	if code := waiting.wait(patience); code != exitFailed && code != exitPartly {
		t.Errorf("the waiting republish: exit %d\n%s", code, waiting.log)
	}
	if rows := decode[[]control.HubInfo](h, "hub", "list"); len(rows) != 1 || rows[0].Waiting+rows[0].Retrying == 0 {
		t.Errorf("the pings are lost: %+v", rows)
	}
}

// A ping that its hub leaves without an answer is cut off in time, and is sent
// again by the next daemon.
func TestDrainWithASilentHub(t *testing.T) {
	pinged := make(chan struct{}, 10)
	hub := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the client has gone
		pinged <- struct{}{}
		<-r.Context().Done()
	}))
	defer hub.Close()
	h := newHost(t, `schedule: "@change"`, "hubs: ["+hub.URL+"]")
	for range 2 {
		p := h.serve()
		if h.must(0, "post", "add", h.write("a.md", "# A\n\ntext\n")); !within(pinged) {
			t.Fatal("no ping")
		}
		if code := p.stop(); code != 0 {
			t.Errorf("exit %d\n%s", code, p.log)
		}
	}
}

// within tells whether something comes in time.
func within(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-time.After(patience):
		return false
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	h := newHost(t)
	p := h.serve()
	slow, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGINT)
	p.await("stopping")
	p.signal(syscall.SIGINT)
	if code := p.wait(4 * time.Second); code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
}

func TestPingsFollowPublication(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+hub.url+"]")
	h.serve()
	h.must(0, "republish")
	hub.forget()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A title\n\ntext\n"))
	rows := decode[[]control.FeedResult](h, "republish", "design")
	if len(rows) != 6 {
		t.Fatalf("rows: %+v", rows)
	}
	var want []string
	for _, r := range rows {
		if r.Status != "changed" || !r.Served || len(r.Pings) != 1 || r.Pings[0].Outcome != "delivered" {
			t.Errorf("row: %+v", r)
		}
		want = append(want, r.URL)
	}
	slices.Sort(want)
	pings := hub.forget()
	if got := topics(pings); !slices.Equal(got, want) {
		t.Errorf("pinged %v, want %v", got, want)
	}
	for _, p := range pings {
		if !strings.Contains(p.body, "A title") {
			t.Errorf("at the ping of %s the hub fetched the old bytes:\n%s", p.topic, p.body)
		}
		if p.agent != "syndic/1.2.3-test (+"+h.url+")" {
			t.Errorf("User-Agent: %q", p.agent)
		}
	}
	h.must(0, "republish")
	if pings := hub.got(); len(pings) > 0 {
		t.Errorf("pinged although nothing changed: %v", topics(pings))
	}
	hub.answer(http.StatusServiceUnavailable)
	if r := h.run("republish", "--force", "design"); r.code != exitPartly || !strings.Contains(r.out, "retrying") {
		t.Errorf("hub in trouble: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// A port changed in one place only makes every address wrong: the log says so.
func TestListenElsewhere(t *testing.T) {
	h := newHost(t)
	p := h.serve()
	const message = "site.url leads to another port of this machine than listen: feeds and pings will name the wrong address"
	if strings.Contains(p.log.String(), message) {
		t.Error("warned of the right port")
	}
	p.stop()
	h.addr = freeAddress(t)
	h.configure() // listen has changed, site.url has not
	h.serve().await(message)
}
