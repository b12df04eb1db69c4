package main

import (
	"bytes"
	"context"
	order "encoding/binary" // tests have a variable of its name
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What inotify(7) is asked to tell of each folder. That a file was closed is
// what makes it whole, and portable libraries do not tell it: they report each
// write, after which one can only wait a while and hope. IN_EXCL_UNLINK leaves
// out a deleted file, whose name may be another's by now.
const (
	filesMask = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_CREATE | unix.IN_MOVED_FROM | unix.IN_DELETE
	goneMask  = unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
	wholeMask = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO
	leftMask  = unix.IN_MOVED_FROM | unix.IN_DELETE
)

// inotify is an instance of inotify(7).
type inotify struct {
	fd     int // of file, whose own method would make it blocking
	file   *os.File
	buffer []byte
}

// event is what happened to a name in a folder, or to the folder itself.
type event struct {
	folder int32
	mask   uint32
	name   string
}

func newInotify() (*inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, advised(err)
	}
	return &inotify{fd: fd, file: os.NewFile(uintptr(fd), "inotify"), buffer: make([]byte, 64<<10)}, nil
}

// watch returns the folder's number, the same for the same folder.
func (in *inotify) watch(folder string) (int32, error) {
	n, err := unix.InotifyAddWatch(in.fd, folder, filesMask|goneMask|unix.IN_ONLYDIR|unix.IN_EXCL_UNLINK)
	if err != nil {
		return 0, &os.PathError{Op: "watch", Path: folder, Err: advised(err)}
	}
	return int32(n), nil
}

// advised adds to an error of inotify what to do about it.
func advised(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("%w: these are too many folders: raise fs.inotify.max_user_watches with sysctl", err)
	case errors.Is(err, unix.EMFILE):
		return fmt.Errorf("%w: too many programs watch folders: raise fs.inotify.max_user_instances with sysctl", err)
	}
	return err
}

// leave ends a watch. Of a folder that was deleted it ended by itself.
func (in *inotify) leave(folder int32) { _, _ = unix.InotifyRmWatch(in.fd, uint32(folder)) }

// read waits until a time, for ever if it is zero, or until ctx ends, and
// returns the events that are there then, if any.
func (in *inotify) read(ctx context.Context, until time.Time) (iter.Seq[event], error) {
	if err := in.file.SetReadDeadline(until); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = in.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	n, err := in.file.Read(in.buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return events(in.buffer[:max(n, 0)]), err
}

// events reads what the kernel wrote: struct inotify_event, each with a name
// that ends in zeros.
func events(b []byte) iter.Seq[event] {
	return func(yield func(event) bool) {
		for len(b) >= unix.SizeofInotifyEvent {
			end := unix.SizeofInotifyEvent + int(order.NativeEndian.Uint32(b[12:]))
			e := event{
				folder: int32(order.NativeEndian.Uint32(b)), mask: order.NativeEndian.Uint32(b[4:]),
				name: string(bytes.TrimRight(b[unix.SizeofInotifyEvent:end], "\x00")),
			}
			if b = b[end:]; !yield(e) {
				return
			}
		}
	}
}
