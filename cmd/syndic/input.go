package main

import (
	"bytes"
	"context"
	"io"
	"os"
)

// readInput reads what the user named, a file or standard input for "-", into a
// buffer that it empties first, and no more of it than the limit.
func (a *app) readInput(name string, limit int64, into *bytes.Buffer) error {
	if name != "-" {
		return a.readFile(name, limit, into)
	}
	into.Reset()
	return a.await(into, func(b *bytes.Buffer) error {
		_, err := b.ReadFrom(io.LimitReader(a.in, limit))
		return err
	})
}

// readFile is readInput of a file, whatever it is called.
func (a *app) readFile(name string, limit int64, into *bytes.Buffer) error {
	into.Reset()
	read := func(b *bytes.Buffer) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = b.ReadFrom(io.LimitReader(f, limit))
		return err
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return a.await(into, read)
	}
	if err == nil {
		into.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	}
	return read(into)
}

// await reads what may keep it waiting: a pipe, which waits for a writer as soon
// as it is opened, or a device. Nothing but their other end ends that, so a user
// who interrupts leaves it behind, with memory of its own.
func (a *app) await(into *bytes.Buffer, read func(*bytes.Buffer) error) error {
	var own bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- read(&own) }()
	select {
	case err := <-done:
		into.Write(own.Bytes())
		return err
	case <-a.ended:
		return context.Canceled
	}
}
