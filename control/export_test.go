package control

import (
	"strings"
	"testing"

	"syndic/feed"
)

// Every post comes once, whatever the size of the pages, drafts and recalled
// ones as what goes out by no accident, removed ones without a text.
func TestExportPages(t *testing.T) {
	r := newRig(t)
	var docs []Document
	for i := range exportPosts + 20 {
		d := Document{Post: feed.Post{Title: "Post", Slug: feed.Slug(strings.Repeat("x", 1+i%7)) + "-" + string(rune('a'+i%26)) + strings.Repeat("y", i/26)}}
		if i < 3 {
			d.Post.Body = strings.Repeat("a long text ", exportBytes/24)
		}
		docs = append(docs, d)
	}
	docs[5].Draft, docs[6].Date, docs[7].Date, docs[7].Updated = true, "2026-01-05", "2026-01-05T10:00:00+02:00", "2026-02-01"
	res := r.addAll(AddRequest{Documents: docs})
	r.act(PostAction{Name: res[8].ID, Action: "recall"})
	r.act(PostAction{Name: res[9].ID, Action: "rm"})
	var all []ExportedPost
	pages := 0
	for after := uint64(0); ; pages++ {
		page, err := r.Export(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Posts...)
		if after = page.Next; after == 0 {
			break
		}
	}
	if len(all) != len(docs) || pages < 2 {
		t.Fatalf("%d posts on %d pages, want %d", len(all), pages+1, len(docs))
	}
	for i, p := range all {
		if p.Num != uint64(i+1) || p.Document != nil && p.Document.Post.ID != res[i].ID {
			t.Fatalf("post %d is %+v", i, p)
		}
	}
	for i, want := range map[int]struct {
		state         feed.State
		draft         bool
		date, updated string
	}{
		4: {feed.Queued, false, "", ""}, 5: {feed.Draft, true, "", ""}, 8: {feed.Recalled, true, "", ""},
		6: {feed.Queued, false, "2026-01-05T00:00:00Z", ""}, 7: {feed.Queued, false, "2026-01-05T08:00:00Z", "2026-02-01T00:00:00Z"},
	} {
		if p := all[i]; p.State != want.state || p.Document.Draft != want.draft || p.Document.Date != want.date || p.Document.Updated != want.updated {
			t.Errorf("post %d: %s, %+v, want %+v", i, p.State, p.Document, want)
		}
	}
	if all[9].State != feed.Removed || all[9].Document != nil {
		t.Errorf("the removed post is %+v", all[9])
	}
}
