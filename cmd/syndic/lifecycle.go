package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// undo reverses one thing that was begun. It gives up when ctx ends.
type undo func(ctx context.Context) error

// lifecycle undoes what was begun, the last first. What was begun together is
// undone together.
type lifecycle struct{ steps [][]undo }

func (l *lifecycle) add(together ...undo) { l.steps = append(l.steps, together) }

// join adds to what was begun last.
func (l *lifecycle) join(together ...undo) {
	last := len(l.steps) - 1
	l.steps[last] = append(l.steps[last], together...)
}

// end undoes everything, each step within the limit, whatever others say.
func (l *lifecycle) end(limit time.Duration) error {
	var all []error
	for _, step := range slices.Backward(l.steps) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		errs := make([]error, len(step))
		var running sync.WaitGroup
		for i, undo := range step {
			running.Go(func() { errs[i] = undo(ctx) })
		}
		running.Wait()
		cancel()
		all = append(all, errs...)
	}
	l.steps = nil
	return errors.Join(all...)
}
