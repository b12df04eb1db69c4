package feed

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// htmlReader looks through HTML as a feed carries it. Each rule is reported
// once a text: a page of relative links is one mistake.
type htmlReader struct {
	l     *linter
	at    spot
	what  string
	based bool // relative references have a base
	told  map[string]bool
	open  []string
	tags  int
}

// html checks what readers will show as HTML.
func (l *linter) html(at spot, what, src string, based bool) {
	r := htmlReader{l: l, at: at, what: what, based: based}
	if !strings.ContainsRune(src, '<') {
		r.escapedTwice(src)
		return
	}
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
	r.l.report(r.at, rule, r.what+" "+format, args...)
}

// risky elements do something when they are shown; careful readers drop them.
var risky = []string{"script", "object", "embed", "applet", "base", "meta", "link", "frame", "frameset", "style", "noembed"}

// voids never hold anything (HTML §13.1.2).
var voids = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}

func (r *htmlReader) start(t *html.Tokenizer, opens bool) {
	raw, more := t.TagName()
	name := string(raw)
	r.tags++
	switch {
	case slices.Contains(risky, name):
		r.tell("content-script", "has a <%s> in it, which readers remove, or refuse the feed for", name)
	case name == "iframe":
		r.tell("content-iframe", "has an <iframe> in it, which many readers remove")
	}
	for more {
		var key, val []byte
		key, val, more = t.TagAttr()
		r.attribute(name, string(key), string(val))
	}
	if opens && !slices.Contains(voids, name) {
		r.open = append(r.open, name)
	}
}

// dangerousStyle is what a style can do besides looks.
var dangerousStyle = regexp.MustCompile(`(?i)url\s*\(|expression\s*\(|behavior\s*:|-moz-binding|javascript:|@import|position\s*:\s*(fixed|absolute)`)

func (r *htmlReader) attribute(element, key, val string) {
	switch key {
	case "style":
		if dangerousStyle.MatchString(val) {
			r.tell("content-style", "has the style %s in it, which readers remove", clip(val))
		}
	case "href", "src", "poster", "cite", "data", "action", "longdesc", "background":
		r.reference(element, val)
	case "srcset":
		for _, candidate := range strings.Split(val, ", ") {
			if fields := strings.Fields(candidate); len(fields) > 0 {
				r.reference(element, fields[0])
			}
		}
	default:
		if strings.HasPrefix(key, "on") {
			r.tell("content-script", "has the attribute %s in it, which runs a script", key)
		}
	}
}

func (r *htmlReader) reference(element, val string) {
	val = strings.TrimSpace(val)
	scheme := strings.ToLower(schemeForm.FindString(val))
	switch {
	case scheme == "javascript:" || scheme == "vbscript:":
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
var paragraph = regexp.MustCompile(`^\s*<(p|div|h[1-6]|ul|ol|table|blockquote|figure|a|img|strong|em|span|br)\b[^<]*>`)

// escapedTwice finds HTML that was escaped once too often: readers show tags.
func (r *htmlReader) escapedTwice(src string) {
	if !strings.Contains(src, "&lt;") {
		return
	}
	if s := strings.TrimSpace(html.UnescapeString(src)); paragraph.MatchString(s) && strings.HasSuffix(s, ">") {
		r.tell("content-escaped-twice", "shows its tags as text: escape the HTML once, or put it in CDATA as it is")
	}
}

var (
	// closing is what gives HTML away in a text that is to be plain.
	closing = regexp.MustCompile(`(?i)</(a|abbr|b|blockquote|cite|code|del|div|em|h[1-6]|i|ins|li|ol|p|pre|q|s|small|span|strike|strong|sub|sup|table|td|tr|tt|u|ul)>`)
	// entity is a character reference that HTML knows.
	entity = regexp.MustCompile(`&(amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|copy|#[0-9]+|#[xX][0-9A-Fa-f]+);`)
)

// plainText warns of HTML in a text that readers take for plain.
func (l *linter) plainText(at spot, rule, what, s string) {
	found := closing.FindString(s)
	if found == "" {
		found = entity.FindString(s)
	}
	if found != "" {
		l.report(at, rule, "%s has %s in it, but is plain text: readers show it as it stands", what, clip(found))
	}
}
