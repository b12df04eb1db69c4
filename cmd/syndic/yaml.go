package main

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a configuration may have at most: the parser's time grows faster than
// its input does.
const (
	maxConfigBytes = 1 << 20
	maxYAMLDepth   = 64
)

// place is where something stands in a file, from 1.
type place struct{ line, col int }

// problem is one thing that is wrong in a file.
type problem struct {
	place
	key     string // the whole key path; empty when the file as a whole is meant
	message string
}

// problems are all that is wrong in one file, in the order of its lines.
type problems struct {
	file string
	list []problem
}

func (p *problems) add(at place, key, format string, args ...any) {
	p.list = append(p.list, problem{at, key, fmt.Sprintf(format, args...)})
}

// err is the problems as an error, nil for none.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
	})
	return &configError{lines: p.lines()}
}

func (p *problems) lines() []string {
	lines := make([]string, len(p.list))
	for i, one := range p.list {
		head := fmt.Sprintf("%s:%d:%d: ", p.file, one.line, one.col)
		if one.key != "" {
			head += one.key + ": "
		}
		lines[i] = head + strings.Join(strings.Fields(one.message), " ")
	}
	return lines
}

// configError is a configuration that cannot be used: one line a problem.
type configError struct{ lines []string }

// Error is one line a problem.
func (e *configError) Error() string { return strings.Join(e.lines, "\n") }

// decoder reads a YAML tree into Go values by their yaml tags. The library's
// own decoder takes numbers for texts and texts for numbers; this one checks
// each scalar as it was written, and remembers where every key stood.
type decoder struct {
	problems
	at    map[string]place // by key path: where the value stands
	wrong map[string]bool  // key paths whose values could not be read
	hint  map[string]string
	root  reflect.Type // for keys that stand at the wrong level
}

// decode fills what into points to, and leaves alone what src does not name.
// An empty document is none.
func (d *decoder) decode(src []byte, into any) {
	d.at, d.wrong = map[string]place{}, map[string]bool{}
	top := reflect.ValueOf(into).Elem()
	d.root = top.Type()
	start := place{1, 1}
	if len(src) > maxConfigBytes {
		d.add(start, "", "the file has more than %d bytes, which no configuration has", maxConfigBytes)
		return
	}
	if deep(src) {
		d.add(start, "", "brackets are nested more than %d deep", maxYAMLDepth)
		return
	}
	file, err := parse(src)
	if err != nil {
		d.syntax(err)
		return
	}
	bodies := documents(file)
	if len(bodies) > 1 {
		d.add(where(bodies[1]), "", "a second document begins: a configuration is one; remove the line with ---")
		return
	}
	if len(bodies) == 1 {
		d.value(bodies[0], top, "")
	}
}

// documents are the file's documents that hold anything; a directive such as
// %YAML is one of its own to the library.
func documents(file *ast.File) []ast.Node {
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); doc.Body != nil && !directive {
			bodies = append(bodies, doc.Body)
		}
	}
	return bodies
}

// deep tells whether brackets nest deeper than any real file's.
func deep(src []byte) bool {
	depth := 0
	for _, c := range src {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > maxYAMLDepth {
			return true
		}
	}
	return false
}

// parse guards against the parser's panics: a file must not end the program.
func parse(src []byte) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be read: %v", p)
		}
	}()
	src = []byte(strings.TrimPrefix(string(src), "\ufeff"))
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

func (d *decoder) syntax(err error) {
	at, message := place{1, 1}, err.Error()
	var s *yaml.SyntaxError
	if errors.As(err, &s) {
		message = s.Message
		if s.Token != nil && s.Token.Position != nil {
			at = place{s.Token.Position.Line, s.Token.Position.Column}
		}
	}
	d.add(at, "", "not valid YAML: %s", strings.ReplaceAll(message, "'\t'", "TAB"))
}

