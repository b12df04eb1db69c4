package feed

import (
	"strings"
	"testing"
)

// ordinary is a post of 4 KB.
func ordinary(b *testing.B) (Site, Post) {
	s := exampleSet(b)
	p := s.posts[0]
	p.Body = strings.Repeat("## A heading & more\n\nIt's a *paragraph* that goes on, with `code` and a [link](https://example.org/some/page) in it. "+
		"Nobody reads its third sentence, as the second was the \"important\" one.\n\n- An item, which **matters**.\n- Another [one](../other?a=1), which does not.\n\n"+
		"A last paragraph, long enough to be one, says what was said before, and why it was said.\n\n", 10)
	return s.category.Site, p
}

func BenchmarkPrepare(b *testing.B) {
	site, post := ordinary(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Prepare(site, post); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContent(b *testing.B) {
	_, post := ordinary(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Content(post.Body, Markdown, "https://example.org/design/first"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSummarise(b *testing.B) {
	_, post := ordinary(b)
	content, err := Content(post.Body, Markdown, "https://example.org/design/first")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Summarise(content, summaryLimit)
	}
}

func BenchmarkRender(b *testing.B) {
	site, post := ordinary(b)
	ready, err := Prepare(site, post)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range Formats {
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ready.Render(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEntryKey(b *testing.B) {
	s := exampleSet(b)
	b.ReportAllocs()
	for b.Loop() {
		EntryKey(s.category.Site, s.posts[0], RSS)
	}
}

func BenchmarkJoin(b *testing.B) {
	s := exampleSet(b)
	head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), Atom)
	if err != nil {
		b.Fatal(err)
	}
	var entries [][]byte
	for range 5 {
		for _, p := range s.posts {
			entries = append(entries, mustEntry(b, s.category.Site, p, Atom))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(Join(Atom, head, entries, tail))))
	}
}
