package importer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// front reads front matter key by key from the syntax tree, where a scalar
// still is what its author typed: decoded, 1.10 would be 1.1 and 007 would be 7.
func (r *reader) front(text string) error {
	f, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return r.syntax(text, err)
	}
	for i, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		v := value{r: r, node: d.Body}
		if i > 0 {
			return v.fail("there is more than one document in the front matter: take the other out")
		}
		if _, ok := d.Body.(*ast.MappingNode); !ok {
			return v.fail("the front matter must be lines of key: value; a file that is to begin with a rule begins with ***")
		}
		if err := v.fields(known); err != nil {
			return err
		}
	}
	return nil
}

// syntax puts the parser's error into words for the author.
func (r *reader) syntax(text string, err error) error {
	out := &Error{File: r.file, Line: r.lines + 1, Msg: err.Error()}
	var s *yaml.SyntaxError
	if !errors.As(err, &s) {
		return out
	}
	out.Msg = s.GetMessage()
	if t := s.GetToken(); t != nil && t.Position != nil {
		out.Line, out.Column = r.lines+t.Position.Line, t.Position.Column
		out.Key = keyOn(text, t.Position.Line)
	}
	if strings.HasPrefix(out.Msg, "mapping key ") && strings.Contains(out.Msg, "already defined") {
		out.Msg = "the key is there twice: take one out"
		return out
	}
	if strings.Contains(out.Msg, "'\t'") {
		out.Msg = "the front matter is not YAML: a tab cannot indent it, only spaces can"
		return out
	}
	out.Msg = "the front matter is not YAML: " + out.Msg + `; text that holds ": " or " #", or begins with a sign, needs quotes`
	return out
}

// keyForm is a key at the beginning of a line.
var keyForm = pattern(`^[\s-]*["']?([\w-]+)["']?\s*:`)

// keyOn is the key on the line with the number n, if there is one.
func keyOn(text string, n int) string {
	for range n - 1 {
		_, text = nextLine(text)
	}
	line, _ := nextLine(text)
	if m := keyForm().FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// setter takes a value over into the document.
type setter func(value) error

// fields hands each value of a mapping to the setter of its key. A key without
// one is left out with a warning.
func (v value) fields(set map[string]setter) error {
	m, ok := v.node.(*ast.MappingNode)
	if !ok {
		return v.fail("it must be a mapping of %s", strings.Join(slices.Sorted(maps.Keys(set)), ", "))
	}
	for _, pair := range m.Values {
		at := pair.Key.GetToken()
		name := at.Value
		if _, merge := pair.Key.(*ast.MergeKeyNode); merge {
			name = "<<"
		}
		field := value{r: v.r, key: join(v.key, name), node: pair.Value, at: at}
		do, ok := set[name]
		if !ok {
			line, column := field.place(at)
			v.r.warn(line, column, "unknown key %q is left out%s", field.key, suggest(name, set))
			continue
		}
		if field.empty() {
			continue // as if it were not there
		}
		if err := do(field); err != nil {
			return err
		}
	}
	return nil
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// foreign is what other programs call our keys.
var foreign = map[string]string{
	"description": "summary", "excerpt": "summary", "abstract": "summary", "subtitle": "summary",
	"lang": "language", "locale": "language", "keywords": "tags", "labels": "tags",
	"permalink": "url", "link": "url", "canonical": "url", "canonical_url": "url", "external_url": "url",
	"published": "date", "pubdate": "date", "created": "date", "publishdate": "date",
	"lastmod": "updated", "modified": "updated", "last_modified_at": "updated",
	"cover": "image", "thumbnail": "image", "hero": "banner_image", "banner": "banner_image",
	"enclosure": "attachments", "enclosures": "attachments", "guid": "id", "reply_to": "in_reply_to",
	"copyright": "license", "rights": "license", "section": "category", "name": "title",
}

// suggest names the nearest of the known keys, if one is near.
func suggest(name string, set map[string]setter) string {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	best, least := foreign[name], 0
	if _, ok := set[best]; !ok {
		best, least = "", max(2, len(name)/3)+1
	}
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if d := levenshtein.ComputeDistance(name, k); d < least && d < len(name) {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// place is a token's line and column in the file.
func (v value) place(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return v.r.lines + 1, 0
	}
	return v.r.lines + t.Position.Line, t.Position.Column
}
