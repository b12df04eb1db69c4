package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// row is one line of the table. What is empty stays empty.
type row struct {
	measure   string
	ours      string
	reference string
	ratio     string
	aim       string // with the verdict
}

// table writes rows as they come, so that what was measured is not lost with
// what fails after it.
type table struct{ out io.Writer }

// head begins a part: what is compared with what, in lines of prose.
func (t table) head(title string, lines ...string) {
	fmt.Fprintf(t.out, "\n%s\n", title)
	for _, line := range lines {
		fmt.Fprintf(t.out, "  %s\n", line)
	}
	t.row(row{"", "syndic", "reference", "ratio", "aim"})
}

func (t table) row(r row) {
	line := fmt.Sprintf("  %-52s %12s %12s %8s  %s", r.measure, r.ours, r.reference, r.ratio, r.aim)
	fmt.Fprintln(t.out, strings.TrimRight(line, " "))
}

// atLeast and atMost are an aim and whether it was reached.
func atLeast(figure, aim float64, unit string) string {
	return verdict("≥", figure >= aim, aim, unit)
}
func atMost(figure, aim float64, unit string) string { return verdict("≤", figure <= aim, aim, unit) }

func verdict(sign string, reached bool, aim float64, unit string) string {
	word := "reached"
	if !reached {
		word = "MISSED"
	}
	return fmt.Sprintf("%s %g%s: %s", sign, aim, unit, word)
}

func times(ratio float64) string { return fmt.Sprintf("%.2f", ratio) }

func duration(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", ms(d))
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", ms(d))
	default:
		return fmt.Sprintf("%.2f ms", ms(d))
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", mb(n)) }

func mb(n int64) float64 { return float64(n) / 1e6 }

// per is a ratio of durations.
func per(d, reference time.Duration) float64 { return float64(d) / float64(reference) }
