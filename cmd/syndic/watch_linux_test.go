package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"syndic/control"
	"syndic/store/bolt"
)

// What is saved is out, whether it is written in place or renamed there.
func TestWatchPublishes(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	file := h.write("posts/a.md", titled("Before"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	h.shows("text of Before")
	h.write("posts/a.md", titled("Saved"))
	h.shows("text of Saved")
	h.write("aside", titled("Renamed"))
	h.rename("aside", "posts/a.md")
	h.shows("text of Renamed")
	h.write("posts/a.md", titled("Renamed"))
	v.row(file, "Renamed", control.Unchanged)
	v.end(0)
	if got := v.results(); len(got) != 4 || got[0].Status != control.Added {
		t.Errorf("rows: %+v", got)
	}
}

// Folders are watched as they come, with what is in them.
func TestWatchNewFolders(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	h.write("aside/deep/moved.md", titled("Moved"))
	h.write("aside/.hidden/hidden.md", titled("Hidden"))
	h.write("aside/notes.txt", titled("Notes"))
	h.write("posts/a.md", titled("A"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	made := h.write("posts/new/deep/made.markdown", titled("Made"))
	v.row(made, "Made", control.Added)
	h.write("posts/new/deep/made.markdown", titled("Saved"))
	v.row(made, "Saved", control.Changed)
	h.rename("aside", "posts/moved")
	moved := filepath.Join(h.dir, "posts/moved/deep/moved.md")
	v.row(moved, "Moved", control.Added)
	h.rename("posts/moved", "posts/again")
	again := filepath.Join(h.dir, "posts/again/deep/moved.md")
	v.row(again, "Moved", control.Unchanged)
	v.freeze() // all of this is seen at one time
	h.write("posts/new/deep/made.markdown", titled("Left"))
	h.rename("posts/new", "posts/newer")
	v.signal(syscall.SIGCONT)
	v.row(filepath.Join(h.dir, "posts/newer/deep/made.markdown"), "Left", control.Changed)
	h.write("posts/again/deep/moved.md", titled("Saved"))
	v.row(again, "Saved", control.Changed)
	v.end(0)
	if strings.Contains(v.rows.String(), "Hidden") || strings.Contains(v.rows.String(), "Notes") ||
		strings.Contains(v.log.String(), "gone") || strings.Contains(v.log.String(), "no such file") {
		t.Errorf("rows:\n%s%s", v.rows, v.log)
	}
}

// A bad file is said to be so, also one that is there at first, and the watch
// goes on.
func TestWatchBadFiles(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	bad := h.write("posts/bad.md", badPost)
	v := h.watch(filepath.Join(h.dir, "posts"))
	v.says("syndic: " + bad + ":3:")
	v.says("syndic: nothing was added")
	h.write("posts/bad.md", titled("Better"))
	v.row(bad, "Better", control.Added)
	worse := h.write("posts/worse.md", badPost)
	v.says("syndic: " + worse + ":3:")
	clash := h.write("posts/clash.md", "---\nslug: bad\n---\n\ntext\n")
	v.row(clash, "", control.Rejected)
	v.says("syndic: " + clash + ": ")
	v.end(0)
}

// Files that go leave their posts alone, and say so, unless they went to where
// they are still the same post.
func TestWatchFilesThatGo(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	for _, name := range []string{"a", "b", "deep/c"} {
		h.write("posts/"+name+".md", titled(filepath.Base(name)))
	}
	v := h.watch("posts") // as people type it
	h.rename("posts/a.md", "posts/d.md")
	v.row("posts/d.md", "a", control.Added)
	h.rename("posts/deep", "posts/deeper")
	v.row("posts/deeper/c.md", "c", control.Unchanged)
	h.rename("posts/b.md", "posts/.b.md")
	v.says("syndic: posts/a.md is gone, and its post stays as it is: `syndic post recall a` takes it back")
	v.says("syndic: posts/b.md is gone")
	h.rename("posts/deeper", "elsewhere")
	v.says("syndic: posts/deeper/c.md is gone")
	h.write("elsewhere/c.md", titled("no more"))
	h.write("posts/last.md", titled("last"))
	v.row("posts/last.md", "last", control.Added)
	if strings.Contains(v.log.String(), "posts/deep/c.md") || strings.Contains(v.rows.String(), "no more") {
		t.Errorf("%s%s", v.rows, v.log)
	}
	h.rename("posts", "none")
	v.says("the folder of posts is gone")
	if code := v.wait(patience); code != exitFailed {
		t.Errorf("exit %d", code)
	}
}

// A daemon that goes and comes is noticed with the next file.
func TestWatchOutlivesTheDaemon(t *testing.T) {
	h := newHost(t, daily)
	p := h.serve()
	file := h.write("posts/a.md", titled("A"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	p = h.serve()
	h.write("posts/a.md", titled("Restarted"))
	h.shows("text of Restarted")
	p.kill()
	h.write("posts/a.md", titled("Alone"))
	v.row(file, "Alone", control.Changed)
	v.says("no daemon answers: posts go into the database")
	h.serve()
	h.shows("text of Alone")
	h.write("posts/a.md", titled("Together"))
	h.shows("text of Together")
	v.end(0)
	if strings.Contains(v.log.String(), "not in yet") {
		t.Errorf("%s", v.log)
	}
}

// Between adds the database is free for others; while it is not, files wait.
func TestWatchWaitsForTheDatabase(t *testing.T) {
	h := newHost(t, daily)
	v := h.watch(h.newFolder("posts"))
	v.says("there is no *.md file in")
	a := h.write("posts/a.md", titled("A"))
	v.row(a, "A", control.Added)
	s, err := bolt.Open(filepath.Join(h.data, "syndic.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := h.write("posts/b.md", titled("B"))
	v.says("not in yet: " + b + ": ")
	d := h.write("posts/d.md", titled("D"))
	v.says("not in yet: " + d + ": ")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	v.row(b, "B", control.Added)
	v.row(d, "D", control.Added)
	for _, file := range []string{b, d} {
		if n := strings.Count(v.log.String(), "not in yet: "+file); n != 1 {
			t.Errorf("%s was named %d times:\n%s", file, n, v.log)
		}
	}
	if s, err = bolt.Open(filepath.Join(h.data, "syndic.db"), bolt.Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h.write("posts/c.md", titled("C"))
	v.says("not in yet: " + filepath.Join(h.dir, "posts/c.md") + ": ")
	v.end(exitPartly)
}

// What came at one time is added in the order of the names, also when it was
// more than the kernel keeps.
func TestWatchManyAtOnce(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	last := h.write("posts/z.md", titled("Z"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	v.freeze()
	for i := 10; i > 0; i-- {
		h.write(fmt.Sprintf("posts/%02d.md", i), titled("Few"))
	}
	v.signal(syscall.SIGCONT)
	v.row(filepath.Join(h.dir, "posts/10.md"), "Few", control.Added)
	for i, r := range v.results() {
		if want := fmt.Sprintf("posts/%02d.md", i); i > 0 && r.File != filepath.Join(h.dir, want) {
			t.Errorf("row %d is %+v", i, r)
		}
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(readFile(t, "/proc/sys/fs/inotify/max_queued_events"))))
	if err != nil {
		t.Fatal(err)
	}
	v.freeze()
	for i := range limit + 1 {
		h.write(fmt.Sprintf("posts/noise%d", i%2), "noise")
	}
	h.write("posts/z.md", titled("Lost"))
	h.write("posts/new/y.md", titled("Lost, too"))
	if err := os.Remove(filepath.Join(h.dir, "posts/02.md")); err != nil {
		t.Fatal(err)
	}
	v.signal(syscall.SIGCONT)
	v.row(last, "Lost", control.Changed)
	y := filepath.Join(h.dir, "posts/new/y.md")
	v.row(y, "Lost, too", control.Added)
	v.says("posts/02.md is gone")
	h.write("posts/new/y.md", titled("Found"))
	v.row(y, "Found", control.Changed)
	v.end(0)
	if strings.Contains(v.rows.String(), "unchanged") {
		t.Errorf("rows:\n%s", v.rows)
	}
}

func TestWatchRefuses(t *testing.T) {
	h := newHost(t)
	pipe := filepath.Join(h.dir, "pipe.md")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, c := range map[string]struct {
		code int
		want string
	}{
		"-":    {exitUsage, "standard input does not change"},
		"none": {exitFailed, "none: no such file"},
		pipe:   {exitFailed, "a file or a folder"},
	} {
		if r := h.run("post", "add", "--watch", path); r.code != c.code || !strings.Contains(r.err, c.want) || r.out != "" {
			t.Errorf("%s: exit %d\n%s%s", path, r.code, r.out, r.err)
		}
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("it made a database: %v", err)
	}
}

// People read lines, those of a folder's first look as without --watch.
func TestWatchPrintsLines(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	h.write("posts/a.md", titled("A"))
	v := h.watch("--format", "table", "-v", "posts")
	h.write("posts/b.md", titled("B"))
	want := "STATUS  STATE   SLUG  FILE        TITLE\nadded   queued  a     posts/a.md  A\nadded      queued     b  posts/b.md  B\n"
	if !v.rows.has(want, patience) {
		t.Errorf("it printed\n%s\nwant\n%s", v.rows, want)
	}
	v.end(0)
}

func (h *host) newFolder(name string) string {
	h.t.Helper()
	dir := filepath.Join(h.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	return dir
}
