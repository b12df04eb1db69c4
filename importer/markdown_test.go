package importer

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"syndic/feed"
)

// everything is a document that has every key.
const everything = `---
title: 1.10
slug: 007
date: 2026-01-05
updated: "2026-01-06 15:04"
categories: [Design, 1.0, Design]
tags:
  - a
  - 2026
authors:
  - The Author
  - name: Editor
    email: editor@example.org
    url: https://editor.example/
summary: |
  Two
  lines.
url: https://elsewhere.example/ü
id: tag:example.org,2020:x
draft: true
language: pt-BR
image: img/a.png
banner_image: https://example.org/b.png
attachments:
  - url: a.mp3
    size: 1200
    duration: 1:02:03
  - {url: "https://example.org/b?x=.mp3", type: video/mp4, duration: 61, title: 'It''s b'}
comments: https://example.org/c
source: {title: Elsewhere, url: "https://elsewhere.example/feed"}
license: https://creativecommons.org/licenses/by/4.0/
in_reply_to: https://other.example/1
expired: true
---

# Kept

![x](img/a.png) [y](<b c.md>) [z](#kept) [w](https://example.org/) <a href="//cdn.example/d">d</a> <img src=e.png srcset="f.png 2x, /g.png?h#i 3x">
`

func TestMarkdownEveryKey(t *testing.T) {
	got, err := Markdown("posts/01-first.md", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(everything, "\n\n")
	want := Document{
		Post: feed.Post{
			ID: "tag:example.org,2020:x", Slug: "007", Title: "1.10", URL: "https://elsewhere.example/%C3%BC", Summary: "Two lines.",
			Body: strings.TrimSpace(body), Markup: feed.Markdown, Lang: "pt-BR",
			Authors: []feed.Person{{Name: "The Author"}, {Name: "Editor", Email: "editor@example.org", URL: "https://editor.example/"}},
			Tags:    []string{"a", "2026"},
			Attachments: []feed.Attachment{
				{URL: "a.mp3", Type: "audio/mpeg", Size: 1200, Duration: 3723},
				{URL: "https://example.org/b?x=.mp3", Type: "video/mp4", Duration: 61, Title: "It's b"},
			},
			Image: "img/a.png", BannerImage: "https://example.org/b.png", Comments: "https://example.org/c",
			Origin:  feed.Origin{Title: "Elsewhere", URL: "https://elsewhere.example/feed"},
			License: "https://creativecommons.org/licenses/by/4.0/", InReplyTo: "https://other.example/1", Expired: true,
			File: "01-first.md",
		},
		Categories: []string{"Design", "1.0"}, Date: "2026-01-05", Updated: "2026-01-06 15:04", Draft: true,
		Links: []string{"img/a.png", "a.mp3", "b%20c.md", "e.png", "f.png", "/g.png?h#i"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// front makes a document of front matter.
func front(lines string) string { return "---\n" + lines + "\n---\nbody\n" }

func TestMarkdownForms(t *testing.T) {
	for _, c := range []struct {
		name, src string
		check     func(Document) any
		want      any
	}{
		{"category", front("category: Design"), func(d Document) any { return d.Categories }, []string{"Design"}},
		{"categories as one", front("categories: Web Design"), func(d Document) any { return d.Categories }, []string{"Web Design"}},
		{"tags as one", front("tags: 1.10"), func(d Document) any { return d.Post.Tags }, []string{"1.10"}},
		{"author", front("author: Author"), func(d Document) any { return d.Post.Authors }, []feed.Person{{Name: "Author"}}},
		{"author as mapping", front("author: {email: author@example.org}"), func(d Document) any { return d.Post.Authors }, []feed.Person{{Email: "author@example.org"}}},
		{"authors as mapping", front("authors:\n  name: Author"), func(d Document) any { return d.Post.Authors }, []feed.Person{{Name: "Author"}}},
		{"one attachment", front("attachments: {url: /a.PDF}"), func(d Document) any { return d.Post.Attachments }, []feed.Attachment{{URL: "/a.PDF", Type: "application/pdf"}}},
		{"attachment of an unknown kind", front("attachments: {url: a.xyz}"), func(d Document) any { return d.Post.Attachments }, []feed.Attachment{{URL: "a.xyz"}}},
		{"minutes", front("attachments: {url: a.mp3, duration: '2:03'}"), func(d Document) any { return d.Post.Attachments[0].Duration }, int64(123)},
		{"title true", front("title: true"), func(d Document) any { return d.Post.Title }, "true"},
		{"title hex", front("title: 0x1F"), func(d Document) any { return d.Post.Title }, "0x1F"},
		{"title underscore", front("title: 1_000"), func(d Document) any { return d.Post.Title }, "1_000"},
		{"title infinite", front("title: -.inf"), func(d Document) any { return d.Post.Title }, "-.inf"},
		{"title day", front("title: 2026-01-05"), func(d Document) any { return d.Post.Title }, "2026-01-05"},
		{"title said to be text", front("title: !!str 1.0"), func(d Document) any { return d.Post.Title }, "1.0"},
		{"title folded", front("title: >-\n  a\n  b"), func(d Document) any { return d.Post.Title }, "a b"},
		{"title of markup", front("title: 'a *b* <i>c</i> &amp;'"), func(d Document) any { return d.Post.Title }, "a *b* <i>c</i> &amp;"},
		{"title quoted", front(`title: "a: \"b\" # c\u00e9\u0007"`), func(d Document) any { return d.Post.Title }, `a: "b" # cé`},
		{"empty values", front("title: x\nslug:\ndraft: ~\ndate: null\ntags: []\nauthors:\nattachments:\nsource:"), func(d Document) any { return len(d.Warnings) }, 0},
		{"comment", front("# why\ntitle: x # because"), func(d Document) any { return d.Post.Title }, "x"},
		{"empty front matter", "---\n---\n# Kept\n", func(d Document) any { return d.Post.Body }, "# Kept"},
		{"front matter of comments", "---\n# nothing\n---\n# Kept\n", func(d Document) any { return d.Post.Title }, ""},
		{"closed by dots", "---\ntitle: x\n...\nbody", func(d Document) any { return d.Post.Title + d.Post.Body }, "xbody"},
		{"no title", front("slug: x"), func(d Document) any { return d.Post.Title }, ""},
		{"title alone", "---\ntitle: x\n---\n", func(d Document) any { return d.Post.Title }, "x"},
		{"closed without a newline", "---\ntitle: x\n---", func(d Document) any { return d.Post.Title }, "x"},
		{"windows", "\ufeff---\r\ntitle: x\r\n---\r\n\r\na\r\nb\r\n", func(d Document) any { return d.Post.Title + "|" + d.Post.Body }, "x|a\nb"},
		{"blank lines before", "\n \n---  \ntitle: x\n---\t\nbody", func(d Document) any { return d.Post.Title }, "x"},
		{"rule in the body", front("title: x") + "\n---\n\nmore", func(d Document) any { return d.Post.Body }, "body\n\n---\n\nmore"},
		{"indented code first", "---\ntitle: x\n---\n\n    code\n", func(d Document) any { return d.Post.Body }, "    code"},
		{"date as written", front("date: 2026-09-11T09:00:00+02:00"), func(d Document) any { return d.Date }, "2026-09-11T09:00:00+02:00"},
		{"local date", front("date: 2026-09-11T09:00:00"), func(d Document) any { return d.Date }, "2026-09-11T09:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Markdown("x.md", []byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.check(d); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
			if len(d.Warnings) > 0 {
				t.Errorf("warnings: %q", d.Warnings)
			}
		})
	}
}

func TestMarkdownErrors(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"never closed", "\n---\ntitle: x\n", `x.md:2:1: the front matter that opens here is never closed: put a line of "---" after it`},
		{"toml", "+++\ntitle = 'x'\n+++\n", `x.md:1: its front matter is TOML ("+++"): write YAML between lines of "---"`},
		{"utf-16", "\xff\xfe-\x00", "x.md: it is UTF-16: save it as UTF-8"},
		{"nothing", "", "x.md: it has neither a title nor a body: write one of them"},
		{"no text", "---\nslug: x\n---\n \n", "x.md: it has neither a title nor a body: write one of them"},
		{"list", front("- x"), "x.md:2:1: the front matter must be lines of key: value"},
		{"prose", "---\nSome text.\n---\n", "x.md:2:1: the front matter must be lines of key: value"},
		{"colon", front("draft: true\ntitle: a: b"), "x.md:3:8: title: the front matter is not YAML: mapping value is not allowed"},
		{"bracket", front("tags: [a"), "x.md:2:7: tags: the front matter is not YAML"},
		{"tab", front("source:\n\ttitle: x"), "x.md:3:1: title: the front matter is not YAML: a tab cannot indent it, only spaces can"},
		{"quote", front("title: \"x"), "x.md:2:8: title: the front matter is not YAML"},
		{"twice", front("title: x\ntitle: y"), "x.md:3:1: title: the key is there twice: take one out"},
		{"twice, quoted", front("title: x\n\"title\": y"), "x.md:3:1: title: the key is there twice"},
		{"bytes", front("title: caf\xe9"), "x.md:2:11: the byte 0xE9 is no text in UTF-8"},
		{"control", front("title: ü\x07"), "x.md:2:9: the byte 0x07 is no text"},
		{"alias", front("title: *bold*"), `x.md:2:8: title: YAML has a meaning of its own for text that begins with "*": put it in quotes`},
		{"anchor", front("title: &amp"), "x.md:2:8: title: the front matter is not YAML: undefined anchor value"},
		{"tag", front("title: !wow"), `x.md:2:8: title: YAML has a meaning of its own for text that begins with "!"`},
		{"title list", front("title: [a]"), "x.md:2:8: title: it must be text, not a list"},
		{"title mapping", front("title: {a: b}"), "x.md:2:8: title: it must be text, not a mapping"},
		{"slug of nothing", front("slug: '!'"), `x.md:2:7: slug: "!" has no letter or digit to make a slug of`},
		{"date", front("title: x\ndate: 05.01.2026"), `x.md:3:7: date: "05.01.2026" is not a date: write 2026-01-05, 2026-01-05 15:04 or 2026-01-05T15:04:00Z`},
		{"updated", front("updated: 20260105"), `x.md:2:10: updated: "20260105" is not a date`},
		{"draft", front("draft: \"true\""), "x.md:2:8: draft: it must be true or false, without quotes"},
		{"draft yes", front("draft: yes"), "x.md:2:8: draft: it must be true or false"},
		{"expired", front("expired: 1"), "x.md:2:10: expired: it must be true or false"},
		{"url", front("url: /x"), `x.md:2:6: url: "/x" is not an absolute URL: write one that begins with https:// or http://`},
		{"url scheme", front("url: ftp://example.org/x"), `x.md:2:6: url: "ftp://example.org/x" is not an absolute URL`},
		{"url space", front("url: https://example.org/a b"), `x.md:2:6: url: "https://example.org/a b" is not an absolute URL`},
		{"image", front("image: 'javascript:x'"), `x.md:2:8: image: "javascript:x" is not a URL`},
		{"license", front("license: MIT"), `x.md:2:10: license: "MIT" is not an absolute URL`},
		{"id", front("id: 7"), `x.md:2:5: id: "7" is not a URI`},
		{"language", front("language: en_US"), `x.md:2:11: language: "en_US" is not a language tag: write one such as en or pt-BR`},
		{"both categories", front("category: a\ncategories: [b]"), "x.md:3:13: categories: category and categories are both there: write one list"},
		{"category mapping", front("categories: [{a: b}]"), "x.md:2:14: categories[0]: it must be text, not a mapping"},
		{"both authors", front("authors: [a]\nauthor: b"), "x.md:3:9: author: author and authors are both there"},
		{"author", front("authors:\n  - name: Author\n  - [x]"), "x.md:4:5: authors[1]: it must be text, not a list"},
		{"author mail", front("author: {email: nobody}"), `x.md:2:17: author.email: "nobody" is not a mail address`},
		{"source", front("source: Elsewhere"), "x.md:2:9: source: it must be a mapping of title, url"},
		{"attachment", front("attachments: [a.mp3]"), "x.md:2:15: attachments[0]: it must be a mapping of duration, size, title, type, url"},
		{"attachment url", front("attachments:\n  - type: audio/mpeg"), "x.md:3:5: attachments[0]: it has no url"},
		{"attachment media", front("attachments:\n- url: a.mp3\n  type: mp3"), `x.md:4:9: attachments[0].type: "mp3" is not a media type`},
		{"attachment size", front("attachments:\n- url: a.mp3\n  size: \"50\""), "x.md:4:9: attachments[0].size: it must be a whole number of bytes, such as 1200"},
		{"attachment fraction", front("attachments:\n- url: a.mp3\n  size: 1.5"), "x.md:4:9: attachments[0].size: it must be a whole number of bytes"},
		{"attachment debt", front("attachments:\n- url: a.mp3\n  size: -1"), "x.md:4:9: attachments[0].size: it must be a whole number of bytes"},
		{"attachment duration", front("attachments:\n- url: a.mp3\n  duration: 1:60"), `x.md:4:13: attachments[0].duration: it must be a whole number of seconds, or "1:02:03"`},
		{"two documents", "---\ntitle: x\n--- # more\ntitle: y\n---\n", "x.md:4:1: there is more than one document"},
		{"long", strings.Repeat("x", MaxBody+1), "x.md: its text has more than 5000000 bytes, the most that a post may have"},
		{"zero byte", "# x\r\n\r\nfine\x00", "x.md:3: it is no text: a byte 0x00 is in this line; name a Markdown file, or save this one as UTF-8"},
		{"zero byte in front matter", front("title: x\nslug: a\x00"), "x.md:3: it is no text: a byte 0x00"},
		{"program", "\x7fELF\x02\x01\x01\x00\xff", "x.md:1: it is no text"},
		{"UTF-16 without a mark", "#\x00 \x00x\x00", "x.md:1: it is no text"},
		{"long front matter", front("title: " + strings.Repeat("x", maxFront)), "x.md:2: the front matter has 262152 bytes, more than 262144"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Markdown("x.md", []byte(c.src))
			var e *Error
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if !reflect.DeepEqual(d, Document{}) {
				t.Errorf("something of it came through: %+v", d)
			}
		})
	}
}

