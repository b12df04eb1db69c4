package feed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"
	"golang.org/x/tools/txtar"
)

// golden returns the kept bytes of a set's feeds, indexed by Format.
func golden(t *testing.T, name string) [3][]byte {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var feeds [3][]byte
	for _, f := range Formats {
		for _, file := range a.Files {
			if file.Name == f.File() {
				feeds[f] = file.Data
			}
		}
	}
	return feeds
}

// A reader that knows nothing of us finds in each kept feed what went in.
func TestReadersFindWhatWentIn(t *testing.T) {
	for name, s := range allSets(t) {
		kept := golden(t, name)
		for _, f := range Formats {
			t.Run(name+"/"+f.String(), func(t *testing.T) {
				got, err := gofeed.NewParser().Parse(bytes.NewReader(kept[f]))
				if err != nil {
					t.Fatal(err)
				}
				checkHead(t, got, s, f)
				if len(got.Items) != len(s.posts) {
					t.Fatalf("%d items, want %d", len(got.Items), len(s.posts))
				}
				for i, p := range s.posts {
					checkItem(t, got.Items[i], s.category.Site, p, f)
				}
			})
		}
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func checkHead(t *testing.T, got *gofeed.Feed, s set, f Format) {
	t.Helper()
	c := s.category
	equal(t, "title", got.Title, c.Title)
	equal(t, "page", got.Link, c.Site.Abs(c.Path()))
	equal(t, "self", got.FeedLink, c.Site.Topic(c, f))
	equal(t, "language", got.Language, c.Language)
	if f != RSS || c.Description != "" {
		equal(t, "description", got.Description, c.Description)
	}
	if len(s.posts) > 0 && f != JSON {
		updated := slices.MaxFunc(s.posts, func(a, b Post) int { return a.UpdatedAt().Compare(b.UpdatedAt()) }).UpdatedAt()
		equal(t, "updated", got.UpdatedParsed.UTC(), instant(updated))
	}
}

func checkItem(t *testing.T, got *gofeed.Item, s Site, p Post, f Format) {
	t.Helper()
	equal(t, "id", got.GUID, p.ID)
	equal(t, "title of "+p.ID, got.Title, strings.TrimSpace(Clean(p.Title)))
	link := s.PageURL(p)
	equal(t, "link of "+p.ID, got.Link, strings.ReplaceAll(link, "é", "%C3%A9"))
	content, err := Content(p.Body, p.Markup, link)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "content of "+p.ID, got.Content, content)
	if p.Published.IsZero() && f != Atom {
		equal(t, "date of "+p.ID, got.PublishedParsed, nil)
	} else if p.Published.IsZero() { // gofeed takes the other date, which Atom requires
		equal(t, "date of "+p.ID, *got.PublishedParsed, time.Unix(0, 0).UTC())
	} else if got.PublishedParsed == nil {
		t.Errorf("%s has no date, want %v", p.ID, p.Published)
	} else {
		equal(t, "date of "+p.ID, got.PublishedParsed.UTC(), instant(p.Published))
	}
	checkPeople(t, got, s, p, f)
	checkTopics(t, got, p)
}

func checkPeople(t *testing.T, got *gofeed.Item, s Site, p Post, f Format) {
	t.Helper()
	var names, want []string
	if got.DublinCoreExt != nil {
		names = got.DublinCoreExt.Creator
	}
	if len(names) == 0 {
		for _, a := range got.Authors {
			names = append(names, cmp.Or(a.Name, a.Email)) // gofeed sorts them by their look
		}
	}
	switch {
	case p.Slug == "all":
		want = []string{"Ann Author", "bob@weaver.example", "https://weaver.example/people/cy"}
	case p.Slug == "bytes":
		want = []string{"no address"}
	case s.Author.Name != "":
		want = []string{s.Author.Name}
	case f == Atom:
		want = names // gofeed hands the feed's author down
	}
	if !slices.Equal(names, want) {
		t.Errorf("%s has the authors %q, want %q", p.ID, names, want)
	}
}

func checkTopics(t *testing.T, got *gofeed.Item, p Post) {
	t.Helper()
	var want []string
	for _, l := range p.Labels {
		want = append(want, l.Title)
	}
	switch p.Slug {
	case "all":
		want = append(want, "loom", "warp & weft")
	case "bytes":
		want = append(want, "[31mred")
	}
	if !slices.Equal(got.Categories, want) {
		t.Errorf("%s is filed under %q, want %q", p.ID, got.Categories, want)
	}
}

func TestReadersFindTheAttachments(t *testing.T) {
	kept := golden(t, "odd")
	for _, f := range Formats {
		got, err := gofeed.NewParser().Parse(bytes.NewReader(kept[f]))
		if err != nil {
			t.Fatal(err)
		}
		list := got.Items[1].Enclosures
		want := 2
		if f == RSS {
			want = 1
		}
		if len(list) != want || list[0].URL != "https://weaver.example/blog/design/sound/one.mp3" ||
			list[0].Type != "audio/mpeg" || f != JSON && list[0].Length != "5000000000" {
			t.Errorf("%s has the enclosures %+v", f, list)
		}
	}
}

// What holds for any feed of ours, whatever is in it.
func FuzzRender(f *testing.F) {
	f.Add("tag:a,2026:b", "Title", "Body *with* [link](x)", "Summary", "tag", "Name", "a@b", "https://x.example/p", "en", false, int64(0))
	f.Add("id\x00", "]]>\xff\ufffe", "]]> <![CDATA[ \x1b &#0; <p title=']]>'>", "<b>&amp;", "\x01", "\r\n", "@", "javascript:x", "x y", true, int64(1)<<60)
	f.Add("", "", "", "", "", "", "", "://", "-", false, int64(-1)<<60)
	f.Fuzz(func(t *testing.T, id, title, body, summary, tag, name, email, link, lang string, html bool, unix int64) {
		s := oddSet()
		p := Post{
			Num: 1, ID: id, Slug: "p", Title: title, Body: body, Summary: summary, Tags: []string{tag, tag + "2"}, URL: link, Lang: lang,
			Authors: []Person{{Name: name, Email: email, URL: link}}, Attachments: []Attachment{{URL: link, Type: tag, Title: title}},
			Image: link, Comments: link, Origin: Origin{Title: title, URL: link}, License: link, InReplyTo: link,
			Labels: []Label{{Slug: "c", Title: tag}}, Published: time.Unix(unix, 0), Markup: Markdown,
		}
		if html {
			p.Markup = HTML
		}
		s.posts = []Post{p}
		if _, err := RenderEntries(s.category.Site, p); err != nil {
			return // a body that no parser reads twice alike
		}
		for _, f := range Formats {
			b := mustRender(t, s, f)
			if err := wellFormed(b, f); err != nil {
				t.Fatalf("%v\n%s", err, b)
			}
			if !bytes.Equal(b, joined(t, s, f)) {
				t.Fatalf("joined, %s is not what it is as a whole", f)
			}
			gotID, gotTitle, err := firstItem(b, f)
			if err != nil {
				t.Fatalf("%v\n%s", err, b)
			}
			equal(t, f.String()+" id", gotID, Clean(id))
			equal(t, f.String()+" title", gotTitle, strings.TrimSpace(Clean(title)))
		}
	})
}

// firstItem reads more exactly than gofeed, which takes an Atom id for a URL
// and normalises it.
func firstItem(b []byte, f Format) (id, title string, err error) {
	var doc struct {
		GUID      string `xml:"channel>item>guid"`
		RSSTitle  string `xml:"channel>item>title"`
		AtomID    string `xml:"entry>id"`
		AtomTitle string `xml:"entry>title"`
		Items     []struct{ ID, Title string }
	}
	if f == JSON {
		if err := json.Unmarshal(b, &doc); err != nil || len(doc.Items) != 1 {
			return "", "", fmt.Errorf("%d items: %w", len(doc.Items), err)
		}
		return doc.Items[0].ID, doc.Items[0].Title, nil
	}
	if _, err := gofeed.NewParser().Parse(bytes.NewReader(b)); err != nil {
		return "", "", err
	}
	err = xml.Unmarshal(b, &doc)
	return doc.GUID + doc.AtomID, doc.RSSTitle + doc.AtomTitle, err
}
