package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syndic/store"
	"syndic/store/storetest"
)

// A full disk fails the commit in one line, loses nothing that was committed,
// and the store goes on once there is space again.
func TestFullDisk(t *testing.T) {
	dir := mount(t, 0, "size=2m")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "syndic.db")
	s := mustOpen(t, path)
	added := 0
	// It is full when several fail in turn: bbolt goes through its buckets in any
	// order, so the next attempt may find room among the free pages.
	for full := 0; full < 3 && added < 1000; {
		err := large(s, added)
		if err == nil {
			added, full = added+1, 0
			continue
		}
		if full++; !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("after %d posts: got error %v, want that the disk is full, in one line", added, err)
		}
	}
	if added == 0 || added == 1000 {
		t.Fatalf("%d posts are in", added)
	}
	wantPosts(t, s, added)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := large(s, added); err != nil {
			t.Fatalf("with space again: %v", err)
		}
		added++
	}
	wantPosts(t, s, added)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path)
	wantPosts(t, s, added)
	check(t, s)
}

// A disk that is full before there is a store says so too.
func TestFullDiskAtOpen(t *testing.T) {
	dir := mount(t, 0, "size=256k")
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 240<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "syndic.db")
	if _, err := Open(path, Options{Create: true}); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got error %v, want that the disk is full", err)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	check(t, mustOpen(t, path))
}

// large puts a post of 16 KB.
func large(s *Store, i int) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		p := storetest.Post(i)
		p.Body = strings.Repeat("x", 16<<10)
		_, err := tx.PutPost(p, store.PutOptions{})
		return err
	})
}
