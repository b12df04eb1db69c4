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

// markdown reads what feed.Content reads, but for bare links, which are never
// relative. It is safe for use by several goroutines.
var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote))
})

// parsed is a Markdown text and its syntax tree.
type parsed struct {
	src []byte
	doc ast.Node
}

func parseText(src string) parsed {
	b := []byte(src)
	return parsed{src: b, doc: markdown().Parser().Parse(text.NewReader(b))}
}

// title is the text of the first heading, and the rest without it. A heading
// of a lower level is no title when something stands before it.
func (p parsed) title() (title, rest string) {
	for n := p.doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Lines().Len() == 0 || n.PreviousSibling() != nil && h.Level > 1 {
			continue
		}
		if title = p.plain(h); title == "" {
			continue
		}
		from, to := p.lines(h)
		return title, string(p.src[:from]) + string(p.src[to:])
	}
	return "", string(p.src)
}

// plain is a heading's text without its markup.
func (p parsed) plain(h *ast.Heading) string {
	var b bytes.Buffer
	if err := markdown().Renderer().Render(&b, p.src, h); err != nil {
		return ""
	}
	return feed.Summarise(b.String(), b.Len()+1)
}

// lines is where a heading's lines begin and end, with its underline if it has
// one (CommonMark §4.3).
func (p parsed) lines(h *ast.Heading) (from, to int) {
	first, last := h.Lines().At(0), h.Lines().At(h.Lines().Len()-1)
	from = bytes.LastIndexByte(p.src[:first.Start], '\n') + 1
	to = p.lineEnd(max(last.Stop-1, last.Start))
	if !bytes.Contains(p.src[from:first.Start], []byte("#")) {
		to = p.lineEnd(to)
	}
	return from, to
}

// lineEnd is the index behind the end of the line that at is on.
func (p parsed) lineEnd(at int) int {
	if at >= len(p.src) {
		return len(p.src)
	}
	if i := bytes.IndexByte(p.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(p.src)
}

// links are the targets of all links and images, raw HTML's too.
func (p parsed) links() (out []string) {
	var raw strings.Builder
	_ = ast.Walk(p.doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			out = append(out, html.UnescapeString(string(n.Destination)))
		case *ast.Image:
			out = append(out, html.UnescapeString(string(n.Destination)))
		case *ast.RawHTML:
			raw.Write(n.Segments.Value(p.src))
		case *ast.HTMLBlock:
			raw.Write(n.Lines().Value(p.src))
			raw.Write(n.ClosureLine.Value(p.src))
		}
		return ast.WalkContinue, nil
	})
	return append(out, targets(raw.String())...)
}

// targets are the URLs in HTML's attributes.
func targets(src string) (out []string) {
	t := html.NewTokenizer(strings.NewReader(src))
	for t.Next() != html.ErrorToken {
		for _, a := range t.Token().Attr {
			switch a.Key {
			case "href", "src", "poster":
				out = append(out, strings.TrimSpace(a.Val))
			case "srcset":
				for c := range strings.SplitSeq(a.Val, ",") {
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
