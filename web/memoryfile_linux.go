package web

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryFile is a file of memory that holds bodies, one behind the other.
// From there the kernel sends them without making a copy for each reader, and
// Go's collector has nothing to do with them. No place is used twice, so a
// reader can never get one feed for another; what is freed becomes a hole.
type memoryFile struct {
	open sync.Once
	fd   int // -1 where the system refuses
	end  atomic.Int64
}

// put copies a text into the file; not ok when there is no such file, or no
// memory for it.
func (m *memoryFile) put(text []byte) (at int64, ok bool) {
	m.open.Do(m.create)
	if m.fd < 0 {
		return 0, false
	}
	room := wholePages(len(text))
	at = m.end.Add(room) - room
	for done := 0; done < len(text); {
		n, err := unix.Pwrite(m.fd, text[done:], at+int64(done))
		switch {
		case err == nil && n > 0:
			done += n
		case err != unix.EINTR:
			m.free(at, len(text))
			return 0, false
		}
	}
	return at, true
}

func (m *memoryFile) create() {
	fd, err := unix.MemfdCreate("syndic feeds", unix.MFD_CLOEXEC)
	if m.fd = fd; err != nil {
		m.fd = -1
		return
	}
	runtime.AddCleanup(m, func(fd int) { _ = unix.Close(fd) }, fd)
}

// read fills b from a place in the file.
func (m *memoryFile) read(b []byte, at int64) error {
	for len(b) > 0 {
		n, err := unix.Pread(m.fd, b, at)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return err
		case n == 0:
			return io.ErrUnexpectedEOF
		default:
			b, at = b[n:], at+int64(n)
		}
	}
	return nil
}

// free gives the memory back. Pages that are still under way to a reader are
// the kernel's until they have arrived.
func (m *memoryFile) free(at int64, size int) {
	// It can only fail for a place that is not in the file.
	_ = unix.Fallocate(m.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, wholePages(size))
}
