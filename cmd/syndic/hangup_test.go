package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal is a terminal: what a window shows, and what programs see.
func pseudoTerminal(t *testing.T) (window, programs *os.File) {
	t.Helper()
	window, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = window.Close() })
	if err := unix.IoctlSetPointerInt(int(window.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(window.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	programs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = programs.Close() })
	return window, programs
}

// Whoever closes the window ends the daemon that runs in it: it must not go on
// unseen, with the port and the database in its hands.
func TestClosedTerminalEndsTheDaemon(t *testing.T) {
	h := newHost(t)
	window, programs := pseudoTerminal(t)
	cmd := h.command(context.Background(), "serve")
	cmd.Stdin = programs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	p := h.start(cmd)
	p.ready()
	p.signal(syscall.SIGHUP)
	p.await(wasReloaded)
	if err := window.Close(); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(patience); code != 0 {
		t.Errorf("exit %d", code)
	}
	p.await("stopped")
}