func TestMarkdownWarnings(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"typo", front("title: x\ntgas: [a]"), `x.md:3:1: unknown key "tgas" is left out: did you mean "tags"?`},
		{"capital", front("Title: x"), `x.md:2:1: unknown key "Title" is left out: did you mean "title"?`},
		{"hyphen", front("in-reply-to: x"), `x.md:2:1: unknown key "in-reply-to" is left out: did you mean "in_reply_to"?`},
		{"foreign", front("lastmod: x"), `x.md:2:1: unknown key "lastmod" is left out: did you mean "updated"?`},
		{"far", front("weight: 5"), `x.md:2:1: unknown key "weight" is left out`},
		{"number", front("1: x"), `x.md:2:1: unknown key "1" is left out`},
		{"merge", front("<<: {title: x}"), `x.md:2:1: unknown key "<<" is left out`},
		{"in an author", front("authors:\n  - name: Author\n    uri: x"), `x.md:4:5: unknown key "authors[0].uri" is left out: did you mean "url"?`},
		{"slug", front("slug: Hello World.v2"), `x.md:2:7: slug: "Hello World.v2" is no slug: it became "hello-world-v2"`},
		{"number sign", front("title: Issue #5"), `x.md:2:8: title: what follows " #" is a comment to YAML and is left out: put the whole text in quotes if it belongs to it`},
		{"commas", front("tags: a, b"), `x.md:2:7: tags: "a, b" is one name: write [a, b] for a list`},
		{"empty name", front("tags: [a, '']"), `x.md:2:11: tags[1]: it is empty and left out`},
		{"empty author", front("authors: [{name: }]"), `x.md:2:11: authors[0]: it is empty and left out`},
		{"bytes", "# x\n\nfine\n\xff", "x.md:4: the text is not all UTF-8: what is not was replaced by '\ufffd'"},
		{"space before front matter", " ---\ntitle: x\n---\n\nfine\n", `x.md:1:1: this line opens no front matter, and all below it is published as text: if it is meant to, write "---" there, without a space before it`},
		{"a dash too many", "\n\n----\n# mine\nlayout: post\nTitle: x\n\ntags:\n  - a\nlastmod: 2026-01-05\n----\nfine\n", "x.md:3:1: this line opens no front matter"},
		{"bytes below front matter", front("title: x") + "\xff", "x.md:5: the text is not all UTF-8"},
		{"long text", front("title: x") + strings.Repeat("much", 250_000), "x.md:4: its text has 1000012 bytes as HTML, more than the 1000000 that feeds carry: they show its summary and link to its page instead; split it, or keep pictures in files of their own"},
		{"long table", front("title: x") + "a|b\n-|-\n" + strings.Repeat("1|2\n", 40_000), "x.md:4: its text has 1320095 bytes as HTML"},
		{"picture in the text", front("title: x") + "![y](data:image/png;base64," + strings.Repeat("AAAA", 250_000) + ")", "x.md:4: its text has 1000055 bytes as HTML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Markdown("x.md", []byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], c.want) {
				t.Errorf("got %q\nwant %q", d.Warnings, c.want)
			}
		})
	}
}

