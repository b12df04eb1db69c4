package feed

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

// listed is all that is known of an element and of what it holds.
func (e *element) listed() []string {
	parent := "nothing"
	if e.parent != nil {
		parent = fmt.Sprintf("%v at %d", e.parent.name, e.parent.offset)
	}
	list := []string{fmt.Sprintf("%d %d-%d: %q %q holds %q and stands in %s", e.offset, e.from, e.to, e.name, e.attrs, e.text, parent)}
	for _, c := range e.children {
		list = append(list, c.listed()...)
	}
	return list
}

func (v *node) listed() []string {
	list := []string{fmt.Sprintf("%q is %s %q", v.pointer(), v.kind, v.text)}
	for _, item := range v.items {
		list = append(list, item.listed()...)
	}
	return list
}

// scanned is what the fast way makes of a document, and what the general way
// has to say of it. The fast way may have nothing to say.
func scanned(f Format, b []byte, entry bool) (fast, general []string, found []Finding) {
	quick, l := linter{format: f}, linter{format: f}
	defer quick.release()
	if f == JSON {
		if v := quick.scanJSON(b); v != nil {
			fast = v.listed()
		}
		if v := l.readAnyJSON(b); v != nil {
			general = v.listed()
		}
		return fast, general, l.findings()
	}
	var outer, same *outside
	if entry {
		outer, same = &outside{format: f}, &outside{format: f}
	}
	src, ok := l.decode(b)
	if !ok {
		return nil, nil, l.findings()
	}
	if e := quick.scanXML(src, outer); e != nil {
		fast = e.listed()
	}
	if e := l.readAnyXML(src, same); e != nil {
		general = e.listed()
	}
	if entry && fast != nil {
		fast, general = append(fast, outer.needed...), append(general, same.needed...)
	}
	return fast, general, l.findings()
}

// usualDocuments are entries and feeds of all kinds, with the post that each
// is of.
func usualDocuments(t testing.TB, use func(name string, f Format, b []byte)) {
	t.Helper()
	for name, s := range allSets(t) {
		for _, f := range Formats {
			use(name, f, mustRender(t, s, f))
			for _, p := range s.posts {
				use(name+"/"+p.Slug, f, mustEntry(t, s.category.Site, p, f))
			}
		}
	}
	for _, s := range corpus(t) {
		for _, f := range Formats {
			if b := mustEntry(t, s.category.Site, s.posts[0], f); len(b) < 100_000 {
				use("corpus/"+s.name, f, b)
			}
		}
	}
}

// damaged are the posts with bytes that were no text, or that JSON escapes.
// They have findings, or are rare: they are for the general way.
var damaged = map[string][]Format{
	"odd": Formats[:], "odd/bytes": Formats[:],
	"corpus/broken-utf8": Formats[:], "corpus/surrogates": Formats[:], "corpus/overlong": Formats[:], "corpus/latin1": Formats[:],
	"corpus/replacement": Formats[:], "corpus/numeric-references": Formats[:], "corpus/spaces": {JSON}, "corpus/line-separators": {JSON},
}

func TestUsualDocumentsAreScanned(t *testing.T) {
	usualDocuments(t, func(name string, f Format, b []byte) {
		fast, general, found := scanned(f, b, true)
		if (fast == nil) != slices.Contains(damaged[name], f) {
			t.Errorf("%s as %s is scanned: %v", name, f, fast != nil)
		}
		if fast != nil && (!slices.Equal(fast, general) || len(found) > 0) {
			t.Errorf("%s as %s reads as\n%q, want\n%q with %v", name, f, fast, general, found)
		}
	})
}

func TestUsualContentIsPlain(t *testing.T) {
	for _, s := range corpus(t) {
		e, err := newEntry(s.category.Site, s.posts[0])
		if err != nil {
			t.Fatal(err)
		}
		if plainHTML(e.content) != (s.name != "iframes") {
			t.Errorf("the content of %s is not taken as it is to be:\n%.2000s", s.name, e.content)
		}
	}
}

// The fast ways read as the general ones do, or not at all.
func FuzzScan(f *testing.F) {
	usualDocuments(f, func(name string, format Format, b []byte) {
		if len(b) < 4000 {
			f.Add(uint8(format), b)
		}
	})
	for _, s := range []string{
		`<a b="c" xmlns="u:v" xmlns:x="u:w"><x:d x:e="&lt;&#x26;" e="" xml:lang="en">&amp; <b xmlns="">]]<![CDATA[>]]></b> x</x:d></a>`,
		`<a><b xmlns:x="u"/></a>`, `<a b="1" b="2"></a>`, `<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"></a>`, `<a xmlns:x="u" xmlns:x="v" x:b=""></a>`,
		`<x:a></x:a>`, `<xml:a></xml:a>`, `<a xmlns:x="a b"></a>`, `<a:b:c></a:b:c>`, `<a></a><b></b>`, `<a></b>`, `<a></a`, `<a b='c'></a>`, `<a  b="c"></a>`,
		`<a b="<"></a>`, `<a>]]></a>`, `<a><!-- b --></a>`, ` <a></a> `, `x<a></a>`, `<![CDATA[]]><a></a>`, "<a>\u0085\ufffd</a>", `<a b="c" ></a >`, `<a b="]]>"></a>`,
	} {
		f.Add(uint8(RSS), []byte(s))
		f.Add(uint8(Atom), []byte(s))
	}
	for _, s := range []string{
		`{"a": ["b", 1, 0, true, false, null, {}, [], ""], "c": {"d": "\"\\\/\n\r\t"}}`, `{"a": 1, "a": 2}`, `{"a": 01}`, `{"a": -1.5e3}`, `{"a": 1}x`, `{"a": tru}`,
		`{"a": "\u0041"}`, `{"a": "\x"}`, `{"a": "\"}`, "{\"a\": \"\n\"}", `{"a" 1}`, `{"a": 1,}`, `{,}`, `[1]`, `{"a": [1,]}`, `{"": ""}`, `{"a": [1 2]}`, "{}\x00", "{\"a\": \"\u0085\"}",
	} {
		f.Add(uint8(JSON), []byte(s))
	}
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		format := Formats[int(kind)%len(Formats)]
		for _, entry := range []bool{false, true} {
			fast, general, found := scanned(format, b, entry)
			if fast != nil && (!slices.Equal(fast, general) || len(found) > 0) {
				t.Errorf("%s %q reads as\n%q, want\n%q with %v", format, b, fast, general, found)
			}
		}
	})
}

