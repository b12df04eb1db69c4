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
	million := flag.Bool("million", false, "measure a store of 1,000,000 posts, too, which takes several minutes more")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *million); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// size is a store in which things are measured.
type size struct{ posts, categories int }

func run(ctx context.Context, rounds int, million bool) error {
	dir, err := os.MkdirTemp("", "syndic-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%s, %s/%s, %d cores; posts of %d bytes of Markdown; %d interleaved rounds, medians\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), len(body), rounds)
	sizes := []size{{1_000, 20}, {10_000, 100}, {100_000, 1_000}}
	if million {
		sizes = append(sizes, size{1_000_000, 10_000})
	}
	if err := changes(ctx, dir, rounds, sizes); err != nil {
		return err
	}
	if err := everything(ctx, filepath.Join(dir, "everything.db")); err != nil {
		return err
	}
	return adding(ctx, dir)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+" …\n", args...) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(list []time.Duration) time.Duration { return quantile(list, 0.5) }

func quantile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[int(q*float64(len(sorted)-1))]
}
