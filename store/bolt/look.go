package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"

	"syndic/store"
)

// Look lists what is wrong with the structure of the database at path: every page's
// header, and where its rows lie. It reads plainly, so that whatever the file
// holds, nothing worse comes of it; what the rows mean it leaves alone. A file
// that another process has open is passed over, as is one that is not there.
func Look(path string) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", fault(path, err))
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil {
		return nil, nil // whoever opens it is told
	}
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	if info.Size() == 0 {
		return nil, nil // made anew by whoever may
	}
	return lookAt(f, info.Size()), nil
}

func lookAt(f *os.File, size int64) (problems []string) {
	say := func(format string, args ...any) {
		if len(problems) < maxProblems {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	p, err := readPages(f, size, say)
	if err != nil {
		return []string{err.Error()}
	}
	for name, at := range p.buckets() {
		if at.root != 0 {
			p.walk(name, at.root, 0, false, func(page) {})
		}
	}
	free, err := p.free()
	if err != nil {
		say("%v", err)
	}
	for i, word := range free {
		if i < len(p.seen) && word&p.seen[i] != 0 {
			say("of pages %d to %d, some are in use and on the list of free ones", 64*i, 64*i+63)
		}
	}
	return problems
}

// Inspect looks at the database at path as a whole, without changing it: its
// pages, and what its rows mean where its schema is this program's. It lists
// what is wrong; the error says that it is no database of ours at all, or of a
// newer program. Run it in a process of its own: in this one, bbolt may end it.
func Inspect(ctx context.Context, path string) ([]string, error) {
	if problems, err := Look(path); err != nil || len(problems) > 0 {
		return problems, err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s, err := open(path, Options{readOnly: true})
	if err != nil {
		return nil, fmt.Errorf("open database: %w", fault(path, err))
	}
	s.live, s.end = context.WithCancel(ctx)
	close(s.stopped) // it has no writer
	defer s.Close()
	version, _, err := s.version()
	if err != nil {
		return nil, err
	}
	if version <= uint64(len(migrations)) {
		return s.checkPages(), nil // its rows are checked once it is brought up to date
	}
	return s.Check(ctx), nil
}

// known refuses a file that has a schema of somebody else's, or of a newer
// program.
func (s *Store) known(newest uint64) (version uint64, empty bool, err error) {
	version, empty, err = s.version()
	switch {
	case err != nil || empty:
	case version == 0:
		err = damaged("%s is a bbolt file, but not syndic's", s.path)
	case version > newest:
		err = fmt.Errorf("%w: %s has version %d and this program knows %d: use the newer syndic", store.ErrNewer, s.path, version, newest)
	}
	return version, empty, err
}
