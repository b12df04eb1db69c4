package web

import (
	"io"
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
	file   int
	offset int64 // in the file
	end    int64
	err    error
	push   func(fd uintptr) bool
}

// sendDirect writes the head and then the body out of the file of memory, if
// there is one, as one piece. It returns what of the body was written.
func (c *laneConn) sendDirect(head []byte, b *body) (int, error) {
	s := &c.sending
	s.head, s.offset, s.end, s.err = head, 0, 0, nil
	if b != nil {
		s.file, s.offset, s.end = b.file.fd, b.at, b.at+int64(b.size)
	}
	begin := s.offset
	if s.push == nil {
		s.push = s.write
	}
	err := c.raw.Write(s.push)
	if err == nil {
		err = s.err
	}
	s.head = nil
	return int(s.offset - begin), err
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

func (s *sending) done() bool { return len(s.head) == 0 && s.offset == s.end }

// some makes one call.
func (s *sending) some(fd uintptr) (int, error) {
	if len(s.head) == 0 {
		most := min(s.end-s.offset, directBytes)
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDFILE, fd, uintptr(s.file), uintptr(unsafe.Pointer(&s.offset)), uintptr(most), 0, 0)
		return result(n, errno)
	}
	flags := syscall.MSG_NOSIGNAL
	if s.offset != s.end {
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
