package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"syndic/store"
)

// Open opens the database at path and takes its lock, which keeps every other
// process out until Close.
func Open(path string, o Options) (*Store, error) {
	if o.Wait == 0 {
		o.Wait = time.Second
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", fault(path, err))
	}
	s.noteOpen()
	s.live, s.end = context.WithCancel(context.Background())
	go s.write()
	return s, nil
}

func open(path string, o Options) (*Store, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory: name a file in it", path)
	case errors.Is(err, fs.ErrNotExist) && o.Create:
		if err := create(path, o); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() == 0 && !o.Create:
		return nil, fmt.Errorf("%w at %s: add a post or start the daemon to make one", store.ErrNoDatabase, path)
	case err != nil:
		return nil, err
	}
	s, err := load(path, path, o)
	if err != nil {
		return nil, err
	}
	if err := s.sweepOld(); err != nil {
		o.Log.Warn().Str("component", "store").Err(err).Msg("a file lies there for nothing")
	}
	return s, nil
}

// sweepOld removes what a crash left of a compaction.
func (s *Store) sweepOld() error {
	path, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return err
	}
	return sweep(path)
}

// create makes a new database under another name and gives it its own once it
// is whole, so that a full disk or a crash leaves nothing in its place.
func create(path string, o Options) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*.db")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // by now it has its own name
	if err := f.Close(); err != nil {
		return err
	}
	s, err := load(f.Name(), path, o)
	if err != nil {
		return err
	}
	if err := s.closeFile(); err != nil {
		return err
	}
	// Unlike a rename, a link leaves alone what another process has made
	// meanwhile.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncDir(dir)
}

// load opens the file, checks its length, makes or migrates its schema, and
// reads where the commits stand. Messages call it by path.
func load(name, path string, o Options) (*Store, error) {
	s := &Store{
		path: path, o: o, moved: make(chan struct{}), wake: make(chan struct{}, 1), writing: make(chan struct{}, 1), jobs: make(chan func()),
		holders: make(map[string]chan struct{}), closed: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := s.openFile(name); err != nil {
		return nil, errors.Join(err, s.closeFile())
	}
	err := s.checkLength()
	if err == nil {
		err = s.migrate(migrations)
	}
	if err == nil {
		err = s.readSeq()
	}
	if err != nil {
		return nil, errors.Join(err, s.closeFile())
	}
	return s, nil
}

// openFile opens bbolt. Whoever waited for the lock may have that of a file
// which another one has replaced meanwhile, and looks again.
func (s *Store) openFile(name string) error {
	for {
		if err := s.openNow(name); err != nil {
			return err
		}
		named, err := os.Stat(name)
		if err != nil {
			return err
		}
		locked, err := s.file.Stat()
		if err != nil || os.SameFile(named, locked) {
			return err
		}
		if err := s.db.Close(); err != nil {
			return err
		}
	}
}

// openNow opens bbolt once, with what it panics about as an error.
func (s *Store) openNow(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return guarded(func() error {
		db, err := bbolt.Open(name, 0o600, &bbolt.Options{
			Timeout: s.o.Wait, FreelistType: freelistOf(name), InitialMmapSize: mapSize(info.Size()), ReadOnly: s.o.readOnly,
			OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
				f, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
				s.file = f
				return f, err
			},
		})
		if err == nil {
			s.db = db
		}
		return err
	})
}

// freelistOf is how bbolt had better keep the free pages of a file. A sorted
// array is written as it is, and gives out pages that lie close together, which
// the disk takes several times as fast as scattered ones; but a place for a
// large row costs as much as the list is long, and with a map nothing.
func freelistOf(name string) bbolt.FreelistType {
	f, err := os.Open(name)
	if err != nil {
		return bbolt.FreelistArrayType // whoever opens it for good is told
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && manyAreFree(f, info.Size()) {
		return bbolt.FreelistMapType
	}
	return bbolt.FreelistArrayType
}

// mapSize is how much address space to map: a writer whose file outgrows it
// waits for every reader, and some copy it all. It takes no memory.
func mapSize(size int64) int {
	if strconv.IntSize < 64 {
		return 0
	}
	return int(16<<30 + 2*size)
}

// closeFile closes the file, through bbolt unless that never had it or holds
// locks that a panic left taken. Then its mapping stays, and would keep the
// file's lock for as long as the process lives: it is released by hand.
func (s *Store) closeFile() error {
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	if s.db != nil && broken == nil {
		return s.db.Close()
	}
	if s.file == nil {
		return nil
	}
	err := syscall.Flock(int(s.file.Fd()), syscall.LOCK_UN)
	if errors.Is(err, syscall.EBADF) {
		return nil // bbolt closed it
	}
	return errors.Join(err, s.file.Close())
}

func (s *Store) readSeq() error {
	btx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer btx.Rollback() //nolint:errcheck // of a read transaction: it only ends it
	r := reader{btx: btx}
	s.seq = store.Seq(number(r.get(inMeta, []byte("seq"))))
	return r.fault
}

// checkLength refuses a file that was cut off: a page behind its end would
// fault at the first look.
func (s *Store) checkLength() error {
	btx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer btx.Rollback() //nolint:errcheck // of a read transaction: it only ends it
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < btx.Size() {
		return damaged("%s has %d bytes and should have %d", s.path, info.Size(), btx.Size())
	}
	return nil
}
