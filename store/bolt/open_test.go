package bolt

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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

// Root may do everything, so the test looks at files as nobody.
func TestPermission(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(dir, "ours.db")
	if err := mustOpen(t, ours).Close(); err != nil {
		t.Fatal(err)
	}
	hidden := filepath.Join(dir, "hidden")
	if err := errors.Join(os.Mkdir(hidden, 0), os.Chmod(ours, 0o400), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700) //nolint:errcheck // the directory goes anyway
	for what, path := range map[string]string{
		"another's file":         ours,
		"another's directory":    filepath.Join(dir, "new.db"),
		"a directory in it":      filepath.Join(dir, "new", "new.db"),
		"a directory unreadable": filepath.Join(hidden, "new.db"),
	} {
		err := asNobody(t, func() error {
			_, err := Open(path, Options{Create: true})
			return err
		})
		if !errors.Is(err, store.ErrPermission) || !strings.Contains(err.Error(), "run as the owner") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want not permitted in one line", what, err)
		}
	}
}

// asNobody runs fn in a thread that looks at files as uid 65534, and that
// ends with it.
func asNobody(t *testing.T, fn func() error) error {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			done <- err
			return
		}
		done <- fn()
	}()
	return <-done
}

func TestReadOnlyFileSystem(t *testing.T) {
	dir := mount(t, syscall.MS_RDONLY, "")
	_, err := Open(filepath.Join(dir, "syndic.db"), Options{Create: true})
	if !errors.Is(err, store.ErrPermission) {
		t.Errorf("got error %v, want not permitted", err)
	}
}

// mount mounts a tmpfs, which takes root, as the tests of a build have it.
func mount(t *testing.T, flags uintptr, options string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root mounts file systems")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Fatalf("mount a tmpfs: %v: run the tests where root may mount (CAP_SYS_ADMIN), or as another user", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
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
