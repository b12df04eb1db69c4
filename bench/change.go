package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// change is what one changed post costs, in each round.
type change struct {
	add, publish, visible, timeline []time.Duration
	open                            time.Duration
}

// sums adds up lists round by round.
func sums(lists ...[]time.Duration) []time.Duration {
	all := make([]time.Duration, len(lists[0]))
	for _, list := range lists {
		for i, d := range list {
			all[i] += d
		}
	}
	return all
}

// changes measures one changed post in stores of several sizes, interleaved
// with the reference, so that a slow moment of the machine falls on all.
func (b *bench) changes(ctx context.Context) error {
	ref, err := newReference(filepath.Join(b.dir, "reference.db"))
	if err != nil {
		return err
	}
	defer ref.close()
	var stores []*publisher
	for i, size := range b.sizes {
		progress("filling a store with %d posts in %d categories", size.posts, size.categories)
		p, err := b.newPublisher(ctx, filepath.Join(b.dir, fmt.Sprintf("store%d.db", i)), size, noHub)
		if err != nil {
			return err
		}
		defer p.close()
		stores = append(stores, p)
	}
	progress("measuring changes")
	var lone []time.Duration
	took := make([]change, len(stores))
	for round := range b.rounds {
		for i, p := range stores {
			d, err := ref.commit(round)
			if err != nil {
				return err
			}
			lone = append(lone, d)
			if err := p.change(ctx, round, &took[i]); err != nil {
				return err
			}
		}
	}
	for i, p := range stores {
		took[i].open = p.opened
	}
	b.reportChanges(median(lone), took)
	return nil
}

func (b *bench) reportChanges(lone time.Duration, took []change) {
	b.table.head("One changed post of a category of 50, published in three formats, durably",
		fmt.Sprintf("reference: a lone bbolt commit of 100 bytes; medians of %d interleaved rounds", b.rounds))
	last := len(took) - 1
	for i, size := range b.sizes {
		b.table.row(row{measure: fmt.Sprintf("%d posts in %d categories", size.posts, size.categories)})
		line := func(measure string, list []time.Duration) row {
			d := median(list)
			return row{measure: "  " + measure, ours: duration(d), reference: duration(lone), ratio: times(per(d, lone))}
		}
		c := took[i]
		b.table.row(line("add", c.add))
		b.table.row(line("publication", c.publish))
		b.table.row(line("to visible from there", c.visible))
		whole := line("publish to visible: both", sums(c.publish, c.visible))
		whole.aim = atMost(per(median(sums(c.publish, c.visible)), lone), 3.5, "")
		b.table.row(whole)
		b.table.row(line("all three", sums(c.add, c.publish, c.visible)))
		b.table.row(row{measure: "  newest 50 of a category", ours: duration(median(c.timeline)), aim: atMost(ms(median(c.timeline)), 1, " ms")})
		b.table.row(row{measure: "  opening the file", ours: duration(c.open)})
	}
	b.table.row(row{
		measure: fmt.Sprintf("publish to visible, %d posts against %d", b.sizes[last].posts, b.sizes[0].posts),
		ours:    duration(median(sums(took[last].publish, took[last].visible))), reference: duration(median(sums(took[0].publish, took[0].visible))),
		ratio: times(per(median(sums(took[last].publish, took[last].visible)), median(sums(took[0].publish, took[0].visible)))),
	})
}
