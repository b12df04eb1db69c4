package feed

import (
	"slices"
	"strings"
)

// reference is a character as markup writes it.
type reference struct {
	name string
	char byte
}

// usualReferences are those that writers of HTML use for characters that they
// cannot write; references are those that writers of XML use.
var (
	usualReferences = []reference{{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&#34;", '"'}, {"&#39;", '\''}, {"&quot;", '"'}}
	references      = slices.Concat(usualReferences, []reference{
		{"&apos;", '\''}, {"&#xA;", '\n'}, {"&#x9;", '\t'}, {"&#x26;", '&'}, {"&#x3C;", '<'}, {"&#x3E;", '>'},
	})
)

// beginning is the reference that text begins with, if it is in the list.
func beginning(text string, list []reference) (r reference, ok bool) {
	for _, r := range list {
		if strings.HasPrefix(text, r.name) {
			return r, true
		}
	}
	return reference{}, false
}

// unescaped resolves references; not ok when there is one that is not in the
// list.
func unescaped(text string, list []reference) (string, bool) {
	at := strings.IndexByte(text, '&')
	if at < 0 {
		return text, true
	}
	b := make([]byte, 0, len(text))
	for ; at >= 0; at = strings.IndexByte(text, '&') {
		b, text = append(b, text[:at]...), text[at:]
		r, ok := beginning(text, list)
		if !ok {
			return "", false
		}
		b, text = append(b, r.char), text[len(r.name):]
	}
	return string(append(b, text...)), true
}
