// Package importer turns foreign documents into posts: Markdown files with
// YAML front matter. It owns what those files may say, and what their authors
// are told when they say something else. It imports feed, and never touches
// the store: names of categories and dates are resolved by whoever adds the
// document.
package importer

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"syndic/feed"
)

// Limits of a document, in bytes.
const (
	MaxBody  = 5_000_000
	maxFront = 256 << 10
)

// shortText is how many bytes of Markdown never become more HTML than feeds
// carry, unless they are made for it: a row of a table grows eightfold.
const shortText = feed.MaxContent / 10

// Document is a post as its file has it, before names and dates are resolved.
type Document struct {
	Post       feed.Post `json:"post"`
	Categories []string  `json:"categories"` // names as written, in the author's order
	Date       string    `json:"date"`       // as written, in a form that feed.ParseDate reads; empty for none
	Updated    string    `json:"updated"`    // likewise
	Draft      bool      `json:"draft"`
	Links      []string  `json:"links"`    // relative URLs of links, images and attachments, each once
	Warnings   []string  `json:"warnings"` // one line each, which begins with the place
}

// Markdown reads a Markdown document. name is its file's path, "" or "-" for
// standard input: messages carry it, and the slug and a missing date come from
// its last part. src is not kept. An error is an *Error: nothing of it counts.
func Markdown(name string, src []byte) (doc Document, err error) {
	file := name
	if name == "" || name == "-" {
		file, name = "standard input", ""
	}
	defer func() {
		if p := recover(); p != nil {
			doc, err = Document{}, &Error{File: file, Msg: fmt.Sprintf("the parser gave up on it: %v", p)}
		}
	}()
	s, err := split(file, src)
	if err != nil {
		return Document{}, err
	}
	r := &reader{file: file, lines: s.frontLine - 1}
	r.doc.Post.Markup = feed.Markdown
	if line := s.meant(); line > 0 {
		r.warn(line, 1, `this line opens no front matter, and all below it is published as text: if it is meant to, write "---" there, without a space before it`)
	}
	if !r.plain(s.front) {
		if err := r.front(s.front); err != nil {
			return Document{}, err
		}
	}
	if err := r.body(s); err != nil {
		return Document{}, err
	}
	r.name(name)
	if r.doc.Post.Title == "" && strings.TrimSpace(r.doc.Post.Body) == "" {
		return Document{}, &Error{File: file, Msg: "it has neither a title nor a body: write one of them"}
	}
	return r.doc, nil
}

// reader fills a document. lines is how many lines of the file stand before
// the front matter, to which the parser's positions are relative.
type reader struct {
	doc   Document
	file  string
	lines int
}

func (r *reader) warn(line, column int, format string, args ...any) {
	e := Error{File: r.file, Line: line, Column: column, Msg: fmt.Sprintf(format, args...)}
	r.doc.Warnings = append(r.doc.Warnings, e.Error())
}

// body takes over the text below the front matter, and its title if that is
// where it stands.
func (r *reader) body(s source) error {
	if len(s.body) > MaxBody {
		return &Error{File: r.file, Msg: fmt.Sprintf("its text has more than %d bytes, the most that a post may have", MaxBody)}
	}
	text := s.body
	if !utf8.ValidString(text) {
		line := s.bodyLine + strings.Count(text[:badByte(text)], "\n")
		r.warn(line, 0, "the text is not all UTF-8: what is not was replaced by %q", utf8.RuneError)
		text = strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	if !s.hasFront {
		r.doc.Post.Title, text = title(text)
	}
	r.doc.Post.Body = trimBlank(text)
	if len(r.doc.Post.Body) <= shortText && !mayLink(r.doc.Post.Body) {
		return nil // converting takes most of the time
	}
	html, err := feed.Content(r.doc.Post.Body, feed.Markdown, "")
	if err != nil {
		return &Error{File: r.file, Line: s.bodyLine, Msg: err.Error()}
	}
	if len(html) > feed.MaxContent {
		r.warn(s.bodyLine, 0, "its text has %d bytes as HTML, more than the %d that feeds carry: they show its summary and link to its page instead; split it, or keep pictures in files of their own", len(html), feed.MaxContent)
	}
	r.link(targets(html)...)
	return nil
}

// link notes relative links, each once.
func (r *reader) link(links ...string) {
	for _, l := range links {
		if relative(l) && !slices.Contains(r.doc.Links, l) {
			r.doc.Links = append(r.doc.Links, l)
		}
	}
}

// name takes from the file's name what the document itself does not say.
func (r *reader) name(path string) {
	p := &r.doc.Post
	day, stem := "", ""
	if path != "" {
		p.File = strings.ToValidUTF8(filepath.Base(path), string(utf8.RuneError))
		day, stem = feed.FileStem(filepath.ToSlash(path))
	}
	if p.Slug == "" {
		p.Slug = feed.Slug(stem)
	}
	if p.Slug == "" {
		p.Slug = feed.Slug(p.Title)
	}
	if r.doc.Date == "" {
		r.doc.Date = day
	}
}
