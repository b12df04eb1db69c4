package feed

import (
	"slices"
	"testing"
	"time"
)

func TestInstant(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-01T00:30:00.999+01:00": "2026-02-28T23:30:00Z",
		"0001-01-01T00:00:00Z":          "0001-01-01T00:00:00Z",
		"0001-01-01T00:00:00+01:00":     "0001-01-01T00:00:01Z", // before the year one, and not the zero time
		"9999-12-31T23:59:59-01:00":     "9999-12-31T23:59:59Z",
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, in, instant(at).Format(time.RFC3339Nano), want)
	}
}

func TestLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"de": "de", " zh-Hant-TW\n": "zh-Hant-TW", "sl-rozaj-1994": "sl-rozaj-1994", "": "",
		"de_AT": "", "de-": "", "-de": "", "1a": "", "german lang": "", "abcdefghi": "",
		"A": "", "xxx-DE": "", "x-klingon": "x-klingon", "x": "", "tlh": "tlh",
	} {
		equal(t, in, language(in), want)
	}
}

func TestAbsolute(t *testing.T) {
	const base = "https://weaver.example/blog/design/post"
	for in, want := range map[string]string{
		"":                         "",
		" \n":                      "",
		"a.png":                    "https://weaver.example/blog/design/a.png",
		"/a b.png":                 "https://weaver.example/a%20b.png",
		"//cdn.example/x":          "https://cdn.example/x",
		"#top":                     base + "#top",
		"http://other.example/?a":  "http://other.example/?a",
		"javascript:alert(1)":      "",
		"\x01javascript:alert(1)":  "",
		"https://[broken":          "",
		"https://x.example/100%25": "https://x.example/100%25",
		"/100%":                    "https://weaver.example/100%25",
		"/?q=ü&a[]=1|2#ß":          "https://weaver.example/?q=%C3%BC&a%5B%5D=1%7C2#%C3%9F",
		"a\\b.png?c\\d":            "https://weaver.example/blog/design/a/b.png?c%5Cd",
		"http://[2001:db8::1]:8/a": "http://[2001:db8::1]:8/a",
		"https:///nowhere":         "",
		"http:opaque":              "",
		"https://:":                "",
		"//:80":                    "",
		"https://bücher.example/é": "https://xn--bcher-kva.example/%C3%A9",
		"urn:isbn:0451450523":      "urn:isbn:0451450523",
	} {
		equal(t, in, absolute(base, in), want)
	}
}

func TestPeople(t *testing.T) {
	got := people("https://weaver.example/", Person{Name: " Author "}, Person{Email: "editor@weaver.example"},
		Person{Email: "nobody"}, Person{URL: "/critic"}, Person{Name: "\x00"}, Person{Name: "Desk", Email: "a@b\nc"},
		Person{Email: "Ed <ed@weaver.example>"}, Person{Name: "Ö", Email: "ö@weaver.example"}, Person{Name: "Root", Email: "root@localhost"})
	want := []Person{
		{Name: "Author"},
		{Name: "editor@weaver.example", Email: "editor@weaver.example"},
		{Name: "nobody"},
		{Name: "https://weaver.example/critic", URL: "https://weaver.example/critic"},
		{Name: "Desk"},
		{Name: "Ed <ed@weaver.example>"},
		{Name: "Ö"},
		{Name: "Root"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("people are %+v, want %+v", got, want)
	}
}

func TestTopics(t *testing.T) {
	const site = "https://weaver.example/blog/"
	got := topics(Site{URL: site}, Post{
		Labels: []Label{{Slug: "a", Title: "A"}, {Slug: "b"}, {Slug: "b"}, {Title: "C"}, {}},
		Tags:   []string{"A", " d\n e ", "a", "\x00"},
	})
	want := []topic{{"a", "A", site}, {"b", "b", site}, {"C", "C", site}, {"d e", "d e", ""}, {"a", "a", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("topics are %+v, want %+v", got, want)
	}
}

func TestAttachments(t *testing.T) {
	got := attachments("https://weaver.example/p", []Attachment{
		{URL: "/a.MP3?x=1", Size: -1, Duration: -1}, {URL: "b", Type: "video"}, {URL: "d", Type: "a/b c; x"}, {URL: "c.mp3", Type: "audio/x-own"}, {Type: "a/b"},
	})
	want := []Attachment{
		{URL: "https://weaver.example/a.MP3?x=1", Type: "audio/mpeg"},
		{URL: "https://weaver.example/b", Type: "application/octet-stream"},
		{URL: "https://weaver.example/d", Type: "application/octet-stream"},
		{URL: "https://weaver.example/c.mp3", Type: "audio/x-own"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("attachments are %+v, want %+v", got, want)
	}
}

// A post whose own address is no link keeps its page here.
func TestEntryFallsBackToItsOwnPage(t *testing.T) {
	s := Site{URL: "https://weaver.example/"}
	for _, bad := range []string{"javascript:alert(1)", "https://[broken", "\x00"} {
		e, err := newEntry(s, Post{Slug: "p", Body: "[x](y)", URL: bad})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "url", e.url, "https://weaver.example/posts/p")
		equal(t, "content", e.content, `<p><a href="https://weaver.example/posts/y">x</a></p>`)
	}
}
