package feed

import (
	"slices"
	"testing"
)

// A head needs no more of its posts than their dates.
func TestFrameOfDates(t *testing.T) {
	for name, s := range allSets(t) {
		s.posts = slices.DeleteFunc(slices.Clone(s.posts), func(p Post) bool { return p.Published.IsZero() }) // as in a feed
		bare := slices.Clone(s.posts)
		for i, p := range bare {
			bare[i] = DatesOf(p).Post(p.Num)
		}
		for _, f := range Formats {
			head, _, err := RenderFrame(s.category, s.posts, f)
			if err != nil {
				t.Fatal(err)
			}
			again, _, err := RenderFrame(s.category, bare, f)
			if err != nil || string(again) != string(head) {
				t.Errorf("%s, %s: from dates alone (%v)\n%s\nwant\n%s", name, f, err, again, head)
			}
		}
	}
}
