package feed

import "testing"

// BenchmarkLintParts lints what one changed post makes of a feed: an entry, as
// most are and with all that an entry can have, and a frame.
func BenchmarkLintParts(b *testing.B) {
	plain, full := exampleSet(b), oddSet()
	for _, f := range Formats {
		for name, entry := range map[string][]byte{
			"entry": mustEntry(b, plain.category.Site, plain.posts[0], f),
			"full":  mustEntry(b, full.category.Site, full.posts[1], f),
		} {
			b.Run(f.String()+"-"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(entry)))
				for b.Loop() {
					LintEntry(f, entry)
				}
			})
		}
		head, tail, err := renderFrame(full.category, DatesOfAll(plain.posts), f)
		if err != nil {
			b.Fatal(err)
		}
		facts := []Facts{{ID: full.posts[0].ID, Author: true}}
		self := full.category.Site.Topic(full.category, f)
		b.Run(f.String()+"-frame", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found := LintFrame(f, head, tail, self, facts); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}
