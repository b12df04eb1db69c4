package feed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"
)

// picture is a body whose one picture stands in it, as a data URL of that many
// bytes.
func picture(size int) string {
	return "![A loom](data:image/png;base64," + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("loom"), size*3/16)) + ")\n"
}

// pictures is a body without a word that is too large for a feed.
func pictures() string { return strings.Repeat(`<img src="/a.jpg" alt="">`, MaxContent/25) }

// shown is what an entry of each format carries; a pointer tells empty from
// missing.
type shown struct {
	summary, full, text *string
	alternate           string
}

func show(t *testing.T, f Format, entry []byte) (s shown) {
	t.Helper()
	var doc struct {
		Description *string `xml:"description" json:"-"`
		Encoded     *string `xml:"encoded" json:"-"`
		Summary     *string `xml:"summary" json:"summary"`
		Content     *string `xml:"content" json:"content_html"`
		Text        *string `xml:"-" json:"content_text"`
		Link        []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
			Text string `xml:",chardata"`
		} `xml:"link" json:"-"`
		URL string `xml:"-" json:"url"`
	}
	read := xml.Unmarshal
	if f == JSON {
		read = json.Unmarshal
	}
	if err := read(entry, &doc); err != nil {
		t.Fatalf("%s: %v\n%.500s", f, err, entry)
	}
	switch f {
	case RSS:
		return shown{summary: doc.Description, full: doc.Encoded, alternate: doc.Link[0].Text}
	case Atom:
		if doc.Link[0].Rel != "alternate" {
			t.Errorf("the first link is %q", doc.Link[0].Rel)
		}
		return shown{summary: doc.Summary, full: doc.Content, alternate: doc.Link[0].Href}
	}
	return shown{summary: doc.Summary, full: doc.Content, text: doc.Text, alternate: doc.URL}
}

// An entry whose content has no room in a feed carries the summary and the link
// to the page, in every format alike, and is valid.
func TestLargeContentIsLeftOut(t *testing.T) {
	site := oddSet().category.Site
	for _, c := range []struct {
		name, want string
		post       Post
	}{
		{"picture", "A loom.", Post{Title: "Seen", Body: "A loom.\n\n" + picture(MaxContent)}},
		{"pictures alone", "Seen", Post{Title: "Seen", Markup: HTML, Body: pictures()}},
		{"picture in HTML", "Words", Post{Title: "Seen", Markup: HTML, Body: `<p>Words<img src="` + strings.TrimSuffix(picture(MaxContent)[len("![A loom]("):], ")\n") + `"></p>`}},
		{"pictures without a title", "https://weaver.example/blog/posts/large", Post{Markup: HTML, Body: pictures()}},
		{"text", strings.TrimSpace(strings.Repeat("It goes on. ", 25)), Post{Title: "Long", Body: strings.Repeat("It goes on. ", MaxContent/12+1)}},
		{"summary", "Five & six", Post{Title: "Long", Summary: "Five & six", Body: strings.Repeat("much", 1_250_000)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.post
			p.Slug, p.ID, p.Num, p.Revision, p.Published = "large", "tag:weaver.example,2026:large", 1, 1, time.Unix(1_800_000_000, 0)
			all, err := renderEntries(site, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range Formats {
				b := all[f]
				if len(b) > 5_000 {
					t.Errorf("%s: the entry has %d bytes", f, len(b))
				}
				got := show(t, f, b)
				if got.alternate != "https://weaver.example/blog/posts/large" || got.full != nil {
					t.Errorf("%s: it leads to %q, and its content is there: %v", f, got.alternate, got.full != nil)
				}
				text := got.summary
				if f == JSON {
					text = got.text
				}
				switch {
				case f == RSS && text == nil && c.want == p.Title: // a title is enough there
				case text == nil || strings.ReplaceAll(*text, "&amp;", "&") != c.want:
					t.Errorf("%s: it says\n%.500s\nwant %q", f, b, c.want)
				}
				if found, _ := LintEntry(f, b); len(found) > 0 {
					t.Errorf("%s: %v", f, found)
				}
			}
		})
	}
}

// The limit is of bytes of HTML, whatever a format makes of them.
func TestContentUpToTheLimitStays(t *testing.T) {
	site := oddSet().category.Site
	for _, c := range []struct {
		name string
		size int
		full bool
	}{{"at the limit", MaxContent, true}, {"above it", MaxContent + 1, false}} {
		const tags = "<p></p>"
		p := Post{ID: "tag:x", Slug: "x", Title: "x", Markup: HTML, Body: "<p>" + strings.Repeat(`"`, c.size-len(tags)) + "</p>"}
		for _, f := range Formats {
			b := mustEntry(t, site, p, f)
			if full := show(t, f, b).full; (full != nil) != c.full || c.full && *full != p.Body {
				t.Errorf("%s: as %s the content is there: %v", c.name, f, full != nil)
			}
			if len(b) > MaxBytes {
				t.Errorf("%s: as %s the entry alone has %d bytes", c.name, f, len(b))
			}
		}
	}
}

// What stands around the entries counts, to the byte.
func TestFitIsExact(t *testing.T) {
	var sizes [][3]int
	var entries [][]byte
	for _, size := range []int{1_000_000, 1_000_000, 1_000} {
		sizes = append(sizes, [3]int{size, size, size})
		entries = append(entries, make([]byte, size))
	}
	for _, f := range Formats {
		var frames [3]int
		frames[f] = MaxBytes - len(Join(f, nil, entries, nil))
		if n := Fit(frames, sizes); n != 3 {
			t.Errorf("%s: %d of 3 entries fit into a feed of %d bytes", f, n, MaxBytes)
		}
		frames[f]++
		if n := Fit(frames, sizes); n != 2 {
			t.Errorf("%s: %d entries fit where 3 have %d bytes", f, n, MaxBytes+1)
		}
	}
	if n := Fit([3]int{}, [][3]int{{MaxBytes, 0, 0}, {1, 1, 1}}); n != 1 {
		t.Errorf("%d entries fit, want the first", n)
	}
}
