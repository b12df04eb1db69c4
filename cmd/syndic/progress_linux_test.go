package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminalPair opens a pseudo terminal: what is written to the slave is read
// from the master.
func terminalPair(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// onTerminal runs a command whose standard error is a terminal, and returns
// what came there.
func onTerminal(h *host, args ...string) (out, messages string) {
	h.t.Helper()
	master, slave := terminalPair(h.t)
	defer master.Close()
	var data, shown strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			shown.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	cmd := h.command(context.Background(), args...)
	cmd.Stdout, cmd.Stderr = &data, slave
	err := cmd.Run()
	if err := slave.Close(); err != nil {
		h.t.Error(err)
	}
	<-read
	if err != nil {
		h.t.Errorf("%v: %v\n%s", args, err, shown.String())
	}
	return data.String(), shown.String()
}

// The bar counts, on a terminal alone, and leaves whole lines behind.
func TestAddShowsProgress(t *testing.T) {
	h := newHost(t)
	folder := h.folder(batchPosts + 1)
	h.write("posts/6/z.md", "---\ntitle: Z\nlayout: wide\n---\n")
	out, shown := onTerminal(h, "--format", "json", "post", "add", folder)
	if !strings.Contains(shown, fmt.Sprintf("(%d/%d", firstPosts, batchPosts+2)) || !strings.Contains(shown, "posts/s") {
		t.Errorf("no progress in\n%q", shown)
	}
	for _, want := range []string{"\rsyndic: warning: ", fmt.Sprintf("\rsyndic: %d added", batchPosts+2)} {
		if !strings.Contains(shown, want) {
			t.Errorf("no line %q in\n%q", want, shown)
		}
	}
	if !strings.HasPrefix(out, "[") || strings.Contains(out, "\r") {
		t.Errorf("the data is not alone:\n%.200s", out)
	}
	if _, shown := onTerminal(h, "-q", "post", "add", folder); shown != "" {
		t.Errorf("quiet: %q", shown)
	}
	if r := h.run("post", "add", folder); strings.Contains(r.err, "\r") {
		t.Errorf("no terminal: %q", r.err)
	}
}
