package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
)

// checkFeed refuses a feed with errors: it would not be swapped in. Who asks
// names the category and the format.
func checkFeed(_ feed.Category, p scheduler.Part) error {
	var first string
	n := 0
	count := func(in string, list []feed.Finding) {
		for _, found := range list {
			if found.Severity != feed.Error {
				continue
			}
			if n++; n == 1 {
				first = in + found.String()
			}
		}
	}
	all := make([]feed.Facts, len(p.Entries))
	for i := range p.Entries {
		found, facts := p.Lint(i)
		all[i] = facts
		count("entry "+facts.ID+": ", found)
	}
	count("", feed.LintFrame(p.Format, p.Head, p.Tail, p.Topic, all))
	switch n {
	case 0:
		return nil
	case 1:
		return errors.New(first)
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
func (j *judge) check(c feed.Category, p scheduler.Part) error {
	err := checkFeed(c, p)
	j.mu.Lock()
	defer j.mu.Unlock()
	verdict := j.heard[c.Num]
	verdict[p.Format] = err != nil
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
