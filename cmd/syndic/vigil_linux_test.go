package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"syndic/control"
)

// vigil is a `post add --watch` that runs.
type vigil struct {
	*process
	rows *journal
}

// watch starts it and waits until it waits.
func (h *host) watch(args ...string) *vigil {
	h.t.Helper()
	cmd := h.command(context.Background(), append([]string{"--format", "json", "post", "add", "--watch", "--now"}, args...)...)
	v := &vigil{rows: newJournal()}
	cmd.Stdout = v.rows
	v.process = h.start(cmd)
	v.says("watching " + args[len(args)-1] + " for changes; Ctrl-C ends it")
	return v
}

// says waits for a message.
func (v *vigil) says(text string) {
	v.t.Helper()
	if !v.log.has(text, patience) {
		v.t.Fatalf("it never said %q:\n%s%s", text, v.log, v.rows)
	}
}

// results are the rows that there are.
func (v *vigil) results() (all []control.AddResult) {
	v.t.Helper()
	for line := range strings.Lines(v.rows.String()) {
		var r control.AddResult
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			v.t.Fatalf("%v in %q", err, line)
		}
		all = append(all, r)
	}
	return all
}

// row waits for the result of a file with a title.
func (v *vigil) row(file, title string, status control.AddStatus) {
	v.t.Helper()
	eventually(v.t, fmt.Sprintf("%s %s with the title %s", file, status, title), func() bool {
		return slices.ContainsFunc(v.results(), func(r control.AddResult) bool {
			return r.File == file && r.Title == title && r.Status == status
		})
	})
}

// of counts the results of a file.
func (v *vigil) of(file string) (n int) {
	v.t.Helper()
	for _, r := range v.results() {
		if r.File == file {
			n++
		}
	}
	return n
}

// end is Ctrl-C.
func (v *vigil) end(code int) {
	v.t.Helper()
	v.signal(syscall.SIGINT)
	if got := v.wait(patience); got != code {
		v.t.Errorf("exit %d, want %d\n%s", got, code, v.log)
	}
}

// freeze stops all its threads.
func (v *vigil) freeze() {
	v.t.Helper()
	v.signal(syscall.SIGSTOP)
	eventually(v.t, "every thread stopped", func() bool {
		states, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", v.cmd.Process.Pid))
		return err == nil && !slices.ContainsFunc(states, func(name string) bool {
			return !strings.Contains(string(readFile(v.t, name)), "\nState:\tT")
		})
	})
}

// shows waits until the site's feed has a text.
func (h *host) shows(text string) {
	h.t.Helper()
	eventually(h.t, "a feed with "+text, func() bool {
		_, body := get(h.t, h.url+"rss.xml")
		return strings.Contains(body, text)
	})
}

// rename renames a file or a folder of the host.
func (h *host) rename(from, to string) {
	h.t.Helper()
	if err := os.Rename(filepath.Join(h.dir, from), filepath.Join(h.dir, to)); err != nil {
		h.t.Fatal(err)
	}
}

// titled is a post with a title and a text.
func titled(title string) string { return "# " + title + "\n\ntext of " + title + "\n" }

const daily = `schedule: "@daily"`
