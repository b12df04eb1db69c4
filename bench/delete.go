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
func (b *bench) deleting(ctx context.Context) error {
	const posts = 100_000
	progress("removing a category of %d posts", posts)
	p, err := b.openPublisher(ctx, filepath.Join(b.dir, "deleting.db"), 1)
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
			b.reportDeleting(posts, time.Since(start), waits)
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

func (b *bench) reportDeleting(posts int, took time.Duration, waits []time.Duration) {
	b.table.head(fmt.Sprintf("Removing a category of %d posts, while others add a post after another", posts))
	b.table.row(row{measure: "removing them all", ours: duration(took)})
	b.table.row(row{measure: "another's add meanwhile, median", ours: duration(median(waits))})
	b.table.row(row{measure: "another's add meanwhile, p99", ours: duration(quantile(waits, 0.99))})
	b.table.row(row{measure: "another's add meanwhile, longest", ours: duration(quantile(waits, 1)), aim: atMost(ms(quantile(waits, 1)), 50, " ms")})
}