// where is the first character of a node: the library's token of a mapping is
// its first colon.
func where(n ast.Node) place {
	switch x := n.(type) {
	case *ast.MappingNode:
		if !x.IsFlowStyle && len(x.Values) > 0 {
			return where(x.Values[0])
		}
	case *ast.MappingValueNode:
		return position(x.Key.GetToken())
	}
	return position(n.GetToken())
}

func position(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}

func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	if path != "" {
		d.at[path] = where(n)
	}
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.refuse(n, path, "anchors, aliases and tags are not used here: write the value itself")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), path)
		v.Set(p)
	case reflect.Struct:
		d.fields(n, v, path)
	case reflect.Map:
		d.entries(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Int:
		d.integer(n, v, path)
	case reflect.Float64:
		d.fraction(n, v, path)
	case reflect.Bool:
		d.truth(n, v, path)
	default:
		d.text(n, v, path)
	}
}

// refuse reports a value that cannot be read, so that nobody checks it further.
func (d *decoder) refuse(n ast.Node, path, format string, args ...any) {
	d.wrong[path] = true
	d.add(where(n), path, format, args...)
}

// mismatch says what a value is and what it should be.
func (d *decoder) mismatch(n ast.Node, path, want string) {
	if hint := d.hint[path]; hint != "" {
		want += ", such as " + hint
	}
	d.refuse(n, path, "is %s: must be %s", kind(n), want)
}

func kind(n ast.Node) string {
	written := ""
	if t := n.GetToken(); t != nil {
		written = " (" + t.Value + ")"
	}
	if tooLong(n) {
		return "a number with too many digits" + written
	}
	switch n.(type) {
	case *ast.IntegerNode:
		return "a number" + written
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number with a fraction" + written
	case *ast.BoolNode:
		return "a truth value" + written
	case *ast.NullNode:
		return "empty"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	}
	return "something else"
}

// tooLong tells whether a whole number has more digits than any key takes: the
// library calls it text.
func tooLong(n ast.Node) bool {
	t := n.GetToken()
	if t == nil || quoted(n) || !decimal().MatchString(t.Value) {
		return false
	}
	_, err := strconv.Atoi(t.Value)
	return err != nil
}

