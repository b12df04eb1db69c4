package websub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"syndic/store"
)

// drain is one Run: it finds the hubs that have something waiting and keeps a
// goroutine for each. The three contexts end one after the other when the Run
// does.
type drain struct {
	*Sender
	begin context.Context // something new may be begun
	send  context.Context // a request may go on
	save  context.Context // an outcome may be written

	started  time.Time
	topics   topics
	sights   *sights
	hubsDone sync.WaitGroup
	mu       sync.Mutex
	hubs     map[string]*hub // by URL; those whose goroutine runs
}

// endings end the contexts of a drain.
type endings struct{ begin, send, save context.CancelFunc }

func newDrain(ctx context.Context, s *Sender) (*drain, endings) {
	var end endings
	d := &drain{Sender: s, started: time.Now(), hubs: map[string]*hub{}}
	d.begin, end.begin = context.WithCancel(ctx)
	d.sights = newSights(d)
	late := context.WithoutCancel(ctx)
	d.send, end.send = context.WithCancel(late)
	d.save, end.save = context.WithCancel(late)
	return d, end
}

const (
	lookAgain = time.Minute // wakes are hints: rows are read this often anyway
	trouble   = time.Second // before the store is asked again after an error
	slowdown  = 10          // looks take at most one part in this of the time
)

// watch looks at the outbox after each commit, each minute, and first of all at
// once: what a killed process left is found in the same way as what came just
// now. It returns when begin ends, or when the store is closed.
func (d *drain) watch() error {
	for d.begin.Err() == nil {
		began := time.Now()
		seq, err := d.look()
		// A bulk add commits thousands of times a second, and each look reads
		// every row.
		rest := time.Now().Add(min(slowdown*time.Since(began), trouble))
		if err == nil {
			err = d.await(seq)
		}
		switch {
		case d.begin.Err() != nil:
		case errors.Is(err, store.ErrClosed):
			return fmt.Errorf("watch the outbox: %w", err)
		case err != nil:
			d.c.Log.Error().Err(err).Msg("outbox cannot be read, trying again")
			sleep(d.begin, trouble, nil)
		default:
			sleep(d.begin, time.Until(rest), nil)
		}
	}
	return nil
}

// await waits for a commit after seq, a minute at most.
func (d *drain) await(seq store.Seq) error {
	ctx, cancel := context.WithTimeout(d.begin, lookAgain)
	defer cancel()
	_, err := d.c.Store.Wait(ctx, seq)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// look wakes each hub that has something due, and starts the goroutine of one
// that has anything left to send.
func (d *drain) look() (store.Seq, error) {
	var seq store.Seq
	var rows []store.Delivery
	err := d.c.Store.View(d.begin, func(r store.Reader) (err error) {
		seq = r.Seq()
		rows, err = r.Deliveries("")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read the outbox: %w", err)
	}
	now, due := time.Now(), map[string]bool{}
	for _, row := range rows {
		if unsettled(row) {
			due[row.Hub] = due[row.Hub] || !row.Next.After(now)
		}
	}
	for url, isDue := range due {
		d.wake(url, isDue)
	}
	return seq, nil
}

// wake tells the hub's goroutine that something is due, and starts one where
// none runs. It holds the same lock as leave, so that no wake is lost between a
// goroutine's last look at its rows and its end.
func (d *drain) wake(url string, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hubs[url]
	if h == nil {
		h = newHub(d, url)
		d.hubs[url] = h
		d.hubsDone.Go(h.run)
		return
	}
	if due {
		select {
		case h.woken <- struct{}{}:
		default:
		}
	}
}

// leave takes the hub out, unless it was woken meanwhile.
func (d *drain) leave(h *hub) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(h.woken) > 0 {
		return false
	}
	delete(d.hubs, h.url)
	return true
}

// unsettled tells whether a delivery is still to be made.
func unsettled(row store.Delivery) bool {
	return row.Outcome == store.Waiting || row.Outcome == store.Retrying
}

// sleep waits for so long, for a wake, or for ctx's end, and tells whether ctx
// goes on.
func sleep(ctx context.Context, wait time.Duration, woken <-chan struct{}) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
