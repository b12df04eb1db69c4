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
func (b *bench) adding(ctx context.Context) error {
	progress("adding")
	p, err := b.openPublisher(ctx, filepath.Join(b.dir, "adding.db"), 100)
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
	b.table.head("Adding posts, durably", fmt.Sprintf("%d to a commit, then %d authors at a time with a commit for each post", bulk, authors))
	b.table.row(row{measure: "bulk add, posts a second", ours: fmt.Sprintf("%.0f", rate), aim: atLeast(rate, 20_000, "")})
	b.table.row(row{measure: "one post, median", ours: duration(median(took))})
	b.table.row(row{measure: "one post, p99", ours: duration(quantile(took, 0.99)), aim: atMost(ms(quantile(took, 0.99)), 5, " ms")})
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
