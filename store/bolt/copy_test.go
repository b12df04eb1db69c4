package bolt

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"syndic/store"
)

// A copy that was made while authors write is a whole store of one moment.
func TestCopyWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, filepath.Join(dir, "syndic.db"))
	defer check(t, s)
	const before, n = 50, 200
	for i := range before {
		if err := post(s, i); err != nil {
			t.Fatal(err)
		}
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range n {
			if err := post(s, before+i); err != nil {
				t.Error(err)
			}
		}
	})
	path := filepath.Join(dir, "copy.db")
	if err := s.Copy(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	writing.Wait()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v (%v), want it private", info, err)
	}
	c := mustOpen(t, path)
	defer check(t, c)
	err = c.View(t.Context(), func(r store.Reader) error {
		posts, err := r.Posts(0, 1<<20)
		if len(posts) < before || len(posts) > before+n {
			t.Errorf("the copy has %d posts, want %d to %d", len(posts), before, before+n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCopyThatFails(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, filepath.Join(dir, "syndic.db"))
	defer check(t, s)
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(t.Context(), there); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file: got error %v", err)
	}
	if kept, err := os.ReadFile(there); err != nil || string(kept) != "mine" {
		t.Errorf("the file that was there has %q (%v)", kept, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(dir, "copy.db")
	if err := s.Copy(gone, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy that was cancelled left something: %v", err)
	}
	if err := room(dir, math.MaxInt64); !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), dir) {
		t.Errorf("no room: got error %v, want that it names the directory", err)
	}
}
