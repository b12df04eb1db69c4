package bolt

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// Stats are figures of the file and of what is done with it, for metrics.
type Stats struct {
	Bytes    int64  // the file's
	Room     int64  // free bytes where it lies, for whom is not root
	PageSize int    // bytes
	Free     int    // pages that hold nothing and are used next
	Pending  int    // freed pages that an open transaction may still read
	Open     int    // read transactions that run
	Views    uint64 // read transactions since the file was opened or compacted
}

// Stats reads what bbolt counts and what the file system says.
func (s *Store) Stats() (Stats, error) {
	if err := s.state(); err != nil {
		return Stats{}, err
	}
	s.swap.RLock()
	defer s.swap.RUnlock()
	info, err := s.file.Stat()
	if err != nil {
		return Stats{}, fmt.Errorf("look at the database file: %w", fault(s.path, err))
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return Stats{}, fmt.Errorf("look for free space: %w", fault(s.path, err))
	}
	b := s.db.Stats()
	return Stats{
		Bytes: info.Size(), Room: int64(disk.Bavail) * int64(disk.Bsize), PageSize: s.db.Info().PageSize,
		Free: b.FreePageN, Pending: b.PendingPageN, Open: b.OpenTxN, Views: uint64(b.TxN),
	}, nil
}
