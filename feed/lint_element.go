package feed

import (
	"encoding/xml"
	"slices"
	"strings"
)

// prefixes are the usual ones of the namespaces that the linter knows, by URI.
var prefixes = map[string]string{
	"http://www.w3.org/2005/Atom":                          "atom",
	"http://purl.org/rss/1.0/modules/content/":             "content",
	"http://purl.org/dc/elements/1.1/":                     "dc",
	"http://purl.org/rss/1.0/modules/syndication/":         "sy",
	"http://search.yahoo.com/mrss/":                        "media",
	"http://purl.org/syndication/thread/1.0":               "thr",
	"http://purl.org/syndication/history/1.0":              "fh",
	"http://wellformedweb.org/CommentAPI/":                 "wfw",
	"http://purl.org/rss/1.0/modules/slash/":               "slash",
	"http://backend.userland.com/creativeCommonsRssModule": "creativeCommons",
	podcastNamespace:                                       "itunes",
}

// namespaces are their URIs by prefix.
var namespaces = func() map[string]string {
	all := map[string]string{}
	for uri, prefix := range prefixes {
		all[prefix] = uri
	}
	return all
}()

const (
	contentNamespace = "http://purl.org/rss/1.0/modules/content/"
	dcNamespace      = "http://purl.org/dc/elements/1.1/"
	syNamespace      = "http://purl.org/rss/1.0/modules/syndication/"
	mediaNamespace   = "http://search.yahoo.com/mrss/"
	xhtmlNamespace   = "http://www.w3.org/1999/xhtml"
)

// String is how messages name an element.
func (e *element) String() string { return nameOf(e.name) }

func nameOf(name xml.Name) string {
	if p := prefixes[name.Space]; p != "" && p != "atom" {
		return p + ":" + name.Local
	}
	return name.Local
}

// bracketed is an element as messages show it.
type bracketed struct{ e *element }

func (b bracketed) String() string { return "<" + b.e.String() + ">" }

// subject names in a message what is no element.
type subject string

func (s subject) String() string { return string(s) }

// value is the element's text without white space around it.
func (e *element) value() string { return strings.Trim(e.text, " \t\r\n") }

// attr is an attribute without a namespace.
func (e *element) attr(local string) (string, bool) {
	return e.attribute(xml.Name{Local: local})
}

func (e *element) attribute(name xml.Name) (string, bool) {
	for _, a := range e.attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

func (e *element) all(space, local string) []*element {
	var list []*element
	for _, c := range e.children {
		if c.name.Local == local && c.name.Space == space {
			list = append(list, c)
		}
	}
	return list
}

// child is the first of that name, or nil.
func (e *element) child(space, local string) *element {
	for _, c := range e.children {
		if c.name.Local == local && c.name.Space == space {
			return c
		}
	}
	return nil
}

// based tells whether relative references in the element have a base of their
// own (XML Base).
func (e *element) based() bool {
	for ; e != nil; e = e.parent {
		if _, ok := e.attribute(xml.Name{Space: xmlNamespace, Local: "base"}); ok {
			return true
		}
	}
	return false
}

// part is an element that may stand in another.
type part struct {
	many  bool       // more than once
	attrs string     // the attributes without a namespace that it may have
	open  bool       // what it holds is looked at elsewhere, or not at all
	entry bool       // it is checked on its own
	in    vocabulary // what it may hold; nothing but text when nil
	check func(*linter, *element)
}

// vocabulary is what may stand in an element, besides elements of namespaces
// that the linter does not know.
type vocabulary map[xml.Name]part

// contents checks what an element holds against a vocabulary.
func (l *linter) contents(e *element, v vocabulary) {
	if v != nil && e.value() != "" {
		l.report(e.spot, l.ruleFor(e.name.Space, "unexpected-text"), "<%s> holds the text %s beside its elements: nobody reads it", e, clip(e.value()))
	}
	var room [16]*element
	seen := room[:0] // of those that may stand once
	for _, c := range e.children {
		p, ok := v[c.name]
		if p.entry {
			continue
		}
		if !ok && v != nil && (l.format == RSS || c.name.Space != atomNamespace) {
			p, ok = extensions[c.name]
		}
		if !ok {
			l.unknown(e, c, v == nil)
			continue
		}
		if !p.many {
			if slices.ContainsFunc(seen, func(s *element) bool { return s.name == c.name }) {
				l.report(c.spot, l.ruleFor(c.name.Space, "twice"), "<%s> stands in <%s> more than once", c, e)
			} else {
				seen = append(seen, c)
			}
		}
		l.attributes(c, p.attrs)
		if !p.open {
			l.contents(c, p.in)
		}
		if p.check != nil {
			p.check(l, c)
		}
	}
}

// unknown judges an element that is in no vocabulary: those of other
// namespaces are welcome wherever elements are.
func (l *linter) unknown(parent, e *element, leaf bool) {
	switch {
	case leaf:
		l.report(e.spot, l.ruleFor(parent.name.Space, "unknown-element"), "<%s> stands in <%s>, which holds text only", e, parent)
	case e.name.Space == "" || prefixes[e.name.Space] != "":
		l.report(e.spot, l.ruleFor(e.name.Space, "unknown-element"), "<%s> has no meaning in <%s>: check its spelling, or remove it", e, parent)
	case e.name.Space+"/" == mediaNamespace:
		l.report(e.spot, "extension-unknown-element", "the namespace %s lacks its last slash: write %s", e.name.Space, mediaNamespace)
	}
}

// ruleFor is the rule of that end which holds in a namespace.
func (l *linter) ruleFor(space, end string) string {
	switch {
	case space == atomNamespace || space == "" && l.format == Atom:
		return "atom-" + end
	case space == "":
		return "rss-" + end
	default:
		return "extension-" + end
	}
}

// attributes checks those without a namespace, and the language.
func (l *linter) attributes(e *element, allowed string) {
	for _, a := range e.attrs {
		switch {
		case a.Name.Space == xmlNamespace && a.Name.Local == "lang":
			if a.Value != "" { // which takes a language back
				l.language(e.spot, "xml-lang", subject("xml:lang"), a.Value)
			}
		case a.Name.Space != "" || a.Name.Local == "xmlns":
		case !among(allowed, a.Name.Local):
			l.report(e.spot, l.ruleFor(e.name.Space, "unknown-attribute"), "<%s> has no attribute %s: remove it", e, a.Name.Local)
		}
	}
}

// among tells whether a word is in a list that has blanks between its words.
func among(list, word string) bool {
	for w := range strings.SplitSeq(list, " ") {
		if w == word {
			return true
		}
	}
	return false
}

// document checks a whole feed.
func (l *linter) document(root *element) {
	var entries []Facts
	for _, e := range l.entriesOf(root) {
		facts := l.entry(e)
		entries = append(entries, facts)
	}
	l.frame(root, entries)
}

// container is the element that holds a feed's entries.
func (l *linter) container(root *element) *element {
	if l.format == RSS {
		if channel := root.child("", "channel"); channel != nil {
			return channel
		}
	}
	return root
}

func (l *linter) entriesOf(root *element) []*element {
	if l.format == RSS {
		return l.container(root).all("", "item")
	}
	return root.all(atomNamespace, "entry")
}

// entry checks one entry alone.
func (l *linter) entry(e *element) Facts {
	if l.format == RSS {
		return l.rssItem(e)
	}
	return l.atomEntry(e)
}

// frame checks all but the insides of the entries.
func (l *linter) frame(root *element, entries []Facts) {
	if l.format == RSS {
		l.rssFrame(root, entries)
	} else {
		l.atomFrame(root, entries)
	}
}
