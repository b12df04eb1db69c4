package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syndic/control"
)

// There must be room for a file beside the database.
func TestCompactInAReadOnlyDirectory(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	if os.Geteuid() == 0 { // whom no mode keeps out
		for _, path := range []string{h.data, filepath.Join(h.data, databaseName)} {
			if err := os.Chown(path, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		h.uid = nobody
	}
	if err := os.Chmod(h.data, 0o500); err != nil {
		t.Fatal(err)
	}
	if r := h.run("compact"); r.code != exitNotPermitted || !oneMessage(r.err) || !strings.Contains(r.err, "writable") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
	if err := os.Chmod(h.data, 0o700); err != nil {
		t.Fatal(err)
	}
	h.must(0, "compact")
}

// The command works with a daemon and without one, and the daemon goes on with
// the new file.
func TestCompact(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	if r := h.run("compact"); r.code != exitNoDatabase {
		t.Errorf("without a database: exit %d: %s", r.code, r.err)
	}
	for i := range 40 {
		h.write(fmt.Sprintf("posts/%d.md", i), fmt.Sprintf("---\ntitle: Post %d\ncategory: Big\n---\n%s\n", i, strings.Repeat("A long text. ", 5000)))
	}
	h.must(0, "post", "add", filepath.Join(h.dir, "posts"))
	path := filepath.Join(h.data, "syndic.db")
	p := h.serve()
	h.must(0, "post", "rm", "--category", "Big", "--yes")
	h.must(0, "republish")
	info := decode[control.CompactInfo](h, "compact")
	if now, err := os.Stat(path); err != nil || info.After != now.Size() || info.Before < 2*info.After || info.HeldMS <= 0 || info.DurationMS < info.HeldMS {
		t.Errorf("with a daemon: %+v, the file is %v (%v)", info, now, err)
	}
	h.must(0, "post", "add", examplePosts(t))
	if found := decode[[]string](h, "check"); len(found) != 0 {
		t.Errorf("check: %q", found)
	}
	p.stop()
	if out := h.must(0, "compact"); !strings.Contains(out, "before") || !strings.Contains(out, " MB") {
		t.Errorf("without a daemon: %s", out)
	}
	h.must(0, "post", "show", "the-complete-checklist-for-ci-cd-pipelines")
	if entries, err := filepath.Glob(path + "*"); err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v)", entries, err)
	}
}
