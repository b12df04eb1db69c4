package importer

import (
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
