package bolt

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"syndic/store"
)

func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	newer := uint64(len(migrations)) + 2
	setVersion(t, s, newer)
	if _, err := Open(path, Options{}); !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want that %s is newer", err, path)
	}
}

// setVersion writes a schema version and closes the store.
func setVersion(t *testing.T, s *Store, v uint64) {
	t.Helper()
	err := s.change(func(btx *bbolt.Tx) error { return btx.Bucket([]byte("meta")).Put([]byte("version"), numKey(v)) })
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// A migration that fails leaves the version before it, those before are kept,
// and the next start goes on from there.
func TestMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	defer func() { check(t, s) }()
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	first := uint64(len(migrations)) + 1
	fail := true
	ran := []int{}
	step := func(n int) func(*bbolt.Tx) error {
		return func(btx *bbolt.Tx) error {
			ran = append(ran, n)
			if n == 2 && fail {
				return errors.New("no luck")
			}
			return btx.Bucket([]byte("meta")).Put([]byte{'m', byte('0' + n)}, []byte("done"))
		}
	}
	steps := append(append([]func(*bbolt.Tx) error(nil), migrations...), step(1), step(2), step(3))
	if err := s.migrate(steps); err == nil || !strings.Contains(err.Error(), "no luck") || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("got error %v, want the migration's, with the version it leads to", err)
	}
	if v, _, err := s.version(); v != first+1 || err != nil {
		t.Errorf("version is %d (%v), want %d", v, err, first+1)
	}
	fail = false
	if err := s.migrate(steps); err != nil {
		t.Fatal(err)
	}
	if v, _, err := s.version(); v != first+3 || err != nil {
		t.Errorf("version is %d (%v), want %d", v, err, first+3)
	}
	if want := []int{1, 2, 2, 3}; !slices.Equal(ran, want) {
		t.Errorf("migrations ran %v, want %v", ran, want)
	}
	err := s.View(context.Background(), func(r store.Reader) error {
		_, err := r.Post(1)
		return err
	})
	if err != nil {
		t.Errorf("after the migration: %v", err)
	}
}

// A file of bbolt that is somebody else's is left alone.
func TestForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(btx *bbolt.Tx) error {
		_, err := btx.CreateBucket([]byte("theirs"))
		return err
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Create: true}); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "not syndic's") {
		t.Errorf("got error %v, want that it is not syndic's", err)
	}
	if db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 1}); err != nil {
		t.Errorf("the refused file is still locked: %v", err)
	} else if err := db.Close(); err != nil {
		t.Error(err)
	}
}
