//go:build !linux

package main

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"
)

// lookout sees what is written at a path, which only Linux tells well enough.
type lookout struct{}

func newLookout(string) (*lookout, sight, error) {
	return nil, sight{}, errors.New("--watch works on Linux alone, as " + runtime.GOOS + " does not tell when a file is whole: run `syndic post add` after each change")
}

func (*lookout) next(context.Context, time.Time) (sight, error) {
	return sight{}, errors.ErrUnsupported
}
func (*lookout) look(string) presence              { return absent }
func (*lookout) hold(string) (io.Closer, presence) { return io.NopCloser(nil), absent }
func (*lookout) close()                            {}
