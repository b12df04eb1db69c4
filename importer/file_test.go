package importer

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.md", "a.MD", "sub/c.markdown", "sub/deep/d.md", "notes.txt", ".hidden.md", ".git/x.md", "sub-2/e.md", "md"} {
		path := filepath.Join(dir, "posts", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	posts := filepath.Join(dir, "posts")
	for link, to := range map[string]string{"f.md": "notes.txt", "gone.md": "nowhere", "loop.md": "."} {
		if err := os.Symlink(to, filepath.Join(posts, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("posts", filepath.Join(dir, ".link")); err != nil {
		t.Fatal(err)
	}
	want := "a.MD b.md f.md sub-2/e.md sub/c.markdown sub/deep/d.md"
	for _, root := range []string{posts, posts + "/", filepath.Join(dir, ".link")} {
		got, err := Files(root)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if got[i], err = filepath.Rel(root, got[i]); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("in %s: %s, want %s", root, got, want)
		}
	}
	one := filepath.Join(posts, "notes.txt")
	if got, err := Files(one); err != nil || !slices.Equal(got, []string{one}) {
		t.Errorf("one file: %v, %v", got, err)
	}
	if got, err := Files(t.TempDir()); err != nil || len(got) != 0 {
		t.Errorf("an empty folder: %v, %v", got, err)
	}
	if _, err := Files(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("nothing there: %v", err)
	}
}

// Look enters each folder before what is in it is listed, and Takes says of
// each path what Files does.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.md", "notes.txt", ".hidden.md", "sub/deep/b.MD", "sub/e.md", ".git/c.md", "folder.md/d.md"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("notes.txt", filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	var folders []string
	files, err := Look(dir, func(folder string) error {
		folders = append(folders, folder)
		if filepath.Base(folder) != "deep" {
			return nil
		}
		return os.WriteFile(filepath.Join(folder, "new.md"), nil, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	join := func(names ...string) []string {
		for i, name := range names {
			names[i] = filepath.Join(dir, name)
		}
		return names
	}
	if want := join(".", "folder.md", "sub", "sub/deep"); !slices.Equal(folders, want) {
		t.Errorf("folders %v, want %v", folders, want)
	}
	if want := join("a.md", "folder.md/d.md", "link.md", "sub/deep/b.MD", "sub/deep/new.md", "sub/e.md"); !slices.Equal(files, want) {
		t.Errorf("files %v, want %v", files, want)
	}
	for _, path := range join("a.md", "notes.txt", ".hidden.md", "sub", "sub/deep/b.MD", "folder.md", "link.md", "none.md") {
		if Takes(path) != slices.Contains(files, path) {
			t.Errorf("%s is taken: %v", path, Takes(path))
		}
	}
	// A folder that goes away meanwhile has nothing in it.
	files, err = Look(dir, func(folder string) error {
		if filepath.Base(folder) == "deep" {
			return os.RemoveAll(folder)
		}
		return nil
	})
	if want := join("a.md", "folder.md/d.md", "link.md", "sub/e.md"); err != nil || !slices.Equal(files, want) {
		t.Errorf("files %v, want %v: %v", files, want, err)
	}
	// So has one that goes before it could be entered.
	if err := os.MkdirAll(filepath.Join(dir, "later"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err = Look(dir, func(folder string) error {
		if filepath.Base(folder) == "folder.md" {
			return os.Remove(filepath.Join(dir, "later"))
		}
		_, err := os.Stat(folder)
		return err
	})
	if want := join("a.md", "folder.md/d.md", "link.md", "sub/e.md"); err != nil || !slices.Equal(files, want) {
		t.Errorf("files %v, want %v: %v", files, want, err)
	}
	// A link is listed before there is what it leads to.
	if err := os.Symlink("none", filepath.Join(dir, "next.md")); err != nil {
		t.Fatal(err)
	}
	files, err = Look(dir, func(string) error { return nil })
	if want := join("a.md", "folder.md/d.md", "link.md", "next.md", "sub/e.md"); err != nil || !slices.Equal(files, want) {
		t.Errorf("files %v, want %v: %v", files, want, err)
	}
	if _, err := Look(dir, func(string) error { return os.ErrPermission }); !errors.Is(err, os.ErrPermission) {
		t.Errorf("the error of enter became %v", err)
	}
}