// A document may well begin with a rule.
func TestMarkdownRule(t *testing.T) {
	for _, src := range []string{
		"----\n\nSome text.\n\n---\n", " ---\nSome text: more.\nStill more.\n---\n", "----\nNote: this.\n----\n", "----\ntitle: x\n", "----\ntitle: x\nSome text.\n----\n",
		"----\n----\n", "----", "    ---\n    title: x\n    ---\n", "***\ntitle: x\n---\n", "- title: x\n- b\n\n---\n", "title: x\n---\n", "-- -\ntitle: x\n---\n", front("title: x") + "\n----\ntitle: x\n----\n",
	} {
		if d, err := Markdown("x.md", []byte(src)); err != nil || len(d.Warnings) > 0 {
			t.Errorf("%q: %v, %q", src, err, d.Warnings)
		}
	}
}

// What feeds carry is not warned of.
func TestMarkdownTakesWhatFeedsCarry(t *testing.T) {
	d, err := Markdown("x.md", []byte(front("title: x")+strings.Repeat("m", feed.MaxContent-len("<p>body\n</p>"))))
	if err != nil || len(d.Warnings) > 0 {
		t.Errorf("%v, warnings %q", err, d.Warnings)
	}
}

func TestMarkdownTitle(t *testing.T) {
	for _, c := range []struct{ name, src, title, body string }{
		{"atx", "# Hello\n\nbody\n", "Hello", "body"},
		{"closed atx", "# Hello ##\nbody\n", "Hello", "body"},
		{"indented atx", "   ## Hello\nbody", "Hello", "body"},
		{"setext", "Hello\nthere\n=====\n\nbody", "Hello there", "body"},
		{"second setext", "Hello\n---\nbody", "Hello", "body"},
		{"setext that looks like atx", "#Hello\n======\nbody", "#Hello", "body"},
		{"at the end", "# Hello", "Hello", ""},
		{"setext at the end", "Hello\n=", "Hello", ""},
		{"markup", "# *Hello* `x<y` &amp; [you](http://x) ![i](j) <b>there</b>\\! ~~no~~[^1]\n\nbody\n\n[^1]: n", "Hello x<y & you there! no", "body\n\n[^1]: n"},
		{"reference", "# [Hello][1]\n\nbody\n\n[1]: /x", "Hello", "body\n\n[1]: /x"},
		{"after a paragraph", "before\n\n# Hello\n\nafter", "Hello", "before\n\n\nafter"},
		{"lower after a paragraph", "before\n\n## Hello\n\nafter", "", "before\n\n## Hello\n\nafter"},
		{"in a quote", "> # Hello\n", "", "> # Hello"},
		{"in code", "```\n# Hello\n```\n", "", "```\n# Hello\n```"},
		{"empty heading", "#\n\n# Hello\n", "Hello", "#"},
		{"no heading", "just text\n", "", "just text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Markdown("-", []byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if d.Post.Title != c.title || d.Post.Body != c.body {
				t.Errorf("got %q, %q; want %q, %q", d.Post.Title, d.Post.Body, c.title, c.body)
			}
		})
	}
}

