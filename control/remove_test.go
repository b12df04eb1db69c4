package control

import (
	"fmt"
	"testing"

	"syndic/feed"
)

// A category's posts go, a few a commit; what others have stays.
func TestRemoveCategory(t *testing.T) {
	r := newRig(t)
	var docs []Document
	for i := range 60 {
		docs = append(docs, Document{Post: feed.Post{Title: fmt.Sprint("Looms ", i), Slug: fmt.Sprint("looms-", i), Body: "Text."}, Categories: []string{"Looms"}})
	}
	docs = append(docs,
		Document{Post: feed.Post{Title: "Shed", Slug: "shed", Body: "Text."}, Categories: []string{"Other"}},
		Document{Post: feed.Post{Title: "Both", Slug: "both", Body: "Text."}, Categories: []string{"Other", "Looms"}, Draft: true})
	r.addAll(AddRequest{Documents: docs})
	r.publish()
	before := r.seq()
	last := 0
	for removed, err := range r.Remove(t.Context(), RemoveRequest{Category: "looms"}) {
		if err != nil {
			t.Fatal(err)
		}
		last = removed
	}
	if commits := int(r.seq() - before); last != 61 || commits != 3 {
		t.Errorf("removed %d in %d commits, want 61 in 3", last, commits)
	}
	for slug, want := range map[string]feed.State{"looms-0": feed.Removed, "both": feed.Removed, "shed": feed.Published} {
		if got := r.kept(slug).State; got != want {
			t.Errorf("%s is %s, want %s", slug, got, want)
		}
	}
	for removed, err := range r.Remove(t.Context(), RemoveRequest{Category: "looms"}) {
		if removed != 0 || err != nil {
			t.Errorf("a second time: %d (%v)", removed, err)
		}
	}
	for _, name := range []string{"", "nowhere"} {
		for _, err := range r.Remove(t.Context(), RemoveRequest{Category: name}) {
			if err == nil {
				t.Errorf("category %q: it went through", name)
			}
		}
	}
}
