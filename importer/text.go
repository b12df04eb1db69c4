package importer

import (
	"bytes"
	"net/url"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"syndic/feed"
)

// markdown reads the headings that feed.Content reads. It is safe for use by
// several goroutines.
var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote))
})

// title is the text of the first heading, and the rest of the text without it.
// A heading of a lower level is no title when something stands before it.
func title(src string) (title, rest string) {
	b := []byte(src)
	doc := markdown().Parser().Parse(text.NewReader(b))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 || n.PreviousSibling() != nil && h.Level > 1 {
			continue
		}
		if title := headline(b, h); title != "" {
			from, to := lines(b, h)
			return title, src[:from] + src[to:]
		}
	}
	return "", src
}

// headline is a heading's text without its markup.
func headline(src []byte, h *ast.Heading) string {
	var b bytes.Buffer
	if err := markdown().Renderer().Render(&b, src, h); err != nil {
		return ""
	}
	return feed.Summarise(b.String(), b.Len()+1)
}

// lines is where a heading's lines begin and end, with its underline if it has
// one (CommonMark §4.3).
func lines(src []byte, h *ast.Heading) (from, to int) {
	first, last := h.Lines().At(0), h.Lines().At(h.Lines().Len()-1)
	from = bytes.LastIndexByte(src[:first.Start], '\n') + 1
	to = lineEnd(src, max(last.Stop-1, last.Start))
	if !bytes.Contains(src[from:first.Start], []byte("#")) {
		to = lineEnd(src, to)
	}
	return from, to
}

// lineEnd is the index behind the end of the line that at is on.
func lineEnd(src []byte, at int) int {
	if at >= len(src) {
		return len(src)
	}
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(src)
}

// linkWords are attributes with targets, in HTML.
var linkWords = pattern(`(?i)href|src|poster`)

// mayLink tells whether Markdown may have a relative link. It says so once too
// often rather than not at all.
func mayLink(src string) bool {
	if strings.Contains(src, "<") && linkWords().MatchString(src) {
		return true
	}
	for rest := src; ; {
		// A link's or an image's text ends so, inline or in a definition
		// (CommonMark §6.3, §4.7).
		at := strings.IndexByte(rest, ']')
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
		if rest == "" || rest[0] != '(' && rest[0] != ':' {
			continue
		}
		if target := strings.TrimPrefix(strings.TrimLeft(rest[1:], " \t\n"), "<"); !leadsElsewhere(target) {
			return true
		}
	}
}

// leadsElsewhere tells whether a target is surely no relative one.
func leadsElsewhere(target string) bool {
	for _, start := range []string{"https://", "http://", "mailto:", "#"} {
		if len(target) >= len(start) && strings.EqualFold(target[:len(start)], start) {
			return true
		}
	}
	return false
}

// targets are the URLs in HTML's attributes.
func targets(src string) (out []string) {
	t := html.NewTokenizer(strings.NewReader(src))
	for t.Next() != html.ErrorToken {
		for _, a := range t.Token().Attr {
			switch a.Key {
			case "href", "src", "poster":
				out = append(out, a.Val)
			case "srcset":
				for c := range strings.SplitSeq(a.Val, ", ") {
					if f := strings.Fields(c); len(f) > 0 {
						out = append(out, f[0])
					}
				}
			}
		}
	}
	return out
}

// relative tells whether a link leads to a file beside the post: neither to
// another site nor to a place in the post itself.
func relative(link string) bool {
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "" && u.Host == "" && u.Path != ""
}

// trimBlank cuts blank lines off both ends; the first line's indentation is
// markup.
func trimBlank(s string) string {
	s = strings.TrimRight(s, " \t\n")
	for {
		line, rest, ok := strings.Cut(s, "\n")
		if !ok || strings.TrimSpace(line) != "" {
			return s
		}
		s = rest
	}
}
