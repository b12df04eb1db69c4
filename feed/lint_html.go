package feed

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// htmlReader looks through HTML as a feed carries it. Each rule is reported
// once a text: a page of relative links is one mistake.
type htmlReader struct {
	l     *linter
	at    spot
	what  fmt.Stringer
	based bool // relative references have a base
	told  map[string]bool
	open  []string
	tags  int
}

// html checks what readers will show as HTML.
func (l *linter) html(at spot, what fmt.Stringer, src string, based bool) {
	r := htmlReader{l: l, at: at, what: what, based: based}
	switch {
	case strings.IndexByte(src, '<') < 0:
		r.escapedTwice(src)
	case !plainHTML(src):
		r.read(src)
	}
}

func (r *htmlReader) read(src string) {
	t := html.NewTokenizer(strings.NewReader(src))
	for {
		switch t.Next() {
		case html.ErrorToken:
			r.end()
			if r.tags == 0 {
				r.escapedTwice(src)
			}
			return
		case html.StartTagToken:
			r.start(t, true)
		case html.SelfClosingTagToken:
			r.start(t, false)
		case html.EndTagToken:
			name, _ := t.TagName()
			r.close(string(name))
		}
	}
}

func (r *htmlReader) tell(rule, format string, args ...any) {
	if r.told[rule] {
		return
	}
	if r.told == nil {
		r.told = map[string]bool{}
	}
	r.told[rule] = true
	r.l.report(r.at, rule, "%s "+format, append([]any{r.what}, args...)...)
}

// tagKind is what sets a tag apart from others.
type tagKind uint8

const (
	riskyTag tagKind = 1 << iota // it does something when it is shown; careful readers drop it
	voidTag                      // it never holds anything (HTML §13.1.2)
	rawTag                       // what it holds is no HTML to parsers
)

var tags = map[string]tagKind{
	"applet": riskyTag, "frame": riskyTag, "frameset": riskyTag, "object": riskyTag,
	"base": riskyTag | voidTag, "embed": riskyTag | voidTag, "link": riskyTag | voidTag, "meta": riskyTag | voidTag,
	"noembed": riskyTag | rawTag, "script": riskyTag | rawTag, "style": riskyTag | rawTag,
	"area": voidTag, "br": voidTag, "col": voidTag, "hr": voidTag, "img": voidTag, "input": voidTag, "param": voidTag, "source": voidTag, "track": voidTag, "wbr": voidTag,
	"iframe": rawTag, "noframes": rawTag, "noscript": rawTag, "plaintext": rawTag, "textarea": rawTag, "title": rawTag, "xmp": rawTag,
}

func (r *htmlReader) start(t *html.Tokenizer, opens bool) {
	b, more := t.TagName()
	name := string(b)
	r.tags++
	switch {
	case tags[name]&riskyTag != 0:
		r.tell("content-script", "has a <%s> in it, which readers remove, or refuse the feed for", name)
	case name == "iframe":
		r.tell("content-iframe", "has an <iframe> in it, which many readers remove")
	}
	for more {
		var key, val []byte
		key, val, more = t.TagAttr()
		r.attribute(name, string(key), string(val))
	}
	if opens && tags[name]&voidTag == 0 {
		r.open = append(r.open, name)
	}
}

// dangerousStyle is what a style can do besides looks.
var dangerousStyle = pattern(`(?i)url\s*\(|expression\s*\(|behavior\s*:|-moz-binding|javascript:|@import|position\s*:\s*(fixed|absolute)`)

func (r *htmlReader) attribute(element, key, val string) {
	switch {
	case key == "style":
		if dangerousStyle().MatchString(val) {
			r.tell("content-style", "has the style %s in it, which readers remove", clip(val))
		}
	case hasURL(key):
		r.reference(element, val)
	case key == "srcset":
		for _, candidate := range strings.Split(val, ", ") {
			if fields := strings.Fields(candidate); len(fields) > 0 {
				r.reference(element, fields[0])
			}
		}
	case strings.HasPrefix(key, "on"):
		r.tell("content-script", "has the attribute %s in it, which runs a script", key)
	}
}

// hasURL tells whether an attribute's value is a URL.
func hasURL(key string) bool {
	switch key {
	case "href", "src", "poster", "cite", "data", "action", "longdesc", "background":
		return true
	}
	return false
}

// running tells whether a scheme is of URLs that run a script.
func running(scheme string) bool {
	return strings.EqualFold(scheme, "javascript") || strings.EqualFold(scheme, "vbscript")
}

func (r *htmlReader) reference(element, val string) {
	val = strings.TrimSpace(val)
	switch scheme := schemeOf(val); {
	case running(scheme):
		r.tell("content-script", "has a link in it that runs a script")
	case scheme == "" && !r.based:
		r.tell("content-relative-url", "has <%s> with the relative URL %s: write it whole, as it leads somewhere else in a reader", element, clip(val))
	}
}

// implied ends need not be written (HTML §13.1.2.4).
var implied = []string{"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "caption", "rp", "rt", "html", "head", "body"}

func (r *htmlReader) close(name string) {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i] == name {
			r.open = r.open[:i]
			return
		}
		if !slices.Contains(implied, r.open[i]) {
			r.tell("content-balance", "has a </%s> where <%s> is still open", name, r.open[i])
			return
		}
	}
	if name != "p" && name != "br" { // which open themselves
		r.tell("content-balance", "has a </%s> that closes nothing", name)
	}
}

func (r *htmlReader) end() {
	for _, name := range r.open {
		if !slices.Contains(implied, name) {
			r.tell("content-balance", "has a <%s> that is never closed", name)
		}
	}
}

// paragraph is what most HTML begins with, once it is unescaped.
var paragraph = pattern(`^\s*<(p|div|h[1-6]|ul|ol|table|blockquote|figure|a|img|strong|em|span|br)\b[^<]*>`)

// escapedTwice finds HTML that was escaped once too often: readers show tags.
func (r *htmlReader) escapedTwice(src string) {
	if !strings.Contains(src, "&lt;") {
		return
	}
	if s := strings.TrimSpace(html.UnescapeString(src)); paragraph().MatchString(s) && strings.HasSuffix(s, ">") {
		r.tell("content-escaped-twice", "shows its tags as text: escape the HTML once, or put it in CDATA as it is")
	}
}

var (
	// closing is what gives HTML away in a text that is to be plain.
	closing = pattern(`(?i)</(a|abbr|b|blockquote|cite|code|del|div|em|h[1-6]|i|ins|li|ol|p|pre|q|s|small|span|strike|strong|sub|sup|table|td|tr|tt|u|ul)>`)
	// entity is a character reference that HTML knows.
	entity = pattern(`&(amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|copy|#[0-9]+|#[xX][0-9A-Fa-f]+);`)
)

// plainText warns of HTML in a text that readers take for plain.
func (l *linter) plainText(at spot, rule string, what fmt.Stringer, s string) {
	found := ""
	if strings.Contains(s, "</") {
		found = closing().FindString(s)
	}
	if found == "" && strings.IndexByte(s, '&') >= 0 {
		found = entity().FindString(s)
	}
	if found != "" {
		l.report(at, rule, "%s has %s in it, but is plain text: readers show it as it stands", what, clip(found))
	}
}
