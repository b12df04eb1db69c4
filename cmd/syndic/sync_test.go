package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"syndic/control"
	"syndic/feed"
)

// No post is acknowledged before it is on the disk: under strace, all that was
// written to the database is synced when the answer goes out.
func TestSyncPrecedesAcknowledgement(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	trace := filepath.Join(h.dir, "trace")
	cmd := h.command(context.Background(), "serve")
	cmd.Args = append([]string{"strace", "-f", "-y", "-s", "1000", "-o", trace, "-e", "trace=pwrite64,fdatasync,fsync,write,sendto,writev", binary}, cmd.Args[1:]...)
	var err error
	if cmd.Path, err = exec.LookPath("strace"); err != nil {
		t.Fatalf("%v: make tools installs it", err)
	}
	cmd.WaitDelay = time.Second
	p := h.start(cmd)
	p.ready()
	c := control.Dial(filepath.Join(h.data, socketName))
	defer c.Close()
	const posts = 8
	for i := range posts {
		text := fmt.Sprintf("Text %d.\n", i)
		_, err := c.Add(t.Context(), control.AddRequest{Documents: []control.Document{{
			Post: feed.Post{Title: fmt.Sprintf("Post %d", i), Body: text, Markup: feed.Markdown}, Categories: []string{"Design"}, Date: "2026-01-01",
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	// strace would let go of the daemon and leave it.
	stopTraced(t, c)
	p.wait(10 * time.Second)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if acks := acknowledged(t, string(text)); acks != posts {
		t.Errorf("%d answers in the trace, want %d", acks, posts)
	}
}

// stopTraced ends the daemon itself, however the test goes on.
func stopTraced(t *testing.T, c *control.Client) {
	t.Helper()
	status, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(status.PID, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// acknowledged reads a trace and counts the answers to posts. Each must follow
// a sync of its own, with nothing written to the database after it.
func acknowledged(t *testing.T, trace string) (acks int) {
	t.Helper()
	synced, dirty := false, false
	for line := range strings.Lines(trace) {
		_, call, _ := strings.Cut(line, " ")
		call = strings.TrimSpace(call)
		switch {
		case strings.HasPrefix(call, "pwrite64(") && strings.Contains(call, "/syndic.db>"):
			synced, dirty = false, true
		case isSynced(call):
			synced, dirty = true, false
		case strings.HasPrefix(call, "write(") && strings.Contains(call, `"HTTP/1.1 200 OK`) && strings.Contains(call, "added"):
			acks++
			if !synced || dirty {
				t.Errorf("answer %d was sent with unsynced writes: %s", acks, line)
			}
			synced = false
		}
	}
	return acks
}

// isSynced tells whether a sync of the database has returned.
func isSynced(call string) bool {
	whole := strings.HasPrefix(call, "fdatasync(") && strings.Contains(call, "/syndic.db>") && strings.HasSuffix(call, "= 0")
	return whole || strings.HasPrefix(call, "<... fdatasync resumed>") && strings.HasSuffix(call, "= 0")
}
