package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"syndic/store"
)

// Hold keeps everybody else from a database without opening it: it may be
// damaged, or missing.
type Hold struct {
	path  string   // behind any symbolic link
	file  *os.File // nil where there is no file
	empty bool     // the file is, which to Open is no database either
}

// Seize takes the lock of the database at path, for which it waits so long. It
// fails with ErrLocked where another process has it open.
func Seize(path string, wait time.Duration) (*Hold, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	h := &Hold{path: path}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, fmt.Errorf("hold the database: %w", fault(path, err))
	}
	h.file = f
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(wait); ; <-tick.C {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			info, err := f.Stat()
			h.empty = err == nil && info.Size() == 0
			return h, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(until) {
			return nil, errors.Join(fmt.Errorf("hold the database: %w: another syndic has %s open: stop it first", store.ErrLocked, path), f.Close())
		}
	}
}

// Path is the database's, behind any symbolic link.
func (h *Hold) Path() string { return h.path }

// Missing tells whether there is no database.
func (h *Hold) Missing() bool { return h.file == nil || h.empty }

// Replace puts the file called with, of the same directory, in the place of the
// database, and keeps that under a name that ends with why and the time. The
// file takes over its mode and group. A crash leaves either file in its place,
// whole, and perhaps the former one under both names. Whoever waited for the
// lock of the former one looks again.
func (h *Hold) Replace(with, why string, now time.Time) (kept string, err error) {
	if err := h.prepare(with); err != nil {
		return "", fmt.Errorf("replace the database: %w", fault(h.path, err))
	}
	if h.file == nil {
		// A link replaces nothing that was made meanwhile.
		err = errors.Join(os.Link(with, h.path), os.Remove(with))
	} else if kept, err = h.keep(why, now); err == nil {
		err = os.Rename(with, h.path)
	}
	if err == nil {
		err = SyncDir(filepath.Dir(h.path))
	}
	if err != nil {
		return kept, fmt.Errorf("replace the database: %w", fault(h.path, err))
	}
	_ = os.Remove(closingOf(h.path)) // else the next start finds that it is another file's
	return kept, nil
}

// prepare gives the new file what the former one has, and syncs it.
func (h *Hold) prepare(with string) error {
	f, err := os.OpenFile(with, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if h.file != nil {
		info, err := h.file.Stat()
		if err != nil {
			return err
		}
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Gid) != os.Getegid() {
			_ = f.Chown(-1, int(st.Gid)) // a group that its owner has left cannot be given
		}
	}
	return f.Sync()
}

// keep gives the database a second name.
func (h *Hold) keep(why string, now time.Time) (string, error) {
	name := h.path + "." + why + "-" + now.UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		kept := name
		if n > 1 {
			kept = fmt.Sprintf("%s-%d", name, n)
		}
		err := os.Link(h.path, kept)
		switch {
		case errors.Is(err, fs.ErrExist):
		case err == nil:
			return kept, nil
		default:
			return "", err
		}
	}
}

// Close gives the lock up.
func (h *Hold) Close() error {
	if h.file == nil {
		return nil
	}
	return h.file.Close()
}
