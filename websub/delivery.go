package websub

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"syndic/store"
)

// deliver sends one claimed delivery, and returns what is to be settled.
func (h *hub) deliver(d store.Delivery) []store.Delivery {
	if h.begin.Err() != nil {
		return []store.Delivery{released(d)}
	}
	switch h.standing(d) {
	case gone:
		d.Outcome, d.Error, d.Settled = store.Dropped, "nothing is published there any more", time.Now()
		h.log.Debug().Str("feed", h.path(d.Topic)).Uint64("generation", d.Generation).Msg("ping dropped, nothing is published there any more")
		return []store.Delivery{d}
	case notServed:
		// Nothing was tried, so nothing is counted. When the Run ends it goes
		// back as it was, which ends its lease.
		if h.begin.Err() != nil {
			return []store.Delivery{released(d)}
		}
		d.Note = "waiting: readers do not get this generation yet"
		d.Next, d.Settled = time.Now().Add(min(max(h.waited(d), patience), lookAgain)), time.Now()
		return []store.Delivery{d}
	}
	note := ""
	if h.c.Verify(d.Topic) {
		clear, why, next := h.sights.ask(d)
		if !clear {
			return []store.Delivery{h.postpone(d, why, next)}
		}
		note = why
	}
	began := time.Now()
	h.heed(began)
	status, f := h.ping(h.send, d.Hub, d.Topic)
	if f != nil && status == 0 && h.send.Err() != nil {
		return []store.Delivery{released(d)} // cut off by the end of the Run: not an outcome
	}
	before, took := d, time.Since(began)
	d.Attempt++
	d.Status, d.Note, d.Settled = status, note, time.Now()
	rows := h.conclude(&d, f)
	h.c.Observe(h.name, string(d.Outcome), took)
	h.report(before, d, took)
	return append([]store.Delivery{d}, rows...)
}

// postpone puts off a delivery whose topic is not seen in public yet. Nothing
// was tried, so nothing is counted, but it is given up like others when it is
// too old. When the Run ends it stays as it was.
func (h *hub) postpone(d store.Delivery, note string, next time.Time) store.Delivery {
	if h.begin.Err() != nil {
		return released(d)
	}
	last := d.Error
	d.Note, d.Next, d.Settled, d.Error = line("waiting: "+note), next, time.Now(), line(note)
	if !h.expire(&d) {
		d.Error = last
		return d
	}
	d.Note = ""
	h.log.Warn().Str("feed", h.path(d.Topic)).Uint64("generation", d.Generation).Str("error", d.Error).Msg("ping failed for good")
	return d
}

// conclude fills in the outcome of an attempt that just ended, and returns
// what else changes with it.
func (h *hub) conclude(d *store.Delivery, f *failure) []store.Delivery {
	switch {
	case f == nil:
		d.Outcome, d.Error, d.Next = store.Delivered, "", d.Settled
	case f.kind == permanent:
		d.Outcome, d.Error, d.Next = store.Failed, line(f.Error()), d.Settled
	default:
		h.again(d, f)
	}
	if f == nil || !f.wide() {
		d.Held = time.Time{}
		return h.answered(*d)
	}
	return nil
}

// again puts a delivery off, or gives it up when it is too old. A failure that
// is the hub's halts the hub. A delivery that failed more often than the hub
// did in a row has the longer wait of its own.
func (h *hub) again(d *store.Delivery, f *failure) {
	d.Outcome, d.Error = store.Retrying, line(f.Error())
	var halt time.Duration
	if f.wide() {
		halt = h.halt(d, f)
	}
	wait := halt
	if d.Attempt > h.fails || !f.wide() {
		wait = max(halt, h.backoff(d.Attempt, f))
	}
	d.Next = d.Settled.Add(wait)
	h.expire(d)
}

// halt stops the hub for a while, which it returns. A topic that stops a hub
// again which has answered others since is the one that the hub chokes on.
func (h *hub) halt(d *store.Delivery, f *failure) time.Duration {
	if h.fails == 0 && h.alive && d.Attempt > 1 {
		h.suspects[d.Topic] = true
	}
	h.fails++
	wait := h.backoff(h.fails, f)
	h.until, h.reason = d.Settled.Add(wait), d.Error
	h.probe, h.held = h.until, h.until
	if f.kind != throttled {
		h.probe, h.held = d.Settled.Add(lookAgain), time.Time{}
	}
	d.Held = h.held
	return wait
}

// expire makes a delivery failed that is too old for another attempt. A Run
// tries what it found for one longest wait at least: after days without the
// daemon the network may come up later than it does.
func (h *hub) expire(d *store.Delivery) bool {
	if d.Settled.Sub(d.First) < h.c.GiveUp || d.Settled.Sub(h.started) < h.c.MaxBackoff {
		return false
	}
	d.Outcome, d.Next = store.Failed, d.Settled
	d.Error = fmt.Sprintf("gave up after %s: %s", days(h.c.GiveUp), d.Error)
	return true
}

// backoff is how long to wait after n failures in a row: full jitter over an
// exponentially growing span within the bounds. What the hub asked for comes
// first, up to the upper bound.
func (h *hub) backoff(n int, f *failure) time.Duration {
	span := h.c.MaxBackoff
	// 63 doublings of a nanosecond are beyond any bound.
	if n < 63 && h.c.MinBackoff <= span>>n {
		span = h.c.MinBackoff << n
	}
	wait := h.c.MinBackoff
	if span > wait {
		wait += h.c.Jitter(span - wait)
	}
	return max(wait, min(f.after, h.c.MaxBackoff))
}

