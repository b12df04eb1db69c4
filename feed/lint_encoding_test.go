package feed

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

const rssInAnyEncoding = `<?xml version="1.0" encoding="NAME"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<atom:link rel="self" href="https://example.org/feed"/>
<title>TEXT</title><link>https://example.org/</link><description>TEXT</description>
<item><title>TEXT</title><guid>https://example.org/1</guid><pubDate>tomorrow</pubDate></item>
</channel></rss>`

// Foreign feeds are read in the encoding that they are in.
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		name, text string
		encoding   encoding.Encoding
		want       []string
	}{
		{"utf-8", "Übergröße", encoding.Nop, nil},
		{"UTF-8", "織機", unicode.UTF8BOM, nil},
		{"us-ascii", "Looms", encoding.Nop, nil},
		{"ISO-8859-1", "Übergröße", charmap.ISO8859_1, []string{"xml-utf-8"}},
		{"windows-1251", "Ткань", charmap.Windows1251, []string{"xml-utf-8"}},
		{"Shift_JIS", "織機", japanese.ShiftJIS, []string{"xml-utf-8"}},
		{"utf-16", "織機", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), []string{"xml-utf-8"}},
		{"UTF-16", "織機", unicode.UTF16(unicode.BigEndian, unicode.UseBOM), []string{"xml-utf-8"}},
	} {
		doc := strings.NewReplacer("NAME", c.name, "TEXT", c.text).Replace(rssInAnyEncoding)
		b, err := c.encoding.NewEncoder().Bytes([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		found := Lint(RSS, b)
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Rule == "rss-date" })
		column := 56 + utf8.RuneCountInString(c.text)
		if i < 0 || found[i].Line != 5 || found[i].Column != column {
			t.Errorf("%s: %v", c.name, found)
			continue
		}
		if got := ruleNames(slices.Delete(found, i, i+1)); !slices.Equal(got, c.want) {
			t.Errorf("%s: findings %v, want %v", c.name, got, c.want)
		}
		if f, err := Detect(b, ""); f != RSS || err != nil {
			t.Errorf("%s is detected as %v, %v", c.name, f, err)
		}
		if self, _ := Advertised(RSS, b); self != lintedAt {
			t.Errorf("%s says that it is at %q", c.name, self)
		}
	}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		b, mediaType string
		want         Format
		err          string
	}{
		{"<rss/>", "", RSS, ""},
		{"\n <!-- <feed> --><?xml-stylesheet?><!DOCTYPE rss [<!ENTITY a '<feed>'>]><rss version='2.0'>", "text/html", RSS, ""},
		{"<feed xmlns='http://www.w3.org/2005/Atom'>&nbsp;", "application/json", Atom, ""},
		{"<a:feed xmlns:a='http://www.w3.org/2005/Atom'>", "", Atom, ""},
		{"\xEF\xBB\xBF {}", "", JSON, ""},
		{"", "application/atom+xml; charset=utf-8", Atom, ""},
		{"oops", "application/feed+json", JSON, ""},
		{"<!-- cut", "application/rss+xml", RSS, ""},
		{"<!DOCTYPE html><html>", "application/rss+xml", 0, "HTML page"},
		{"<HTML>", "", 0, "HTML page"},
		{"<rdf:RDF xmlns='http://purl.org/rss/1.0/'>", "", 0, "RSS 1.0"},
		{"<opml>", "", 0, "<opml>"},
		{"oops", "text/plain", 0, "not a feed"},
		{"", "", 0, "not a feed"},
	} {
		f, err := Detect([]byte(c.b), c.mediaType)
		if f != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q of type %q is %v, %v; want %v, %q", c.b, c.mediaType, f, err, c.want, c.err)
		}
	}
}
