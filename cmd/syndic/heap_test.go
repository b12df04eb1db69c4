package main

import (
	"strconv"
	"strings"
	"testing"
)

func TestGrowth(t *testing.T) {
	for live, want := range map[uint64]int{
		0: mostGrowth, 1 << 20: mostGrowth, 4 << 20: 700, 8 << 20: 300, 16 << 20: usualGrowth, 1 << 30: usualGrowth,
	} {
		if got := growth(live); got != want {
			t.Errorf("with %d bytes it may grow by %d %%, want %d", live, got, want)
		}
		if goal := live + live*uint64(growth(live))/100; live > 0 && goal > max(heapFloor, 2*live) {
			t.Errorf("with %d bytes the heap may come to %d", live, goal)
		}
	}
}

// The daemon collects seldom while little lives, and says so in its metrics.
func TestDaemonKeepsItsHeapFloor(t *testing.T) {
	h := newHost(t)
	p := h.serve()
	_, body := get(t, p.admin+"metrics")
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "go_gc_gogc_percent" {
			continue
		}
		percent, err := strconv.ParseFloat(value, 64)
		if err != nil || percent <= usualGrowth {
			t.Errorf("it may grow by %s %%: %v", value, err)
		}
		return
	}
	t.Error("no metric tells the collector's pace")
}
