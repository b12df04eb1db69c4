package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On a full disk every command says so in one line, what was published is
// served on, and once there is space again everything goes on.
func TestFullDisk(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	if err := os.Mkdir(h.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", h.data, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("mount a small tmpfs: %v: run the tests as root, where mounting is allowed", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(h.data, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p := h.serve()
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	_, before := get(t, h.url+"design/rss.xml")

	full, added := false, 0
	for ; !full && added < 50; added++ {
		r := h.run("post", "add", bigPost(h, added))
		if full = r.code != 0; full && (r.code != exitFailed || !strings.Contains(r.err, "no space left") || strings.Contains(r.err, "panic")) {
			t.Fatalf("exit %d: %s", r.code, r.err)
		}
	}
	if !full {
		t.Fatal("the disk never got full")
	}
	if resp, body := get(t, h.url+"design/rss.xml"); resp.StatusCode != 200 || body != before {
		t.Errorf("the last good feed: %s", resp.Status)
	}
	p.stop()
	if r := h.run("post", "add", bigPost(h, added)); r.code != exitFailed || !strings.Contains(r.err, "no space left") {
		t.Errorf("without a daemon: exit %d: %s", r.code, r.err)
	}

	if err := syscall.Mount("tmpfs", h.data, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	h.serve()
	h.must(0, "post", "add", bigPost(h, added))
	h.must(0, "republish")
	h.must(0, "check")
	if _, body := get(t, h.url+"design/rss.xml"); !strings.Contains(body, fmt.Sprintf("Big %d", added)) {
		t.Error("with space again, the post is not out")
	}
}

func bigPost(h *host, n int) string {
	return h.write(fmt.Sprintf("big-%d.md", n), fmt.Sprintf("---\ntitle: Big %d\ncategory: Design\n---\n%s\n", n, strings.Repeat("A line of text. ", 4000)))
}

// A database that is none, or only half of one, gets one line with the way
// back, from the daemon and from every command.
func TestDamagedDatabase(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	path := filepath.Join(h.data, "syndic.db")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"text":      []byte(strings.Repeat("This is no database.\n", 1000)),
		"short":     sound[:100],
		"truncated": sound[:6*4096],
		"zeros":     make([]byte, len(sound)),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"serve"}, {"status"}, {"republish"}, {"post", "add", examplePosts(t)}, {"check"}} {
				r := h.run(args...)
				if r.code != exitFailed || !strings.Contains(r.err, "damaged") || !strings.Contains(r.err, "restore a backup") || strings.Contains(r.err, "goroutine") {
					t.Errorf("%v: exit %d: %s", args, r.code, r.err)
				}
			}
			if left, err := os.ReadFile(path); err != nil || string(left) != string(data) {
				t.Errorf("the damaged file was touched: %v", err)
			}
		})
	}
}
