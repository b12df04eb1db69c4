package websub

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"syndic/store"
)

// hub sends one hub's deliveries, one request at a time. It shares nothing
// with other hubs but the store and what is known of the topics, so that none
// waits for another.
type hub struct {
	*drain
	url   string // the key of its rows; may hold credentials
	name  string // the same without them, for the log
	log   zerolog.Logger
	woken chan struct{}
	book  book

	fails  int       // attempts in a row that failed for the hub's sake
	until  time.Time // no attempt before this
	probe  time.Time // something new may be tried from here on
	held   time.Time // until when the hub asked to be left alone
	heeded time.Time // what was asked for by hand since then ends the wait
	reason string    // of the wait

	alive    bool            // it has answered since this goroutine began
	suspects map[string]bool // topics that stopped it again after it had answered others
}

func newHub(d *drain, url string) *hub {
	name := redact(url)
	h := &hub{
		drain: d, url: url, name: name, woken: make(chan struct{}, 1), suspects: map[string]bool{},
		log: d.c.Log.With().Str("hub", name).Logger(),
	}
	h.book.hub = h
	return h
}

// run sends until nothing is left to send or the Run ends.
func (h *hub) run() {
	h.book.put(h.resume()...)
	for h.step() {
	}
}

// step sends one delivery, or waits until one can be sent. It returns false
// when there is nothing left to do.
//
// While the hub answers, the next request is under way as the outcome of the
// one before is written. A hub that failed is asked for one topic at a time:
// what its rows say is then all that there is to know.
func (h *hub) step() bool {
	asked := time.Now()
	halted, over := asked.Before(h.until), h.begin.Err() != nil
	want := claims
	switch {
	case halted || over:
		h.book.giveBack()
		want = 0
	case h.fails > 0:
		want = 1
	}
	if h.book.turn(want, want < claims) != nil {
		return false
	}
	row, claimed := h.book.take()
	switch {
	case claimed && h.replaced(row):
		h.book.put(released(row))
	case claimed:
		// A kill here leaves a leased row and no request: the lease counts
		// no more in the next process, which sends it.
		h.book.put(h.deliver(row)...)
		// A kill here, after the hub's answer, leaves the same row: the hub
		// is pinged a second time.
	case over:
		return false
	case halted:
		h.book.put(h.park()...)
		if h.book.turn(0, true) != nil {
			return false
		}
		// What came by hand meanwhile may have been put off with the others.
		if rows, _ := h.rows(); !slices.ContainsFunc(rows, h.presses) {
			sleep(h.begin, time.Until(h.until), h.woken)
		}
	default:
		next, left := h.next(asked)
		if !left && h.drain.leave(h) {
			return false
		}
		sleep(h.begin, time.Until(next), h.woken)
	}
	return true
}

// replaced tells whether a claimed row has gone meanwhile, or stands for a
// newer generation, which is claimed anew.
func (h *hub) replaced(row store.Delivery) bool {
	var now store.Delivery
	err := h.c.Store.View(h.begin, func(r store.Reader) (err error) {
		now, err = r.Delivery(row.Hub, row.Topic)
		return err
	})
	if err != nil {
		return isGone(err)
	}
	return now.Generation != row.Generation
}

// rows lists what is left to send to the hub. An error is logged, and ok false.
func (h *hub) rows() (rows []store.Delivery, ok bool) {
	err := h.c.Store.View(h.begin, func(r store.Reader) error {
		all, err := r.Deliveries(h.url)
		rows = slices.DeleteFunc(all, func(d store.Delivery) bool { return !unsettled(d) })
		return err
	})
	if err != nil && h.begin.Err() == nil && !isClosed(err) {
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
