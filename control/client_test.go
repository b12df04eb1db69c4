package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// socketDir has a short name: a socket's path is limited.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serveSocket serves a handler at a socket of its own until the test ends.
func serveSocket(t testing.TB, h http.Handler) string {
	t.Helper()
	path := filepath.Join(socketDir(t), "syndic.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return path
}

// The client behind the socket and the one in process say the same.
func TestSocketAndLocal(t *testing.T) {
	r := newRig(t)
	remote := Dial(serveSocket(t, New(r.cfg)))
	defer remote.Close()
	res, err := remote.Add(t.Context(), AddRequest{Documents: examples(t)})
	if err != nil || len(res) != 10 || res[0].Status != Added {
		t.Fatalf("%+v, %v", res, err)
	}
	r.publish()
	for name, call := range map[string]func(*Client) (any, error){
		"add":        func(c *Client) (any, error) { return c.Add(t.Context(), AddRequest{Documents: examples(t)}) },
		"posts":      func(c *Client) (any, error) { return collect(c, PostQuery{Category: "design"}) },
		"no posts":   func(c *Client) (any, error) { return collect(c, PostQuery{Category: "nothing"}) },
		"post":       func(c *Client) (any, error) { return c.Post(t.Context(), res[3].ID) },
		"no post":    func(c *Client) (any, error) { return c.Post(t.Context(), "a?b&c/d%") },
		"act":        func(c *Client) (any, error) { return c.Act(t.Context(), PostAction{Name: "x", Action: "y"}) },
		"categories": func(c *Client) (any, error) { return c.Categories(t.Context()) },
		"category":   func(c *Client) (any, error) { return c.Category(t.Context(), "design") },
		"retire":     func(c *Client) (any, error) { return c.Retire(t.Context(), "none") },
		"rename":     func(c *Client) (any, error) { return c.Rename(t.Context(), "design", "posts") },
		"feed": func(c *Client) (any, error) {
			b, kind, err := c.Feed(t.Context(), "", "rss")
			return string(b) + kind, err
		},
		"no feed":   func(c *Client) (any, error) { _, _, err := c.Feed(t.Context(), "", "atom"); return nil, err },
		"republish": func(c *Client) (any, error) { return c.Republish(t.Context(), RepublishRequest{}) },
		"hubs":      func(c *Client) (any, error) { return c.Hubs(t.Context()) },
		"log":       func(c *Client) (any, error) { return c.HubLog(t.Context(), 5) },
		"ping":      func(c *Client) (any, error) { return c.Ping(t.Context(), "none") },
		"retry":     func(c *Client) (any, error) { return c.Retry(t.Context(), "none") },
		"schedules": func(c *Client) (any, error) { return c.Schedules(t.Context()) },
		"status":    func(c *Client) (any, error) { return c.Status(t.Context()) },
	} {
		near, nearErr := call(r.Client)
		far, farErr := call(remote)
		if a, b := flat(t, near, nearErr), flat(t, far, farErr); a != b {
			t.Errorf("%s: in process %s, over the socket %s", name, a, b)
		}
	}
}

func collect(c *Client, q PostQuery) (list []PostInfo, err error) {
	for p, err := range c.Posts(context.Background(), q) {
		if err != nil {
			return list, err
		}
		list = append(list, p)
	}
	return list, nil
}

// flat writes a result and its error as one string.
func flat(t testing.TB, v any, err error) string {
	t.Helper()
	b, jsonErr := json.Marshal(v)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	var e *Error
	if errors.As(err, &e) {
		return string(b) + " " + e.Code + " " + e.Message + " " + http.StatusText(e.Status)
	}
	return string(b)
}

func TestNobodyThere(t *testing.T) {
	dir := socketDir(t)
	path := filepath.Join(dir, "none.sock")
	_, err := Dial(path).Status(t.Context())
	refused(t, err, "unavailable", path, "syndic serve")
	dead := filepath.Join(dir, "dead.sock")
	leaveDead(t, dead)
	_, err = Dial(dead).Status(t.Context())
	refused(t, err, "unavailable", dead)
}

func TestOtherVersion(t *testing.T) {
	for v, words := range map[string][]string{"2": {"another version", "restart it"}, "": {"not syndic"}} {
		path := serveSocket(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if v != "" {
				w.Header().Set(VersionHeader, v)
			}
			w.WriteHeader(http.StatusBadRequest)
		}))
		_, err := Dial(path).Status(t.Context())
		refused(t, err, "version", append(words, path)...)
	}
}

func TestTimeoutAndInterrupt(t *testing.T) {
	path := serveSocket(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := Dial(path).Status(ctx)
	refused(t, err, "timeout", "in time")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not unwrap", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	for _, c := range []*Client{Dial(path), newRig(t).Client} {
		_, err = c.Status(ctx)
		refused(t, err, "canceled")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v does not unwrap", err)
		}
	}
}

func TestAnswerThatIsNone(t *testing.T) {
	for body, code := range map[string]int{"<html>": http.StatusOK, "{}": http.StatusTeapot} {
		c := Local(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(VersionHeader, APIVersion)
			w.WriteHeader(code)
			w.Write([]byte(body))
		}))
		if _, err := c.Hubs(t.Context()); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", body, err)
		}
		if _, _, err := c.Feed(t.Context(), "", "rss"); err == nil {
			t.Errorf("%q: a feed without a media type", body)
		}
	}
}

// leaveDead makes a socket that nobody listens at.
func leaveDead(t testing.TB, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestListen(t *testing.T) {
	dir := socketDir(t)
	path := filepath.Join(dir, "run", "syndic.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]os.FileMode{path: os.ModeSocket | 0o660, filepath.Dir(path): os.ModeDir | 0o700}
	for name, want := range modes {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if _, err := Listen(path); err == nil {
		t.Error("a live socket was replaced")
	} else {
		says(t, err.Error(), path, "another daemon answers")
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Errorf("the live socket is gone: %v", err)
	} else {
		conn.Close()
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays after Close: %v", err)
	}
}

func TestListenWhereSomethingIs(t *testing.T) {
	dir := socketDir(t)
	dead := filepath.Join(dir, "dead.sock")
	leaveDead(t, dead)
	l, err := Listen(dead)
	if err != nil {
		t.Fatalf("a dead socket is in the way: %v", err)
	}
	l.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(file); err == nil {
		t.Error("a file was replaced")
	} else {
		says(t, err.Error(), file, "something else")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "keep" {
		t.Errorf("the file has %q, %v", b, err)
	}
	long := filepath.Join(dir, strings.Repeat("x", maxSocketPath))
	if _, err := Listen(long); err == nil {
		t.Error("a path that is too long was taken")
	} else {
		says(t, err.Error(), "107", "--socket")
	}
	fits := filepath.Join(dir, strings.Repeat("x", maxSocketPath-len(dir)-1))
	if l, err := Listen(fits); err != nil {
		t.Errorf("a path of 107 bytes: %v", err)
	} else {
		l.Close()
	}
	if _, err := Listen(filepath.Join(file, "syndic.sock")); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("below a file: %v", err)
	}
}
