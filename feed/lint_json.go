package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what a JSON value is, as messages name it.
type kind string

const (
	jsonNull    kind = "null"
	jsonBoolean kind = "a boolean"
	jsonNumber  kind = "a number"
	jsonString  kind = "a string"
	jsonArray   kind = "an array"
	jsonObject  kind = "an object"
)

// node is a value of a document that was read strictly.
type node struct {
	kind   kind
	text   string  // of a string, a number or a boolean
	items  []*node // of an array, or an object's in their order
	parent *node
	key    string // in the parent
}

func (v *node) spot() spot { return spot{node: v} }

// String is how messages name it.
func (v *node) String() string { return v.key }

// pointer is the value's place (RFC 6901).
func (v *node) pointer() string {
	if v.parent == nil {
		return ""
	}
	return v.parent.pointer() + "/" + pointerEscapes.Replace(v.key)
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// member is an object's member of that name, or nil.
func (v *node) member(key string) *node {
	if v.kind != jsonObject {
		return nil
	}
	for _, m := range v.items {
		if m.key == key {
			return m
		}
	}
	return nil
}

// string is the text of a member that is a string.
func (v *node) string(key string) string {
	if m := v.member(key); m != nil && m.kind == jsonString {
		return m.text
	}
	return ""
}

// hubs are the URLs of a feed's hubs.
func (v *node) hubs() []string {
	var urls []string
	if list := v.member("hubs"); list != nil {
		for _, hub := range list.items {
			urls = append(urls, hub.string("url"))
		}
	}
	return urls
}

// readJSON returns the document's value, or nil if there is none to speak of.
func (l *linter) readJSON(b []byte) *node {
	l.src = b
	if root := l.scanJSON(b); root != nil {
		return root
	}
	return l.readAnyJSON(b)
}

// readAnyJSON is the general way, which has findings.
func (l *linter) readAnyJSON(b []byte) *node {
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		l.report(spot{}, "json-syntax", "the feed begins with a byte order mark, which JSON must not have")
		return nil
	}
	if !utf8.Valid(b) {
		at := bytes.IndexFunc(b, func(r rune) bool { return r == utf8.RuneError })
		for at >= 0 && bytes.HasPrefix(b[at:], []byte("\uFFFD")) { // written out, it is a character
			next := bytes.IndexFunc(b[at+3:], func(r rune) bool { return r == utf8.RuneError })
			at += 3 + next
		}
		l.report(spot{offset: at}, "json-syntax", "the byte 0x%02X is not UTF-8", b[at])
		return nil
	}
	if !json.Valid(b) {
		var all json.RawMessage
		err := json.Unmarshal(b, &all)
		at := len(b)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = int(syntax.Offset) - 1
		}
		l.report(spot{offset: max(at, 0)}, "json-syntax", "it is not JSON: %v", err)
		return nil
	}
	r := jsonReader{l: l, rest: b}
	return r.read(nil, "")
}

// jsonReader reads a document that is known to be valid.
type jsonReader struct {
	l    *linter
	rest []byte
}

// next is the first byte that is neither white space nor between two values.
func (r *jsonReader) next() byte {
	r.rest = bytes.TrimLeft(r.rest, " \t\r\n,:")
	return r.rest[0]
}

func (r *jsonReader) read(parent *node, key string) *node {
	v := &node{parent: parent, key: key}
	switch r.next() {
	case '{':
		v.kind = jsonObject
		r.readItems(v, '}')
	case '[':
		v.kind = jsonArray
		r.readItems(v, ']')
	case '"':
		v.kind, v.text = jsonString, r.string()
		r.l.characters(v.spot(), v.text)
	default:
		end := bytes.IndexAny(r.rest, " \t\r\n,]}")
		if end < 0 {
			end = len(r.rest)
		}
		v.text, r.rest = string(r.rest[:end]), r.rest[end:]
		switch v.text {
		case "null":
			v.kind = jsonNull
		case "true", "false":
			v.kind = jsonBoolean
		default:
			v.kind = jsonNumber
		}
	}
	return v
}

func (r *jsonReader) string() string {
	end, escaped := 1, false
	for ; r.rest[end] != '"'; end++ {
		if r.rest[end] == '\\' {
			escaped = true
			end++
		}
	}
	raw := r.rest[:end+1]
	r.rest = r.rest[end+1:]
	if !escaped {
		return string(raw[1:end])
	}
	if s, ok := unquoted(raw[1:end]); ok {
		return s
	}
	var s string
	_ = json.Unmarshal(raw, &s) // as valid as the rest
	return s
}

// unquoted resolves the escapes of one letter; not ok when there is another.
func unquoted(raw []byte) (string, bool) {
	const letters, chars = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	b := make([]byte, 0, len(raw))
	for at := bytes.IndexByte(raw, '\\'); at >= 0; at = bytes.IndexByte(raw, '\\') {
		which := strings.IndexByte(letters, raw[at+1])
		if which < 0 {
			return "", false
		}
		b, raw = append(append(b, raw[:at]...), chars[which]), raw[at+2:]
	}
	return string(append(b, raw...)), true
}

func (r *jsonReader) readItems(v *node, end byte) {
	r.rest = r.rest[1:]
	seen := map[string]bool{}
	for i := 0; r.next() != end; i++ {
		key := strconv.Itoa(i)
		if v.kind == jsonObject {
			key = r.string()
			if seen[key] {
				r.l.report((&node{parent: v, key: key}).spot(), "json-key-twice", "the key %s stands twice: readers take the first, the last or none", clip(key))
			}
			seen[key] = true
		}
		v.items = append(v.items, r.read(v, key))
	}
	r.rest = r.rest[1:]
}
