package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// change is what one changed post costs, in each round.
type change struct {
	add, publish, served, read, timeline []time.Duration
	open                                 time.Duration
}

// visible is from the publication's start until all readers get it.
func (c change) visible() []time.Duration { return sums(c.publish, c.served) }

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
		if err := os.Mkdir(b.grown(i), 0o700); err != nil {
			return err
		}
		p, err := b.newPublisher(ctx, database(b.grown(i)), size, noHub)
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
		p.close() // for the binary
	}
	b.reportChanges(median(lone), took)
	return b.starts(ctx)
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
		b.table.row(line("until it is served, from there", c.served))
		whole := line("publish to visible: both", c.visible())
		whole.aim = atMost(per(median(c.visible()), lone), 3.5, "")
		b.table.row(whole)
		b.table.row(line("its three feeds read then", c.read))
		b.table.row(line("all four", sums(c.add, c.publish, c.served, c.read)))
		b.table.row(row{measure: "  newest 50 of a category", ours: duration(median(c.timeline)), aim: atMost(ms(median(c.timeline)), 1, " ms")})
		b.table.row(row{measure: "  opening the file", ours: duration(c.open)})
	}
	first, most := median(took[0].visible()), median(took[last].visible())
	b.table.row(row{
		measure: fmt.Sprintf("publish to visible, %d posts against %d", b.sizes[last].posts, b.sizes[0].posts),
		ours:    duration(most), reference: duration(first), ratio: times(per(most, first)),
	})
}
