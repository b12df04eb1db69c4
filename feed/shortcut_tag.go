package feed

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// place is what an element may hold. An element stands in several of them.
type place uint8

const (
	blocks   place = 1 << iota // paragraphs, lists, tables, and text
	phrases                    // text, some of it marked
	items                      // those of a list
	parts                      // a table's head and body
	rows                       // of a table
	cells                      // of a row
	codeOnly                   // in <pre>, at the start of which a parser drops a line break

	nothing place = 0
)

// custom says where an element may stand, what it may hold, and which
// attributes it may have. It may stand only where a parser leaves it.
type custom struct {
	stands, holds place
	attributes    []string
}

// usual has the elements that the shortcut takes. Each is also in elements.
var usual = map[string]custom{
	"p": {blocks, phrases, nil}, "blockquote": {blocks, blocks, nil}, "hr": {blocks, nothing, nil},
	"h1": {blocks, phrases, nil}, "h2": {blocks, phrases, nil}, "h3": {blocks, phrases, nil},
	"h4": {blocks, phrases, nil}, "h5": {blocks, phrases, nil}, "h6": {blocks, phrases, nil},
	"ul": {blocks, items, nil}, "ol": {blocks, items, []string{"start"}}, "li": {items, blocks, nil},
	"figure": {blocks, blocks, nil}, "figcaption": {blocks, phrases, nil},

	"pre":  {blocks, codeOnly, nil},
	"code": {blocks | phrases | codeOnly, phrases, []string{"class"}},

	"table": {blocks, parts, nil}, "thead": {parts, rows, nil}, "tbody": {parts, rows, nil}, "tr": {rows, cells, nil},
	"th": {cells, phrases, []string{"align"}}, "td": {cells, phrases, []string{"align"}},

	"em": {blocks | phrases, phrases, nil}, "strong": {blocks | phrases, phrases, nil}, "del": {blocks | phrases, phrases, nil},
	"b": {blocks | phrases, phrases, nil}, "i": {blocks | phrases, phrases, nil}, "u": {blocks | phrases, phrases, nil},
	"sub": {blocks | phrases, phrases, nil}, "sup": {blocks | phrases, phrases, nil}, "kbd": {blocks | phrases, phrases, nil},
	"a":   {blocks | phrases, phrases, []string{"href", "title"}},
	"img": {blocks | phrases, nothing, []string{"src", "alt", "title"}},
	"br":  {blocks | phrases, nothing, nil},
}

// attributes takes those of a start tag, in the order of the list, as parsers
// sort some. A link to nowhere and a picture of nothing do not stay.
func (s *shortcut) attributes(e custom) bool {
	rest, needed := e.attributes, len(e.attributes) > 1
	for strings.HasPrefix(s.src[s.at:], " ") {
		tag := s.src[s.at+1:]
		i := slices.IndexFunc(rest, func(key string) bool {
			return strings.HasPrefix(tag, key) && strings.HasPrefix(tag[len(key):], `="`)
		})
		if i < 0 || needed && i > 0 {
			break
		}
		s.at += len(` ="`) + len(rest[i])
		end := strings.IndexByte(s.src[s.at:], '"')
		if end < 0 || !s.attribute(rest[i], s.src[s.at:s.at+end]) {
			return false
		}
		s.at++
		rest, needed = rest[i+1:], false
	}
	return !needed
}

// attribute takes a value.
func (s *shortcut) attribute(key, value string) bool {
	switch key {
	case "href", "src":
		return s.address(value)
	case "class":
		return codeLanguage(value) && s.skip(len(value))
	case "align":
		return (value == "left" || value == "right" || value == "center") && s.skip(len(value))
	case "start":
		return value != "" && len(value) < 10 && strings.Trim(value, "0123456789") == "" && s.skip(len(value))
	default:
		return s.characters(s.at+len(value), "&#34;")
	}
}

// codeLanguage tells a class of one word that keptClass matches.
func codeLanguage(class string) bool {
	name, ok := strings.CutPrefix(class, "language-")
	return ok && name != "" && madeOf(name, "_+#.-")
}

// address takes a URL that is as it stays when it has been rewritten once.
func (s *shortcut) address(value string) bool {
	from, to := s.at, s.at+len(value)
	s.at = to
	if settled(value) {
		return true
	}
	raw, ok := unescaped(value, usualReferences)
	if !ok {
		return false
	}
	u := s.r.link(raw)
	if u != raw || raw != value {
		s.replace(from, to, strings.ReplaceAll(html.EscapeString(u), "&#39;", "'"))
	}
	return u != "" && (settled(u) || s.r.keeps(u))
}

// keeps tells whether an address that link gave passes the filter, and link,
// as it is.
func (r rewriter) keeps(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "" || slices.Contains(schemes, u.Scheme)) && u.String() == address &&
		!strings.ContainsAny(address, " \t\n") && r.link(address) == address
}

// settled tells of most addresses that link, and the filter, leave them as
// they are: of the web, with a host, and with nothing that is to be escaped.
func settled(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(address, "http://")
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return ok && host != "" && madeOf(host, ".-") && madeOf(path, "/.-_~") && !strings.Contains(path, "/.")
}

// madeOf tells whether s has only letters and digits of ASCII, and those
// marks.
func madeOf(s, marks string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(marks, c) >= 0) {
			return false
		}
	}
	return true
}
