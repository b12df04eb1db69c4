package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"syndic/control"
	"syndic/scheduler"
	"syndic/store"
)

// The exit codes, which scripts rely on.
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitPartly       = 3 // some of it is done, or pings are still queued
	exitUnknown      = 4 // no such post or category
	exitRejected     = 5 // a feed failed, the last good one still serves
	exitNoDatabase   = 10
	exitLocked       = 11 // locked, and no socket to ask instead
	exitNotPermitted = 12
	exitConfig       = 13
	exitInterrupted  = 130
)

// failure is an error that knows its exit code.
type failure struct {
	code int
	err  error
}

// Error is the message, which is written for the user.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap is what the failure came from.
func (f *failure) Unwrap() error { return f.err }

// fail makes an error that ends the program with the code.
func fail(code int, format string, args ...any) error {
	return &failure{code, fmt.Errorf(format, args...)}
}

// exitCode is the one map from an error to an exit code.
func exitCode(err error) int {
	var known *failure
	var config *configError
	var key *scheduler.KeyError
	var refused *control.Error
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &known):
		return known.code
	case errors.As(err, &config), errors.As(err, &key):
		return exitConfig
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, store.ErrNoDatabase):
		return exitNoDatabase
	case errors.Is(err, store.ErrLocked):
		return exitLocked
	case errors.Is(err, store.ErrPermission), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return exitNotPermitted
	case errors.Is(err, store.ErrNotFound):
		return exitUnknown
	case errors.As(err, &refused):
		return refusalCode(refused.Code)
	}
	return exitFailed
}

// refusalCode is the exit code of what the control API refused.
func refusalCode(code string) int {
	switch code {
	case "not_found", "gone":
		return exitUnknown
	case "config":
		return exitConfig
	case "no_database":
		return exitNoDatabase
	case "locked":
		return exitLocked
	case "permission":
		return exitNotPermitted
	}
	return exitFailed
}
