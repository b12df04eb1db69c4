package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"syndic/control"
)

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

// Where a link leads may come later, and be another place later.
func TestWatchLinksThatTurn(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	h.newFolder("text")
	h.write("posts/b.md", titled("B"))
	h.write("posts/deep/c.txt", titled("C"))
	link := func(to, name string) string {
		if err := os.Symlink(to, filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	early, inside := link("../text/early.txt", "posts/early.md"), link("deep/c.txt", "posts/inside.md")
	v := h.watch("posts")
	late := link("../text/late.txt", "posts/late.md")
	h.write("text/early.txt", titled("Early"))
	v.row(early, "Early", control.Added)
	h.write("text/late.txt", titled("Late"))
	v.row(late, "Late", control.Added)

	h.write("text2/late.txt", titled("Turned"))
	h.rename("text", "old")
	h.rename("text2", "text")
	v.row(late, "Turned", control.Changed)
	v.says(early + " is gone")
	h.write("text/late.txt", titled("Saved"))
	v.row(late, "Saved", control.Changed)
	h.write("text/early.txt", titled("Back"))
	v.row(early, "Back", control.Changed)

	h.rename("posts/deep", "aside")
	h.write("deep/c.txt", titled("Another"))
	h.rename("deep", "posts/deep")
	v.row(inside, "Another", control.Changed)
	h.write("posts/deep/c.txt", titled("Saved again"))
	v.row(inside, "Saved again", control.Changed)
	v.end(0)
}

// A path that is a link is watched where it leads.
func TestWatchLinkedFolder(t *testing.T) {
	h := newHost(t, daily)
	h.serve()
	for _, folder := range []string{"one", "two", "three"} {
		h.write(folder+"/a.md", titled("A in "+folder))
	}
	h.write("one/gone.md", titled("Gone"))
	turn := func(to string) {
		if err := errors.Join(os.Symlink(to, filepath.Join(h.dir, "link")), os.Rename(filepath.Join(h.dir, "link"), filepath.Join(h.dir, "posts"))); err != nil {
			t.Fatal(err)
		}
	}
	turn("one")
	v := h.watch("posts")
	turn("two")
	v.row("posts/a.md", "A in two", control.Changed)
	v.says("posts/gone.md is gone")
	h.write("two/b.md", titled("B"))
	v.row("posts/b.md", "B", control.Added)
	v.freeze()
	turn("three") // and the other goes before it is noticed
	if err := os.RemoveAll(filepath.Join(h.dir, "two")); err != nil {
		t.Fatal(err)
	}
	v.signal(syscall.SIGCONT)
	v.row("posts/a.md", "A in three", control.Changed)
	if err := os.Remove(filepath.Join(h.dir, "posts")); err != nil {
		t.Fatal(err)
	}
	v.says("the folder of posts is gone")
	if code := v.wait(patience); code != exitFailed {
		t.Errorf("exit %d", code)
	}
}
