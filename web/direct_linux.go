package web

import (
	"io"
	"runtime"
	"syscall"
	"unsafe"
)

// The calls here are made without telling Go's scheduler, which prepares for
// the worst at each call that may block. On a socket that does not block they
// take microseconds, and the telling is a tenth of an answer's price.

// directBytes is what one call sends at most, so that none takes long.
const directBytes = 256 << 10

// readNow reads what there is, or fails with EAGAIN.
func readNow(fd uintptr, b []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return result(n, errno)
}

// sending is how far an answer has come.
type sending struct {
	head   []byte // what is left of it
	mirror *mirror
	offset int64 // in the mirror
	err    error
	push   func(fd uintptr) bool
}

// sendDirect writes the head and then the body out of its mirror, if there is
// one, as one piece. It returns what of the body was written.
func (c *laneConn) sendDirect(head []byte, m *mirror) (int, error) {
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
	for s.err == nil && !s.done() {
		n, err := s.some(fd)
		switch {
		case err == syscall.EAGAIN:
			return false
		case err == syscall.EINTR:
		case err == nil && n == 0:
			s.err = io.ErrUnexpectedEOF
		default:
			s.err = err
		}
	}
	return true
}

func (s *sending) done() bool {
	return len(s.head) == 0 && (s.mirror == nil || int(s.offset) == s.mirror.size)
}

// some makes one call.
func (s *sending) some(fd uintptr) (int, error) {
	if len(s.head) == 0 {
		most := min(s.mirror.size-int(s.offset), directBytes)
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDFILE, fd, uintptr(s.mirror.fd), uintptr(unsafe.Pointer(&s.offset)), uintptr(most), 0, 0)
		return result(n, errno)
	}
	flags := syscall.MSG_NOSIGNAL
	if s.mirror != nil {
		flags |= syscall.MSG_MORE
	}
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&s.head[0])), uintptr(len(s.head)), uintptr(flags), 0, 0)
	if errno == 0 {
		s.head = s.head[n:]
	}
	return result(n, errno)
}

// result is what a call has come to.
func result(n uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
