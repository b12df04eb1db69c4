package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
	if err := s.migrate(steps); err == nil || !strings.Contains(err.Error(), "no luck") || !strings.Contains(err.Error(), fmt.Sprintf("version %d", first+2)) {
		t.Errorf("got error %v, want the migration's, with the version it leads to", err)
	}
	if v, _, err := s.version(); v != first+1 || err != nil {
		t.Errorf("version is %d (%v), want %d", v, err, first+1)
	}
	fail = false
	left := fmt.Sprintf("%s.before-v%d.part", path, first+2) // as a kill in the middle leaves it
	if err := os.WriteFile(left, []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.migrate(steps); err != nil {
		t.Fatal(err)
	}
	keptBeforeChange(t, path, first, first+1)
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

// keptBeforeChange wants the copies from before the versions after these, each
// with its own schema and the post, and no other.
func keptBeforeChange(t *testing.T, path string, versions ...uint64) {
	t.Helper()
	all, err := filepath.Glob(path + ".before-*")
	if err != nil || len(all) != len(versions) {
		t.Errorf("kept are %q (%v), want %d copies", all, err, len(versions))
	}
	for _, v := range versions {
		name := fmt.Sprintf("%s.before-v%d", path, v+1)
		db, err := bbolt.Open(name, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		s := &Store{db: db, path: name, o: Options{readOnly: true}}
		if got, _, err := s.version(); err != nil || got != v {
			t.Errorf("%s has version %d (%v), want %d", name, got, err, v)
		}
		err = db.View(func(btx *bbolt.Tx) error {
			if btx.Bucket([]byte("post")).Get(numKey(1)) == nil {
				t.Errorf("%s lacks the post", name)
			}
			return nil
		})
		if err = errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	}
}

// The newest two copies stay, and other files of like names.
func TestOldCopiesGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	defer check(t, s)
	for _, end := range []string{"2", "9", "10", "x", "11.txt"} {
		if err := os.WriteFile(path+".before-v"+end, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.keepBefore(11); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + ".before-*")
	for i := range left {
		left[i] = strings.TrimPrefix(left[i], path+".before-v")
	}
	if want := []string{"10", "11", "11.txt", "x"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left are %q (%v), want %q", left, err, want)
	}
}

// A file of the first version gets the lists of what is in each category.
func TestListCategories(t *testing.T) {
	s := everything(t)
	path := s.Path()
	before := dump(t, s.db)
	err := s.change(func(btx *bbolt.Tx) error {
		return errors.Join(btx.DeleteBucket([]byte(inCategoryPost.String())), btx.Bucket([]byte("meta")).Put([]byte("version"), numKey(1)))
	})
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path)
	sameRows(t, dump(t, s.db), before)
	check(t, s)
}
