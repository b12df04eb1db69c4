package storetest

import (
	"context"
	"errors"
	"time"

	"syndic/store"
)

var waitCases = []suiteCase{
	{"wait", wait},
	{"hold", hold},
	{"hold waits for the release", holdWaits},
	{"fence", fence},
	{"close", closeStore},
	{"close while others wait", closeWaiting},
}

func wait(k *kit) {
	k.post(1)
	defer k.report()
	seq := k.seq()
	same("present", must(k.s.Wait(k.ctx, seq-1)), seq)
	type answer struct {
		seq store.Seq
		err error
	}
	answers := make(chan answer)
	for range 3 {
		go func() {
			got, err := k.s.Wait(k.ctx, seq)
			answers <- answer{got, err}
		}()
	}
	k.post(2)
	for range 3 {
		a := <-answers
		same("woken", a, answer{k.seq(), nil})
	}
	ctx, cancel := context.WithTimeout(k.ctx, time.Millisecond)
	defer cancel()
	_, err := k.s.Wait(ctx, k.seq())
	is("in vain", err, context.DeadlineExceeded)
}

func hold(k *kit) {
	defer k.report()
	first := must(k.s.Hold(k.ctx, "scheduler"))
	other := must(k.s.Hold(k.ctx, "websub"))
	same("name", first.Name, "scheduler")
	is("held", first.Context.Err(), nil)
	first.Release()
	is("released", first.Context.Err(), context.Canceled)
	is("the other", other.Context.Err(), nil)
	second := must(k.s.Hold(k.ctx, "scheduler"))
	first.Release()
	is("released twice", second.Context.Err(), nil)
	same("token grows", second.Token > first.Token, true)
	k.reopen()
	is("closed", second.Context.Err(), context.Canceled)
	third := must(k.s.Hold(k.ctx, "scheduler"))
	same("token grows over a restart", third.Token > second.Token, true)
	third.Release()
}

func holdWaits(k *kit) {
	defer k.report()
	first := must(k.s.Hold(k.ctx, "scheduler"))
	ctx, cancel := context.WithTimeout(k.ctx, time.Millisecond)
	defer cancel()
	_, err := k.s.Hold(ctx, "scheduler")
	is("held by another", err, context.DeadlineExceeded)
	granted := make(chan store.Lease)
	go func() {
		l, err := k.s.Hold(k.ctx, "scheduler")
		if err != nil {
			k.Errorf("hold: %v", err)
		}
		granted <- l
	}()
	first.Release()
	second := <-granted
	same("token grows", second.Token > first.Token, true)
	second.Release()
}

func fence(k *kit) {
	defer k.report()
	first := must(k.s.Hold(k.ctx, "scheduler"))
	k.update(func(tx store.Tx) {
		done(tx.Fence(first))
		is("no leadership", tx.Fence(store.Lease{Name: "websub", Token: 1}), store.ErrFenced)
	})
	first.Release()
	second := must(k.s.Hold(k.ctx, "scheduler"))
	defer second.Release()
	err := k.s.Update(k.ctx, func(tx store.Tx) error {
		everything(tx, 1)
		return tx.Fence(first)
	})
	is("an older leadership", err, store.ErrFenced)
	k.view(func(r store.Reader) { same("writes nothing", len(must(r.Posts(0, 10))), 0) })
	k.update(func(tx store.Tx) { done(tx.Fence(second)) })
}

func closeStore(k *kit) {
	defer k.report()
	done(k.s.Close())
	is("View", k.s.View(k.ctx, func(store.Reader) error { return nil }), store.ErrClosed)
	is("Update", k.s.Update(k.ctx, func(store.Tx) error { return nil }), store.ErrClosed)
	_, err := k.s.Wait(k.ctx, 1<<40)
	is("Wait", err, store.ErrClosed)
	_, err = k.s.Hold(k.ctx, "scheduler")
	is("Hold", err, store.ErrClosed)
	is("Close", k.s.Close(), store.ErrClosed)
}

// closeWaiting: who waits is told; who writes either has committed or not.
func closeWaiting(k *kit) {
	defer k.report()
	lease := must(k.s.Hold(k.ctx, "scheduler"))
	waiting := make(chan error)
	go func() {
		_, err := k.s.Wait(k.ctx, 1<<40)
		waiting <- err
	}()
	go func() {
		_, err := k.s.Hold(k.ctx, "scheduler")
		waiting <- err
	}()
	const writers = 8
	written := make(chan error)
	for i := range writers {
		go func() {
			written <- k.s.Update(k.ctx, func(tx store.Tx) error {
				_, err := tx.PutPost(Post(i), store.PutOptions{})
				return err
			})
		}()
	}
	committed := 0
	if err := <-written; err == nil {
		committed++
	}
	done(k.s.Close())
	for range 2 {
		is("waiting", <-waiting, store.ErrClosed)
	}
	for range writers - 1 {
		switch err := <-written; {
		case err == nil:
			committed++
		case !errors.Is(err, store.ErrClosed):
			k.Errorf("writing: got error %v, want none or that the store is closed", err)
		}
	}
	is("leadership", lease.Context.Err(), context.Canceled)
	s := must(k.open(k.path))
	done(s.View(k.ctx, func(r store.Reader) error {
		same("posts", len(must(r.Posts(0, 100))), committed)
		return nil
	}))
	done(s.Close())
}
