package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A process that damage ended is told from one that somebody ended.
func TestFaulted(t *testing.T) {
	for script, want := range map[string]bool{
		"kill -BUS $$": true, "kill -SEGV $$": true, "exit 2": true,
		"kill -KILL $$": false, "kill -TERM $$": false, "exit 1": false, "exit 130": false,
	} {
		err := exec.Command("sh", "-c", "ulimit -c 0; "+script).Run()
		ended, ok := err.(*exec.ExitError)
		if !ok || faulted(ended) != want {
			t.Errorf("%s: %v, want %t", script, err, want)
		}
	}
}

// The process that looks ends with the one that asked, and says what it found
// as long as that is there.
func TestExamineEndsWithItsParent(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	db := filepath.Join(h.data, databaseName)
	cmd := h.command(t.Context(), "examine-database", "--whole", db)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	cmd.Stdin = read
	out, err := cmd.Output()
	var e examination
	if err != nil || json.Unmarshal(out, &e) != nil || len(e.Problems) > 0 || e.Error != "" {
		t.Errorf("%v: %s", err, out)
	}
	fifo := filepath.Join(h.dir, "slow")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := h.run("examine-database", fifo); r.code != exitInterrupted {
		t.Errorf("with nobody who asks: exit %d: %s%s", r.code, r.out, r.err)
	}
}

// A daemon looks at a suspect file before it opens it, and at no other.
func TestServeLooksAtSuspects(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	const looking = "looking at the pages of the database"
	p := h.serve()
	p.kill()
	if strings.Contains(p.log.String(), looking) {
		t.Error("a file that was closed well is looked at")
	}
	p = h.serve()
	p.stop()
	if strings.Contains(p.log.String(), looking) {
		t.Error("after a kill the file is looked at")
	}
	db := filepath.Join(h.data, databaseName)
	data, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(db, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p = h.serve()
	p.stop()
	if !strings.Contains(p.log.String(), looking) || !strings.Contains(p.log.String(), "not as it was closed") {
		t.Error("a file that was copied is not looked at")
	}
}
