package importer

import (
	"reflect"
	"strings"
	"testing"

	"syndic/feed"
)

func TestFormatReadsBackAsTheSame(t *testing.T) {
	full := Document{
		Post: feed.Post{
			Title: `He said: "no" # really`, Slug: "he-said", Summary: "yes", URL: "https://journal.example/x", ID: "tag:journal.example,2026-01-05:x",
			Lang: "de-AT", Markup: feed.Markdown, Body: "# A heading\n\n---\n\ntext: 1",
			Authors: []feed.Person{{Name: "Editor"}, {Name: "0x10", Email: "editor@journal.example", URL: "https://journal.example/editor"}},
			Tags:    []string{"a, b", "C#", "1.10", "日記", "[x]", "- y"}, Image: "/a.png", BannerImage: "https://journal.example/b.png",
			Attachments: []feed.Attachment{{URL: "https://journal.example/a.mp3", Type: "audio/mpeg", Size: 12, Duration: 3723, Title: "Part \\ one"}, {URL: "/b.pdf", Type: "application/pdf"}},
			Comments:    "https://journal.example/c", Origin: feed.Origin{Title: "Else", URL: "https://else.example/"},
			License: "https://license.example/", InReplyTo: "https://else.example/1", Expired: true,
		},
		Categories: []string{"Design", "News & more"}, Date: "2026-01-05T10:00:00Z", Updated: "2026-01-06", Draft: true,
		Links: []string{"/a.png", "/b.pdf"},
	}
	for name, d := range map[string]Document{
		"full":    full,
		"title":   {Post: feed.Post{Title: "null", Slug: "null", Markup: feed.Markdown}},
		"body":    {Post: feed.Post{Slug: "007", Body: "    code first", Markup: feed.Markdown}},
		"unusual": {Post: feed.Post{Title: "~ \u2028 \u00a0é 🎉 \\n", Slug: "x", Body: "x", Markup: feed.Markdown}},
	} {
		d.Post.Title = strings.Join(strings.Fields(d.Post.Title), " ")
		text := Format(d)
		got, err := Markdown("", text)
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%s: %v\n%s\n got %+v\nwant %+v", name, err, text, got, d)
		}
	}
}

// What was read once is written so that it reads the same again.
func FuzzFormat(f *testing.F) {
	f.Add([]byte("---\ntitle: 1.10\ntags: [a, \"b # c\"]\nauthors: [{name: x}]\n---\n\nbody\n"))
	f.Add([]byte("# Heading\n\ntext [a](b.md)\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := Markdown("", src)
		if err != nil {
			return
		}
		text := Format(d)
		again, err := Markdown("", text)
		d.Warnings, again.Warnings = nil, nil
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Errorf("%v\n%q\nis written as\n%s\n got %+v\nwant %+v", err, src, text, again, d)
		}
	})
}
