package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"syndic/importer"
)

// lookout sees what is written at a path.
type lookout struct {
	path     string
	folder   string // path, or the one of a single file
	single   bool   // it is one file
	linked   bool   // a link leads to the folder
	root     int32  // the folder's number
	in       *inotify
	folders  map[int32]string       // that are looked at; "" where nothing counts but what links lead to
	links    map[string]destination // where each link leads
	followed time.Time              // when all of them were
}

// destination is where a link leads, zero while that is nowhere.
type destination struct {
	folder int32 // zero if it cannot be watched
	file   string
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
	l.folders, l.links, seen.files = map[int32]string{}, map[string]destination{}, map[string]presence{}
	l.followed = time.Now()
	info, err := os.Stat(l.path)
	if err != nil {
		return seen, fmt.Errorf("look for posts: %w", err)
	}
	l.folder = filepath.Clean(l.path)
	if l.single = !info.IsDir(); l.single {
		l.folder = filepath.Dir(l.path)
		if !info.Mode().IsRegular() {
			return seen, fmt.Errorf("--watch needs a file or a folder: %s is neither", l.path)
		}
	}
	if l.root, err = l.watch(l.folder); err != nil {
		return seen, err
	}
	if target, err := filepath.EvalSymlinks(l.folder); err == nil {
		l.linked = target != l.folder
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
	if _, known := l.folders[n]; err == nil && !known {
		l.folders[n] = ""
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
			l.folders[n] = folder
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
	if err != nil || info.Mode()&fs.ModeSymlink == 0 || !l.single && !importer.Named(file) {
		delete(l.links, file)
		return false
	}
	to := l.links[file] // as before while it leads nowhere: what was there may come back
	if target, err := filepath.EvalSymlinks(file); err == nil {
		to = destination{file: target}
		if n, err := l.watch(filepath.Dir(target)); err == nil {
			to.folder = n
		}
	}
	l.links[file] = to
	return true
}

// followAgain sees which links lead elsewhere now: of folders on their way that
// are replaced nothing tells.
func (l *lookout) followAgain(seen *sight) {
	l.followed = time.Now()
	for file, before := range l.links {
		if l.follow(file) && (l.links[file] != before || !l.takes(file)) {
			seen.files[file] = l.look(file)
		}
	}
}

// turned tells whether a link leads to another folder now than is watched.
func (l *lookout) turned() (bool, error) {
	if !l.linked {
		return false, nil
	}
	n, err := l.in.watch(l.folder)
	return n != l.root, err
}

// next waits for something to see, until a time or the end of ctx. Where there
// are links, it follows them again meanwhile.
func (l *lookout) next(ctx context.Context, until time.Time) (sight, error) {
	links := l.linked || len(l.links) > 0
	if due := l.followed.Add(again); links && (until.IsZero() || due.Before(until)) {
		until = due
	}
	events, err := l.in.read(ctx, until)
	if err != nil {
		return sight{}, fmt.Errorf("watch %s: %w", l.path, err)
	}
	seen := sight{files: map[string]presence{}}
	for e := range events {
		gone := e.folder == l.root && e.mask&(goneMask|unix.IN_UNMOUNT) != 0
		if gone || e.mask&unix.IN_Q_OVERFLOW != 0 { // some were lost
			return l.resume(seen, gone)
		}
		if path, ok := l.folders[e.folder]; ok {
			l.see(path, e, &seen)
		}
	}
	if links && time.Since(l.followed) >= again {
		if turned, err := l.turned(); turned || err != nil {
			return l.resume(seen, true)
		}
		l.followAgain(&seen)
	}
	return seen, nil
}

// resume begins anew after some was lost, unless the folder is gone and no link
// leads to another one.
func (l *lookout) resume(seen sight, gone bool) (sight, error) {
	if gone {
		turned, err := l.turned()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return seen, err
		}
		if !turned || err != nil {
			return seen, fmt.Errorf("the folder of %s is gone: there is nothing to watch any more", l.path)
		}
	}
	anew, err := l.begin()
	anew.resumed, anew.wrong = true, append(seen.wrong, anew.wrong...)
	return anew, err
}

// see takes in one event of a folder. The last one of a file counts.
func (l *lookout) see(path string, e event, seen *sight) {
	inside := filepath.Join(path, e.name)
	switch {
	case e.mask&unix.IN_IGNORED != 0:
		delete(l.folders, e.folder)
	case e.name == "": // a folder's own end, which its parent tells, too
	case e.mask&unix.IN_ISDIR == 0:
		l.seeName(path, e, seen)
	case path == "" || importer.Hidden(e.name):
	case e.mask&leftMask != 0:
		l.leave(inside)
		seen.left = append(seen.left, inside)
	default:
		if err := l.enter(inside, seen); err != nil && !errors.Is(err, fs.ErrNotExist) {
			seen.wrong = append(seen.wrong, err)
		}
	}
}

// seeName takes in what happened to a file, for all paths by which it counts.
func (l *lookout) seeName(path string, e event, seen *sight) {
	if path != "" && !importer.Hidden(e.name) {
		l.seeFile(filepath.Join(path, e.name), e.mask, seen)
	}
	if l.single && e.folder == l.root && e.name == filepath.Base(l.path) {
		l.seeFile(l.path, e.mask, seen)
	}
	for link, to := range l.links {
		if to.folder == e.folder && filepath.Base(to.file) == e.name {
			l.seeFile(link, e.mask, seen)
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
		if at == folder || strings.HasPrefix(at, folder+string(filepath.Separator)) {
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
	case errors.Is(err, unix.EAGAIN) && !remote(f):
		return f, beingWritten
	case !l.takes(file):
		return f, absent
	case err == nil:
		return f, complete
	}
	return f, undecided
}

// remote tells whether a file is on another machine: there a lease is refused
// for want of the server's leave, whoever writes.
func remote(f *os.File) bool {
	var s unix.Statfs_t
	if f == nil || unix.Fstatfs(int(f.Fd()), &s) != nil {
		return false
	}
	switch uint32(s.Type) { // which is wider on some machines
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return true
	}
	return false
}
