package control

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"syndic/feed"
)

// maxID bounds a post's id, in bytes: it is a key of the store.
const maxID = 2000

// entry is a document with its dates resolved: what its author says of a post.
type entry struct {
	post          feed.Post // only what an author may say; Slug only if written
	slug          string    // Slug, or what stands in for it
	date, updated time.Time // zero for none
	draft         bool
	own           feed.Timing // what the document itself says of date and draft
	ordered       bool        // the command says when it goes out, not the document alone
	edited        bool        // it is a new text for one post, and not what a file has
	names         []string    // of categories
	links         []string
	warnings      []string
}

// read checks what can be checked of a document alone.
func (a *adder) read(d *Document) (entry, error) {
	e := entry{post: authored(d.Post), draft: d.Draft || a.req.Draft, links: d.Links, warnings: d.Warnings}
	e.ordered = a.req.Draft || !a.at.IsZero()
	e.names = append(append(e.names, d.Categories...), a.req.Categories...)
	p := &e.post
	if p.Title == "" && strings.TrimSpace(p.Body) == "" {
		return e, refuse("invalid", "it has neither a title nor a body: write one of them")
	}
	if p.Markup != feed.Markdown && p.Markup != feed.HTML {
		return e, refuse("invalid", "unknown markup %q: use markdown or html", p.Markup)
	}
	if err := addresses(*p); err != nil {
		return e, err
	}
	if err := a.dates(d, &e); err != nil {
		return e, err
	}
	return e, a.slug(&e)
}

// authored is what an author may say of a post; all else is syndic's own.
func authored(p feed.Post) feed.Post {
	p.Num, p.Categories, p.State, p.Revision, p.Live = 0, nil, "", 0, 0
	p.PublishAt, p.Published, p.Updated, p.Labels, p.Overruled = time.Time{}, time.Time{}, time.Time{}, nil, nil
	p.Title, p.ID, p.URL = tidy(p.Title), tidy(p.ID), tidy(p.URL)
	if p.Markup == "" {
		p.Markup = feed.Markdown
	}
	return p
}

func tidy(s string) string { return strings.TrimSpace(feed.Clean(s)) }

// addresses checks what is to be an absolute URL in every feed.
func addresses(p feed.Post) error {
	for _, f := range []struct {
		key, val string
		web      bool
	}{
		{"url", p.URL, true}, {"comments", p.Comments, true},
		{"license", p.License, false}, {"in_reply_to", p.InReplyTo, false}, {"source.url", p.Origin.URL, false},
	} {
		if f.val == "" {
			continue
		}
		u, err := url.Parse(f.val)
		if err != nil || !u.IsAbs() || f.web && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			return refuse("invalid", "%s: %q is not an absolute URL: write one such as https://example.org/page", f.key, f.val)
		}
	}
	for _, at := range p.Attachments {
		if _, err := url.Parse(at.URL); err != nil || at.URL == "" {
			return refuse("invalid", "attachments: %q is not a URL: write one such as https://example.org/sound.mp3", at.URL)
		}
	}
	if len(p.ID) > maxID {
		return refuse("invalid", "id: it may have no more than %d bytes", maxID)
	}
	if p.ID == "" {
		return nil
	}
	if err := feed.CheckIRI(p.ID); err != nil {
		return refuse("invalid", "id: %q cannot stand in a feed, as %v; write a URI such as tag:example.org,2026-01-05:first, or leave it out", p.ID, err)
	}
	return nil
}

func (a *adder) dates(d *Document, e *entry) (err error) {
	if d.Date != "" {
		if e.date, err = a.date(d.Date); err != nil {
			return refuse("invalid", "date: %v", err)
		}
	}
	e.own = feed.Timing{Draft: d.Draft, Date: e.date}
	if !a.at.IsZero() {
		e.date = a.at
	}
	if d.Updated != "" {
		if e.updated, err = a.date(d.Updated); err != nil {
			return refuse("invalid", "updated: %v", err)
		}
	}
	return nil
}

// slug settles what the post is called in its path: as written, else from its
// title, else the end of its id, else a digest of the text, which is the same
// each time the text is.
func (a *adder) slug(e *entry) error {
	p := &e.post
	if p.Slug != "" {
		written := p.Slug
		if p.Slug = feed.Slug(written); p.Slug == "" {
			return refuse("invalid", "slug: %q has no letter or digit: write one that has", written)
		}
	}
	e.slug = p.Slug
	if e.slug == "" {
		e.slug = feed.Slug(p.Title)
	}
	if e.slug == "" {
		tail := strings.TrimRight(p.ID, "/")
		e.slug = feed.Slug(tail[strings.LastIndexAny(tail, "/:")+1:])
	}
	if e.slug == "" {
		sum := sha256.Sum256([]byte(p.Body))
		e.slug = hex.EncodeToString(sum[:6])
		if !e.date.IsZero() {
			e.slug = e.date.In(a.zone).Format(time.DateOnly) + "-" + e.slug
		}
	}
	return nil
}
