package importer

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"syndic/feed"
)

// value is a node of the front matter with its whole key.
type value struct {
	r    *reader
	key  string
	node ast.Node
	at   *token.Token // the key's own, for a value that has no place
}

// fail makes an error at the value's place.
func (v value) fail(format string, args ...any) error {
	t := v.node.GetToken()
	if m, ok := v.node.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken() // its own is the first colon
	}
	if _, null := v.node.(*ast.NullNode); null && v.at != nil {
		t = v.at
	}
	line, column := v.place(t)
	return &Error{File: v.r.file, Line: line, Column: column, Key: v.key, Msg: fmt.Sprintf(format, args...)}
}

// warn is fail for what the document can live with.
func (v value) warn(format string, args ...any) {
	v.r.doc.Warnings = append(v.r.doc.Warnings, v.fail(format, args...).Error())
}

func (v value) empty() bool {
	_, null := v.node.(*ast.NullNode)
	return null
}

// raw is a scalar as it was typed; a quoted one without its quotes.
func (v value) raw() (string, error) {
	switch n := v.node.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	case *ast.TagNode:
		if n.GetToken().Value == "!!str" {
			return value{r: v.r, key: v.key, node: n.Value, at: v.at}.raw()
		}
	case *ast.SequenceNode:
		return "", v.fail("it must be text, not a list")
	case *ast.MappingNode, *ast.MappingValueNode:
		return "", v.fail("it must be text, not a mapping: text that holds a colon or begins with a brace needs quotes")
	}
	return "", v.fail("YAML has a meaning of its own for text that begins with %q: put it in quotes", v.node.GetToken().Value[:1])
}

// text is a scalar on one line, fit for a feed.
func (v value) text() (string, error) {
	s, err := v.raw()
	return feed.Clean(strings.Join(strings.Fields(s), " ")), err
}

// prose is text in which a "#" is more likely meant than a comment.
func (v value) prose() (string, error) {
	if t := v.node.GetToken(); t.Type == token.StringType && t.Next != nil && t.Next.Type == token.CommentType &&
		t.Next.Position.Line == t.Position.Line && strings.TrimSpace(t.Next.Value) == t.Next.Value {
		v.warn(`what follows " #" is a comment to YAML and is left out: put the whole text in quotes if it belongs to it`)
	}
	return v.text()
}

// list is the values of a list, or the value itself as the only one.
func (v value) list() []value {
	seq, ok := v.node.(*ast.SequenceNode)
	if !ok {
		if v.empty() {
			return nil
		}
		return []value{v}
	}
	out := make([]value, len(seq.Values))
	for i, n := range seq.Values {
		out[i] = value{r: v.r, key: fmt.Sprintf("%s[%d]", v.key, i), node: n, at: seq.GetToken()}
	}
	return out
}

// texts is a list of texts without empty ones and without repetition.
func (v value) texts() ([]string, error) {
	var out []string
	for _, e := range v.list() {
		s, err := e.text()
		if err != nil {
			return nil, err
		}
		if s == "" {
			e.warn("it is empty and left out")
			continue
		}
		if _, plain := e.node.(*ast.StringNode); plain && e.node == v.node && strings.Contains(s, ",") {
			e.warn("%q is one name: write [%s] for a list", s, s)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (v value) boolean() (bool, error) {
	if b, ok := v.node.(*ast.BoolNode); ok {
		return b.Value, nil
	}
	return false, v.fail("it must be true or false, without quotes")
}

// count is a whole number that is not negative.
func (v value) count(unit string) (int64, error) {
	if n, ok := v.node.(*ast.IntegerNode); ok {
		if i, err := strconv.ParseInt(n.GetToken().Value, 10, 64); err == nil && i >= 0 {
			return i, nil
		}
	}
	return 0, v.fail("it must be a whole number of %s, such as 1200", unit)
}

// clock is hours, minutes and seconds, or the latter two.
var clock = pattern(`^(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})$`)

// duration is seconds, as a number or as the hands of a clock.
func (v value) duration() (int64, error) {
	if s, ok := v.node.(*ast.StringNode); ok {
		if m := clock().FindStringSubmatch(s.Value); m != nil {
			var at [4]int64
			for i := range at[1:] {
				at[i+1], _ = strconv.ParseInt("0"+m[i+1], 10, 64) // digits, or nothing
			}
			if at[2] < 60 && at[3] < 60 {
				return at[1]*3600 + at[2]*60 + at[3], nil
			}
		}
	}
	if n, err := v.count("seconds"); err == nil {
		return n, nil
	}
	return 0, v.fail(`it must be a whole number of seconds, or "1:02:03"`)
}

// date is a date as it was typed, once it is known to be one.
func (v value) date() (string, error) {
	s, err := v.text()
	if err != nil || s == "" {
		return "", err
	}
	if _, err := feed.ParseDate(s, time.UTC); err != nil {
		return "", v.fail("%v", err)
	}
	return s, nil
}

// web is an absolute http or https URL.
func (v value) web() (string, error) {
	s, err := v.text()
	if err != nil || s == "" {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", v.fail("%q is not an absolute URL: write one that begins with https:// or http://", s)
	}
	return ascii(s, u), nil
}

// file is an absolute URL, or one relative to the post's page.
func (v value) file() (string, error) {
	s, err := v.text()
	if err != nil || s == "" {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || strings.ContainsFunc(s, unicode.IsSpace) || u.Opaque != "" || u.Scheme != "" && u.Host == "" {
		return "", v.fail("%q is not a URL: write one that begins with https://, or a path without spaces", s)
	}
	if u.Scheme != "" {
		return v.web()
	}
	v.r.link(s)
	return ascii(s, u), nil
}

// ascii percent-encodes what a URL in a feed must not hold.
func ascii(s string, u *url.URL) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return u.String()
	}
	return s
}
