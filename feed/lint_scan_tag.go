package feed

import (
	"encoding/xml"
	"slices"
	"strings"
)

// start reads a start tag.
func (s *xmlScanner) start() bool {
	e := &s.elements.take(1)[0]
	e.offset = s.at
	s.at++
	name, written := s.name()
	if written == "" || len(s.open) == maxScanned || len(s.open) == 0 && s.root != nil {
		return false
	}
	here := scannedElement{e, written, len(s.closed), len(s.texts), len(s.scope)}
	if !s.attributes() || !s.resolve(&name, true) {
		return false
	}
	e.name, e.from = name, s.at
	if e.attrs = s.attrs.take(len(s.pending)); !s.settle(e.attrs) {
		return false
	}
	if len(s.open) > 0 {
		e.parent = s.open[len(s.open)-1].element
	} else {
		s.root = e
	}
	s.open = append(s.open, here)
	return true
}

// name reads a name in ASCII, with its prefix for a namespace.
func (s *xmlScanner) name() (name xml.Name, written string) {
	first := s.part()
	if !strings.HasPrefix(s.src[s.at:], ":") {
		return xml.Name{Local: first}, first
	}
	s.at++
	local := s.part()
	if first == "" || local == "" {
		return name, ""
	}
	return xml.Name{Space: first, Local: local}, s.src[s.at-len(first)-len(":")-len(local) : s.at]
}

// part reads a name without a colon.
func (s *xmlScanner) part() string {
	start := s.at
	for ; s.at < len(s.src); s.at++ {
		c := s.src[s.at]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (s.at == start || (c < '0' || c > '9') && c != '-' && c != '.') {
			break
		}
	}
	return s.src[start:s.at]
}

// attributes reads the rest of a start tag into pending, and the namespaces
// that it declares into scope.
func (s *xmlScanner) attributes() bool {
	s.pending = s.pending[:0]
	for strings.HasPrefix(s.src[s.at:], " ") {
		s.at++
		name, written := s.name()
		rest, ok := strings.CutPrefix(s.src[s.at:], `="`)
		end := strings.IndexByte(rest, '"')
		if written == "" || !ok || end < 0 || strings.IndexByte(rest[:end], '<') >= 0 || len(s.pending) == maxScanned {
			return false
		}
		val, ok := unescaped(rest[:end], references)
		if !ok {
			return false
		}
		s.at += len(`="`) + end + len(`"`)
		s.pending = append(s.pending, xml.Attr{Name: name, Value: val})
		switch {
		case written == "xmlns":
			s.scope = append(s.scope, binding{"", val})
		case name.Space == "xmlns":
			if badReference(val) != "" {
				return false
			}
			s.scope = append(s.scope, binding{name.Local, val})
		}
	}
	if !strings.HasPrefix(s.src[s.at:], ">") {
		return false
	}
	s.at++
	return true
}

// settle resolves the pending attributes. None may stand twice.
func (s *xmlScanner) settle(attrs []xml.Attr) bool {
	for i, a := range s.pending {
		if a.Name.Space != "" && !s.resolve(&a.Name, false) {
			return false
		}
		if slices.ContainsFunc(attrs[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
			return false
		}
		attrs[i] = a
	}
	return true
}

// resolve turns a name's prefix into the URI of its namespace, if it has one.
func (s *xmlScanner) resolve(name *xml.Name, element bool) bool {
	switch name.Space {
	case "xml":
		name.Space = xmlNamespace
		return !element
	case "xmlns":
		return !element
	}
	for _, b := range slices.Backward(s.scope) {
		if b.prefix == name.Space {
			name.Space = b.uri
			return true
		}
	}
	if uri, ok := s.outer.resolve(name.Space); ok {
		name.Space = uri
		return true
	}
	return name.Space == ""
}
