package websub

import (
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"syndic/store"
)

// hub sends one hub's deliveries, one request at a time. It shares nothing
// with other hubs but the store, so that none waits for another.
type hub struct {
	*drain
	url   string // the key of its rows; may hold credentials
	name  string // the same without them, for the log
	log   zerolog.Logger
	woken chan struct{}

	fails  int       // attempts in a row that failed for the hub's sake
	until  time.Time // no attempt before this
	probe  time.Time // something new may be tried from here on
	reason string    // of the wait

	alive    bool            // it has answered since this goroutine began
	suspects map[string]bool // topics that stopped it again after it had answered others
}

func newHub(d *drain, url string) *hub {
	name := redact(url)
	return &hub{
		drain: d, url: url, name: name, woken: make(chan struct{}, 1), suspects: map[string]bool{},
		log: d.c.Log.With().Str("hub", name).Logger(),
	}
}

const (
	leaseSlack = 5 * time.Second // for the wait before a request and the commit after it
	batch      = 200             // rows a commit, which holds up every other writer
)

// run sends until nothing is left to send or the Run ends. Settling a delivery
// and claiming the next is one commit, so at most one is leased at a time.
func (h *hub) run() {
	done := h.resume()
	for {
		asked := time.Now()
		halted := asked.Before(h.until)
		row, claimed, err := h.commit(done, !halted)
		if done = nil; err != nil {
			return
		}
		switch {
		case claimed:
			// A kill here leaves a leased row and no request: the lease counts
			// no more in the next process, which sends it.
			done = h.deliver(row)
			// A kill here, after the hub's answer, leaves the same row: the hub
			// is pinged a second time.
		case h.begin.Err() != nil:
			return
		case halted:
			if _, _, err = h.commit(h.park(), false); err != nil {
				return
			}
			sleep(h.begin, time.Until(h.until), h.woken)
		default:
			next, left := h.next(asked)
			if !left && h.drain.leave(h) {
				return
			}
			sleep(h.begin, time.Until(next), h.woken)
		}
	}
}

// commit settles deliveries and claims one that is due, if claim is set and
// the Run goes on. It tries until the store takes it, since an outcome that is
// not written means a second ping; doing so again is harmless even when the
// store had taken it. The error is that the store is closed or the Run over.
func (h *hub) commit(done []store.Delivery, claim bool) (row store.Delivery, claimed bool, err error) {
	for len(done) > batch {
		if _, _, err = h.commit(done[:batch], false); err != nil {
			return row, false, err
		}
		done = done[batch:]
	}
	for wait := trouble; ; wait = min(2*wait, lookAgain) {
		claim = claim && h.begin.Err() == nil
		if len(done) == 0 && !claim {
			return row, false, nil
		}
		row, claimed, err = h.write(done, claim)
		if err == nil || errors.Is(err, store.ErrClosed) || h.save.Err() != nil {
			return row, claimed, err
		}
		h.log.Error().Err(err).Msg("outbox cannot be written, trying again")
		sleep(h.save, wait, nil)
	}
}

func (h *hub) write(done []store.Delivery, claim bool) (row store.Delivery, claimed bool, err error) {
	err = h.c.Store.Update(h.save, func(tx store.Tx) error {
		claimed = false
		for _, d := range done {
			if err := tx.Settle(d); err != nil {
				return fmt.Errorf("settle the ping for %s: %w", d.Topic, err)
			}
		}
		if !claim {
			return nil
		}
		now := time.Now()
		rows, err := tx.Claim(h.url, now, now.Add(patience+h.c.Timeout+leaseSlack), 1)
		if err != nil {
			return fmt.Errorf("claim a ping: %w", err)
		}
		if claimed = len(rows) > 0; claimed {
			row = rows[0]
		}
		return nil
	})
	return row, claimed, err
}

// rows lists what is left to send to the hub. An error is logged, and ok false.
func (h *hub) rows() (rows []store.Delivery, ok bool) {
	err := h.c.Store.View(h.begin, func(r store.Reader) error {
		all, err := r.Deliveries(h.url)
		for _, d := range all {
			if unsettled(d) {
				rows = append(rows, d)
			}
		}
		return err
	})
	if err != nil && h.begin.Err() == nil && !errors.Is(err, store.ErrClosed) {
		h.log.Error().Err(err).Msg("outbox cannot be read, trying again")
	}
	return rows, err == nil
}

// next is when there is something to do again, and whether anything is left at
// all. What was due when a claim was refused is leased to somebody else, or
// came just now and has woken us.
func (h *hub) next(asked time.Time) (at time.Time, left bool) {
	again := time.Now().Add(trouble)
	rows, ok := h.rows()
	if !ok {
		return again, true
	}
	for _, d := range rows {
		due := d.Next
		if !due.After(asked) {
			due = again
		}
		if at.IsZero() || due.Before(at) {
			at = due
		}
	}
	return at, len(rows) > 0
}
