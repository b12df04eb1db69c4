package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"syndic/control"
)

// deleting measures how long others wait for a commit of their own while all
// posts of a category are removed.
func deleting(ctx context.Context, dir string) error {
	const posts = 20_000
	progress("removing a category of %d posts", posts)
	p, err := openPublisher(ctx, filepath.Join(dir, "deleting.db"), 1)
	if err != nil {
		return err
	}
	defer p.close()
	for from := 0; from < posts; from += bulk {
		if err := p.addPosts(ctx, from, from+bulk); err != nil {
			return err
		}
	}
	if _, err := p.scheduler.Step(ctx, time.Now()); err != nil {
		return err
	}
	client := control.Local(control.New(control.Config{Store: p.store, Site: p.site, Version: "bench", Log: zerolog.Nop()}))
	defer client.Close()
	done := make(chan error, 1)
	start := time.Now()
	go func() {
		var failed error
		for _, err := range client.Remove(ctx, control.RemoveRequest{Category: p.categories[0].Slug}) {
			failed = errors.Join(failed, err)
		}
		done <- failed
	}()
	var waits []time.Duration
	for n := posts; ; n++ {
		select {
		case err := <-done:
			fmt.Printf("Removing a category of %d posts took %.1f s; meanwhile others added a post within %.1f ms (median),\n", posts, time.Since(start).Seconds(), ms(median(waits)))
			fmt.Printf("%.1f ms (p99), %.1f ms at most\n\n", ms(quantile(waits, 0.99)), ms(quantile(waits, 1)))
			return err
		default:
		}
		began := time.Now()
		if err := p.addPosts(ctx, n, n+1); err != nil {
			return errors.Join(err, <-done)
		}
		waits = append(waits, time.Since(began))
	}
}
