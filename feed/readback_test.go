package feed

import (
	"bytes"
	"cmp"
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
		want = []string{"The Author", "editor@weaver.example", "https://weaver.example/people/critic"}
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
