package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"syndic/store"
)

// ErrInjected is what a Faulty store's Updates fail with.
var ErrInjected = errors.New("injected fault")

// Fault is what befalls one Update.
type Fault int

// The faults. After all of them the contract holds: an error may still have
// committed, and a function may run again.
const (
	None   Fault = iota
	Before       // the function runs, nothing is committed, ErrInjected
	After        // everything is committed, ErrInjected all the same
	Again        // the function runs, is undone, and runs again
)

// Faulty is a store whose Updates fail as a plan says.
type Faulty struct {
	store.Store
	plan    func(update int) Fault
	updates atomic.Int64
}

// NewFaulty wraps a store. The plan is asked once for each Update, the first
// of which is number 1; it may be called from several goroutines.
func NewFaulty(s store.Store, plan func(update int) Fault) *Faulty {
	return &Faulty{Store: s, plan: plan}
}

// Updates is how many Updates have begun.
func (f *Faulty) Updates() int { return int(f.updates.Load()) }

// Update runs fn as the plan says.
func (f *Faulty) Update(ctx context.Context, fn func(store.Tx) error) error {
	undone := func(tx store.Tx) error { return errors.Join(fn(tx), ErrInjected) }
	switch f.plan(int(f.updates.Add(1))) {
	case Before:
		return f.Store.Update(ctx, undone)
	case After:
		return errors.Join(f.Store.Update(ctx, fn), ErrInjected)
	case Again:
		if err := f.Store.Update(ctx, undone); err != nil && !errors.Is(err, ErrInjected) {
			return err
		}
	}
	return f.Store.Update(ctx, fn)
}
