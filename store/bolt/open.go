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
	size, err := prepare(path, o.Create)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: path, o: o, moved: make(chan struct{}), wake: make(chan struct{}, 1),
		holders: make(map[string]chan struct{}), closed: make(chan struct{}), stopped: make(chan struct{}),
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if err := s.openFile(size); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.closeFile())
	}
	s.live, s.end = context.WithCancel(context.Background())
	go s.write()
	return s, nil
}

// prepare looks at what lies at path, makes the directory for a new file, and
// returns the size of a file that is there.
func prepare(path string, create bool) (int64, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return 0, fmt.Errorf("open database: %s is a directory: name a file in it", path)
	case err == nil && (info.Size() > 0 || create):
		return info.Size(), nil
	case err == nil, errors.Is(err, fs.ErrNotExist) && !create:
		return 0, fmt.Errorf("open database: %w at %s: add a post or start the daemon to make one", store.ErrNoDatabase, path)
	case !errors.Is(err, fs.ErrNotExist):
		return 0, fmt.Errorf("open database: %w", fault(path, err))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, fmt.Errorf("open database: %w", fault(path, err))
	}
	return 0, nil
}

// openFile opens bbolt, with what it panics about as an error.
func (s *Store) openFile(size int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged("%v", p)
		}
		if err != nil {
			err = fmt.Errorf("open database: %w", errors.Join(fault(s.path, err), s.closeFile()))
		}
	}()
	s.db, err = bbolt.Open(s.path, 0o600, &bbolt.Options{
		Timeout: s.o.Wait, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapSize(size),
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			if !s.o.Create {
				flag &^= os.O_CREATE
			}
			f, err := os.OpenFile(name, flag, mode)
			s.file = f
			return f, err
		},
	})
	if err != nil {
		s.db = nil
		return err
	}
	return syncDir(filepath.Dir(s.path), size)
}

// mapSize is how much address space to map: a writer whose file outgrows it
// waits for every reader. It takes no memory.
func mapSize(size int64) int {
	if strconv.IntSize < 64 {
		return 0
	}
	return int(max(1<<30, 2*size))
}

// syncDir makes a new file's name durable.
func syncDir(dir string, size int64) error {
	if size > 0 {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// closeFile closes what openFile opened, even what bbolt could not. Closing
// the descriptor is what releases the lock.
func (s *Store) closeFile() error {
	if s.db != nil {
		return s.db.Close()
	}
	if s.file != nil {
		if err := s.file.Close(); !errors.Is(err, os.ErrClosed) {
			return err
		}
	}
	return nil
}

// load checks the file's length and schema, makes or migrates the latter, and
// reads where the commits stand.
func (s *Store) load() error {
	if err := s.checkLength(); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := s.migrate(migrations); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	btx, err := s.begin(false)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
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
