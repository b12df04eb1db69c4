package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the README tells a stranger to type works in a fresh copy of the
// repository, block by block.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n >= 220 {
		t.Errorf("the README has %d lines: keep it under 220", n)
	}
	copied := copyRepository(t)
	blocks := shellBlocks.FindAllSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("%d blocks of commands", len(blocks))
	}
	for _, b := range blocks {
		script := string(b[1])
		switch strings.TrimSpace(script) {
		case "make run":
			makeRun(t, copied)
		case "make test":
			// It is what runs this test; here it need only be a target.
			typed(t, copied, "make -n test")
		default:
			typed(t, copied, script)
		}
	}
}

var shellBlocks = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// copyRepository copies the files that are or would be committed.
func copyRepository(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "syn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	out, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files", "-co", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		info, err := os.Stat(filepath.Join("../..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// typed runs what a stranger types, stopping at the first failure.
func typed(t *testing.T, dir, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, script, out)
	}
}

// makeRun runs `make run` until every address that it prints answers, and then
// does what Ctrl-C does.
func makeRun(t *testing.T, dir string) {
	t.Helper()
	out := newJournal()
	cmd := exec.CommandContext(t.Context(), "make", "run")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // make reports the signal
		out.close()
		close(ended)
	}()
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			t.Errorf("Ctrl-C did not end make run:\n%s", out)
		}
	}()
	if !out.has("ready", 5*time.Minute) {
		t.Fatalf("make run never got ready (are the ports 8080 and 8081 free?):\n%s", out)
	}
	urls := regexp.MustCompile(`http://127\.0\.0\.1:\d+/[^\s"]*`).FindAllString(out.String(), -1)
	for _, u := range []string{"/design/", "/design/rss.xml", "/design/atom.xml", "/design/feed.json"} {
		if !strings.Contains(strings.Join(urls, " "), u) {
			t.Errorf("make run does not print %s", u)
		}
	}
	for _, u := range urls {
		if resp, _ := get(t, u); resp.StatusCode != 200 {
			t.Errorf("%s: %s", u, resp.Status)
		}
	}
}

// has waits for a text anywhere in the journal.
func (j *journal) has(text string, limit time.Duration) bool {
	deadline := time.After(limit)
	for {
		j.mu.Lock()
		found, ended, grown := strings.Contains(j.text.String(), text), j.ended, j.grown
		j.mu.Unlock()
		if found || ended {
			return found
		}
		select {
		case <-grown:
		case <-deadline:
			return false
		}
	}
}
