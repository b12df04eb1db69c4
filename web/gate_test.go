package web

import (
	"math"
	"syscall"
	"testing"
)

// However many connections are allowed, the process keeps files for its work.
func TestGateLeavesFiles(t *testing.T) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	most := int64(min(uint64(files.Cur), math.MaxInt64)) - spareFiles
	for asked, want := range map[int]int64{1: 1, 0: min(defaultConnections, most), math.MaxInt32: min(math.MaxInt32, most)} {
		if g := newGate(asked, nil); g.limit != want {
			t.Errorf("asked for %d: %d, want %d", asked, g.limit, want)
		}
	}
}
