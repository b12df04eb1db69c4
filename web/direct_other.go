//go:build !linux

package web

import (
	"errors"
	"syscall"
)

// What is special to Linux is done in the ordinary way elsewhere.

func readNow(fd uintptr, b []byte) (int, error) { return syscall.Read(int(fd), b) }

type sending struct{}

func (c *laneConn) sendDirect(head []byte, _ *body) (int, error) {
	_, err := c.conn.Write(head)
	return 0, err
}

// memoryFile is a file of memory, which there is none of.
type memoryFile struct{}

func (*memoryFile) put([]byte) (int64, bool) { return 0, false }
func (*memoryFile) read([]byte, int64) error { return errors.ErrUnsupported }
func (*memoryFile) free(at int64, size int)  {}
