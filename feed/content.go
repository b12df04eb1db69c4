package feed

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Content turns a source into sanitised HTML, with every relative URL made
// absolute against base when base is a URL. The result is balanced, holds only
// XML 1.0 characters, and is its own result when it comes in again. With a base
// the ids of footnotes are told apart from those of other posts. Iframes of the
// hosts in frames stay; others become links. An unknown markup is an error, and
// nothing else is: a source that the parsers cannot take comes out as its text.
func Content(body string, m Markup, base string, frames ...string) (string, error) {
	if m != HTML && m != Markdown && m != "" {
		return "", fmt.Errorf("read content: unknown markup %q: use markdown or html", m)
	}
	var at *url.URL
	if u, err := url.Parse(base); err == nil && base != "" {
		at = u
	}
	src := strings.TrimPrefix(strings.ReplaceAll(Clean(body), "\r\n", "\n"), "\uFEFF")
	out, err := convert(src, m, newRewriter(at, frames))
	if err != nil {
		return verbatim(src, m), nil
	}
	return out, nil
}

// convert fails where a parser gives up, in whatever way.
func convert(src string, m Markup, r rewriter) (out string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if m != HTML {
		if tangled(src) {
			return "", errTangled
		}
		if src, err = converted(src); err != nil {
			return "", err
		}
	}
	return sanitise(src, r)
}

// errTangled means that Markdown would take minutes.
var errTangled = errors.New("a paragraph has more marks than anybody writes")

// tangled tells whether a block has so many marks that open an emphasis or a
// link that matching them, which takes the square of their number, takes long.
func tangled(src string) bool {
	const most = 20_000
	for block := range strings.SplitSeq(src, "\n\n") {
		marks := 0
		for _, mark := range []string{"*", "_", "~", "["} {
			marks += strings.Count(block, mark)
		}
		if marks > most {
			return true
		}
	}
	return false
}

// verbatim shows the words of a source that no parser could take: Markdown as
// it was written, HTML without its tags unless nothing else is in it.
func verbatim(src string, m Markup) string {
	if m == HTML {
		src = cmp.Or(trim(untagged(src)), src)
	}
	src = strings.TrimRight(strings.ReplaceAll(src, "\r", "\n"), " \t\n")
	if src == "" {
		return ""
	}
	// A parser drops a line break after <pre>.
	return plainQuotes("<pre>" + html.EscapeString(strings.TrimLeft(src, "\n")) + "</pre>")
}

// untagged is the text of HTML without a tree: blocks begin a line, and an
// image is its description.
func untagged(src string) string {
	t := html.NewTokenizer(strings.NewReader(src))
	var b strings.Builder
	hidden := false
	for t.Next() != html.ErrorToken {
		switch tok := t.Token(); {
		case tok.Type == html.TextToken && !hidden:
			b.WriteString(Clean(tok.Data))
		case tok.Type == html.StartTagToken || tok.Type == html.SelfClosingTagToken:
			hidden = tok.Data == "script" || tok.Data == "style"
			if !inline[tok.Data] && tok.Data != "img" && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte('\n')
			}
			b.WriteString(value(&html.Node{Attr: tok.Attr}, "alt"))
		case tok.Type == html.EndTagToken:
			hidden = false
		}
	}
	return b.String()
}
