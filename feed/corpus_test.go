package feed

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// specimen is a post that hurts, alone in its feed.
type specimen struct {
	name string
	set
}

func (s specimen) post() Post { return s.posts[0] }

// corpus is testdata/corpus and what is too large to be kept there.
func corpus(t testing.TB) []specimen {
	t.Helper()
	var all []specimen
	for _, p := range append(keptPosts(t), grownPosts()...) {
		all = append(all, newSpecimen(p))
	}
	return all
}

// newSpecimen gives a post what it does not say itself. Its File is its name.
func newSpecimen(p Post) specimen {
	odd := oddSet()
	odd.category.Site.Author.Email = "wilma@weaver.example.org" // a domain such as authors have
	odd.category.Site.Iframes = players
	p.Num, p.Revision, p.State = 1, 1, Published
	if p.Slug == "" {
		p.Slug = p.File
	}
	if p.ID == "" {
		p.ID = PostID("weaver.example", time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), p.File, 0)
	}
	p.Labels = odd.posts[0].Labels
	return specimen{p.File, set{odd.category, []Post{p}}}
}

// keptPosts reads the archives: "name.json" has a post's fields, "name.md" or
// "name.html" its body; either may be missing.
func keptPosts(t testing.TB) []Post {
	t.Helper()
	archives, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no corpus", err)
	}
	var posts []Post
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			name, kind, _ := strings.Cut(f.Name, ".")
			if len(posts) == 0 || posts[len(posts)-1].File != name {
				posts = append(posts, Post{File: name, Published: time.Date(2026, 9, 9, 8, 0, 0, 0, time.UTC)})
			}
			p := &posts[len(posts)-1]
			switch kind {
			case "json":
				unmarshal(t, f, p)
			case "html":
				p.Body, p.Markup = string(f.Data), HTML
			default:
				p.Body, p.Markup = string(f.Data), Markdown
			}
		}
	}
	return posts
}

// unmarshal reads a post's fields, in which U+E000 to U+E0FF are the single
// bytes 00 to FF.
func unmarshal(t testing.TB, f txtar.File, p *Post) {
	t.Helper()
	if err := json.Unmarshal(f.Data, p); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	raw := func(s *string) {
		var b strings.Builder
		for _, r := range *s {
			if r >= 0xE000 && r <= 0xE0FF {
				b.WriteByte(byte(r))
			} else {
				b.WriteRune(r)
			}
		}
		*s = b.String()
	}
	for _, s := range []*string{&p.Title, &p.Summary, &p.Body} {
		raw(s)
	}
	for i := range p.Tags {
		raw(&p.Tags[i])
	}
	for i := range p.Authors {
		raw(&p.Authors[i].Name)
	}
}

// grownPosts are as large as a post may be, or larger than any should be.
func grownPosts() []Post {
	fill := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	const megabyte = 1 << 20
	var people []Person
	var tags []string
	var files []Attachment
	for i := range 100 {
		people = append(people, Person{Name: fmt.Sprintf("Author %d of 100", i+1), URL: fmt.Sprintf("/people/%d", i+1)})
		tags = append(tags, fmt.Sprintf("tag %d", i+1))
		files = append(files, Attachment{URL: fmt.Sprintf("part%d.mp3", i+1), Size: int64(i + 1)})
	}
	posts := []Post{
		{File: "grown-word", Title: "One word", Body: fill("x", MaxContent-len("<p></p>"))},
		{File: "grown-text", Title: "Many paragraphs", Body: fill("A *paragraph* with `code` & [a link](x). "+strings.Repeat("It goes on. ", 50)+"\n\n", megabyte/4*3)},
		{File: "grown-large", Title: "More than feeds carry", Body: fill("It goes on. ", MaxContent+MaxContent/4)},
		{File: "grown-picture", Title: "A picture in the text", Body: picture(MaxContent)},
		{File: "grown-untitled", Body: pictures(), Markup: HTML},
		{File: "grown-emoji", Title: "Many families", Body: fill("👩‍👩‍👧‍👦", megabyte/4)},
		{File: "grown-ends", Title: "Many ends of CDATA", Body: fill("]]> ", megabyte/4)},
		{File: "grown-references", Title: "Many references", Body: fill("&lt;&amp;&quot;", megabyte/8), Markup: HTML},
		{File: "grown-table", Title: "A long table", Body: "| a | b |\n|---|---|\n" + fill("| 1 | 2 |\n", megabyte/8)},
		{File: "grown-depth", Title: "Deeper than parsers go", Body: strings.Repeat("<div><b>", 600) + "<p>The end", Markup: HTML},
		{File: "grown-quotes", Title: "Quotes in quotes", Body: strings.Repeat(">", 600) + " the end"},
		{File: "grown-authors", Title: "A hundred authors", Body: "x", Authors: people},
		{File: "grown-tags", Title: "A hundred tags", Body: "x", Tags: tags},
		{File: "grown-files", Title: "A hundred files", Body: "x", Attachments: files},
		{File: "grown-title", Title: strings.Repeat("A title that does not end, ", 2000), Body: "x"},
		{File: "grown-summary", Title: "A long summary", Summary: fill("A long <summary> & more. ", megabyte/8), Body: "x"},
	}
	for i := range posts {
		posts[i].Published = time.Date(2026, 9, 9, 8, 0, 0, 0, time.UTC)
	}
	return posts
}
