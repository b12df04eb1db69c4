package web

import (
	"runtime"
	"sync"

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
