package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"syndic/store"
	"syndic/store/bolt"
)

// examiner looks at a database file: at its pages, or at all of it. The
// error says what is wrong with it, or why that cannot be told.
type examiner func(ctx context.Context, path string, whole bool) (examination, error)

// examination is what was found. It is also what the process says that looked.
type examination struct {
	Problems []string `json:"problems"`        // damage
	Error    string   `json:"error,omitempty"` // why it cannot be looked at, or is not ours
}

// examineCommand is what this program runs as a process of its own: damage that
// ends it by a fault is an exit status like any other. Its standard input ends
// with the process that asked, and it does, too: it would hold the file's lock.
func (a *app) examineCommand() *cobra.Command {
	var whole bool
	cmd := &cobra.Command{
		Use: "examine-database FILE", Short: "Look at a database file", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			go func() {
				_, _ = io.Copy(io.Discard, a.in)
				os.Exit(exitInterrupted)
			}()
			return json.NewEncoder(a.out).Encode(examineHere(cmd.Context(), args[0], whole))
		},
	}
	cmd.Flags().BoolVar(&whole, "whole", false, "every row, not the pages alone")
	return cmd
}

func examineHere(ctx context.Context, path string, whole bool) (e examination) {
	var err error
	if whole {
		e.Problems, err = bolt.Inspect(ctx, path)
	} else {
		e.Problems, err = bolt.Look(path)
	}
	switch {
	case ctx.Err() != nil:
		return examination{Error: "interrupted"}
	case errors.Is(err, store.ErrDamaged):
		text, _, _ := strings.Cut(err.Error(), "; run `syndic")
		e.Problems = append(e.Problems, strings.ReplaceAll(text, path, "it"))
	case err != nil:
		e.Error = err.Error()
	}
	return e
}

// examineInChild runs this program again to look at the file. Where no process
// can be started, the pages are looked at here: that is done by plain reads.
func examineInChild(ctx context.Context, path string, whole bool) (e examination, err error) {
	cmd := exec.CommandContext(ctx, self(), "examine-database", fmt.Sprintf("--whole=%t", whole), "--", path)
	cmd.Env = append(os.Environ(), "GOTRACEBACK=none")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for this process
	_, err = cmd.StdinPipe()
	var out []byte
	if err == nil {
		out, err = cmd.Output()
	}
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return e, ctx.Err()
	case errors.As(err, &ended) && faulted(ended):
		e.Problems = []string{fmt.Sprintf("the process that looked at it ended with %v", ended)}
		return e, nil
	case err != nil && ended == nil && !whole:
		return examineHere(ctx, path, false), nil
	case err == nil:
		err = json.Unmarshal(out, &e)
	}
	if err != nil {
		return e, fmt.Errorf("look at %s in a process of its own: %w: try again", path, err)
	}
	return e, nil
}

// faulted tells a process that damage ended from one that somebody did.
func faulted(ended *exec.ExitError) bool {
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return slices.Contains([]syscall.Signal{syscall.SIGBUS, syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGTRAP}, status.Signal())
	}
	return ended.ExitCode() == exitUsage // Go's own status of a fatal error is the same number
}

// wayBack is what to do about a damaged database.
const wayBack = "run `syndic check --repair`, or restore a backup with `syndic restore`"

// self is this program's file, also where a newer one has taken its name.
func self() string {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// err is what is wrong as an error; of several problems the first.
func (e examination) err(path string) error {
	switch {
	case e.Error != "":
		return errors.New(e.Error)
	case len(e.Problems) > 0:
		return fmt.Errorf("%w: %s: %s; %s", store.ErrDamaged, path, e.first(), wayBack)
	}
	return nil
}

// first is the first problem, and how many there are.
func (e examination) first() string {
	if n := len(e.Problems); n > 1 {
		return fmt.Sprintf("%s (and %d more)", e.Problems[0], n-1)
	}
	return e.Problems[0]
}

// examineSuspect has a database looked at before it is opened, where there is
// reason to.
func (a *app) examineSuspect(ctx context.Context, path string, log zerolog.Logger) error {
	why := bolt.Suspect(path)
	if why == "" {
		return nil
	}
	log.Info().Str("component", "store").Str("file", path).Str("reason", why).Msg("looking at the pages of the database before it is opened")
	e, err := a.examine(ctx, path, false)
	if err != nil {
		return err
	}
	return e.err(path)
}

// sound looks at the whole of a file that nobody has open.
func (a *app) sound(ctx context.Context, path string) error {
	e, err := a.examine(ctx, path, true)
	if err != nil {
		return err
	}
	return e.err(path)
}
