package feed

import (
	"slices"
	"testing"
)

// A head needs no more of its posts than their dates, and a digest no joined
// bytes.
func TestFrameOfDates(t *testing.T) {
	for name, s := range allSets(t) {
		s.posts = slices.DeleteFunc(slices.Clone(s.posts), func(p Post) bool { return p.Published.IsZero() }) // as in a feed
		bare := slices.Clone(s.posts)
		for i, p := range bare {
			bare[i] = DatesOf(p).Post(p.Num)
		}
		for _, f := range Formats {
			head, tail, err := RenderFrame(s.category, s.posts, f)
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := RenderFrame(s.category, bare, f)
			if err != nil || string(again) != string(head) {
				t.Errorf("%s, %s: from dates alone (%v)\n%s\nwant\n%s", name, f, err, again, head)
			}
			var entries [][]byte
			for i := range len(s.posts) + 1 {
				whole := Join(f, head, entries, tail)
				if digest, size := DigestJoined(f, head, entries, tail); digest != DigestOf(whole) || size != len(whole) {
					t.Errorf("%s, %s, %d entries: digest of %d bytes is %s, want of %d %s", name, f, i, size, digest, len(whole), DigestOf(whole))
				}
				if i < len(s.posts) {
					entries = append(entries, mustEntry(t, s.category.Site, s.posts[i], f))
				}
			}
		}
	}
}
