package main

import (
	"fmt"
	"syscall"
)

// roomFor fails when a file of that many bytes does not fit where dir lies.
func roomFor(dir string, need int64) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look for free space in %s: %w", dir, err)
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < need {
		return fail(exitFailed, "no space left in %s: it takes %s and %s are free: free some and try again", dir, bytesText(need), bytesText(free))
	}
	return nil
}

// bytesText is a number of bytes as people read it.
func bytesText(n int64) string {
	size, units := float64(n), "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	unit := -1
	for size >= 999.5 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	return fmt.Sprintf("%.3g %cB", size, units[unit])
}
