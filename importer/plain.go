package importer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// plain reads front matter of the simplest kind, which most is: a key and a
// text on each line, and lists of texts. It takes over what front would, at a
// tenth of the cost, or declines: what is written in any other way, and what
// its author is to be told something about.
func (r *reader) plain(text string) bool {
	p := reader{doc: r.doc, file: r.file, lines: r.lines}
	var keys []string
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		name, written, ok := strings.Cut(line, ":")
		set := known[name]
		if !ok || set == nil || slices.Contains(keys, name) {
			return false
		}
		keys = append(keys, name)
		var node ast.Node
		if written == "" {
			node, text = dashed(text)
		} else {
			node = inline(strings.TrimPrefix(written, " "), len(written) > 1 && written[0] == ' ')
		}
		if node == nil || set(value{r: &p, key: name, node: node, at: node.GetToken()}) != nil || len(p.doc.Warnings) > 0 {
			return false
		}
	}
	r.doc = p.doc
	return len(keys) > 0
}

// inline is what stands behind a key and a space; nil when it is not plain.
func inline(s string, spaced bool) ast.Node {
	if !spaced {
		return nil
	}
	if s == "true" || s == "false" {
		return &ast.BoolNode{BaseNode: &ast.BaseNode{}, Token: &token.Token{Type: token.BoolType, Value: s}, Value: s == "true"}
	}
	inner, opened := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return scalarNode(s)
	}
	var items []ast.Node
	for item := range strings.SplitSeq(inner, ",") {
		if len(items) > 0 {
			item = strings.TrimPrefix(item, " ")
		}
		if !word(item) || strings.ContainsAny(item, "[]{}") {
			return nil
		}
		items = append(items, stringNode(token.StringType, item))
	}
	return sequence(items)
}

// dashed is the list in the lines that follow a key, and what follows them.
func dashed(text string) (ast.Node, string) {
	var items []ast.Node
	indent := len(text) - len(strings.TrimLeft(text, " "))
	for len(text) > indent+1 && text[indent:indent+2] == "- " && strings.TrimLeft(text[:indent], " ") == "" {
		line, rest, _ := strings.Cut(text, "\n")
		if !word(line[indent+2:]) {
			return nil, text
		}
		items = append(items, stringNode(token.StringType, line[indent+2:]))
		text = rest
	}
	if items == nil {
		return nil, text
	}
	return sequence(items), text
}

func sequence(items []ast.Node) ast.Node {
	return &ast.SequenceNode{BaseNode: &ast.BaseNode{}, Start: &token.Token{Type: token.SequenceStartType, Value: "["}, Values: items}
}

func stringNode(kind token.Type, s string) ast.Node {
	return &ast.StringNode{BaseNode: &ast.BaseNode{}, Token: &token.Token{Type: kind, Value: s}, Value: s}
}

// scalarNode is a text, as a word, as a date, or in quotes; nil for anything else.
func scalarNode(s string) ast.Node {
	if word(s) || day(s) {
		return stringNode(token.StringType, s)
	}
	if inner, ok := quoted(s, `"`); ok {
		return stringNode(token.DoubleQuoteType, inner)
	}
	if inner, ok := quoted(s, "'"); ok {
		return stringNode(token.SingleQuoteType, inner)
	}
	return nil
}

// quoted is a text without its quotes, if nothing in it is escaped.
func quoted(s, quote string) (inner string, ok bool) {
	inner, opened := strings.CutPrefix(s, quote)
	inner, closed := strings.CutSuffix(inner, quote)
	return inner, opened && closed && !strings.Contains(inner, quote) && !strings.Contains(inner, `\`) && printable(inner)
}

// day tells whether a text begins with a date and goes on with what may belong
// to a time.
func day(s string) bool {
	if len(s) < len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9') && !strings.ContainsRune("-:TZ+. ", rune(c)) {
			return false
		}
	}
	return s[len(s)-1] != ' ' && s[len(s)-1] != ':' && !strings.Contains(s, ": ")
}

// word tells whether a text that begins with a letter means itself in YAML.
func word(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(first) && printable(s) && (len(s) > longestWord || !words().MatchString(s)) &&
		!strings.HasSuffix(s, " ") && !strings.HasSuffix(s, ":") && !strings.Contains(s, ": ") && !strings.Contains(s, " #")
}

// printable tells whether a text holds what no YAML reader takes for a break
// or a mark.
func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) {
			return false
		}
	}
	return true
}
