package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

const (
	bulk    = 1_000 // posts a commit
	authors = 16
)

// adding measures adds: many in one commit, and by many authors at a time.
func adding(ctx context.Context, dir string) error {
	progress("adding")
	p, err := openPublisher(ctx, filepath.Join(dir, "adding.db"), 100)
	if err != nil {
		return err
	}
	defer p.close()
	const posts = 100_000
	start := time.Now()
	for from := 0; from < posts; from += bulk {
		if err := p.addPosts(ctx, from, from+bulk); err != nil {
			return err
		}
	}
	rate := posts / time.Since(start).Seconds()
	took, err := p.addByMany(ctx, posts)
	if err != nil {
		return err
	}
	fmt.Printf("Bulk add, %d posts a commit: %.0f posts a second. One post a commit by %d authors at a time: median %.2f ms,\n", bulk, rate, authors, ms(median(took)))
	fmt.Printf("p99 %.2f ms\n\n", ms(quantile(took, 0.99)))
	return nil
}

// addByMany has each author add posts one after another.
func (p *publisher) addByMany(ctx context.Context, from int) (took []time.Duration, err error) {
	const each = 200
	lists, errs := make([][]time.Duration, authors), make([]error, authors)
	var working sync.WaitGroup
	for a := range authors {
		working.Go(func() {
			for i := range each {
				n := from + a*each + i
				start := time.Now()
				if errs[a] = p.addPosts(ctx, n, n+1); errs[a] != nil {
					return
				}
				lists[a] = append(lists[a], time.Since(start))
			}
		})
	}
	working.Wait()
	for _, list := range lists {
		took = append(took, list...)
	}
	return took, errors.Join(errs...)
}
