package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"syndic/control"
	"syndic/store/bolt"
)

// deletion is what the removal of a large category costs others.
type deletion struct {
	posts                    int
	took                     time.Duration
	waits                    []time.Duration // of adds meanwhile
	before, after, compacted alone
	free                     int // pages after the removal
	compaction               bolt.Compaction
}

// alone is a post after another with nothing else going on, each beside a
// commit of the reference, so that a slow moment of the machine falls on both.
type alone struct{ adds, lone []time.Duration }

// ratio is what an add costs in lone commits.
func (a alone) ratio() float64 { return per(median(a.adds), median(a.lone)) }

// deleting measures how long others wait for a commit of their own while all
// posts of a category are removed, and what their commits cost afterwards.
func (b *bench) deleting(ctx context.Context) error {
	d := deletion{posts: 100_000}
	progress("removing a category of %d posts", d.posts)
	p, err := b.openPublisher(ctx, filepath.Join(b.dir, "deleting.db"), 1)
	if err != nil {
		return err
	}
	defer p.close()
	ref, err := newReference(filepath.Join(b.dir, "deleting-reference.db"))
	if err != nil {
		return err
	}
	defer ref.close()
	for from := 0; from < d.posts; from += bulk {
		if err := p.addPosts(ctx, from, from+bulk); err != nil {
			return err
		}
	}
	if _, err := p.scheduler.Step(ctx, time.Now()); err != nil {
		return err
	}
	if err := d.measure(ctx, p, ref); err != nil {
		return err
	}
	b.reportDeleting(d)
	return nil
}

func (d *deletion) measure(ctx context.Context, p *publisher, ref *reference) (err error) {
	next := d.posts
	lone := func(a *alone) {
		if err == nil {
			*a, err = p.addAlone(ctx, ref, &next)
		}
	}
	lone(&d.before)
	if err == nil {
		err = d.remove(ctx, p, &next)
	}
	lone(&d.after)
	if err != nil {
		return err
	}
	stats, err := p.store.Stats()
	if err != nil {
		return err
	}
	d.free = stats.Free
	d.compaction, err = p.store.Compact(ctx)
	lone(&d.compacted)
	return err
}

func (p *publisher) addAlone(ctx context.Context, ref *reference, next *int) (a alone, err error) {
	const rounds = 201
	for range rounds {
		lone, err := ref.commit(*next)
		if err != nil {
			return a, err
		}
		start := time.Now()
		if err := p.addPosts(ctx, *next, *next+1); err != nil {
			return a, err
		}
		a.adds, a.lone = append(a.adds, time.Since(start)), append(a.lone, lone)
		*next++
	}
	return a, nil
}

// remove removes the category's posts while somebody adds others.
func (d *deletion) remove(ctx context.Context, p *publisher, next *int) error {
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
	for ; ; *next++ {
		select {
		case err := <-done:
			d.took = time.Since(start)
			return err
		default:
		}
		began := time.Now()
		if err := p.addPosts(ctx, *next, *next+1); err != nil {
			return errors.Join(err, <-done)
		}
		d.waits = append(d.waits, time.Since(began))
	}
}

func (b *bench) reportDeleting(d deletion) {
	b.table.head(fmt.Sprintf("Removing a category of %d posts, while others add a post after another", d.posts),
		"reference: a lone bbolt commit of 100 bytes")
	b.table.row(row{measure: "removing them all", ours: duration(d.took)})
	b.table.row(row{measure: "another's add meanwhile, median", ours: duration(median(d.waits))})
	b.table.row(row{measure: "another's add meanwhile, p99", ours: duration(quantile(d.waits, 0.99))})
	b.table.row(row{measure: "another's add meanwhile, longest", ours: duration(quantile(d.waits, 1)), aim: atMost(ms(quantile(d.waits, 1)), 50, " ms")})
	line := func(when string, a alone) row {
		return row{measure: "an add alone, " + when, ours: duration(median(a.adds)), reference: duration(median(a.lone)), ratio: times(a.ratio())}
	}
	b.table.row(line("before", d.before))
	b.table.row(line(fmt.Sprintf("with %d free pages after it", d.free), d.after))
	b.table.row(row{
		measure: "compact: the file", ours: megabytes(d.compaction.After), reference: megabytes(d.compaction.Before),
		ratio: times(float64(d.compaction.After) / float64(d.compaction.Before)),
	})
	b.table.row(line("after compact", d.compacted))
	against := d.compacted.ratio() / d.before.ratio()
	b.table.row(row{
		measure: "  against before, both in lone commits", ours: times(d.compacted.ratio()), reference: times(d.before.ratio()),
		ratio: times(against), aim: atMost(against, 1.1, ""),
	})
}
