package feed

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// xmlScanner reads the XML that our writers write into the tree that xmlReader
// makes of it. It knows no comments, no instructions, no document types, no
// empty tags and no rare spelling, and gives up at whatever it does not know:
// it has no findings of its own.
type xmlScanner struct {
	src   string
	at    int
	outer *outside
	root  *element

	open     []scannedElement
	closed   []*element // the children so far of all that are open
	texts    []string   // and their character data
	scope    []binding
	pending  []xml.Attr // of the tag that is read, with the prefixes as they are written
	elements slab[element]
	children slab[*element]
	attrs    slab[xml.Attr]
}

// maxScanned is deeper than feeds go, and many attributes for a tag.
const maxScanned = 32

// scannedElement is one whose end has not been read.
type scannedElement struct {
	*element
	name                 string // as it is written
	closed, texts, scope int    // where its own begin
}

// binding is a prefix with its namespace.
type binding struct{ prefix, uri string }

// scanXML is readXML for a document that is in UTF-8 and has no illegal
// characters, or nil if that is to have a closer look.
func (l *linter) scanXML(src []byte, outer *outside) *element {
	if bytes.IndexByte(src, '\r') >= 0 || unmeant(src) {
		return nil
	}
	s := &l.room().xml
	s.src, s.outer = string(src), outer
	s.at = len(s.src) - len(strings.TrimPrefix(s.src, declaration))
	for s.at < len(s.src) {
		if !s.token() {
			return nil
		}
	}
	if len(s.open) > 0 {
		return nil
	}
	return s.root
}

func (s *xmlScanner) reset() {
	s.src, s.at, s.outer, s.root = "", 0, nil, nil
	s.open, s.closed, s.texts = emptied(s.open), emptied(s.closed), emptied(s.texts)
	s.scope, s.pending = emptied(s.scope), emptied(s.pending)
	s.elements.reset()
	s.children.reset()
	s.attrs.reset()
}

// token reads what comes next, and tells whether it is known.
func (s *xmlScanner) token() bool {
	rest := s.src[s.at:]
	if rest[0] != '<' {
		end := strings.IndexByte(rest, '<')
		if end < 0 {
			end = len(rest)
		}
		return s.text(end)
	}
	if section, ok := strings.CutPrefix(rest, "<![CDATA["); ok {
		text, _, ends := strings.Cut(section, "]]>")
		s.at += len("<![CDATA[") + len(text) + len("]]>")
		return ends && s.add(text)
	}
	if strings.HasPrefix(rest, "</") {
		return s.end(rest[len("</"):])
	}
	return s.start()
}

// text reads character data of n bytes.
func (s *xmlScanner) text(n int) bool {
	piece := s.src[s.at : s.at+n]
	s.at += n
	if len(s.open) == 0 {
		return strings.Trim(piece, " \t\n") == ""
	}
	if strings.IndexByte(piece, ']') >= 0 && strings.Contains(piece, "]]>") {
		return false
	}
	piece, ok := unescaped(piece, references)
	return ok && s.add(piece)
}

// add gives character data to the element that is open.
func (s *xmlScanner) add(piece string) bool {
	if piece != "" {
		s.texts = append(s.texts, piece)
	}
	return len(s.open) > 0
}

// end reads an end tag, but for its first two bytes.
func (s *xmlScanner) end(rest string) bool {
	if len(s.open) == 0 {
		return false
	}
	e := s.open[len(s.open)-1]
	if !strings.HasPrefix(rest, e.name) || !strings.HasPrefix(rest[len(e.name):], ">") {
		return false
	}
	e.text, e.to = strings.Join(s.texts[e.texts:], ""), s.at
	if n := len(s.closed) - e.closed; n > 0 {
		e.children = s.children.take(n)
		copy(e.children, s.closed[e.closed:])
	}
	s.open, s.texts, s.scope = s.open[:len(s.open)-1], s.texts[:e.texts], s.scope[:e.scope]
	s.closed = append(s.closed[:e.closed], e.element)
	s.at += len("</>") + len(e.name)
	return true
}
