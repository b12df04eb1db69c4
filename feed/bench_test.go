package feed

import "testing"

func BenchmarkPrepared(b *testing.B) {
	s := exampleSet(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := renderEntries(s.category.Site, s.posts[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRenderEntry(b *testing.B) {
	s := exampleSet(b)
	for _, f := range Formats {
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustEntry(b, s.category.Site, s.posts[0], f)
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
	head, tail, err := RenderFrame(s.category, DatesOfAll(s.posts), Atom)
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
