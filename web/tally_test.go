package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// crowd are tallies of n categories, with a feed of each.
func crowd(n int) (*tallies, []*servedFeed) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests"}, []string{"category", "format", "status", "encoding"})
	t, feeds := newTallies(requests), make([]*servedFeed, n)
	for i := range feeds {
		a := feed.Artifact{Category: uint64(i + 1), Path: fmt.Sprintf("c%d/rss.xml", i)}
		feeds[i] = &servedFeed{Artifact: a, tally: t.of(a)}
	}
	return t, feeds
}

// asked are the requests that are counted, by category.
func (t *tallies) asked(test *testing.T) map[string]int {
	test.Helper()
	registry, counts := prometheus.NewRegistry(), map[string]int{}
	registry.MustRegister(t.requests)
	all, err := registry.Gather()
	if err != nil {
		test.Fatal(err)
	}
	for _, m := range all[0].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "category" {
				counts[l.GetValue()] += int(m.GetCounter().GetValue())
			}
		}
	}
	return counts
}

func TestFewCategoriesAllHaveALabel(t *testing.T) {
	all, feeds := crowd(namedCategories)
	for _, f := range feeds {
		all.series(f).brief.Inc()
	}
	n := all.asked(t)
	for i, f := range feeds {
		if label := fmt.Sprintf("c%d", i); n[label] != 1 || f.tally.category() != label {
			t.Fatalf("%s: %d, shown as %s", label, n[label], f.tally.category())
		}
	}
	if n[otherCategory] != 0 {
		t.Errorf("%d are with the others", n[otherCategory])
	}
}

// Of many categories the busiest get the labels; every request is counted once,
// and no counter ever falls.
func TestBusiestCategoriesHaveALabel(t *testing.T) {
	all, feeds := crowd(3 * namedCategories)
	busy := feeds[namedCategories : 2*namedCategories]
	total, before := 0, map[string]int{}
	for round := range namedAfter + 10 {
		for i, f := range busy {
			all.series(f).brief.Inc()
			total++
			if round%5 == 0 {
				all.series(feeds[i]).brief.Inc()
				total++
			}
		}
		after := all.asked(t)
		for label, n := range before {
			if after[label] < n {
				t.Fatalf("%q fell from %d to %d", label, n, after[label])
			}
		}
		before = after
	}
	for i := range busy {
		if label := fmt.Sprintf("c%d", namedCategories+i); before[label] == 0 {
			t.Errorf("%s has no label", label)
		}
	}
	for _, n := range before {
		total -= n
	}
	if total != 0 || all.named != namedCategories {
		t.Errorf("%d requests are lost or counted twice; %d labels", total, all.named)
	}
	if last := feeds[len(feeds)-1].tally.category(); last != otherCategory {
		t.Errorf("a category that nobody asks for is shown as %s", last)
	}
}

// A label stays one category's: with a newer generation, under another name,
// and where a category is called as the rest is.
func TestLabelStays(t *testing.T) {
	all, feeds := crowd(2)
	all.series(feeds[0]).brief.Inc()
	renamed := feed.Artifact{Category: feeds[0].Category, Path: "new/rss.xml", Generation: 9}
	again := &servedFeed{Artifact: renamed, tally: all.of(renamed)}
	all.series(again).brief.Inc()
	if n := all.asked(t)["c0"]; n != 2 {
		t.Errorf("counted %d", n)
	}
	other := feed.Artifact{Category: 7, Path: "other/rss.xml"}
	for range namedAfter + 1 {
		all.series(&servedFeed{Artifact: other, tally: all.of(other)}).brief.Inc()
	}
	if n := all.asked(t)[otherCategory]; all.named != 1 || n != namedAfter+1 {
		t.Errorf("%d labels, %d others", all.named, n)
	}
}

// Both ways count the same for the same requests.
func TestBothWaysCountTheSame(t *testing.T) {
	var counts [2]map[string]int
	for i, lane := range []bool{true, false} {
		h, _, _ := design(t)
		h.public = h.open(lane)
		tag := h.get("/design/rss.xml").Header.Get("Etag")
		for _, coding := range []string{"gzip", "br", "zstd"} {
			h.get("/design/rss.xml", "Accept-Encoding", coding).want(t, http.StatusOK)
			h.do("HEAD", "/design/atom.xml", "Accept-Encoding", coding).want(t, http.StatusOK)
		}
		h.get("/design/rss.xml", "If-None-Match", tag).want(t, http.StatusNotModified)
		h.get("/feed.json", "If-Modified-Since", time.Now().UTC().Format(http.TimeFormat)).want(t, http.StatusNotModified)
		h.awaitCount("syndic_http_request_duration_seconds rss", 5)
		h.awaitCount("syndic_http_request_duration_seconds json", 1)
		counts[i] = map[string]int{}
		for key, n := range h.counted() {
			if strings.HasPrefix(key, "syndic_http_re") { // requests, and the size of responses
				counts[i][key] = n
			}
		}
	}
	for key, n := range counts[0] {
		if counts[1][key] != n {
			t.Errorf("%s: %d by the lane, %d by the handler", key, n, counts[1][key])
		}
	}
	if len(counts[0]) != len(counts[1]) || counts[0]["syndic_http_requests_total design gzip rss 200"] != 1 {
		t.Errorf("%v\n%v", counts[0], counts[1])
	}
}
