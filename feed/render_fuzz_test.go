package feed

import (
	"bytes"
	"testing"
	"time"
)

// Any post gives feeds that are well-formed, that the linter takes, and from
// which everything comes back.
func FuzzRender(f *testing.F) {
	for _, p := range keptPosts(f) {
		if len(p.Body) > 2000 {
			continue // a large seed makes each of its mutants slow
		}
		p.Tags, p.Authors = append(p.Tags, ""), append(p.Authors, Person{})
		a := p.Authors[0]
		f.Add(p.File, p.Title, p.Body, p.Summary, p.Tags[0], a.Name, a.Email, p.URL, p.Lang, p.Markup == HTML, p.Published.Unix())
	}
	f.Add("id\x00", "]]>\xff\ufffe", "]]> <![CDATA[ \x1b &#0; <p title=']]>'>", "<b>&amp;", "\x01", "\r\n", "@", "javascript:x", "x y", true, int64(1)<<60)
	f.Add("", "", "", "", "", "", "", "://", "-", false, int64(-1)<<60)
	f.Fuzz(func(t *testing.T, id, title, body, summary, tag, name, email, link, lang string, html bool, unix int64) {
		p := Post{
			Num: 1, ID: PostID("weaver.example", time.Unix(0, 0), id, 0), Slug: "p",
			Title: title, Body: body, Summary: summary, Tags: []string{tag, tag + "2"}, URL: link, Lang: lang,
			Authors: []Person{{Name: name, Email: email, URL: link}}, Attachments: []Attachment{{URL: link, Type: tag, Title: title, Size: unix}},
			Image: link, Comments: link, Origin: Origin{Title: title, URL: link}, License: link, InReplyTo: link,
			Labels: []Label{{Slug: "c", Title: tag}}, Published: time.Unix(unix, 0), Markup: Markdown,
		}
		if html {
			p.Markup = HTML
		}
		c := oddSet().category
		entries, err := renderEntries(c.Site, p)
		if err != nil {
			t.Fatal(err)
		}
		e, err := newEntry(c.Site, p)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "id", e.id, p.ID)
		equal(t, "title", e.title, line(title))
		for _, f := range Formats {
			checkRendered(t, set{c, []Post{p}}, e, entries[f], f)
		}
	})
}

func checkRendered(t *testing.T, s set, e entry, rendered []byte, f Format) {
	t.Helper()
	b, err := render(newFrame(s.category, DatesOfAll(s.posts), f), []entry{e}, f)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), f)
	if err != nil || !bytes.Equal(b, Join(f, head, [][]byte{rendered}, tail)) {
		t.Fatalf("joined, %s is not what it is as a whole: %v", f, err)
	}
	for _, found := range Lint(f, b) {
		if found.Severity == Error {
			t.Errorf("%s: %s\n%s", f, found, b)
		}
	}
	got, err := readPlainly(b, f)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f, err, b)
	}
	want := wanted(e, f)
	for _, field := range fields {
		equal(t, f.String()+" "+field.name, field.of(got), field.of(want))
	}
}
