// Command bench measures what syndic promises about its speed and prints it as
// ratios against a named reference of the same run. It is a program, not a
// timed test: a busy machine makes it slower and never red.
//
// It may import every room.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 41, "measurements of each kind; the median is printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sizes are the stores in which a publication is measured.
var sizes = []struct{ posts, categories int }{{10_000, 100}, {100_000, 1_000}}

func run(ctx context.Context, rounds int) error {
	dir, err := os.MkdirTemp("", "syndic-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	ref, err := newReference(filepath.Join(dir, "reference.db"))
	if err != nil {
		return err
	}
	defer ref.close()
	var stores []*publisher
	for i, size := range sizes {
		fmt.Fprintf(os.Stderr, "filling a store with %d posts in %d categories …\n", size.posts, size.categories)
		p, err := newPublisher(ctx, filepath.Join(dir, fmt.Sprintf("store%d.db", i)), size.posts, size.categories)
		if err != nil {
			return err
		}
		defer p.close()
		stores = append(stores, p)
	}
	commits, took, err := measure(ctx, rounds, ref, stores)
	if err != nil {
		return err
	}
	report(commits, took)
	return nil
}

// measure interleaves the reference and the stores, so that a slow moment of
// the machine falls on all of them.
func measure(ctx context.Context, rounds int, ref *reference, stores []*publisher) (commits []time.Duration, took [][]time.Duration, err error) {
	took = make([][]time.Duration, len(stores))
	for round := range rounds {
		d, err := ref.commit(round)
		if err != nil {
			return nil, nil, err
		}
		commits = append(commits, d)
		for i, p := range stores {
			if d, err = p.publishOne(ctx, round); err != nil {
				return nil, nil, err
			}
			took[i] = append(took[i], d)
		}
	}
	return commits, took, nil
}

func report(commits []time.Duration, took [][]time.Duration) {
	lone := median(commits)
	fmt.Printf("One changed post of a category of 50 posts (4 KB each) published in three formats, durably;\n")
	fmt.Printf("medians of %d interleaved rounds, %d cores, %s. Reference: a lone bbolt commit of 100 bytes, %.2f ms.\n\n",
		len(commits), runtime.NumCPU(), runtime.Version(), ms(lone))
	fmt.Printf("%12s %12s %14s %14s %14s\n", "posts", "categories", "publication", "× lone commit", "p90")
	for i, size := range sizes {
		m := median(took[i])
		fmt.Printf("%12d %12d %11.2f ms %14.1f %11.2f ms\n", size.posts, size.categories, ms(m),
			float64(m)/float64(lone), ms(quantile(took[i], 0.9)))
	}
	fmt.Printf("\ngrowth from %d to %d posts: %.2f times\n", sizes[0].posts, sizes[len(sizes)-1].posts,
		float64(median(took[len(took)-1]))/float64(median(took[0])))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(list []time.Duration) time.Duration { return quantile(list, 0.5) }

func quantile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[int(q*float64(len(sorted)-1))]
}