func TestMarkdownName(t *testing.T) {
	for _, c := range []struct{ name, src, slug, date, file string }{
		{"posts/2026-01-05-hello-world.md", "# T", "hello-world", "2026-01-05", "2026-01-05-hello-world.md"},
		{"01-first.md", "# T", "first", "", "01-first.md"},
		{"003_Über uns.markdown", "# T", "über-uns", "", "003_Über uns.markdown"},
		{"2026-13-05-x.md", "# T", "x", "", "2026-13-05-x.md"},
		{"2026-01-05.md", "# T", "2026-01-05", "2026-01-05", "2026-01-05.md"},
		{"7.md", "# T", "7", "", "7.md"},
		{"3d-printing.md", "# T", "3d-printing", "", "3d-printing.md"},
		{"v1.2 notes.md", "# T", "v1-2-notes", "", "v1.2 notes.md"},
		{"trips/rome/index.md", "# T", "rome", "", "index.md"},
		{"index.md", "# T", "index", "", "index.md"},
		{"!.md", "# The title", "the-title", "", "!.md"},
		{"-", "# The title", "the-title", "", ""},
		{"", "no title", "", "", ""},
		{"01-first.md", front("slug: other\ntitle: T"), "other", "", "01-first.md"},
		{"2026-01-05-x.md", front("date: 2025-01-01"), "x", "2025-01-01", "2026-01-05-x.md"},
	} {
		d, err := Markdown(c.name, []byte(c.src))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d.Post.Slug != c.slug || d.Date != c.date || d.Post.File != c.file {
			t.Errorf("%s: slug %q, date %q, file %q; want %q, %q, %q", c.name, d.Post.Slug, d.Date, d.Post.File, c.slug, c.date, c.file)
		}
	}
	if _, err := Markdown("-", nil); err == nil || !strings.HasPrefix(err.Error(), "standard input: ") {
		t.Errorf("without a name: %v", err)
	}
}

