package feed

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonScanner reads the JSON that our writers write into the tree that
// jsonReader makes of it, and proves in passing that it is valid. It gives up
// at whatever it does not know: it has no findings of its own.
type jsonScanner struct {
	src   []byte
	at    int
	quote int    // where the next one stands, if that is not behind at
	text  []byte // of all keys and values

	spans   []span
	pending []*node // the members so far of all that are open
	nodes   slab[node]
	lists   slab[*node]
}

// span is where a node's key and text stand within all text.
type span struct {
	*node
	key, text, end int
}

// scanJSON is readJSON for an object, or nil if that is to have a closer look.
func (l *linter) scanJSON(src []byte) *node {
	if !utf8.Valid(src) || unmeant(src) {
		return nil
	}
	s := &l.room().json
	s.src, s.quote = src, -1
	root := s.value(nil, 0, 0)
	if s.next(); root == nil || root.kind != jsonObject || s.at < len(src) {
		return nil
	}
	text := string(s.text)
	for _, p := range s.spans {
		p.node.key, p.node.text = text[p.key:p.text], text[p.text:p.end]
	}
	for _, p := range s.spans {
		if p.kind == jsonObject && !distinct(p.items) {
			return nil
		}
	}
	return root
}

func (s *jsonScanner) reset() {
	s.src, s.at, s.text = nil, 0, s.text[:0]
	if cap(s.text) > maxScannedText {
		s.text = nil
	}
	s.spans, s.pending = emptied(s.spans), emptied(s.pending)
	s.nodes.reset()
	s.lists.reset()
}

// maxScannedText is how much room for text is kept.
const maxScannedText = 64 << 10

// next skips white space, and tells what follows: 0 at the end.
func (s *jsonScanner) next() byte {
	for ; s.at < len(s.src); s.at++ {
		if c := s.src[s.at]; c != ' ' && c != '\n' {
			return c
		}
	}
	return 0
}

// value reads a value whose key begins at an offset of text, or gives nil.
func (s *jsonScanner) value(parent *node, key, depth int) *node {
	v := &s.nodes.take(1)[0]
	v.parent = parent
	p := span{v, key, len(s.text), len(s.text)}
	var ok bool
	switch s.next() {
	case '{':
		v.kind = jsonObject
		ok = s.members(v, '}', depth+1)
	case '[':
		v.kind = jsonArray
		ok = s.members(v, ']', depth+1)
	case '"':
		v.kind = jsonString
		ok = s.string()
		p.end = len(s.text)
	default:
		v.kind, ok = s.word()
		p.end = len(s.text)
	}
	if !ok {
		return nil
	}
	s.spans = append(s.spans, p)
	return v
}

// members reads what stands in an object or an array.
func (s *jsonScanner) members(v *node, end byte, depth int) bool {
	if depth > maxScanned {
		return false
	}
	mark := len(s.pending)
	s.at++
	for i := 0; ; i++ {
		c := s.next()
		if c == end && i == 0 {
			break
		}
		key := len(s.text)
		if v.kind == jsonArray {
			s.text = strconv.AppendInt(s.text, int64(i), 10)
		} else if !s.key() {
			return false
		}
		m := s.value(v, key, depth)
		if m == nil {
			return false
		}
		s.pending = append(s.pending, m)
		if c = s.next(); c == end {
			break
		} else if c != ',' {
			return false
		}
		s.at++
	}
	s.at++
	v.items = s.lists.take(len(s.pending) - mark)
	copy(v.items, s.pending[mark:])
	s.pending = s.pending[:mark]
	return true
}

// key reads a key and the colon behind it.
func (s *jsonScanner) key() bool {
	if s.next() != '"' || !s.string() || s.next() != ':' {
		return false
	}
	s.at++
	return true
}

// string reads a string into text.
func (s *jsonScanner) string() bool {
	s.at++
	for {
		if s.quote < s.at {
			n := bytes.IndexByte(s.src[s.at:], '"')
			if n < 0 {
				return false
			}
			s.quote = s.at + n
		}
		piece := s.src[s.at:s.quote]
		escape := bytes.IndexByte(piece, '\\')
		if escape >= 0 {
			piece = piece[:escape]
		}
		if hasControl(piece, "") {
			return false
		}
		s.text = append(s.text, piece...)
		s.at += len(piece) + 1
		if escape < 0 {
			return true
		}
		const letters, chars = `"\/nrt`, "\"\\/\n\r\t" // the others are control codes, or rare
		which := strings.IndexByte(letters, s.src[s.at])
		if which < 0 {
			return false
		}
		s.text = append(s.text, chars[which])
		s.at++
	}
}

// word reads a number that is whole, true, false or null into text.
func (s *jsonScanner) word() (kind, bool) {
	start := s.at
	for ; s.at < len(s.src); s.at++ {
		if c := s.src[s.at]; (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			break
		}
	}
	word := s.src[start:s.at]
	s.text = append(s.text, word...)
	switch string(word) {
	case "true", "false":
		return jsonBoolean, true
	case "null":
		return jsonNull, true
	}
	whole := len(word) > 0 && (word[0] != '0' || len(word) == 1)
	for _, c := range word {
		whole = whole && c <= '9'
	}
	return jsonNumber, whole
}

// distinct tells whether no key stands twice, if there are not many.
func distinct(members []*node) bool {
	if len(members) > maxScanned {
		return false
	}
	for i, m := range members {
		for _, other := range members[:i] {
			if m.key == other.key {
				return false
			}
		}
	}
	return true
}
