package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"syndic/store"
)

// Copy writes the newest snapshot to a new file at path, private and synced,
// without holding up writers. It is this machine's own disk that the snapshot
// waits for, never a reader far away: pages that are freed meanwhile are not
// used again, and the database grows. What a failure leaves of the copy is
// removed. The directory is not synced: who gives the file its last name does.
func (s *Store) Copy(ctx context.Context, path string) error {
	return s.copyTo(ctx, path, (*os.File).Sync)
}

// Spool is Copy for a file that is read at once and then gone: it is not
// synced.
func (s *Store) Spool(ctx context.Context, path string) error {
	return s.copyTo(ctx, path, func(*os.File) error { return nil })
}

func (s *Store) copyTo(ctx context.Context, path string, sync func(*os.File) error) (err error) {
	btx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer btx.Rollback() //nolint:errcheck // of a read transaction: it only ends it
	if err := room(filepath.Dir(path), btx.Size()); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy the database: %w", fault(path, err))
	}
	_, err = btx.WriteTo(heedful{ctx, f})
	switch {
	case ctx.Err() != nil:
		err = ctx.Err() // bbolt keeps the text of some errors alone
	case err == nil:
		err = sync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("copy the database: %w", fault(path, err)), os.Remove(path))
	}
	return nil
}

// heedful is a writer that ends with its context.
type heedful struct {
	ctx context.Context //nolint:containedctx // of the one copy
	w   io.Writer
}

// Write fails once the context has ended.
func (h heedful) Write(b []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	return h.w.Write(b)
}

// room fails when fewer bytes than that are free where dir lies.
func room(dir string, need int64) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look for free space: %w", fault(dir, err))
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < need {
		return fmt.Errorf("%w: a copy of the database takes up to %s, and %s has %s free: free some and try again",
			store.ErrFull, megabytes(need), dir, megabytes(free))
	}
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
