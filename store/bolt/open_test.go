package bolt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"syndic/store"
	"syndic/store/storetest"
)

// lockedPath tells a second run of this test binary to try a path.
const lockedPath = "SYNDIC_TEST_LOCKED_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(lockedPath); path != "" {
		_, err := Open(path, Options{})
		if !errors.Is(err, store.ErrLocked) {
			os.Exit(1)
		}
		_, _ = os.Stdout.WriteString(err.Error())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	try := func() (string, error) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), lockedPath+"="+path)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	start := time.Now()
	out, err := try()
	if err != nil || !strings.Contains(out, path) || !strings.Contains(out, "another syndic has") {
		t.Errorf("second process said %q (%v), want the path and who has it", out, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("second process took %s, want about one", took)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := try(); err == nil {
		t.Error("the lock outlived Close")
	}
}

func TestOpenWaitsForTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	if _, err := Open(path, Options{Wait: time.Millisecond}); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("got error %v, want that it is locked", err)
	}
	opened := make(chan error)
	go func() {
		other, err := Open(path, Options{Wait: time.Minute})
		if err == nil {
			err = other.Close()
		}
		opened <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Errorf("after the release: %v", err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "a", "b", "syndic.db")
	s := mustOpen(t, path)
	defer s.Close() //nolint:errcheck // nothing was written
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Dir(filepath.Dir(path)): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	if s.Path() != path {
		t.Errorf("path is %s, want %s", s.Path(), path)
	}
}

// A store is made only by who is to make it, and an empty file is none.
func TestNoDatabase(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(dir, "none.db"), filepath.Join(dir, "none", "none.db")} {
		if _, err := Open(path, Options{}); !errors.Is(err, store.ErrNoDatabase) || !strings.Contains(err.Error(), path) {
			t.Errorf("open %s: got error %v, want no database there", path, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("opening made files: %v (%v)", entries, err)
	}
	if err := mustOpen(t, empty).Close(); err != nil {
		t.Errorf("open an empty file to make a store in it: %v", err)
	}
	if _, err := Open(dir, Options{Create: true}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("open a directory: got error %v", err)
	}
}

// A crash in the moment of making leaves a file of bbolt without a schema.
func TestHalfMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	err := s.change(func(btx *bbolt.Tx) error {
		for _, name := range bucketNames {
			if err := btx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(path, Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	check(t, s)
}

func mustOpen(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check fails the test for what Check finds, and closes the store.
func check(t testing.TB, s *Store) {
	t.Helper()
	for _, problem := range s.Check(context.Background()) {
		t.Errorf("check: %s", problem)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// post puts one post in an Update of its own.
func post(s *Store, i int) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		_, err := tx.PutPost(storetest.Post(i), store.PutOptions{})
		return err
	})
}

func wantPosts(t *testing.T, s *Store, want int) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		posts, err := r.Posts(0, 1<<20)
		if len(posts) != want {
			t.Errorf("%d posts, want %d", len(posts), want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A long list of free pages is kept as a map, any other, or none that can be
// read, as an array.
func TestFreelistOf(t *testing.T) {
	data := sample(t)
	path := filepath.Join(t.TempDir(), "x.db")
	want := func(what string, kind bbolt.FreelistType) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := freelistOf(path); got != kind {
			t.Errorf("%s: %q, want %q", what, got, kind)
		}
	}
	if got := freelistOf(path); got != bbolt.FreelistArrayType {
		t.Errorf("no file: %q", got)
	}
	want("a short list", bbolt.FreelistArrayType)
	p, err := readPages(bytes.NewReader(data), int64(len(data)), t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	native.PutUint16(data[int64(p.meta.freelist)*p.page+10:], manyFree)
	want("a long list", bbolt.FreelistMapType)
	clear(data[:2*p.page])
	want("no meta page", bbolt.FreelistArrayType)
}
