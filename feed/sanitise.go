package feed

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// errUnstable means that HTML changes its meaning each time it is parsed.
var errUnstable = errors.New("the HTML is nested in a way that no parser reads twice alike")

// sanitise parses src, rewrites the tree, and filters what it is written as,
// until that is what a reader's parser makes of it too: HTML whose tree moves
// when it is parsed again is how markup slips past a filter.
func sanitise(src string, r rewriter) (string, error) {
	for i := range 8 {
		if out, ok := short(src, r); ok && (i == 0 || out == src) {
			return out, nil
		}
		tree, err := r.rewrite(src)
		if err != nil {
			return "", err
		}
		if i > 0 && tree == src {
			return src, nil
		}
		src = tidy(policy().Sanitize(tree))
	}
	return "", errUnstable
}

func tidy(s string) string { return plainQuotes(trim(s)) }

// plainQuotes undoes the escaping of quotes where they need none: a feed
// escapes the content once more, and "&amp;#39;" for each apostrophe is a
// burden. "<" and ">" stand for nothing but tags in what the parser writes.
func plainQuotes(s string) string {
	s = strings.ReplaceAll(s, "&#39;", "'")
	if !strings.Contains(s, "&#34;") {
		return s
	}
	var b strings.Builder
	for s != "" {
		tag := strings.IndexByte(s, '<')
		if tag < 0 {
			tag = len(s)
		}
		b.WriteString(strings.ReplaceAll(s[:tag], "&#34;", `"`))
		end := strings.IndexByte(s[tag:], '>')
		if end < 0 {
			end = len(s) - tag
		}
		b.WriteString(s[tag : tag+end])
		s = s[tag+end:]
	}
	return b.String()
}

// elements are kept; every other is dropped and what it holds stays, but for
// those that the rewriter removes whole.
var elements = []string{
	"a", "abbr", "address", "article", "aside", "audio", "b", "bdi", "bdo", "big", "blockquote", "br",
	"caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt",
	"em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr",
	"i", "img", "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "picture", "pre", "q",
	"rp", "rt", "ruby", "s", "samp", "section", "small", "source", "span", "strike", "strong", "sub", "summary", "sup",
	"table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "track", "tt", "u", "ul", "var", "video", "wbr",
	"iframe", // the rewriter leaves only those of allowed hosts
}

// attributes says which attributes stay on which elements, "" for all, and
// what their values match. The rewriter has checked URLs by then.
var attributes = []struct{ names, on, match string }{
	{"id", "", `^[\p{L}\p{M}\p{N}_:.-]+$`},
	{"dir", "", `^(?i:ltr|rtl|auto)$`},
	{"lang", "", `^[A-Za-z0-9-]{1,35}$`},
	{"title", "", ``},
	{"class", "", ``}, // the rewriter leaves only what keptClass matches
	{"href", "a", ``},
	{"hreflang type rel", "a", `^[A-Za-z0-9 /+.-]+$`},
	{"cite", "blockquote q del ins", ``},
	{"datetime", "time del ins", `^[0-9A-Za-z :.+-]+$`},
	{"src", "img audio video source track", ``},
	{"srcset", "img source", ``},
	{"sizes media", "img source", ``},
	{"type", "source", `^[A-Za-z0-9./+-]+( *;.*)?$`},
	{"alt", "img", ``},
	{"width height", "img video source table td th col", `^[0-9]{1,5}%?$`},
	{"loading decoding", "img", `^[a-z]+$`},
	{"poster", "video", ``},
	{"controls loop muted playsinline preload", "audio video", `^[a-z]*$`},
	{"kind srclang label default", "track", ``},
	{"align", "td th tr col colgroup thead tbody tfoot", `^(?i:left|center|right)$`},
	{"colspan rowspan span", "td th col colgroup", `^[0-9]{1,4}$`},
	{"scope headers abbr", "td th", ``},
	{"start", "ol", `^-?[0-9]{1,9}$`},
	{"type", "ol ul li", `^[1aAiI]$|^[a-z]+$`},
	{"reversed", "ol", ``},
	{"value", "li", `^-?[0-9]{1,9}$`},
	{"open", "details", ``},
	{"src title", "iframe", ``},
	{"width height", "iframe", `^[0-9]{1,5}%?$`},
	{"allowfullscreen loading", "iframe", `^[a-z]*$`},
	{"display", "math", `^(block|inline)$`},
	{"alttext", "math", ``},
	{"mathvariant", "mi", `^normal$`},
	{"form fence separator lspace rspace stretchy symmetric maxsize minsize largeop movablelimits", "mo", mathValue},
	{"linethickness", "mfrac", mathValue},
	{"width height depth lspace voffset", "mspace mpadded", mathValue},
	{"accent accentunder", "mover munder munderover", mathValue},
	{"columnspan rowspan", "mtd", mathValue},
	{"displaystyle scriptlevel", "math mrow mstyle mtable", mathValue},
}

// mathValue is a length, a number or a keyword.
const mathValue = `^[a-z0-9.%+-]{1,20}$`

// policy is the filter, safe for use by several goroutines.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(elements...)
	p.AllowNoAttrs().OnElements(elements[1:]...) // a link to nowhere is none
	math := slices.Sorted(maps.Keys(mathML))
	p.AllowElements(math...)
	p.AllowNoAttrs().OnElements(math...)
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes(schemes...)
	p.AllowDataURIImages()
	for _, a := range attributes {
		rule := p.AllowAttrs(strings.Fields(a.names)...)
		if a.match != "" {
			rule = rule.Matching(regexp.MustCompile(a.match))
		}
		if a.on == "" {
			rule.Globally()
		} else {
			rule.OnElements(strings.Fields(a.on)...)
		}
	}
	return p
})
