package feed

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// Content turns a source into sanitised HTML, with every relative URL made
// absolute against base when base is not empty. The result is balanced, holds
// only XML 1.0 characters, and is its own result when it comes in again. With
// a base the ids of footnotes are told apart from those of other posts. A
// source that the parsers cannot take is an error, never a panic.
func Content(body string, m Markup, base string) (out string, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = "", fmt.Errorf("read content: the parser gave up: %v", p)
		}
	}()
	var at *url.URL
	if base != "" {
		if at, err = url.Parse(base); err != nil {
			return "", fmt.Errorf("read content: base: %w", err)
		}
	}
	src := strings.ReplaceAll(Clean(body), "\r\n", "\n")
	switch m {
	case HTML:
	case Markdown, "":
		if src, err = convert(src); err != nil {
			return "", fmt.Errorf("read markdown: %w", err)
		}
	default:
		return "", fmt.Errorf("read content: unknown markup %q: use markdown or html", m)
	}
	if out, err = sanitise(src, newRewriter(at)); err != nil {
		return "", fmt.Errorf("read content: %w", err)
	}
	return out, nil
}

// markdown is CommonMark with tables, strikethrough, bare links and footnotes.
// Raw HTML passes here; what comes out is sanitised. It is safe for use by
// several goroutines.
var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(
			// The other way to align a cell is a style attribute, which is not kept.
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough,
			extension.Linkify,
			extension.Footnote,
		),
		goldmark.WithRendererOptions(html.WithUnsafe()),
	)
})

func convert(src string) (string, error) {
	var b bytes.Buffer
	if err := markdown().Convert([]byte(src), &b); err != nil {
		return "", err
	}
	return b.String(), nil
}
