package main

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// systemd is told of a reload from its begin to its end, and what became of it.
func TestSystemdHearsOfReloads(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	conn := notifySocket(t, h)
	p := h.serve()
	hear(t, conn, "READY=1")
	before := monotonic(t)
	h.configure("  title: Another", `schedule: "@daily"`)
	p.signal(syscall.SIGHUP)
	begun := hear(t, conn, "RELOADING=1")
	at := regexp.MustCompile(`(?m)^MONOTONIC_USEC=(\d+)$`).FindStringSubmatch(begun)
	if at == nil {
		t.Fatalf("without a time: %q", begun)
	}
	if usec, err := strconv.ParseInt(at[1], 10, 64); err != nil || usec < before || usec > monotonic(t) {
		t.Errorf("MONOTONIC_USEC=%s is not now", at[1])
	}
	if m := hear(t, conn, "READY=1"); !strings.HasPrefix(m, "READY=1\nSTATUS=serving "+h.url+": 3 feeds, 0 categories") || strings.Contains(m, "error") {
		t.Errorf("the end of a reload: %q", m)
	}
	h.configure("window: {posts: 0}")
	if r := h.run("reload"); r.code != exitConfig {
		t.Fatalf("exit %d:\n%s", r.code, r.err)
	}
	hear(t, conn, "RELOADING=1")
	if m := hear(t, conn, "READY=1"); !strings.Contains(m, "; last error at ") || !strings.Contains(m, notReloaded+": "+h.config+":7:17: window.posts") {
		t.Errorf("status: %q", m)
	}
	h.configure(`schedule: "@daily"`)
	h.must(0, "reload")
	if m := hear(t, conn, "READY=1"); strings.Contains(m, "last error") {
		t.Errorf("the error outlives what mended it: %q", m)
	}
}

func monotonic(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano() / int64(time.Microsecond)
}

// The status follows what is served and what waits.
func TestSystemdHearsHowThingsStand(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@change"`, "hubs: ["+hub.url+"]")
	conn := notifySocket(t, h)
	h.serve()
	if m := hear(t, conn, "READY=1"); !strings.Contains(m, "STATUS=serving "+h.url+": 3 feeds, 0 categories") {
		t.Errorf("ready: %q", m)
	}
	hub.answer(http.StatusServiceUnavailable)
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A\n\ntext\n"))
	hear(t, conn, ": 6 feeds, 1 category; 6 pings queued")
}

// A reload while the daemon starts does not make systemd believe that it is up.
func TestReloadBeforeReady(t *testing.T) {
	h := newHost(t)
	conn := notifySocket(t, h)
	p := h.start(h.command(context.Background(), "serve"))
	p.await("the control socket listens")
	p.signal(syscall.SIGHUP)
	if m := hear(t, conn, "=1"); !strings.Contains(m, "READY=1\nSTATUS=serving") {
		t.Errorf("first of all: %q", m)
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aäb", 2, "a…"}} {
		if got := shorten(c.text, c.limit); got != c.want {
			t.Errorf("%q to %d: %q", c.text, c.limit, got)
		}
	}
}
