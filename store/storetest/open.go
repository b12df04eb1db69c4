package storetest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"syndic/store"
)

// Open opens the store at a path, making it when there is none.
type Open = func(path string) (store.Store, error)

// MustOpen opens a store in a directory of the test's own. When the test ends
// it checks the store's consistency, also that of one that the test closed,
// and closes it. In a bubble of testing/synctest, open the store inside: its
// goroutine belongs to where it was opened.
func MustOpen(t testing.TB, open Open) store.Store {
	t.Helper()
	return openAt(t, open, filepath.Join(t.TempDir(), "syndic.db"))
}

func openAt(t testing.TB, open Open, path string) store.Store {
	t.Helper()
	s, err := open(path)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if closed(s) {
			if s, err = open(path); err != nil {
				t.Errorf("open store again: %v", err)
				return
			}
		}
		Check(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

func closed(s store.Store) bool {
	err := s.View(context.Background(), func(store.Reader) error { return nil })
	return errors.Is(err, store.ErrClosed)
}

// Check fails the test for everything that the backend's consistency check
// finds. A backend without one fails it too.
func Check(t testing.TB, s store.Store) {
	t.Helper()
	c, ok := s.(interface {
		Check(ctx context.Context) []string
	})
	if !ok {
		t.Errorf("%T has no Check(context.Context) []string", s)
		return
	}
	for _, problem := range c.Check(context.Background()) {
		t.Errorf("store check: %s", problem)
	}
}
