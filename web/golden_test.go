package web

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"syndic/feed"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var inlineStyle = regexp.MustCompile(`(?s)<style>.*</style>`)

// The pages of a small site, as they are to look in the source.
func TestGoldenPages(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) {
		s.URL, s.Copyright, s.Favicon = "https://example.org/blog/", "© Author", "icon.png"
	})
	c := h.category(feed.Category{Slug: "design", Title: "Design & Co", Settings: feed.Settings{Description: "On <making> things"}})
	other := h.category(feed.Category{Slug: "notes", Title: "Notes", Settings: feed.Settings{Language: "de"}})
	h.post(feed.Post{
		Slug: "full", Title: "Everything “at once”", Summary: "In short.", Categories: []string{c.ID, other.ID}, Tags: []string{"one", "two"},
		Body: "Some *text*.\n\n# Part\n\n> Quoted.", Authors: []feed.Person{{Name: "Editor", URL: "https://editor.example/"}, {Name: "Critic"}},
		Image: "/hero.jpg", Attachments: []feed.Attachment{{URL: "talk.mp4", Type: "video/mp4", Size: 900, Duration: 61, Title: "The talk"}, {URL: "plan.png", Type: "image/png"}},
		Comments: "#talk", Origin: feed.Origin{URL: "https://o.example/feed"}, License: "https://l.example/by", InReplyTo: "https://r.example/1", Expired: true,
		Published: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Updated: time.Date(2026, 2, 4, 0, 0, 0, 0, time.UTC),
	})
	h.post(feed.Post{Slug: "bare", Categories: []string{other.ID}, Lang: "he", Body: "שלום", Published: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)})
	h.publish(c.Num, other.Num, feed.SiteNum)
	h.load()
	var fresh txtar.Archive
	for _, path := range []string{"/", "/design/", "/notes/", "/design/full", "/notes/bare", "/nothing"} {
		fresh.Files = append(fresh.Files, txtar.File{Name: path, Data: inlineStyle.ReplaceAll(h.get(path).body, []byte("<style></style>"))})
	}
	const name = "testdata/pages.txtar"
	if *update {
		if err := os.WriteFile(name, txtar.Format(&fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(golden.Files) != len(fresh.Files) {
		t.Fatalf("%d pages, %d golden ones", len(fresh.Files), len(golden.Files))
	}
	for i, f := range fresh.Files {
		if !bytes.Equal(f.Data, golden.Files[i].Data) {
			t.Errorf("%s is not the golden page (see -update):\n%s", f.Name, f.Data)
		}
	}
}