func TestMarkdownExamples(t *testing.T) {
	files, err := Files("../examples")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Markdown(f, src)
		if err != nil || len(d.Warnings) > 0 || len(d.Links) > 0 {
			t.Errorf("%s: %v, warnings %q, links %q", f, err, d.Warnings, d.Links)
		}
		name, _ := strings.CutSuffix(filepath.Base(f), ".md")
		if d.Post.Title == "" || d.Date == "" || d.Post.Body == "" || d.Post.Slug != name[3:] || !reflect.DeepEqual(d.Categories, []string{"Design"}) {
			t.Errorf("%s: %+v", f, d)
		}
	}
}

// A document goes over the control socket as it is.
func TestDocumentJSON(t *testing.T) {
	want, err := Markdown("x.md", []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Document
	if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%s", err, b)
	}
	var keys map[string]any
	if err := json.Unmarshal(b, &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"post", "categories", "date", "updated", "draft", "links", "warnings"} {
		if _, ok := keys[k]; !ok {
			t.Errorf("no key %q in %s", k, b)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		everything, "# Hello\n\nbody", "Hello\n===\n", "---\n", "---\n---\n", "+++\n", "\ufeff---\r\ntitle: x\r\n...\r\n",
		front("title: *x"), front("? a\n: b"), front("a: &x [*x]"), front("title: |\n  a\n\n  b"), front("authors: [{name: x}, y, [z]]"),
		front("<<: *a"), front("title: !!binary aGk="), front("a: {b: {c: [d, {e: f}]}}"), "#\n#\n=\n", "- # x\n", "\xff\xfe",
	} {
		f.Add("01-x.md", []byte(s))
	}
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		d, err := Markdown(name, src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || strings.ContainsAny(err.Error(), "\n") && !strings.ContainsAny(name, "\n") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		p := d.Post
		if p.Title == "" && strings.TrimSpace(p.Body) == "" || p.Slug != feed.Slug(p.Slug) || p.Title != feed.Clean(p.Title) {
			t.Fatalf("%+v", p)
		}
		if _, err := feed.Content(p.Body, p.Markup, "https://example.org/x"); err != nil {
			t.Fatalf("its content: %v", err)
		}
		if b, err := json.Marshal(d); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
	})
}

