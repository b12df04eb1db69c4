package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"syndic/control"
)

// folder writes many small posts, each category's beside the others'.
func (h *host) folder(n int) string {
	h.t.Helper()
	for i := range n {
		h.write(fmt.Sprintf("posts/%d/p%05d.md", i%7, i), fmt.Sprintf("---\ntitle: Post %d\ncategory: C%d\n---\ntext %d\n", i, i%7, i))
	}
	return filepath.Join(h.dir, "posts")
}

// posts is how many posts the daemon has.
func (h *host) posts() (n int) {
	h.t.Helper()
	c := control.Dial(filepath.Join(h.data, socketName))
	defer c.Close()
	for _, err := range c.Posts(h.t.Context(), control.PostQuery{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		n++
	}
	return n
}

// Whether it is asked to stop or killed: what is in stays, the next run goes on
// from there, and one more changes nothing.
func TestAddInterrupted(t *testing.T) {
	const files = 16 * batchPosts
	h := newHost(t, `schedule: "@daily"`)
	h.serve()
	folder := h.folder(files)
	for in, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		p := h.start(h.command(context.Background(), "post", "add", folder))
		for h.posts() <= in*batchPosts {
			runtime.Gosched()
		}
		p.signal(s)
		code := p.wait(patience)
		if s == syscall.SIGKILL {
			continue
		}
		want := fmt.Sprintf("syndic: interrupted: %d of %d files are in: run it again to go on\n", h.posts(), files)
		if code != exitInterrupted || !strings.HasSuffix(p.log.String(), want) {
			t.Errorf("exit %d\n%s, want at its end\n%s", code, p.log, want)
		}
	}
	before := h.posts()
	if before >= files || before == 0 {
		t.Fatalf("%d posts are in: it was not in the middle", before)
	}
	r := h.run("post", "add", folder)
	if want := fmt.Sprintf("%d added, 0 changed, %d unchanged, 0 skipped, 0 rejected", files-before, before); r.code != 0 || !strings.Contains(r.err, want) {
		t.Errorf("again: exit %d: %s, want %s", r.code, r.err, want)
	}
	seq := decode[control.StatusInfo](h, "status").Seq
	rows := decode[[]control.AddResult](h, "post", "add", folder)
	for i, row := range rows {
		if row.Status != control.Unchanged || i > 0 && row.File <= rows[i-1].File {
			t.Errorf("once more: row %d is %+v", i, row)
		}
	}
	if now := decode[control.StatusInfo](h, "status").Seq; len(rows) != files || now != seq {
		t.Errorf("once more: %d rows, the store went from %d to %d", len(rows), seq, now)
	}
}

// A refused file is in its place among the others, whatever batch it is near.
func TestAddKeepsTheOrder(t *testing.T) {
	h := newHost(t)
	folder := h.folder(30)
	bad := h.write("posts/3/a.md", "---\ntitle: [\n---\n")
	rows := decode[[]control.AddResult](h, "post", "add", folder)
	if len(rows) != 31 {
		t.Fatalf("%d rows, want 31", len(rows))
	}
	for i, row := range rows {
		if rejected := row.Status == control.Rejected; rejected != (row.File == bad) || i > 0 && row.File <= rows[i-1].File {
			t.Errorf("row %d is %+v", i, row)
		}
	}
}
