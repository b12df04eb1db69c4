// Command bench measures what syndic promises about its speed and prints it as
// ratios against a named reference of the same run. It is a program, not a
// timed test: a busy machine makes it slower and never red.
//
// It may import every room.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 41, "measurements of each kind; the median is printed")
	only := flag.String("only", "", "one part: "+strings.Join(partNames(), ", "))
	profile := flag.String("cpuprofile", "", "a file for a CPU profile of it all, its preparations too")
	million := flag.Bool("million", false, "measure a store of 1,000,000 posts, too, which takes several minutes more")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := profiled(*profile, func() error { return run(ctx, *rounds, *million, *only) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// profiled runs fn under a CPU profile, if there is a file for it.
func profiled(path string, fn func() error) error {
	if path == "" {
		return fn()
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = fn()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

// part is one table, or one line, of the output.
type part struct {
	name string
	run  func(ctx context.Context, dir string) error
}

// parts are in the order of the output.
func parts(rounds int, sizes []size) []part {
	return []part{
		{"changes", func(ctx context.Context, dir string) error { return changes(ctx, dir, rounds, sizes) }},
		{"everything", everything},
		{"adding", adding},
		{"deleting", deleting},
		{"pinging", pinging},
	}
}

func partNames() (names []string) {
	for _, p := range parts(0, nil) {
		names = append(names, p.name)
	}
	return names
}

// size is a store in which things are measured.
type size struct{ posts, categories int }

func run(ctx context.Context, rounds int, million bool, only string) error {
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
	for _, p := range parts(rounds, sizes) {
		if only != "" && only != p.name {
			continue
		}
		if err := p.run(ctx, dir); err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
	}
	return nil
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+" …\n", args...) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(list []time.Duration) time.Duration { return quantile(list, 0.5) }

func quantile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[int(q*float64(len(sorted)-1))]
}