// Whatever has a relative link once it is HTML must have been suspected.
func FuzzMayLink(f *testing.F) {
	for _, src := range []string{
		"[a](b.md)", "![a](<b c.png>)", "[a](\n b)", "[a][b]\n\n[b]: c.html", "[b]:\n <c>\n\n[b]", "<a HREF=x>y</a>", "<img srcset='a 1x, b 2x'>",
		"[a](https://example.org/) [b](#c)", "[a](https:&#x2f;b)", `[a](\#b)`, "[a](HTTP://b) [c](mailto:d@e)", "<https://example.org>", "[^1]\n\n[^1]: note", "[a]( https://b \"t\")",
		"<video poster=p.jpg>", "www.example.org", "a ](b", "[a](#", "[x]: #\n[y]: z\n\n[y]",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !utf8.ValidString(src) || mayLink(src) {
			return
		}
		html, err := feed.Content(src, feed.Markdown, "")
		if err != nil {
			return
		}
		if i := slices.IndexFunc(targets(html), relative); i >= 0 {
			t.Errorf("%q leads to %q", src, targets(html)[i])
		}
	})
}

func TestMayLink(t *testing.T) {
	for src, want := range map[string]bool{
		"No link: [brackets], (parentheses) and <em>markup</em>.": false,
		"[a](https://example.org/) and ![b](http://example.org/)": false,
		"[a](#below) [b](<mailto:a@example.org>)":                 false,
		"[a](beside.md)":                      true,
		"[a](https://b) ![c](d.png)":          true,
		"[a][b]\n\n[b]:\n  beside.md":         true,
		"<p><A\nHref='beside.html'>a</a></p>": true,
	} {
		if got := mayLink(src); got != want {
			t.Errorf("%q: got %v, want %v", src, got, want)
		}
	}
}
