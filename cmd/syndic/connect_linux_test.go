package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A daemon that is about to listen has the lock already.
func TestDaemonThatJustStarts(t *testing.T) {
	h := newHost(t)
	h.serve()
	socket := filepath.Join(h.data, "syndic.sock")
	if err := os.Rename(socket, socket+".later"); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd := h.command(t.Context(), "post", "list", "--format", "json")
	cmd.Stdout = &out
	p := h.start(cmd)
	waits := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "fd")
	eventually(t, "the command waits for the lock", func() bool {
		for _, fd := range listed(waits) {
			if to, err := os.Readlink(filepath.Join(waits, fd.Name())); err == nil && filepath.Base(to) == databaseName {
				return true
			}
		}
		return false
	})
	if err := os.Rename(socket+".later", socket); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(patience); code != 0 || out.String() != "[]\n" {
		t.Errorf("exit %d: %s%s", code, out.String(), p.log)
	}
}

// listed is what a directory holds; nothing once it has gone.
func listed(dir string) []os.DirEntry {
	list, _ := os.ReadDir(dir)
	return list
}
