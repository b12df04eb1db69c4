package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// filler is more than a pipe holds: who has written it knows that it is read.
var filler = strings.Repeat("x", 1<<17)

// pipe makes a named pipe.
func (h *host) pipe(name string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// The first signal ends a command that waits for standard input.
func TestInterruptStandardInput(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	for _, args := range [][]string{{"post", "add", "-"}, {"post", "edit", "a", "--file", "-"}, {"feed", "lint", "-"}} {
		cmd := h.command(context.Background(), args...)
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin = read
		p := h.start(cmd)
		if _, err := write.WriteString(filler); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGTERM)
		if code := p.wait(patience); code != exitInterrupted || p.log.String() != "syndic: interrupted\n" {
			t.Errorf("%v: exit %d\n%s", args, code, p.log)
		}
		if err := errors.Join(read.Close(), write.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// The same where a pipe is named.
func TestInterruptPipe(t *testing.T) {
	h := newHost(t)
	pipe := h.pipe("pipe.md")
	for _, args := range [][]string{
		{"post", "add", pipe}, {"feed", "lint", pipe}, {"config", "validate", pipe}, {"--config", pipe, "status"}, {"--config", pipe, "serve"},
	} {
		p := h.start(h.command(context.Background(), args...))
		write, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until it is read
		if err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGINT)
		if code := p.wait(patience); code != exitInterrupted || p.log.String() != "syndic: interrupted\n" {
			t.Errorf("%v: exit %d\n%s", args, code, p.log)
		}
		if err := write.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A pipe that nobody writes to does not even open.
func TestInterruptOpening(t *testing.T) {
	h := newHost(t)
	pipe := h.pipe("pipe.md")
	for _, args := range [][]string{{"post", "add", pipe}, {"config", "validate", pipe}} {
		var messages bytes.Buffer
		a := &app{in: strings.NewReader(""), out: &messages, messages: &messages, getenv: func(string) string { return "" }}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code := make(chan int, 1)
		go func() { code <- a.run(ctx, append([]string{"--data", h.data}, args...)) }()
		select {
		case got := <-code:
			if got != exitInterrupted {
				t.Errorf("%v: exit %d\n%s", args, got, &messages)
			}
		case <-time.After(patience):
			t.Errorf("%v: the pipe keeps it", args)
		}
	}
	// Whoever still waits there is let go.
	write, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
}

// What comes through a pipe is read to its end.
func TestReadPipe(t *testing.T) {
	h := newHost(t)
	pipe := h.pipe("pipe.md")
	text := make(chan error, 1)
	go func() { text <- os.WriteFile(pipe, []byte(goodPost), 0) }()
	if out := h.must(0, "post", "add", pipe); !strings.Contains(out, "A good title") {
		t.Errorf("the table is\n%s", out)
	}
	if err := <-text; err != nil {
		t.Error(err)
	}
	if r := h.run("restore", pipe); r.code != exitFailed || !strings.Contains(r.err, "it is not a file") {
		t.Errorf("restore: exit %d\n%s", r.code, r.err)
	}
}
