package web

import (
	"io"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	mirrorFiles = 100
	mirrorBytes = 16 << 20 // of all of them
)

// mirrors are the bodies that are asked for often, in files of memory: from
// there, the kernel sends them without making a copy for each reader.
type mirrors struct {
	mu           sync.Mutex
	files, bytes int
}

// mirror is a body in such a file, which is closed when nobody knows the mirror
// any more.
type mirror struct{ fd, size int }

// add mirrors a body; nil when there are mirrors enough, or no such files.
func (m *mirrors) add(body []byte) *mirror {
	fd := -1
	if m.count(1, len(body)) {
		fd = memoryFile(body)
	}
	if fd < 0 {
		m.count(-1, -len(body))
		return nil
	}
	f := &mirror{fd, len(body)}
	runtime.AddCleanup(f, func(gone mirror) {
		_ = unix.Close(gone.fd)
		m.count(-1, -gone.size)
	}, *f)
	return f
}

// count adds to what there is, and tells whether it is not too much.
func (m *mirrors) count(files, bytes int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files, m.bytes = m.files+files, m.bytes+bytes
	return m.files <= mirrorFiles && m.bytes <= mirrorBytes
}

// memoryFile returns a descriptor, or -1 where the system refuses.
func memoryFile(body []byte) int {
	fd, err := unix.MemfdCreate("syndic feed", unix.MFD_CLOEXEC)
	if err != nil {
		return -1
	}
	for len(body) > 0 {
		n, err := unix.Write(fd, body)
		if err != nil {
			_ = unix.Close(fd)
			return -1
		}
		body = body[n:]
	}
	return fd
}

// sending is how far an answer out of a mirror has come.
type sending struct {
	head   []byte // what is left of it
	mirror *mirror
	offset int64 // in the body
	err    error
	push   func(fd uintptr) bool
}

// sendMirror writes the head and then the body out of its mirror, as one piece,
// and returns what of the body was written.
func (c *laneConn) sendMirror(head []byte, m *mirror) (int, error) {
	s := &c.sending
	s.head, s.mirror, s.offset, s.err = head, m, 0, nil
	if s.push == nil {
		s.push = s.write
	}
	err := c.raw.Write(s.push)
	if err == nil {
		err = s.err
	}
	s.head, s.mirror = nil, nil
	runtime.KeepAlive(m)
	return int(s.offset), err
}

// write writes until all is done or the connection takes no more at the moment.
func (s *sending) write(fd uintptr) (done bool) {
	for s.err == nil && (len(s.head) > 0 || int(s.offset) < s.mirror.size) {
		var n int
		var err error
		if len(s.head) > 0 {
			n, err = syscall.SendmsgN(int(fd), s.head, nil, nil, syscall.MSG_MORE|syscall.MSG_NOSIGNAL)
			s.head = s.head[max(n, 0):]
		} else {
			n, err = syscall.Sendfile(int(fd), s.mirror.fd, &s.offset, s.mirror.size-int(s.offset))
		}
		switch {
		case err == syscall.EAGAIN:
			return false
		case err == nil && n == 0:
			s.err = io.ErrUnexpectedEOF
		case err != syscall.EINTR:
			s.err = err
		}
	}
	return true
}
