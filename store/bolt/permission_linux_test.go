package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"syndic/store"
)

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
