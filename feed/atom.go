package feed

import (
	"bytes"
	"cmp"
	"io"
	"strconv"
	"time"

	"github.com/gorilla/feeds"
)

const (
	atomNamespace   = "http://www.w3.org/2005/Atom"
	threadNamespace = "http://purl.org/syndication/thread/1.0" // RFC 4685
)

// The types of this file carry what gorilla/feeds' lack. A field hides the
// embedded one of the same element name.

type atomRoot struct {
	Lang string `xml:"xml:lang,attr,omitempty"`
	feeds.AtomFeed
	Generator string      `xml:"generator"`
	Links     []atomLink  `xml:"link"`
	Entries   []atomEntry `xml:"entry"` // last: some readers take no metadata after an entry
}

// FeedXml is what feeds.WriteXML asks for; an embedded one would hide our fields.
func (r atomRoot) FeedXml() any { return r }

type atomLink struct {
	feeds.AtomLink
	Title string `xml:"title,attr,omitempty"`
}

type atomEntry struct {
	Lang string `xml:"xml:lang,attr,omitempty"`
	feeds.AtomEntry
	Links      []atomLink         `xml:"link"`
	Authors    []feeds.AtomAuthor `xml:"author"`
	Categories []atomCategory     `xml:"category"`
	InReplyTo  *atomInReplyTo     `xml:"thr:in-reply-to"`
	Content    *atomContent       `xml:"content"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

// atomInReplyTo declares its own prefix, so that no feed's head depends on
// whether one of its entries is a reply.
type atomInReplyTo struct {
	Namespace string `xml:"xmlns:thr,attr"`
	Ref       string `xml:"ref,attr"`
	Href      string `xml:"href,attr"`
}

// atomContent stands in CDATA, which is shorter than escaped HTML.
type atomContent struct {
	Type string `xml:"type,attr"`
	HTML string `xml:",cdata"`
}

func writeAtomEntry(b *bytes.Buffer, e entry) error { return writeEntryXML(b, newAtomEntry(e), "  ") }

func writeAtom(w io.Writer, h frame, entries []entry) error {
	r := newAtomRoot(h)
	for _, e := range entries {
		r.Entries = append(r.Entries, newAtomEntry(e))
	}
	return feeds.WriteXML(r, w)
}

func newAtomRoot(h frame) atomRoot {
	author := Person{Name: cmp.Or(h.title, h.page)}
	if len(h.authors) > 0 {
		author = h.authors[0]
	}
	updated := h.updated
	if updated.IsZero() {
		updated = h.created
	}
	r := atomRoot{
		Lang: h.lang,
		AtomFeed: feeds.AtomFeed{
			Xmlns:    atomNamespace,
			Title:    h.title,
			Id:       h.id,
			Updated:  atomTime(updated),
			Icon:     cmp.Or(h.icon, h.favicon),
			Logo:     cmp.Or(h.image, h.logo),
			Rights:   h.copyright,
			Subtitle: h.description,
			Author:   new(atomAuthor(author)),
		},
		Generator: generator,
		Links:     []atomLink{newAtomLink("alternate", "text/html", h.page), newAtomLink("self", Atom.MediaType(), h.self)},
	}
	for _, hub := range h.hubs {
		r.Links = append(r.Links, newAtomLink("hub", "", hub))
	}
	return r
}

// newAtomEntry leaves a post the dates that it has. Entries should not share a
// second of "updated" (RFC 4287 §4.1.1), but posts that were dated alike do:
// another date would be an invented one.
func newAtomEntry(e entry) atomEntry {
	a := atomEntry{
		Lang: e.lang,
		AtomEntry: feeds.AtomEntry{
			Title:   e.title,
			Id:      e.id,
			Updated: atomTime(e.updated),
		},
		Links: atomLinks(e),
	}
	summary := e.summary
	if e.content != "" {
		a.Content = &atomContent{Type: "html", HTML: e.content}
	} else {
		summary = cmp.Or(summary, e.title, e.url) // an entry needs some text
	}
	if !e.published.IsZero() {
		a.Published = atomTime(e.published)
	}
	if summary != "" {
		a.Summary = &feeds.AtomSummary{Type: "text", Content: summary}
	}
	for _, p := range e.authors {
		a.Authors = append(a.Authors, atomAuthor(p))
	}
	for _, t := range e.topics {
		c := atomCategory{Term: t.term, Scheme: t.scheme}
		if t.title != t.term {
			c.Label = t.title
		}
		a.Categories = append(a.Categories, c)
	}
	if e.inReplyTo != "" {
		a.InReplyTo = &atomInReplyTo{Namespace: threadNamespace, Ref: e.inReplyTo, Href: e.inReplyTo}
	}
	return a
}

// atomLinks puts the one alternate first: readers that know no rel take it.
func atomLinks(e entry) []atomLink {
	links := []atomLink{newAtomLink("alternate", "text/html", e.url)}
	for _, a := range e.attachments {
		l := newAtomLink("enclosure", a.Type, a.URL)
		l.Title = a.Title
		if a.Size > 0 {
			l.Length = strconv.FormatInt(a.Size, 10)
		}
		links = append(links, l)
	}
	if e.comments != "" {
		links = append(links, newAtomLink("replies", "text/html", e.comments)) // RFC 4685 §4
	}
	if e.license != "" {
		links = append(links, newAtomLink("license", "", e.license)) // RFC 4946
	}
	if e.origin.URL != "" {
		l := newAtomLink("via", "", e.origin.URL) // RFC 4287 §4.2.7.2
		l.Title = e.origin.Title
		links = append(links, l)
	}
	return links
}

func newAtomLink(rel, mediaType, href string) atomLink {
	return atomLink{AtomLink: feeds.AtomLink{Rel: rel, Type: mediaType, Href: href}}
}

func atomAuthor(p Person) feeds.AtomAuthor {
	return feeds.AtomAuthor{AtomPerson: feeds.AtomPerson{Name: p.Name, Uri: p.URL, Email: p.Email}}
}

// atomTime is a date as RFC 4287 §3.3 wants it, where one is required: what
// has none is from 1970.
func atomTime(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0).UTC()
	}
	return t.Format(time.RFC3339)
}
