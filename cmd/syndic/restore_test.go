package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/store/bolt"
)

func postJSON(t *testing.T, p feed.Post) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// samePosts tells whether two stores hold the same posts, record for record.
func samePosts(t *testing.T, a, b string) bool {
	t.Helper()
	x, y := postsIn(t, a), postsIn(t, b)
	same := len(x) == len(y)
	for id, p := range x {
		same = same && postJSON(t, p) == postJSON(t, y[id])
	}
	return same
}

// What was backed up under a writing daemon is what a restore brings back, and
// a new daemon serves.
func TestRestore(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	h.must(0, "post", "add", examplePosts(t))
	p := h.serve()
	stop := keepWriting(h)
	backup := filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	if r := h.run("restore", backup); r.code != exitLocked || !strings.Contains(r.err, "stop it first") || !oneMessage(r.err) {
		t.Errorf("over a live daemon: exit %d: %s", r.code, r.err)
	}
	stop()
	p.stop()
	db := filepath.Join(h.data, databaseName)
	before := postsIn(t, db)
	if err := os.Chmod(db, 0o640); err != nil {
		t.Fatal(err)
	}
	r := decode[restored](h, "restore", backup)
	if info, err := os.Stat(db); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the database is %v (%v), want its former mode", info, err)
	}
	if !samePosts(t, db, backup) {
		t.Error("other posts than those of the backup were restored")
	}
	if kept := postsIn(t, r.Kept); len(kept) != len(before) || !strings.HasPrefix(filepath.Base(r.Kept), "syndic.db.before-restore-") {
		t.Errorf("%s has %d posts, want the %d that were there", r.Kept, len(kept), len(before))
	}
	h.serve()
	if s := decode[control.StatusInfo](h, "status"); !s.Ready || s.Posts["published"] < 10 {
		t.Errorf("after the restore: %+v", s)
	}
}

// Nothing changes for a file that is no backup; a damaged or missing database
// does not matter.
func TestRestoreLooksFirst(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	backup := filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	sound, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(h.data, databaseName)
	for name, c := range map[string]struct{ data, want string }{
		"cut":    {string(sound[:len(sound)-4096]), "was cut off"},
		"text":   {strings.Repeat("no database\n", 999), "meta pages"},
		"of one": {"x", "meta pages"},
	} {
		before, err := os.ReadFile(db)
		if err != nil {
			t.Fatal(err)
		}
		r := h.run("restore", h.write(name+".db", c.data))
		after, err := os.ReadFile(db)
		if r.code != exitFailed || !strings.Contains(r.err, c.want) || !strings.Contains(r.err, "nothing was changed") || err != nil || string(before) != string(after) {
			t.Errorf("%s: exit %d: %s (%v)", name, r.code, r.err, err)
		}
	}
	for name, want := range map[string]string{db: "the database itself", h.dir: "not a file", filepath.Join(h.dir, "none"): "no such file"} {
		if r := h.run("restore", name); r.code != exitFailed || !strings.Contains(r.err, want) || !oneMessage(r.err) {
			t.Errorf("%s: exit %d: %s", name, r.code, r.err)
		}
	}
	for _, spoil := range []func() error{
		func() error { return os.WriteFile(db, []byte("junk"), 0o600) },
		func() error { return os.Remove(db) },
		func() error { return os.RemoveAll(h.data) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		h.must(0, "restore", backup)
		if !samePosts(t, db, backup) {
			t.Error("other posts than those of the backup were restored")
		}
	}
	if left, _ := filepath.Glob(filepath.Join(h.data, partPrefix+"*")); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// A database that another process has open without a socket is left alone.
func TestRestoreOverALock(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	backup := filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	s, err := bolt.Open(filepath.Join(h.data, databaseName), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r := h.run("restore", backup); r.code != exitLocked || !strings.Contains(r.err, "stop it") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}

// Somebody else's data are not touched.
func TestRestoreAsAnotherUser(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	backup := filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	if err := os.Chmod(backup, 0o644); err != nil {
		t.Fatal(err)
	}
	h.uid = 65534
	for _, args := range [][]string{{"restore", backup}, {"check", "--repair"}} {
		if r := h.run(args...); r.code != exitNotPermitted || !oneMessage(r.err) {
			t.Errorf("%v: exit %d: %s", args, r.code, r.err)
		}
	}
}

// A kill at any moment of a restore leaves one of the two databases, whole.
func TestKillWhileRestoring(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	backup := filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	h.must(0, "post", "rm", "cli-development-doesnt-have-to-be-hard-heres-proof")
	db := filepath.Join(h.data, databaseName)
	seen := map[int]bool{}
	for ms := range 7 {
		cmd := h.command(t.Context(), "restore", backup)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pause(t, time.Duration(ms*ms)*6*time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		h.must(0, "check")
		posts := 0
		for _, p := range postsIn(t, db) {
			if p.State != "removed" {
				posts++
			}
		}
		seen[posts] = true
	}
	for n := range maps.Keys(seen) {
		if n != 9 && n != 10 {
			t.Errorf("after a kill there are %d posts", n)
		}
	}
}

// pause lets a process that is to be killed get on.
func pause(t *testing.T, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
