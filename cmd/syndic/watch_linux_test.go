package main

import (
	"errors"
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

// A file is taken once its writer has closed it, wherever it was found.
func TestWatchWaitsForTheWriter(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	gone := h.write("posts/gone.md", titled("Gone"))
	old := h.write("posts/old.md", titled("Old"))
	h.write("aside/moved.md", "")
	names := []string{"posts/old.md", "posts/new.md", "aside/moved.md"}
	files := make([]*os.File, len(names))
	half := func(i int) {
		var err error
		if files[i], err = os.Create(filepath.Join(h.dir, names[i])); err != nil {
			t.Fatal(err)
		}
		if _, err := files[i].WriteString("# Half a title"); err != nil {
			t.Fatal(err)
		}
	}
	half(0)
	v := h.watch(filepath.Join(h.dir, "posts"))
	half(1)
	half(2)
	h.rename("aside", "posts/moved")
	// It speaks of this one when it has looked at those again.
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	v.says(gone + " is gone")
	for i, f := range files {
		if _, err := f.WriteString(" and the rest\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(h.dir, []string{names[0], names[1], "posts/moved/moved.md"}[i])
		v.row(file, "Half a title and the rest", control.Added)
		if n := v.of(file); n != 1 {
			t.Errorf("%s: %d results", file, n)
		}
	}
	if p := decode[control.PostInfo](h, "post", "show", "old"); p.Revision != 1 {
		t.Errorf("%s: %+v", old, p)
	}
	v.end(0)
}

// Neither a save nor a rename makes a file whole that somebody has open.
func TestWatchOpenedAgain(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	gone := h.write("posts/gone.md", titled("Gone"))
	h.write("posts/a.md", titled("A"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	v.freeze()
	h.write("posts/a.md", titled("Saved"))
	var files []*os.File
	for _, name := range []string{"posts/a.md", "posts/part.tmp"} {
		f, err := os.Create(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("# Half a title"); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	h.rename("posts/part.tmp", "posts/b.md")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	v.signal(syscall.SIGCONT)
	v.says(gone + " is gone") // what it adds of those it has added before
	for i, f := range files {
		if _, err := f.WriteString(" and the rest\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		status := []control.AddStatus{control.Changed, control.Added}[i]
		v.row(filepath.Join(h.dir, []string{"posts/a.md", "posts/b.md"}[i]), "Half a title and the rest", status)
	}
	v.end(0)
	if strings.Contains(v.rows.String(), `"Half a title"`) {
		t.Errorf("rows:\n%s", v.rows)
	}
}

// While a file is read nobody opens it to write, and who did before is noticed.
func TestLookoutHolds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() error { // as a writer who would rather not wait
		fd, err := syscall.Open(file, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		if err == nil {
			err = syscall.Close(fd)
		}
		return err
	}
	l := &lookout{}
	held, known := l.hold(file)
	if known != complete || open() != syscall.EWOULDBLOCK {
		t.Errorf("a held file is %v, opened with %v", known, open())
	}
	if err := held.Close(); err != nil || open() != nil {
		t.Errorf("let go with %v, it was opened with %v", err, open())
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if known := l.look(file); known != beingWritten {
		t.Errorf("a file that was just emptied is %v", known)
	}
}

// Of another user's files the kernel tells no more than that they were closed.
func TestWatchAnothersFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	h := newHost(t, daily)
	h.uid = 65534
	if err := errors.Join(os.Mkdir(h.data, 0o700), os.Chown(h.data, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	h.serve()
	folder, gone := h.newFolder("posts"), h.write("posts/gone.md", titled("Gone"))
	slow := h.write("posts/slow.md", titled("Before"))
	v := h.watch(folder)
	if err := os.Remove(slow); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(slow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("# Half a title"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	v.says(gone + " is gone")
	if _, err := f.WriteString(" and the rest\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	v.row(slow, "Half a title and the rest", control.Changed)
	if n := v.of(slow); n != 2 {
		t.Errorf("%d results:\n%s", n, v.rows)
	}
	v.end(0)
}

// Where no closing need be to come of another user's file, it is taken once it
// stays as it is: a link, and what a folder brings along.
func TestWatchAnothersWholeFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	h := newHost(t, daily)
	h.uid = 65534
	if err := errors.Join(os.Mkdir(h.data, 0o700), os.Chown(h.data, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	h.serve()
	text := h.write("text/a.txt", titled("Linked"))
	h.write("posts/a.md", titled("A"))
	f, err := os.Create(h.write("aside/half.md", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("# Half a title"); err != nil {
		t.Fatal(err)
	}
	v := h.watch("posts")
	v.freeze()
	h.rename("aside", "posts/new")
	if err := os.Link(text, filepath.Join(h.dir, "posts/hard.md")); err != nil {
		t.Fatal(err)
	}
	h.write("posts/z.md", titled("Z"))
	v.signal(syscall.SIGCONT)
	v.row("posts/z.md", "Z", control.Added)
	v.row("posts/hard.md", "Linked", control.Added)
	v.row("posts/new/half.md", "Half a title", control.Added)
	v.end(0)
	if rows := v.rows.String(); strings.Index(rows, "half.md") < strings.Index(rows, "z.md") {
		t.Errorf("it did not wait:\n%s", rows)
	}
}

func TestWatcherSteady(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	w := &watcher{later: map[string]trial{}}
	for _, text := range []string{"a", "and more"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		before := w.later[file]
		before.known = undecided
		if w.steady(file, before) || w.later[file].due.IsZero() {
			t.Errorf("with %q it is steady, or not looked at again: %+v", text, w.later[file])
		}
	}
	if !w.steady(file, w.later[file]) {
		t.Errorf("it is not steady: %+v", w.later[file])
	}
	if closing := (trial{known: beingWritten, stamp: w.later[file].stamp}); w.steady(file, closing) {
		t.Error("it is steady before its closing was seen")
	}
}

// A folder that may not be read is named, and nothing beside it waits for it.
func TestWatchFoldersOfOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be two users")
	}
	h := newHost(t, daily)
	h.uid = 65534
	if err := errors.Join(os.Mkdir(h.data, 0o700), os.Chown(h.data, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	h.serve()
	for _, folder := range []string{"posts", "aside"} {
		h.write(folder+"/b/secret.md", titled("Secret"))
		h.write(folder+"/c/"+folder+".md", titled("Open"))
		if err := os.Chmod(filepath.Join(h.dir, folder, "b"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	v := h.watch("posts")
	v.says("syndic: watch posts/b: permission denied")
	v.row("posts/c/posts.md", "Open", control.Added)
	h.rename("aside", "posts/new")
	v.says("syndic: watch posts/new/b: permission denied")
	v.row("posts/new/c/aside.md", "Open", control.Added)
	h.write("posts/new/c/aside.md", titled("Saved"))
	v.row("posts/new/c/aside.md", "Saved", control.Changed)
	v.end(0)
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

// One file is watched in its folder, a link there and where it leads.
func TestWatchOneFile(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	h.write("text/a.txt", titled("A"))
	h.write("text/b.md", titled("B"))
	link := filepath.Join(h.dir, "link.md")
	if err := os.Symlink("text/a.txt", link); err != nil {
		t.Fatal(err)
	}
	v := h.watch(link)
	h.write("text/b.md", titled("Another"))
	h.write("text/a.txt", titled("Saved"))
	v.row(link, "Saved", control.Changed)
	h.write("aside", titled("Renamed"))
	h.rename("aside", "text/a.txt")
	v.row(link, "Renamed", control.Changed)
	h.write("aside", titled("In its place"))
	h.rename("aside", "link.md")
	v.row(link, "In its place", control.Changed)
	v.end(0)
	if n := v.of(link); n != 4 || len(v.results()) != n {
		t.Errorf("rows:\n%s", v.rows)
	}
}

// Links in a folder count as their files do, from when they are made.
func TestWatchLinks(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	text := h.write("text/a.txt", titled("A"))
	h.write("posts/b.md", titled("B"))
	v := h.watch(filepath.Join(h.dir, "posts"))
	soft, hard := filepath.Join(h.dir, "posts/soft.md"), filepath.Join(h.dir, "posts/hard.md")
	if err := errors.Join(os.Symlink("../text/a.txt", soft), os.Link(text, hard)); err != nil {
		t.Fatal(err)
	}
	v.row(soft, "A", control.Added)
	v.row(hard, "A", control.Added)
	h.write("text/a.txt", titled("Saved"))
	v.row(soft, "Saved", control.Changed)
	v.end(0)
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
