package websub

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/store"
)

const (
	leaseSlack = 5 * time.Second // for the commit after a request
	batch      = 200             // rows a commit, which holds up every other writer
	claims     = 16              // rows that are claimed ahead
	ahead      = 8               // outcomes that wait for the commit of those before them
)

// book keeps a hub's part of the outbox: it writes outcomes, and claims what
// is due, while the hub's next request is under way. Outcomes that came during
// one commit share the next. Only the hub's goroutine uses it.
//
// A kill repeats the request under way and those whose outcome was not yet
// written: at most those of one commit and the ones that wait for it. No other
// is sent twice.
type book struct {
	hub     *hub
	queue   []store.Delivery // claimed, in the order in which they are sent
	done    []store.Delivery // outcomes that no commit has taken yet
	writing chan entry       // of the commit under way; nil for none
}

// entry is what a commit came to.
type entry struct {
	claimed []store.Delivery
	err     error // the store is closed, or the Run over
}

// put adds outcomes to be written.
func (b *book) put(rows ...store.Delivery) { b.done = append(b.done, rows...) }

// take is the next delivery to send.
func (b *book) take() (row store.Delivery, ok bool) {
	if len(b.queue) == 0 {
		return row, false
	}
	row, b.queue = b.queue[0], b.queue[1:]
	return row, true
}

// giveBack ends the leases of what was claimed and not sent.
func (b *book) giveBack() {
	for _, row := range b.queue {
		b.put(released(row))
	}
	b.queue = nil
}

// released is a row whose settling changes nothing but that it can be claimed
// again: no row holds an older generation.
func released(row store.Delivery) store.Delivery {
	row.Generation = 0
	return row
}

// turn begins a commit of what is to be written, which claims up to want rows
// where few are left. It waits for it where there is nothing else to do, where
// too much would depend on it, and, with all set, until everything is written.
func (b *book) turn(want int, all bool) error {
	for claimed := false; ; {
		if b.writing == nil {
			claim := 0
			if !claimed && 2*len(b.queue) <= want {
				claim = want - len(b.queue)
			}
			if len(b.done) == 0 && claim == 0 {
				return nil
			}
			b.begin(claim)
			claimed = claimed || claim > 0
		}
		e, ended := b.await(all || len(b.queue) == 0 || len(b.done) >= ahead)
		if !ended {
			return nil
		}
		if err := b.enter(e); err != nil {
			return err
		}
	}
}

// await is what the commit under way came to. Unless it waits for it, ended
// tells whether it is over.
func (b *book) await(wait bool) (e entry, ended bool) {
	if !wait {
		select {
		case e = <-b.writing:
		default:
			return e, false
		}
	} else {
		e = <-b.writing
	}
	b.writing = nil
	return e, true
}

// begin starts a commit in a goroutine of its own.
func (b *book) begin(claim int) {
	done, until := b.done, time.Now().Add(time.Duration(len(b.queue)+claim)*(2*patience+b.hub.c.Timeout)+leaseSlack)
	b.done, b.writing = nil, make(chan entry, 1)
	written := b.writing
	go func() {
		rows, err := b.hub.commit(done, claim, until)
		written <- entry{rows, err}
	}()
}

// enter takes in what a commit claimed. A lease that ran out during a long
// trouble of the store may have given a row a second time.
func (b *book) enter(e entry) error {
	for _, row := range e.claimed {
		if !slices.ContainsFunc(b.queue, func(other store.Delivery) bool { return other.Topic == row.Topic }) {
			b.queue = append(b.queue, row)
			b.hub.sights.foresee(row)
		}
	}
	return e.err
}

// commit settles deliveries and claims some that are due while the Run goes
// on. It tries until the store takes it, since an outcome that is not written
// means a second ping; doing so again is harmless even when the store had taken
// it. The error is that the store is closed or the Run over.
func (h *hub) commit(done []store.Delivery, claim int, until time.Time) (rows []store.Delivery, err error) {
	for len(done) > batch {
		if _, err = h.commit(done[:batch], 0, until); err != nil {
			return nil, err
		}
		done = done[batch:]
	}
	for wait := trouble; ; wait = min(2*wait, lookAgain) {
		if h.begin.Err() != nil {
			claim = 0
		}
		if len(done) == 0 && claim <= 0 {
			return nil, nil
		}
		rows, err = h.write(done, claim, until)
		if err == nil || isClosed(err) || h.save.Err() != nil {
			return rows, err
		}
		h.log.Error().Err(err).Msg("outbox cannot be written, trying again")
		// It may have committed all the same: what it leased is freed first.
		for _, row := range rows {
			done = append(done, released(row))
		}
		sleep(h.save, wait, nil)
	}
}

func (h *hub) write(done []store.Delivery, claim int, until time.Time) (rows []store.Delivery, err error) {
	err = h.c.Store.Update(h.save, func(tx store.Tx) error {
		rows = nil
		for _, d := range done {
			if err := tx.Settle(d); err != nil {
				return fmt.Errorf("settle the ping for %s: %w", d.Topic, err)
			}
		}
		if claim <= 0 {
			return nil
		}
		rows, err = tx.Claim(h.url, time.Now(), until, claim)
		if err != nil {
			return fmt.Errorf("claim pings: %w", err)
		}
		return nil
	})
	return rows, err
}

func isClosed(err error) bool { return errors.Is(err, store.ErrClosed) }

func isGone(err error) bool { return errors.Is(err, store.ErrNotFound) }