// park puts off everything due while the hub is halted, without asking the
// hub, so that whoever waits for a first outcome sees one.
//
// What was asked for by hand since the latest attempt began ends the halt. What
// is new shortens it to a minute since then, unless the hub asked for the time.
//
// A kill between its commits leaves some rows untouched; the next Run makes all
// of them due. What the hub asked for is in the row that it answered, and from
// here on in the others, so that it outlasts each.
func (h *hub) park() []store.Delivery {
	now := time.Now()
	rows, _ := h.rows()
	if slices.ContainsFunc(rows, h.presses) {
		return h.lift(rows)
	}
	rows = slices.DeleteFunc(rows, func(d store.Delivery) bool { return d.Next.After(now) })
	if h.probe.Before(h.until) && slices.ContainsFunc(rows, isNew) {
		h.until = h.probe
	}
	if !h.until.After(now) {
		return nil
	}
	lineUp(rows, h.until)
	given := 0
	for i := range rows {
		d := &rows[i]
		if isNew(*d) {
			d.Outcome, d.Error, d.Note = store.Retrying, h.reason, ""
		}
		d.Settled, d.Held = now, h.held
		if h.expire(d) {
			given++
		}
	}
	if given > 0 {
		h.log.Warn().Str("error", h.reason).Msgf("gave up %d pings to a hub that did not answer for %s", given, days(h.c.GiveUp))
	}
	return rows
}

// presses tells whether a delivery was asked for by hand, and nothing was tried
// since then.
func (h *hub) presses(d store.Delivery) bool { return d.Asked.After(h.heeded) }

// heed says that what was asked for by hand until then is dealt with.
func (h *hub) heed(until time.Time) {
	if until.After(h.heeded) {
		h.heeded = until
	}
}

// lift ends the halt for what was asked for by hand, which is due at once. It
// does so once for each time of asking, whatever the clock does.
func (h *hub) lift(rows []store.Delivery) []store.Delivery {
	h.until = time.Now()
	rows = slices.DeleteFunc(rows, func(d store.Delivery) bool { return !h.presses(d) })
	for _, d := range rows {
		h.heed(d.Asked)
	}
	return bringForward(rows)
}

// answered ends the hub's halt after an answer to d: all that failed for the
// hub's sake is due at once, and what else there is, is held no more.
func (h *hub) answered(d store.Delivery) []store.Delivery {
	h.alive = true
	delete(h.suspects, d.Topic)
	if h.fails == 0 {
		return nil
	}
	h.fails, h.until, h.held = 0, time.Time{}, time.Time{}
	rows, _ := h.rows()
	var due, freed []store.Delivery
	for _, other := range rows {
		held := !other.Held.IsZero()
		other.Held = time.Time{}
		switch {
		case other.Topic == d.Topic:
		case other.Outcome == store.Retrying && wideStatus(other.Status) && !h.suspects[other.Topic] && other.Next.After(time.Now()):
			due = append(due, other)
		case held:
			freed = append(freed, other)
		}
	}
	return append(bringForward(due), freed...)
}

// resume makes what the last process left behind due at once, after which each
// has its full backoff again. A hub that asked to be left alone is halted as
// long as it asked for.
func (h *hub) resume() []store.Delivery {
	rows, _ := h.rows()
	now := time.Now()
	for _, d := range rows {
		if !d.Held.After(now) {
			continue
		}
		if d.Held.After(h.held) {
			h.fails, h.until, h.probe, h.held = 1, d.Held, d.Held, d.Held
		}
		h.heed(d.Settled)
		if wideStatus(d.Status) {
			h.reason = cmp.Or(d.Error, h.reason)
		}
	}
	h.reason = cmp.Or(h.reason, "hub asked to be left alone") // where newer generations have no outcome yet
	return bringForward(rows)
}

// bringForward makes those of the rows due that wait, and returns them.
func bringForward(rows []store.Delivery) []store.Delivery {
	now := time.Now()
	rows = slices.DeleteFunc(rows, func(d store.Delivery) bool { return !d.Next.After(now) })
	lineUp(rows, now)
	return rows
}

// lineUp makes rows due just before a time, a microsecond apart: those that
// were tried least go first, so that a topic that the hub chokes on keeps none
// from it, and those that were tried as often go by age.
func lineUp(rows []store.Delivery, at time.Time) {
	slices.SortFunc(rows, func(a, b store.Delivery) int {
		return cmp.Or(cmp.Compare(a.Attempt, b.Attempt), a.First.Compare(b.First), cmp.Compare(a.Topic, b.Topic))
	})
	for i := range rows {
		rows[i].Next = at.Add(time.Duration(i-len(rows)) * time.Microsecond)
	}
}

func isNew(d store.Delivery) bool { return d.Outcome == store.Waiting }

// report logs an attempt: loud when the outcome changed, else for debugging.
func (h *hub) report(before, d store.Delivery, took time.Duration) {
	level, message := h.log.Debug(), "ping"
	switch {
	case d.Outcome == before.Outcome:
	case d.Outcome == store.Delivered && before.Attempt > 0:
		level, message = h.log.Info(), "ping delivered after failures"
	case d.Outcome == store.Retrying:
		level, message = h.log.Warn(), "ping failed, trying again"
	case d.Outcome == store.Failed:
		level, message = h.log.Warn(), "ping failed for good"
	}
	if d.Error != "" {
		level = level.Str("error", d.Error)
	}
	level.Str("feed", h.path(d.Topic)).Uint64("generation", d.Generation).Int("attempt", d.Attempt).
		Int64("duration_ms", took.Milliseconds()).Str("outcome", string(d.Outcome)).Msg(message)
}

// days writes whole days as such.
func days(d time.Duration) string {
	if n := d / (24 * time.Hour); n > 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return d.String()
}
