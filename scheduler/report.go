package scheduler

import (
	"errors"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// Status is what a publication made of one feed.
type Status string

// The statuses of a feed.
const (
	Changed   Status = "changed"
	Unchanged Status = "unchanged"
	Failed    Status = "failed" // the last good one, if any, is still served
)

// Result is one feed's row of a republish.
type Result struct {
	Category   string // slug; empty for the site's own
	Title      string
	Format     feed.Format
	Topic      string // absolute URL
	Status     Status
	Error      string // of a failed feed, one line
	Bytes      int
	Digest     string
	Generation uint64 // 0 when the feed was never published, or would get a new one
	Hubs       []string
}

// report collects how one publication goes, over all its attempts.
type report struct {
	category feed.Category
	mark     store.Seq
	due      time.Time // of the mark; zero without one
	noted    bool
	before   [3]*feed.Artifact // as the first attempt found them
	after    [3]*feed.Artifact // as they are now
	refused  [3]error
	run      store.Run
	number   uint64 // of all that is published with it, for the log
}

// refusedError says which feeds were not swapped in.
type refusedError struct{ text string }

// Error is one line for a log or a status.
func (e *refusedError) Error() string { return e.text }

// note keeps what an attempt starts from.
func (r *report) note(e *edition) {
	r.category, r.mark, r.due = e.category, e.mark.Seq, e.mark.Due
	if !r.noted {
		r.noted, r.before = true, e.before
	}
	r.after, r.refused = e.before, [3]error{}
}

// lateness is how long after its due time the publication was out, and whether
// the slot after that one passed meanwhile.
func (r *report) lateness(slots *Slots, now time.Time) (by time.Duration, missed bool) {
	next := slots.Slot(r.category.Site, r.category, r.due)
	return now.Sub(r.due), next.After(r.due) && !next.After(now)
}

// conclude keeps what an attempt comes to.
func (r *report) conclude(e *edition, list []feed.Artifact, run store.Run) {
	r.refused, r.run, r.after = e.refused, run, e.before
	for i := range list {
		r.after[list[i].Format] = &list[i]
	}
	if e.retired() {
		r.after = [3]*feed.Artifact{}
	}
}

// refusal is the error of the feeds that the check refused; nil for none.
func (r *report) refusal() error {
	var texts []string
	for _, err := range r.refused {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return &refusedError{text: "refused " + strings.Join(texts, "; ")}
}

// changed tells whether readers get other bytes than before.
func (r *report) changed(f feed.Format) bool {
	a, b := r.before[f], r.after[f]
	if a == nil || b == nil {
		return a != b
	}
	return a.Generation != b.Generation
}

// results are the report's rows, given how the publication ended.
func (r *report) results(err error) []Result {
	var refused *refusedError
	var rows []Result
	for _, f := range feed.Formats {
		row := Result{
			Category: r.category.Slug, Title: r.category.Title, Format: f,
			Topic: r.category.Site.Topic(r.category, f), Status: Unchanged,
		}
		if a := r.after[f]; a != nil {
			row.Topic, row.Bytes, row.Digest, row.Generation, row.Hubs = a.Topic, a.Size, a.Digest, a.Generation, a.Hubs
		}
		if r.changed(f) {
			row.Status = Changed
		}
		switch {
		case r.refused[f] != nil:
			row.Status, row.Error = Failed, r.refused[f].Error()
		case err != nil && !errors.As(err, &refused):
			row.Status, row.Error = Failed, err.Error()
		}
		rows = append(rows, row)
	}
	return rows
}
