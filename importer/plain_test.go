package importer

import (
	"reflect"
	"strings"
	"testing"

	"syndic/feed"
)

// simple is front matter that needs no YAML parser.
var simple = []string{
	"title: Nad hi thiongryn 1\ndate: 2026-01-01T00:01:00Z\ncategories: [Category 1]\n",
	"title: \"A: quoted # one\"\ntags:\n  - a\n  - b c\ndraft: true\n",
	"title: 'single \"quotes\"'\nslug: first-light\ncategory: Design\n",
	"title: Grüße – “ja”, it's 50% (so)! a:b a#b\nupdated: 2026-01-05 10:00:00 +0100\nauthor: Somebody\n",
	"tags:\n- a\n- b\nurl: https://example.org/a?b=c&d\nid: tag:example.org,2020:x\nlanguage: pt-BR\nimage: img/a.png\n",
	"summary: It is.\nexpired: false\ndate: 2026-01-05\n",
}

// declined is front matter for the YAML parser.
var declined = []string{
	"", "title: 1.10\n", "title: yes\n", "title: Null\n", "title:  two\n", "title:x\n", "title: x \n", "title: a: b\n", "title: a:\n", "title: a # b\n",
	"title: x\ntitle: y\n", "unknown: x\n", "title: x\n  y\n", "title: \"x\\n\"\n", "title: 'it''s'\n", "title: \"x\" # y\n", "title: |\n  x\n", "title: &a x\n",
	"tags: []\n", "tags: [a,, b]\n", "tags: [a, [b]]\n", "tags: [a, {b: c}]\n", "tags: [a, 'b']\n", "tags:\n", "tags:\n  - a\n - b\n", "tags:\n  - a: b\n", "tags: a, b\n",
	"date: soon\n", "url: nowhere\n", "category: a\ncategories: [b]\n", "draft: maybe\n", "authors:\n  - name: x\n", "title: x\n\n", "# x\ntitle: x\n", "\ttitle: x\n",
	"title: \u2028x\n", "title: x\u2028y\n", "tags: [a\n, b]\n",
}

func readFront(text string, read func(*reader, string) bool) (Document, bool) {
	r := &reader{file: "x.md", lines: 1}
	r.doc.Post.Markup = feed.Markdown
	ok := read(r, text)
	return r.doc, ok
}

func viaYAML(r *reader, text string) bool { return r.front(text) == nil }

// What is read without the parser is what the parser makes of it.
func TestPlain(t *testing.T) {
	for _, text := range simple {
		got, ok := readFront(text, (*reader).plain)
		if want, valid := readFront(text, viaYAML); !ok || !valid || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: taken %v, read as\n%+v, by the parser as\n%+v", text, ok, got, want)
		}
	}
	for _, text := range declined {
		if got, ok := readFront(text, (*reader).plain); ok {
			t.Errorf("%q is taken, as %+v", text, got)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, text := range append(simple, declined...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := split("x.md", []byte("---\n"+strings.TrimPrefix(text, "\n")+"\n---\n"))
		if err != nil {
			return
		}
		got, ok := readFront(s.front, (*reader).plain)
		if !ok {
			if !reflect.DeepEqual(got, Document{Post: feed.Post{Markup: feed.Markdown}}) {
				t.Errorf("%q is declined, and changed the document to %+v", s.front, got)
			}
			return
		}
		if want, valid := readFront(s.front, viaYAML); !valid || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as\n%+v, by the parser (%v) as\n%+v", s.front, got, valid, want)
		}
	})
}
