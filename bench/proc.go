package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc, on every Linux of today.
const tick = 10 * time.Millisecond

// family is a process and its children: all of a server.
func family(pid int) ([]int, error) {
	list := []int{pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		s, err := parseStat(string(text))
		if err == nil && s.parent == pid {
			list = append(list, s.pid)
		}
	}
	return list, nil
}

// stat is what /proc/PID/stat says of a process (proc(5)).
type stat struct {
	pid, parent int
	cpu         time.Duration // in the process and in the kernel for it
}

// parseStat reads a line in which the second field, the command in brackets,
// may hold anything.
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("no command in %q", line)
	}
	rest := strings.Fields(line[end+1:])
	if len(rest) < 13 {
		return stat{}, fmt.Errorf("too few fields in %q", line)
	}
	var numbers [4]int
	for i, text := range []string{strings.TrimSpace(line[:open]), rest[1], rest[11], rest[12]} {
		n, err := strconv.Atoi(text)
		if err != nil {
			return stat{}, fmt.Errorf("read %q: %w", line, err)
		}
		numbers[i] = n
	}
	return stat{pid: numbers[0], parent: numbers[1], cpu: time.Duration(numbers[2]+numbers[3]) * tick}, nil
}

// parseMemory reads the bytes that a process has for itself, those of files
// and of shared memory left out, from the text of /proc/PID/status.
func parseMemory(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			fields := strings.Fields(rest)
			if len(fields) != 2 || fields[1] != "kB" {
				return 0, fmt.Errorf("read %q: want a number of kB", line)
			}
			n, err := strconv.ParseInt(fields[0], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read %q: %w", line, err)
			}
			return n << 10, nil
		}
	}
	return 0, errors.New("no RssAnon in the status of a process")
}

// use is what processes have used.
type use struct {
	cpu    time.Duration // since they started
	memory int64         // RssAnon, now
	files  int64         // of memory that it holds open, now: RssAnon is without them
}

func used(pids ...int) (u use, err error) {
	for _, pid := range pids {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return u, err
		}
		s, err := parseStat(string(line))
		if err != nil {
			return u, err
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return u, err
		}
		memory, err := parseMemory(string(status))
		if err != nil {
			return u, err
		}
		u.cpu += s.cpu
		u.memory += memory
		u.files += memoryFiles(pid)
	}
	return u, nil
}

// memoryFiles are the bytes of a process's files that are in memory alone
// (memfd_create(2)).
func memoryFiles(pid int) (n int64) {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // the pattern is good
	for _, link := range links {
		name, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(name, "/memfd:") {
			continue
		}
		var s syscall.Stat_t
		if syscall.Stat(link, &s) == nil {
			n += s.Blocks * 512 // stat(2)
		}
	}
	return n
}
