package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
)

// compactSuffix ends the name of the copy that a compaction makes beside the
// database. Open removes what a crash has left of one.
const compactSuffix = ".compact"

const (
	keptInMind = 20_000           // written rows, before the copy catches up while it is made
	lastRows   = 1_000            // as few rows as the writer may be held for
	maxRounds  = 30               // of catching up with authors who write faster than that
	slowClose  = 10 * time.Second // after which it is said that an old reader holds up the end
)

var errCompacting = errors.New("compact: it is being done already: wait for it to end")

// Compaction is what Compact did.
type Compaction struct {
	Before, After int64         // size of the file in bytes
	Held          time.Duration // how long writers waited for the last step
}

// Compact gives the store a new file without the pages that are free. bbolt
// never gives those back, and writes their list, 8 bytes a page, with each
// commit: after a large removal every commit pays for it until the pages are
// filled again or the file is compacted.
//
// The rows are copied a piece at a time, each from a short View, while authors
// write; what they write meanwhile is kept in mind by its keys and copied
// again. Then every row of the copy is compared with the store's. Last, the
// writer is held while the copy takes what came since, is synced, and gets the
// database's name; Views that are open then end on the old file.
//
// A crash before the rename leaves the old file whole, and a copy that the next
// Open removes; one after it leaves the new file, with every commit. Both files
// are locked from their first moment in this process, so no other slips in.
// When ctx ends before the last step, all is as before.
func (s *Store) Compact(ctx context.Context) (done Compaction, err error) {
	if !s.compacting.TryLock() {
		return done, errCompacting
	}
	defer s.compacting.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.live, cancel)()
	defer recoverFault(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	c, err := s.newCompaction()
	if err != nil {
		return done, fmt.Errorf("compact: %w", fault(s.path, err))
	}
	defer s.news.Store(nil)
	s.news.Store(c.news)
	old := s.file
	if done.Before, err = fileSize(old); err == nil {
		err = c.run(ctx)
	}
	if err != nil {
		return done, errors.Join(fmt.Errorf("compact: %w", cause(ctx, s, err)), c.abandon())
	}
	done.Held = c.held
	done.After, err = fileSize(s.file)
	return done, errors.Join(err, c.release())
}

// cause is the end of the store or of the context, rather than what came of it.
func cause(ctx context.Context, s *Store, err error) error {
	if state := s.state(); state != nil {
		return state
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fault(s.path, err)
}

func fileSize(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// compaction is one on its way.
type compaction struct {
	s    *Store
	path string // the database's own, behind any symbolic link
	news *news
	at   place // the copy has all rows before it
	copy handle
	old  handle        // the store's former file, once it has the new one
	held time.Duration // the last step
}

// handle is an open file of bbolt.
type handle struct {
	db   *bbolt.DB
	file *os.File // bbolt's own, to be closed when bbolt cannot
}

// newCompaction makes the empty copy, if there is room for a full one.
func (s *Store) newCompaction() (*compaction, error) {
	if err := s.state(); err != nil {
		return nil, err
	}
	path, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	stats := s.db.Stats()
	used := info.Size() - int64(stats.FreePageN+stats.PendingPageN)*int64(s.db.Info().PageSize)
	if err := room(filepath.Dir(path), used); err != nil {
		return nil, err
	}
	c := &compaction{s: s, path: path, news: new(news)}
	if err := sweep(path); err != nil {
		return nil, err
	}
	if err := c.openCopy(info.Mode().Perm(), info.Size()); err != nil {
		return nil, errors.Join(err, sweep(path))
	}
	return c, nil
}

// sweep removes what a crash left of a compaction of the database at path.
// Whoever calls it has the database's lock.
func sweep(path string) error {
	if err := os.Remove(path + compactSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what is left of a compaction: %w", err)
	}
	return nil
}

// openCopy makes the copy's file, with the buckets in it. It is synced by hand
// until the store has it.
func (c *compaction) openCopy(mode os.FileMode, size int64) (err error) {
	c.copy.db, err = bbolt.Open(c.path+compactSuffix, mode, &bbolt.Options{
		Timeout: time.Second, FreelistType: bbolt.FreelistArrayType, InitialMmapSize: mapSize(size), NoSync: true, NoGrowSync: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag|os.O_EXCL, mode)
			c.copy.file = f
			return f, err
		},
	})
	if err != nil {
		return err
	}
	err = c.copy.file.Chmod(mode) // whatever the umask says
	if err == nil {
		err = c.copy.db.Update(func(btx *bbolt.Tx) error {
			for _, name := range bucketNames {
				if _, err := btx.CreateBucket([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return errors.Join(err, c.copy.db.Close())
	}
	return nil
}

// run brings the copy about and gives it to the store.
func (c *compaction) run(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	return c.s.between(func() error {
		start := time.Now()
		defer func() { c.held = time.Since(start) }()
		return c.finish(ctx)
	})
}

// prepare makes the copy, compares it, and catches up until only the newest
// rows are missing.
func (c *compaction) prepare(ctx context.Context) error {
	if err := c.copyAll(ctx); err != nil {
		return err
	}
	if err := c.compareAll(ctx); err != nil {
		return err
	}
	for range maxRounds {
		few := c.news.len() <= lastRows
		if err := c.catchUp(ctx); err != nil {
			return err
		}
		if err := c.copy.db.Sync(); err != nil {
			return err
		}
		if few {
			break
		}
	}
	return nil
}

// finish takes the last rows over, and swaps the files. It runs in the writer,
// between two commits.
func (c *compaction) finish(ctx context.Context) error {
	c.copy.db.NoSync, c.copy.db.NoGrowSync = false, false
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	// Also what was written without a sync is on the disk before the rename.
	if err := c.copy.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(c.path+compactSuffix, c.path); err != nil {
		return err
	}
	c.old = c.s.exchange(c.copy)
	if err := SyncDir(filepath.Dir(c.path)); err != nil {
		// After a power cut the name may be the old file's, so nothing that is
		// written from now on would be safe.
		return c.s.breakOff(fmt.Errorf("sync the directory after compacting: %w: restart syndic", err))
	}
	return nil
}

// SyncDir makes the names in a directory last, as a file that was renamed has its
// new name after a power cut only then.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// abandon removes the copy, unless the store has it by now.
func (c *compaction) abandon() error {
	if c.old.db != nil {
		return c.release()
	}
	return errors.Join(c.copy.db.Close(), sweep(c.path))
}

// release closes the old file once the last View on it has ended, which gives
// its space back.
func (c *compaction) release() error {
	slow := time.AfterFunc(slowClose, func() {
		c.s.o.Log.Warn().Str("component", "store").Msg("compacted, but a reader still has the old file")
	})
	defer slow.Stop()
	return c.old.db.Close()
}
