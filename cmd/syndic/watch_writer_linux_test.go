package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"syndic/control"
)

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
	h.asAnother()
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
	h.asAnother()
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
	h.asAnother()
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