// Linters at the same time do not get in each other's way.
func TestLintersAtOnce(t *testing.T) {
	var work sync.WaitGroup
	usualDocuments(t, func(name string, f Format, b []byte) {
		found, facts := LintEntry(f, b)
		work.Go(func() {
			again, same := LintEntry(f, b)
			if !slices.Equal(again, found) || same.ID != facts.ID || !slices.Equal(same.Prefixes, facts.Prefixes) {
				t.Errorf("%s as %s has %v, %+v and then %v, %+v", name, f, found, facts, again, same)
			}
		})
	})
	work.Wait()
}

// In plain HTML there is nothing to be found.
func FuzzPlainHTML(f *testing.F) {
	for _, p := range keptPosts(f) {
		f.Add(p.Body)
	}
	for _, s := range append(unsafeSources, usualHTML...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !plainHTML(src) {
			return
		}
		for _, based := range []bool{false, true} {
			l := linter{format: RSS}
			r := htmlReader{l: &l, at: nowhere, what: subject("it"), based: based}
			if r.read(src); len(l.found) > 0 {
				t.Errorf("in %q there is %v", src, l.found)
			}
		}
	})
}

var usualHTML = []string{
	`<p>x</p>`, `<p>a <a href="https://a.example/?b=1&amp;c">b</a> &lt; <em>c</em><br/>d</p><hr><ul><li>e</li></ul>`,
	`<p id="x" title="&lt;a b='c'>"><img src="HTTPS://a.example/b.png" alt=""/></p><h2>d</h2>`, `<blockquote cite="mailto:a@b"><math display="block"><mi>x</mi></math></blockquote>`,
}

func TestPlainHTML(t *testing.T) {
	for _, s := range usualHTML {
		if !plainHTML(s) {
			t.Errorf("%q is not plain", s)
		}
	}
	for _, s := range []string{
		`<p>`, `</p>`, `<p></b>`, `<script></script>`, `<iframe></iframe>`, `<title></title>`, `<a href="b">c</a>`, `<a href="javascript:b">c</a>`, `<a href="">c</a>`,
		`<p style="x"></p>`, `<img srcset="a"/>`, `<img srcset="https://a, b"/>`, `<img srcset="https://a&comma; b"/>`, `<p onclick="x"></p>`, `<P></P>`, `<p title='x'></p>`, `<p title=x></p>`, `<p hidden></p>`, `< p`, `<!-- x -->`, `<p`, `<br/`, `<p></p `,
	} {
		if plainHTML(s) {
			t.Errorf("%q is plain", s)
		}
	}
}

var schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// What a form's short cut takes, the form takes.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"https://a.example/b", "tag:a.example,2026-01-05:b/c", "a+b.c:d", "1a:b", "text/html", "application/atom+xml", "text/html; charset=utf-8", "a.b@c-d.example", "a@b.c",
		"2026-01-05T15:04:05Z", "2026-01-05T5:04:05.5Z", "2026-02-30T15:04:05Z", "Mon, 05 Jan 2026 15:04:05 +0000", "Tue, 05 Jan 2026 15:04:05 +0000", "Mon, 05 Jan 2026 15:04:05 -0000", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if want := schemeForm.FindString(s); want != "" && schemeOf(s)+":" != want || want == "" && schemeOf(s) != "" {
			t.Errorf("the scheme of %q is %q", s, schemeOf(s))
		}
		for name, c := range map[string]struct{ plain, general bool }{
			"tag URI":    {plainTag(s), tagForm().MatchString(s)},
			"media type": {plainMedia(s), mediaForm().MatchString(s)},
			"address":    {plainAddress(s), addressForm().MatchString(s)},
		} {
			if c.plain && !c.general {
				t.Errorf("%q is a plain %s", s, name)
			}
		}
		if day, ok := plainMoment(s); ok {
			if want, err := time.Parse(time.RFC3339, s); err != nil || !rfc3339Form().MatchString(s) || day.Year() != want.Year() {
				t.Errorf("%q is a plain date", s)
			}
		}
		if day, ok := plainStamp(s); ok {
			m := rfc822Form().FindStringSubmatch(s)
			if m == nil || m[4] != fmt.Sprintf("%04d", day.Year()) || m[1] != day.Format("Mon") {
				t.Errorf("%q is a plain date of RFC 822", s)
			}
		}
	})
}
