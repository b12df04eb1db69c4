package main

import (
	"runtime"
	"runtime/debug"
	measure "runtime/metrics"
)

// heapFloor is the size up to which the heap grows before it is collected. A
// daemon at rest lives in a few megabytes, of which each publication would make
// as much garbage again: collecting it took a third of a publication's time.
// Most commands end before they have come so far.
const heapFloor = 32 << 20 // bytes

// The share of what lives by which the heap may grow, in percent: the
// collector's own default, and the most, for a heap with hardly anything in it.
const (
	usualGrowth = 100
	mostGrowth  = 1000
)

// collection is an object that nothing refers to, so that its end tells of a
// collection. It has a pointer, as the runtime puts small ones without together
// and ends them together.
type collection struct{ _ *byte }

// keepHeapFloor sets the collector's pace, and again after each collection by
// what lived through it, for as long as the process runs.
func keepHeapFloor() {
	debug.SetGCPercent(mostGrowth)
	followHeap()
}

func followHeap() {
	runtime.AddCleanup(new(collection), func(struct{}) {
		setGrowth(liveHeap())
		followHeap()
	}, struct{}{})
}

// growth is by how much a heap may grow in which so many bytes live, in percent
// and in few steps, as a change stops every goroutine for a moment.
func growth(live uint64) int {
	const step = 50
	if live == 0 {
		return mostGrowth
	}
	percent := (int(heapFloor*100/live) - 100) / step * step
	return min(max(percent, usualGrowth), mostGrowth)
}

func setGrowth(live uint64) {
	sample := []measure.Sample{{Name: "/gc/gogc:percent"}}
	measure.Read(sample)
	if want := growth(live); uint64(want) != sample[0].Value.Uint64() {
		debug.SetGCPercent(want)
	}
}

// liveHeap is what lived through the last collection, in bytes.
func liveHeap() uint64 {
	sample := []measure.Sample{{Name: "/gc/heap/live:bytes"}}
	measure.Read(sample)
	return sample[0].Value.Uint64()
}
