package feed

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Severity is what a finding costs.
type Severity string

// The severities. What a specification says MUST be is an error; what a best
// practice says should be is a warning.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one place where a feed breaks a rule.
type Finding struct {
	Rule     string   `json:"rule"` // a name of the table that RuleNamed knows
	Severity Severity `json:"severity"`
	Line     int      `json:"line,omitempty"`    // from 1; 0 when the place has no line
	Column   int      `json:"column,omitempty"`  // in characters, from 1
	Pointer  string   `json:"pointer,omitempty"` // RFC 6901, into JSON that can be read
	Message  string   `json:"message"`           // what is wrong, and what would be right
}

// Where is the finding's place in words, or "" for the feed as a whole.
func (f Finding) Where() string {
	switch {
	case f.Line > 0:
		return fmt.Sprintf("line %d, column %d", f.Line, f.Column)
	default:
		return f.Pointer
	}
}

// String is the finding in one line, with its place.
func (f Finding) String() string {
	if where := f.Where(); where != "" {
		return f.Rule + " at " + where + ": " + f.Message
	}
	return f.Rule + ": " + f.Message
}

// Facts are what the rules of a whole feed want to know of one entry.
type Facts struct {
	ID       string
	Updated  string   // Atom: as it is written
	Author   bool     // Atom: it names one itself
	Prefixes []string // XML: those that it leaves to the feed to declare
}

// Lint reads a feed back and checks it against what the specifications of its
// format and of the namespaces in it demand, and what the W3C Feed Validation
// Service asks for beyond that. It stops counting at 1000 findings.
func Lint(f Format, b []byte) []Finding { return LintAt(f, b, "") }

// LintAt is Lint for a feed that is to be found at the URL self.
func LintAt(f Format, b []byte, self string) []Finding {
	l := linter{format: f, self: self}
	defer l.release()
	if f == JSON {
		if root := l.readJSON(b); root != nil {
			l.jsonDocument(root)
		}
		return l.findings()
	}
	if root := l.readXML(b, nil); root != nil {
		l.document(root)
	}
	return l.findings()
}

// LintEntry is the part of Lint that looks at one entry alone, as RenderEntry
// gives it. The places are relative to the entry.
func LintEntry(f Format, entry []byte) ([]Finding, Facts) {
	l := linter{format: f}
	defer l.release()
	var facts Facts
	if f == JSON {
		if item := l.readJSON(entry); item != nil {
			facts = l.jsonItem(item)
		}
		return l.findings(), facts
	}
	outer := &outside{format: f}
	if e := l.readXML(entry, outer); e != nil {
		facts = l.entry(e)
		facts.Prefixes = outer.needed
	}
	return l.findings(), facts
}

// LintFrame is the rest of Lint: what stands around the entries, and how these
// stand to one another. Findings about entries have no place.
func LintFrame(f Format, head, tail []byte, self string, entries []Facts) []Finding {
	l := linter{format: f, self: self}
	defer l.release()
	b := Join(f, head, nil, tail)
	if f == JSON {
		if root := l.readJSON(b); root != nil {
			l.jsonFrame(root, entries)
		}
		return l.findings()
	}
	if root := l.readXML(b, nil); root != nil {
		l.frame(root, entries)
		l.declared(root, entries)
	}
	return l.findings()
}

// Advertised is what a feed says of itself: its own URL and its hubs. A feed
// that cannot be read says nothing.
func Advertised(f Format, b []byte) (self string, hubs []string) {
	l := linter{format: f}
	defer l.release()
	if f == JSON {
		if root := l.readJSON(b); root != nil {
			return root.string("feed_url"), root.hubs()
		}
		return "", nil
	}
	root := l.readXML(b, nil)
	if root == nil {
		return "", nil
	}
	for _, link := range l.container(root).all(atomNamespace, "link") {
		href, _ := link.attr("href")
		switch relation(link) {
		case "self":
			self = href
		case "hub":
			hubs = append(hubs, href)
		}
	}
	return self, hubs
}

// maxFindings is more than anybody reads.
const maxFindings = 1000

// linter collects what is wrong with one document, or one entry.
type linter struct {
	format Format
	self   string // the URL at which the feed is, when that is known
	src    []byte // what offsets count in: the document in UTF-8
	found  []Finding

	scratch *scratch // where the fast ways read to
}

// spot is a place: an offset in the document, or a value of a JSON one.
type spot struct {
	offset int
	node   *node
}

// nowhere is the place of what concerns the feed as a whole.
var nowhere = spot{offset: -1}

// report adds a finding.
func (l *linter) report(at spot, rule, format string, args ...any) {
	if len(l.found) >= maxFindings {
		return
	}
	f := Finding{Rule: rule, Severity: rules[rule].Severity, Message: fmt.Sprintf(format, args...)}
	switch {
	case at.node != nil:
		f.Pointer = at.node.pointer()
	case at.offset >= 0:
		before := l.src[:min(at.offset, len(l.src))]
		start := bytes.LastIndexByte(before, '\n') + 1
		f.Line = bytes.Count(before, []byte("\n")) + 1
		f.Column = utf8.RuneCount(before[start:]) + 1
	}
	l.found = append(l.found, f)
}

// findings are in the order of the document where they have a line.
func (l *linter) findings() []Finding {
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return l.found
}

// clip quotes as much of a text as a message has room for.
func clip(s string) string {
	const room = 60
	if r := []rune(s[:min(len(s), 4*room)]); len(r) > room {
		s = strings.ToValidUTF8(string(r[:room]), "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
