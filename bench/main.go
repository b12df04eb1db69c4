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
	"syscall"
	"time"
)

func main() {
	b := &bench{table: table{os.Stdout}, library: newLibrary()}
	flag.IntVar(&b.rounds, "rounds", 41, "measurements of one changed post, and of what is as short")
	flag.StringVar(&b.only, "only", "", "one part: "+strings.Join(partNames(), ", "))
	profile := flag.String("cpuprofile", "", "a file for a CPU profile of it all, its preparations too")
	million := flag.Bool("million", false, "measure a store of 1,000,000 posts, too, which takes several minutes more")
	flag.Parse()
	b.sizes = []size{{1_000, 20}, {10_000, 100}, {100_000, 1_000}}
	if *million {
		b.sizes = append(b.sizes, size{1_000_000, 10_000})
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	raiseFileLimit()
	if err := profiled(*profile, func() error { return b.run(ctx) }); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// raiseFileLimit lets this process, and what it starts, have as many
// connections as the system allows.
func raiseFileLimit() {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil {
		files.Cur = files.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files) // up to the limit it is always allowed
	}
}

// bench is one run of it all.
type bench struct {
	table   table
	library *library
	rounds  int
	sizes   []size // of the stores that are compared
	only    string // "" is all parts
	scratch string // of the run
	dir     string // of the part, in scratch
	binary  string // of syndic; "" until a part needs it
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

// part is one section of the table.
type part struct {
	name string
	run  func(*bench, context.Context) error
	only bool // done when it is asked for by name
}

// parts are in the order of the output.
func parts() []part {
	return []part{
		{name: "serving", run: (*bench).serving},
		{name: "idle", run: (*bench).idle},
		{name: "memory", run: (*bench).memory},
		{name: "changes", run: (*bench).changes},
		{name: "everything", run: (*bench).everything},
		{name: "adding", run: (*bench).adding},
		{name: "deleting", run: (*bench).deleting},
		{name: "pinging", run: (*bench).pinging},
		{name: "hugo", run: (*bench).folder},
		{name: "profile", run: (*bench).profile, only: true},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// size is a store in which things are measured.
type size struct{ posts, categories int }

// run runs the parts. One that fails is named in the table, and the others go
// on without it.
func (b *bench) run(ctx context.Context) error {
	if b.only != "" && !slices.Contains(partNames(), b.only) {
		return fmt.Errorf("there is no part %q: -only takes one of %s", b.only, strings.Join(partNames(), ", "))
	}
	var err error
	if b.scratch, err = os.MkdirTemp("", "syndic-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	fmt.Printf("%s, %s/%s, %d cores; posts of %d bytes of Markdown\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), bodySize)
	var failed []error
	for _, p := range parts() {
		if b.only != p.name && (b.only != "" || p.only) || ctx.Err() != nil {
			continue
		}
		if err := b.runPart(ctx, p); err != nil {
			fmt.Printf("\n%s could not be measured: %v\n", p.name, err)
			failed = append(failed, fmt.Errorf("measure %s: %w", p.name, err))
		}
	}
	return errors.Join(failed...)
}

func (b *bench) runPart(ctx context.Context, p part) (err error) {
	if b.dir, err = os.MkdirTemp(b.scratch, p.name); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	return p.run(b, ctx)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+" …\n", args...) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(list []time.Duration) time.Duration { return quantile(list, 0.5) }

// middle is the median of plain numbers.
func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func quantile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[int(q*float64(len(sorted)-1))]
}
