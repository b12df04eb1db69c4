package main

import (
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
	"syndic/store"
)

// checkFeed refuses a feed with errors: it would not be swapped in. Who asks
// names the category and the format.
func checkFeed(c feed.Category, f feed.Format, b []byte) error {
	var first feed.Finding
	n := 0
	for _, found := range feed.LintAt(f, b, c.Site.Topic(c, f)) {
		if found.Severity != feed.Error {
			continue
		}
		if n++; n == 1 {
			first = found
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s", first)
	}
	return fmt.Errorf("%s (and %s more)", first, several(n-1, "error"))
}

// judge checks feeds and counts those that are refused, for the metrics.
type judge struct {
	mu      sync.Mutex
	heard   map[uint64][3]bool // since the last publication, by category: refused, by format
	refused map[uint64][3]bool // at the last publication
}

func newJudge() *judge {
	return &judge{heard: map[uint64][3]bool{}, refused: map[uint64][3]bool{}}
}

// check is what the scheduler asks before it swaps a feed in.
func (j *judge) check(c feed.Category, f feed.Format, b []byte) error {
	err := checkFeed(c, f, b)
	j.mu.Lock()
	defer j.mu.Unlock()
	verdict := j.heard[c.Num]
	verdict[f] = err != nil
	j.heard[c.Num] = verdict
	return err
}

// published takes in how a publication went. One that went well refused
// nothing, whatever was heard before: bytes that are published already are
// not checked again.
func (j *judge) published(r store.Run) {
	j.mu.Lock()
	defer j.mu.Unlock()
	verdict := j.heard[r.Category]
	delete(j.heard, r.Category)
	if r.Error == "" || verdict == [3]bool{} {
		delete(j.refused, r.Category)
		return
	}
	j.refused[r.Category] = verdict
}

// gauges show for each format how many categories' last publication was
// refused.
func (j *judge) gauges() []prometheus.Collector {
	var list []prometheus.Collector
	for _, f := range feed.Formats {
		list = append(list, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "syndic_feed_rejected", Help: "Categories whose last publication was refused by the linter, by format.",
			ConstLabels: prometheus.Labels{"format": f.String()},
		}, func() float64 { return j.count(f) }))
	}
	return list
}

func (j *judge) count(f feed.Format) float64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, verdict := range j.refused {
		if verdict[f] {
			n++
		}
	}
	return float64(n)
}