func (d *decoder) text(n ast.Node, v reflect.Value, path string) {
	switch x := n.(type) {
	case *ast.StringNode:
		v.SetString(x.Value)
	case *ast.LiteralNode:
		v.SetString(x.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.mismatch(n, path, "text, in quotes")
	case *ast.NullNode:
		d.mismatch(n, path, "text, in quotes if it is to be empty")
	default:
		d.mismatch(n, path, "text")
	}
}

// decimal is a whole number as people write it: octal, hexadecimal and
// underscores are traps in a file for people.
var decimal = pattern(`^-?(0|[1-9][0-9]*)$`)

// fractional is a number as people write it, with or without a fraction.
var fractional = pattern(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

func (d *decoder) integer(n ast.Node, v reflect.Value, path string) {
	x, ok := n.(*ast.IntegerNode)
	if tooLong(n) {
		d.mismatch(n, path, "a shorter one")
		return
	}
	if !ok {
		want := "a whole number"
		if quoted(n) {
			want += ", without quotes"
		}
		d.mismatch(n, path, want)
		return
	}
	i, err := strconv.Atoi(x.Token.Value)
	if err != nil || !decimal().MatchString(x.Token.Value) {
		d.mismatch(n, path, "a whole number in plain digits")
		return
	}
	v.SetInt(int64(i))
}

func (d *decoder) fraction(n ast.Node, v reflect.Value, path string) {
	f, err := strconv.ParseFloat(n.GetToken().Value, 64)
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
	default:
		err = strconv.ErrSyntax
	}
	if err != nil || !fractional().MatchString(n.GetToken().Value) {
		want := "a number"
		if quoted(n) {
			want += ", without quotes"
		}
		d.mismatch(n, path, want)
		return
	}
	v.SetFloat(f)
}

func (d *decoder) truth(n ast.Node, v reflect.Value, path string) {
	x, ok := n.(*ast.BoolNode)
	if !ok {
		want := "true or false"
		if quoted(n) {
			want += ", without quotes"
		}
		d.mismatch(n, path, want)
		return
	}
	v.SetBool(x.Value)
}

func quoted(n ast.Node) bool {
	t := n.GetToken()
	return t != nil && (t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType)
}

func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.mismatch(n, path, "a list ([] for none)")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		d.value(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// pairs are the keys and values of a mapping, duplicates reported and left
// out. Nothing after the colon is a mapping without keys.
func (d *decoder) pairs(n ast.Node, path string) []*ast.MappingValueNode {
	var all, kept []*ast.MappingValueNode
	switch x := n.(type) {
	case *ast.MappingNode:
		all = x.Values
	case *ast.MappingValueNode:
		all = []*ast.MappingValueNode{x}
	case *ast.NullNode:
		return nil
	default:
		d.mismatch(n, path, "a mapping, of lines such as key: value")
		return nil
	}
	seen := map[string]place{}
	for _, pair := range all {
		at, key := where(pair), pair.Key.GetToken().Value
		switch pair.Key.(type) {
		case *ast.MergeKeyNode, *ast.MappingKeyNode, *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
			d.add(at, path, "anchors, aliases, tags and keys with ? are not used here: write each key itself")
			continue
		}
		if first, twice := seen[key]; twice {
			d.add(at, join(path, key), "this key is there twice, first in line %d: remove one", first.line)
			continue
		}
		seen[key] = at
		kept = append(kept, pair)
	}
	return kept
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) entries(n ast.Node, v reflect.Value, path string) {
	m := reflect.MakeMap(v.Type())
	for _, pair := range d.pairs(n, path) {
		key := pair.Key.GetToken().Value
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(pair.Value, e, join(path, key))
		d.at[join(path, key)] = where(pair)
		m.SetMapIndex(reflect.ValueOf(key), e)
	}
	v.Set(m)
}

func (d *decoder) fields(n ast.Node, v reflect.Value, path string) {
	for _, pair := range d.pairs(n, path) {
		key := pair.Key.GetToken().Value
		i := slices.Index(keys(v.Type()), key)
		if i < 0 {
			d.add(where(pair), join(path, key), "unknown key: %s", d.nearest(v.Type(), key))
			continue
		}
		d.value(pair.Value, v.Field(i), join(path, key))
	}
}

// keys are the keys of a struct, in the order of its fields.
func keys(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return names
}

// nearest says which key was meant: one of this name at another level, one
// that is spelt almost so, or else all that there are.
func (d *decoder) nearest(t reflect.Type, key string) string {
	for _, path := range paths(d.root, "") {
		switch {
		case path == key:
			return fmt.Sprintf("did you mean %q at the top level?", path)
		case strings.HasSuffix(path, "."+key):
			return fmt.Sprintf("did you mean %q?", path)
		}
	}
	if name := closest(key, keys(t)); name != "" {
		return fmt.Sprintf("did you mean %q?", name)
	}
	return "known here are " + strings.Join(keys(t), ", ")
}

// paths lists every key path of a configuration but those of a map's entries.
func paths(t reflect.Type, above string) []string {
	var all []string
	for i, key := range keys(t) {
		path := join(above, key)
		all = append(all, path)
		if f := t.Field(i).Type; f.Kind() == reflect.Struct {
			all = append(all, paths(f, path)...)
		}
	}
	return all
}

// closest is the name that differs from what was written in no more than a
// third of its letters, or in two of a name that has as many others; "" for none.
func closest(written string, names []string) string {
	best, least := "", max(2, len(written)/3)+1
	for _, name := range names {
		if name == "" {
			continue
		}
		n := levenshtein.ComputeDistance(strings.ToLower(written), strings.ToLower(name))
		// Of two that are as near, the one that begins alike: lsit is list, not edit.
		alike := n == least && best != "" && written != "" && name[0] == written[0] && best[0] != written[0]
		if (n < least || alike) && 2*n <= len(name) {
			best, least = name, n
		}
	}
	return best
}
