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

// changes measures one changed post in stores of several sizes, interleaved
// with the reference, so that a slow moment of the machine falls on all.
func changes(ctx context.Context, dir string, rounds int, sizes []size) error {
	ref, err := newReference(filepath.Join(dir, "reference.db"))
	if err != nil {
		return err
	}
	defer ref.close()
	var stores []*publisher
	for i, size := range sizes {
		progress("filling a store with %d posts in %d categories", size.posts, size.categories)
		p, err := newPublisher(ctx, filepath.Join(dir, fmt.Sprintf("store%d.db", i)), size, noHub)
		if err != nil {
			return err
		}
		defer p.close()
		stores = append(stores, p)
	}
	progress("measuring changes")
	var lone []time.Duration
	took := make([]change, len(stores))
	for round := range rounds {
		d, err := ref.commit(round)
		if err != nil {
			return err
		}
		lone = append(lone, d)
		for i, p := range stores {
			if err := p.change(ctx, round, &took[i]); err != nil {
				return err
			}
		}
	}
	for i, p := range stores {
		took[i].open = p.opened
	}
	reportChanges(sizes, median(lone), took)
	return nil
}

func reportChanges(sizes []size, lone time.Duration, took []change) {
	fmt.Printf("One changed post of a category of 50, published in three formats, durably. Reference: a lone\n")
	fmt.Printf("bbolt commit of 100 bytes, %.2f ms. In brackets: how many of them.\n\n", ms(lone))
	fmt.Printf("%9s %10s %14s %14s %14s %14s %12s %9s\n", "posts", "categories", "add", "publication", "to visible", "all", "newest 50", "open")
	cell := func(list []time.Duration) string {
		return fmt.Sprintf("%.2f ms (%.1f)", ms(median(list)), float64(median(list))/float64(lone))
	}
	for i, size := range sizes {
		all := make([]time.Duration, len(took[i].add))
		for j := range all {
			all[j] = took[i].add[j] + took[i].publish[j] + took[i].visible[j]
		}
		fmt.Printf("%9d %10d %14s %14s %14s %14s %9.2f ms %6.0f ms\n", size.posts, size.categories, cell(took[i].add),
			cell(took[i].publish), cell(took[i].visible), cell(all), ms(median(took[i].timeline)), ms(took[i].open))
	}
	last := len(took) - 1
	fmt.Printf("\npublication, from %d to %d posts: %.2f times\n\n", sizes[0].posts, sizes[last].posts,
		float64(median(took[last].publish))/float64(median(took[0].publish)))
}
