package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"syndic/store"
)

const (
	// How often systemd is told at most, and which share of the time may be
	// spent on finding out: an outbox can be long.
	reportEvery = 2 * time.Second
	reportShare = 50
	longestText = 300 // bytes, of the latest error
)

// report tells systemd how things stand, whenever that changes.
func (d *daemon) report(ctx context.Context) error {
	if !d.notify.heard {
		return nil
	}
	said := ""
	for {
		seen := d.seq(ctx)
		began := time.Now()
		if now := d.standing(ctx); now != said && ctx.Err() == nil {
			said = now
			d.notify.status(now)
		}
		pause := max(reportEvery, reportShare*time.Since(began))
		// What was committed is served a moment later: the pause comes after it.
		if !d.somethingNew(ctx, seen) || !rest(ctx, pause) {
			return nil
		}
	}
}

// somethingNew waits for a commit or for another error; false at the end.
func (d *daemon) somethingNew(ctx context.Context, seen store.Seq) bool {
	wait, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	committed := make(chan struct{})
	go func() {
		defer close(committed)
		// A hint: whatever ends the waiting, everything is read again.
		_, _ = d.store.Wait(wait, seen)
	}()
	select {
	case <-committed:
	case <-d.sink.news:
		cancel()
		<-committed
	}
	return ctx.Err() == nil
}

// rest waits; false when the end came first.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// standing is how things stand, in one line for people.
func (d *daemon) standing(ctx context.Context) string {
	t := d.web.Tally()
	categories := "1 category"
	if t.Categories != 1 {
		categories = fmt.Sprintf("%d categories", t.Categories)
	}
	text := fmt.Sprintf("serving %s: %s, %s", t.URL, several(t.Feeds, "feed"), categories)
	if n, err := d.queued(ctx); err == nil && n > 0 {
		text += fmt.Sprintf("; %s queued", several(n, "ping"))
	}
	if last := d.sink.latest(); !last.at.IsZero() {
		text += fmt.Sprintf("; last error at %s: %s", when(&last.at), shorten(last.text, longestText))
	}
	return text
}

// queued counts the pings that have not had their last outcome.
func (d *daemon) queued(ctx context.Context) (n int, err error) {
	err = d.store.View(ctx, func(r store.Reader) error {
		rows, err := r.Deliveries("")
		n = 0
		for _, row := range rows {
			if row.Outcome == store.Waiting || row.Outcome == store.Retrying {
				n++
			}
		}
		return err
	})
	return n, err
}

func (d *daemon) seq(ctx context.Context) (seq store.Seq) {
	// Without an answer everything counts as new.
	_ = d.store.View(ctx, func(r store.Reader) error {
		seq = r.Seq()
		return nil
	})
	return seq
}

// shorten cuts a text to a number of bytes, at the end of a character.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
