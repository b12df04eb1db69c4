package web

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

const (
	namedCategories = 200     // that have a label of their own
	namedAfter      = 100     // requests, where there are more categories than labels
	otherCategory   = "other" // the label of all the rest
)

// tallies give the label category to the busiest. Where there are no more
// categories than labels each has its own. Else the first to be asked for
// namedAfter times get one each, and keep it for the life of the process: the
// busiest are there first, no counter ever falls, and what is kept is one
// number a category. Until then, and for ever where the labels have run out, a
// category's requests are counted as those of "other".
type tallies struct {
	requests *prometheus.CounterVec
	other    [len(feed.Formats)]feedSeries
	known    atomic.Int64 // categories
	full     atomic.Bool  // no label is left

	mu    sync.Mutex
	all   map[uint64]*tally // by category
	named int
}

func newTallies(requests *prometheus.CounterVec) *tallies {
	return &tallies{requests: requests, other: newSeries(requests, otherCategory), all: map[uint64]*tally{}}
}

// tally is where the requests for one category's feeds are counted.
type tally struct {
	owner *tallies
	label string
	asked atomic.Uint32 // while it has no label
	own   atomic.Pointer[[len(feed.Formats)]feedSeries]
}

// feedSeries are the counters of one feed's answers, with their labels looked
// up.
type feedSeries struct {
	full  [codingCount]prometheus.Counter // answers with 200
	brief prometheus.Counter              // answers with 304
}

func newSeries(requests *prometheus.CounterVec, category string) (all [len(feed.Formats)]feedSeries) {
	for _, f := range feed.Formats {
		for c := range codingCount {
			all[f].full[c] = requests.WithLabelValues(category, f.String(), strconv.Itoa(http.StatusOK), c.String())
		}
		all[f].brief = requests.WithLabelValues(category, f.String(), strconv.Itoa(http.StatusNotModified), "")
	}
	return all
}

// of is the tally of a feed's category. Its label is the slug that the category
// has then; the site's own is empty. A category called "other" stays with the
// rest.
func (t *tallies) of(a feed.Artifact) *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.all[a.Category]; found != nil {
		return found
	}
	slug, _, inside := strings.Cut(a.Path, "/")
	if !inside {
		slug = ""
	}
	made := &tally{owner: t, label: slug}
	t.all[a.Category] = made
	t.known.Add(1)
	return made
}

// few tells whether there is a label for each category.
func (t *tallies) few() bool { return t.known.Load() <= namedCategories }

// series is where an answer with the feed is counted.
func (t *tallies) series(f *servedFeed) *feedSeries {
	if f.tally == nil {
		return &t.other[f.Format]
	}
	if own := f.tally.own.Load(); own != nil {
		return &own[f.Format]
	}
	if !t.full.Load() && (f.tally.asked.Add(1) >= namedAfter || t.few()) {
		t.name(f.tally)
		if own := f.tally.own.Load(); own != nil {
			return &own[f.Format]
		}
	}
	return &t.other[f.Format]
}

// name gives a category its label, if one is left.
func (t *tallies) name(one *tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.own.Load() != nil || t.named == namedCategories || one.label == otherCategory {
		return
	}
	own := newSeries(t.requests, one.label)
	one.own.Store(&own)
	t.named++
	t.full.Store(t.named == namedCategories)
}

// category is the label under which gauges show a feed.
func (t *tally) category() string {
	if t == nil || t.own.Load() == nil && !t.owner.few() {
		return otherCategory
	}
	return t.label
}
