package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"syndic/importer"
)

// lookout sees what is written at a path.
type lookout struct {
	path    string
	single  bool // it is one file
	root    int32
	in      *inotify
	folders map[int32]*watched
}

// watched is a folder that is looked at.
type watched struct {
	path  string              // "" where nothing counts but what links lead to
	links map[string][]string // the paths by which files here count elsewhere, by their names
}

// newLookout begins to look out, and sees first all that is there.
func newLookout(path string) (*lookout, sight, error) {
	l := &lookout{path: path}
	seen, err := l.begin()
	if err != nil {
		l.close()
	}
	return l, seen, err
}

func (l *lookout) close() {
	if l.in != nil {
		_ = l.in.file.Close() // nothing was written
	}
}

// begin looks out anew, and sees all that is there.
func (l *lookout) begin() (seen sight, err error) {
	l.close()
	if l.in, err = newInotify(); err != nil {
		return seen, fmt.Errorf("watch %s: %w", l.path, err)
	}
	l.folders, seen.files = map[int32]*watched{}, map[string]presence{}
	info, err := os.Stat(l.path)
	if err != nil {
		return seen, fmt.Errorf("look for posts: %w", err)
	}
	folder := l.path
	if l.single = !info.IsDir(); l.single {
		folder = filepath.Dir(l.path)
		if !info.Mode().IsRegular() {
			return seen, fmt.Errorf("--watch needs a file or a folder: %s is neither", l.path)
		}
	}
	if l.root, err = l.watch(folder); err != nil {
		return seen, err
	}
	if l.single {
		l.link(l.root, l.path, filepath.Base(l.path))
	}
	err = l.enter(l.path, &seen)
	for file, known := range seen.files {
		if known == undecided {
			seen.files[file] = complete // as without --watch
		}
	}
	return seen, err
}

func (l *lookout) watch(folder string) (int32, error) {
	n, err := l.in.watch(folder)
	if err == nil && l.folders[n] == nil {
		l.folders[n] = &watched{links: map[string][]string{}}
	}
	return n, err
}

// enter sees all that is at a path. Each folder is watched before it is looked
// into: what comes meanwhile is seen twice rather than not at all. One that may
// not be read is told of, and left out.
func (l *lookout) enter(path string, seen *sight) error {
	files, err := importer.Look(path, func(folder string) error {
		n, err := l.watch(folder)
		switch {
		case errors.Is(err, fs.ErrPermission):
			seen.wrong = append(seen.wrong, err)
			return fs.SkipDir
		case err == nil:
			l.folders[n].path = folder
		}
		return err
	})
	for _, file := range files {
		l.follow(file)
		seen.files[file] = l.look(file)
	}
	return err
}

// follow tells whether a file is a link, and watches what that leads to, where
// it can; elsewhere the link itself is all there is to see.
func (l *lookout) follow(file string) bool {
	info, err := os.Lstat(file)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	if target, err := filepath.EvalSymlinks(file); err == nil {
		if n, err := l.watch(filepath.Dir(target)); err == nil {
			l.link(n, file, filepath.Base(target))
		}
	}
	return true
}

func (l *lookout) link(folder int32, file, name string) {
	if links := l.folders[folder].links; !slices.Contains(links[name], file) {
		links[name] = append(links[name], file)
	}
}

// next waits for something to see, until a time or the end of ctx.
func (l *lookout) next(ctx context.Context, until time.Time) (sight, error) {
	events, err := l.in.read(ctx, until)
	if err != nil {
		return sight{}, fmt.Errorf("watch %s: %w", l.path, err)
	}
	seen := sight{files: map[string]presence{}}
	for e := range events {
		if e.mask&unix.IN_Q_OVERFLOW != 0 { // some were lost
			anew, err := l.begin()
			anew.resumed, anew.wrong = true, append(seen.wrong, anew.wrong...)
			return anew, err
		}
		if e.folder == l.root && e.mask&(goneMask|unix.IN_UNMOUNT) != 0 {
			return seen, fmt.Errorf("the folder of %s is gone: there is nothing to watch any more", l.path)
		}
		if at := l.folders[e.folder]; at != nil {
			l.see(at, e, &seen)
		}
	}
	return seen, nil
}

// see takes in one event. The last one of a file counts.
func (l *lookout) see(at *watched, e event, seen *sight) {
	switch {
	case e.mask&unix.IN_IGNORED != 0:
		delete(l.folders, e.folder)
	case e.name == "": // a folder's own end, which its parent tells, too
	case e.mask&unix.IN_ISDIR == 0:
		if at.path != "" && !importer.Hidden(e.name) {
			l.seeFile(filepath.Join(at.path, e.name), e.mask, seen)
		}
		for _, file := range at.links[e.name] {
			l.seeFile(file, e.mask, seen)
		}
	case at.path == "" || importer.Hidden(e.name):
	case e.mask&leftMask != 0:
		folder := filepath.Join(at.path, e.name)
		l.leave(folder)
		seen.left = append(seen.left, folder)
	default:
		if err := l.enter(filepath.Join(at.path, e.name), seen); err != nil && !errors.Is(err, fs.ErrNotExist) {
			seen.wrong = append(seen.wrong, err)
		}
	}
}

func (l *lookout) seeFile(file string, mask uint32, seen *sight) {
	if mask&leftMask != 0 {
		seen.files[file] = absent
		return
	}
	isLink := mask&unix.IN_CLOSE_WRITE == 0 && l.follow(file)
	switch {
	case !l.takes(file):
	case mask&wholeMask != 0:
		seen.files[file] = complete
	case isLink || linkCount(file) > 1: // created whole, perhaps
		seen.files[file] = l.look(file)
	default: // the closing is still to come
		seen.files[file] = beingWritten
	}
}

// linkCount is how many names a file has.
func linkCount(file string) uint64 {
	var s unix.Stat_t
	if unix.Stat(file, &s) != nil {
		return 0
	}
	return uint64(s.Nlink) // which is shorter on some machines
}

// leave ends the watch of a folder that has another path now.
func (l *lookout) leave(folder string) {
	for n, at := range l.folders {
		if at.path == folder || strings.HasPrefix(at.path, folder+string(filepath.Separator)) {
			l.in.leave(n)
			delete(l.folders, n)
		}
	}
}

// takes tells whether a file is a post's. An empty one is none yet: many an
// editor makes it so before it writes.
func (l *lookout) takes(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Size() > 0 && (l.single || importer.Takes(file))
}

// look tells what is known of a file.
func (l *lookout) look(file string) presence {
	held, known := l.hold(file)
	_ = held.Close() // nothing was written
	return known
}

// hold looks at a file, and keeps others from opening it to write until it is
// closed, where it is known to be complete. The kernel tells its owner whether
// somebody writes it, by granting a lease on it or not (fcntl(2)); whoever opens
// it to write meanwhile waits until that is given back. One that is emptied to
// be written is no post's, but will be.
func (l *lookout) hold(file string) (held io.Closer, known presence) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a pipe by now
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	}
	switch {
	case errors.Is(err, unix.EAGAIN):
		return f, beingWritten
	case !l.takes(file):
		return f, absent
	case err == nil:
		return f, complete
	}
	return f, undecided
}
