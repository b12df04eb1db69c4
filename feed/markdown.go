package feed

import (
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markup "github.com/yuin/goldmark/renderer/html"
)

// markdown is CommonMark with tables, strikethrough, bare links and footnotes.
// Raw HTML passes here; what comes out is sanitised. It is safe for use by
// several goroutines.
var markdown = sync.OnceValue(func() goldmark.Markdown { return newMarkdown(extension.Linkify) })

// unlinked is markdown without bare links, each blank before which would be
// looked at.
var unlinked = sync.OnceValue(func() goldmark.Markdown { return newMarkdown() })

func newMarkdown(more ...goldmark.Extender) goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(append(more,
			// The other way to align a cell is a style attribute, which is not kept.
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough,
			extension.Footnote,
		)...),
		goldmark.WithRendererOptions(markup.WithUnsafe()),
	)
}

// converted is the HTML that markdown makes of src, which is clean.
func converted(src string) (string, error) {
	if !mayLink(src) {
		if out, ok := shortMarkdown(src); ok {
			return out, nil
		}
		out, err := convertBy(unlinked(), src)
		if err != nil || !strings.Contains(out, "(http") && !strings.Contains(out, "(ftp:") {
			return out, err
		}
	}
	return convertBy(markdown(), src)
}

// mayLink tells of most sources that markdown finds no bare link in them: they
// have no "@" or "www.", and no protocol but right after "](". Such an address
// is a link's, unless it is found again as text. A line has to end in no more
// than one space: of more, each that was looked at may stay.
func mayLink(src string) bool {
	if strings.IndexByte(src, '@') >= 0 || strings.IndexByte(src, '\r') >= 0 || strings.Contains(src, "www.") {
		return true
	}
	for at := 0; ; at++ {
		i := strings.IndexByte(src[at:], ':')
		if i < 0 {
			break
		}
		at += i
		before := src[:at]
		for _, protocol := range []string{"http", "https", "ftp"} {
			if rest, ok := strings.CutSuffix(before, protocol); ok && !strings.HasSuffix(rest, "](") {
				return true
			}
		}
	}
	for _, blanks := range []string{"  ", "\t", "\t "} {
		if strings.Contains(src, blanks+"\n") || strings.HasSuffix(src, blanks) {
			return true
		}
	}
	return false
}

func convertBy(m goldmark.Markdown, src string) (string, error) {
	var b sheet
	b.Grow(len(src) + len(src)/8 + 256)
	err := m.Convert([]byte(src), &b)
	return b.String(), err
}

// sheet is what goldmark writes on without a buffer of its own.
type sheet struct{ strings.Builder }

// Available is how much may be written without growing.
func (s *sheet) Available() int { return s.Cap() - s.Len() }

// Buffered is what is not written yet: nothing.
func (s *sheet) Buffered() int { return 0 }

// Flush has nothing to do.
func (s *sheet) Flush() error { return nil }
