package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // a machine without zone files still knows every time zone

	"syndic/store"
)

func main() {
	if os.Getenv("GOGC") == "" { // whoever sets it knows better
		keepHeapFloor()
	}
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		// The first signal asks, the second one insists.
		<-signals
		os.Exit(exitInterrupted)
	}()
	// It asks the daemon to reload, as early as it may come, and ends all else.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	a := &app{in: os.Stdin, out: os.Stdout, messages: os.Stderr, getenv: os.Getenv, hangups: hangups, examine: examineInChild}
	os.Exit(a.run(ctx, os.Args[1:]))
}

// app is one run of the program.
type app struct {
	in       io.Reader
	out      io.Writer // data
	messages io.Writer // everything else
	getenv   func(string) string
	hangups  chan os.Signal  // SIGHUP
	examine  examiner        // of database files
	ended    <-chan struct{} // closed when the user interrupts; set by run
	globals  globals
	parsed   bool // the command line was understood
}

// globals are the flags that every command has.
type globals struct {
	config, data, socket, format string
	quiet, verbose, noColor      bool
}

// run executes the command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.ended = ctx.Done()
	root := a.root()
	if completing(args) {
		a.complete(root)
	}
	root.SetArgs(rewrite(args))
	root.SetOut(a.out)
	root.SetErr(a.messages)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	if !a.parsed {
		code = exitUsage
	}
	message := err.Error()
	if errors.Is(err, store.ErrDamaged) && !strings.Contains(message, "syndic restore") {
		message += "; " + wayBack // a record does not know that it is a file's
	}
	var known *failure
	if code == exitInterrupted && !errors.As(err, &known) {
		message = "interrupted"
	}
	for line := range strings.Lines(message) {
		a.say("%s", strings.TrimSpace(line))
	}
	if code == exitUsage {
		a.say("see %s --help", cmd.CommandPath())
	}
	return code
}
