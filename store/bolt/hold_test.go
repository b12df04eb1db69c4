package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"syndic/store"
)

func TestHold(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "syndic.db")
	s := mustOpen(t, path)
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := Seize(path, time.Millisecond); !errors.Is(err, store.ErrLocked) {
		t.Errorf("one that is open: got error %v", err)
	}
	with := filepath.Join(dir, "with.db")
	if err := errors.Join(s.Copy(t.Context(), with), post(s, 2), s.Close()); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	h, err := Seize(link, time.Millisecond)
	if err != nil || h.Missing() {
		t.Fatalf("missing: %t (%v)", h.Missing(), err)
	}
	// Who waits for the lock of the file that goes gets the one that comes.
	opened := make(chan *Store)
	go func() {
		s, err := Open(path, Options{Wait: time.Minute})
		if err != nil {
			t.Error(err)
		}
		opened <- s
	}()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	if err := os.WriteFile(path+".damaged-20260105T090000Z", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := h.Replace(with, "damaged", now)
	if err != nil || kept != path+".damaged-20260105T090000Z-2" {
		t.Errorf("kept as %s (%v)", kept, err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	s = <-opened
	wantPosts(t, s, 1)
	old := mustOpen(t, kept)
	wantPosts(t, old, 2)
	check(t, old)
	check(t, s)
}

func TestHoldOfNothing(t *testing.T) {
	dir := t.TempDir()
	path, with := filepath.Join(dir, "syndic.db"), filepath.Join(dir, "with.db")
	h, err := Seize(path, 0)
	if err != nil || !h.Missing() {
		t.Fatalf("missing: %t (%v)", h.Missing(), err)
	}
	defer h.Close()
	if err := errors.Join(os.WriteFile(with, []byte("new"), 0o600), os.WriteFile(path, []byte("made meanwhile"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Replace(with, "x", time.Now()); !errors.Is(err, os.ErrExist) {
		t.Errorf("over one that was made meanwhile: got error %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "made meanwhile" {
		t.Errorf("it is %q (%v)", text, err)
	}
}
