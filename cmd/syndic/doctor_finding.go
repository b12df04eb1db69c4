package main

import (
	"fmt"
	"slices"
	"strings"
)

// level says how bad a finding is.
type level string

// The levels, the worst first.
const (
	broken  level = "broken"  // something does not work
	warning level = "warning" // it works partly, or not for long
	note    level = "note"    // good to know
)

var levels = []level{broken, warning, note}

// remark is one finding of the doctor's, about one thing or many alike.
type remark struct {
	Level    level    `json:"level"`
	Check    string   `json:"check"`    // the look that found it
	ID       string   `json:"id"`       // the same for the same trouble, in each release
	Subjects []string `json:"subjects"` // what it is about: addresses, files, posts; may be empty
	Message  string   `json:"message"`  // of the first subject
	Remedy   string   `json:"remedy"`   // what to do
}

// examined is what an examination came to.
type examined struct {
	Result     string   `json:"result"` // fine, warning or broken
	Daemon     bool     `json:"daemon"` // one runs
	Complete   bool     `json:"complete"`
	Skipped    []string `json:"skipped"`    // looks that make no sense here
	Unfinished []string `json:"unfinished"` // looks for which there was no time, or no way
	Findings   []remark `json:"findings"`   // the worst first
}

// add adds a finding; another one with the same id and level is about one more
// subject.
func (e *examined) add(l level, check, id, subject, message, remedy string) {
	i := slices.IndexFunc(e.Findings, func(r remark) bool { return r.Level == l && r.ID == id })
	if i < 0 {
		i = len(e.Findings)
		e.Findings = append(e.Findings, remark{Level: l, Check: check, ID: id, Subjects: []string{}, Message: message, Remedy: remedy})
	}
	if r := &e.Findings[i]; subject != "" && !slices.Contains(r.Subjects, subject) {
		r.Subjects = append(r.Subjects, subject)
	}
}

// finish sorts the findings and says what they come to.
func (e *examined) finish() {
	slices.Sort(e.Skipped)
	slices.Sort(e.Unfinished)
	e.Complete = len(e.Unfinished) == 0
	for _, name := range e.Unfinished {
		e.add(warning, "doctor", "incomplete", name, "was not looked at", "run this again, with a longer --timeout if it ran out of time")
	}
	slices.SortStableFunc(e.Findings, func(a, b remark) int { return slices.Index(levels, a.Level) - slices.Index(levels, b.Level) })
	e.Result = "fine"
	for _, l := range []level{warning, broken} {
		if e.count(l) > 0 {
			e.Result = string(l)
		}
	}
	e.Skipped, e.Unfinished, e.Findings = orEmpty(e.Skipped), orEmpty(e.Unfinished), orEmpty(e.Findings)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// counts says how many findings there are of each level that has any.
func (e *examined) counts() string {
	var parts []string
	for _, l := range levels {
		switch n := e.count(l); {
		case n == 0:
		case l == broken:
			parts = append(parts, fmt.Sprintf("%d broken", n))
		default:
			parts = append(parts, several(n, string(l)))
		}
	}
	return strings.Join(parts, ", ")
}

func (e *examined) count(l level) (n int) {
	for _, r := range e.Findings {
		if r.Level == l {
			n++
		}
	}
	return n
}

// print writes the findings, each with what to do.
func (d *doctor) print() error {
	p, e := d.app.printer(), d.examined
	switch p.format {
	case formatJSON:
		return p.json(e)
	case formatIDs:
		return list(p, e.Findings, func(r remark) string { return r.ID })
	}
	var b strings.Builder
	for _, r := range e.Findings {
		fmt.Fprintf(&b, "%-8s %-11s %s\n", r.Level, r.Check, clean(r.sentence()))
		fmt.Fprintf(&b, "%-8s %-11s → %s\n", "", "", clean(r.Remedy))
	}
	troubled := map[string]bool{}
	for _, r := range e.Findings {
		troubled[r.Check] = true
	}
	var well []string
	for _, l := range slices.Concat(nearLooks, farLooks, lastLooks) {
		if !troubled[l.name] && !slices.Contains(e.Skipped, l.name) && !slices.Contains(e.Unfinished, l.name) {
			well = append(well, l.name)
		}
	}
	if len(well) > 0 {
		fmt.Fprintf(&b, "%-8s %s\n", "ok", strings.Join(well, ", "))
	}
	return p.write(b.String())
}

// sentence is the finding in one line: of many subjects, the first.
func (r remark) sentence() string {
	switch n := len(r.Subjects); n {
	case 0:
		return r.Message
	case 1:
		return r.Subjects[0] + ": " + r.Message
	default:
		return fmt.Sprintf("%s and %s: %s", r.Subjects[0], several(n-1, "other"), r.Message)
	}
}
