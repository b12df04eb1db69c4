package web

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"sync"
	"time"

	"syndic/feed"
)

const opmlFile = "feeds.opml"

// An OPML 2.0 subscription list. A folder for each format, so that whoever
// imports it can leave one out instead of reading everything twice.
type opmlDocument struct {
	XMLName xml.Name      `xml:"opml"`
	Version string        `xml:"version,attr"`
	Head    opmlHead      `xml:"head"`
	Body    []opmlOutline `xml:"body>outline"`
}

type opmlHead struct {
	Title    string `xml:"title"`
	Modified string `xml:"dateModified"`
	Owner    string `xml:"ownerName,omitempty"`
	Docs     string `xml:"docs"`
}

type opmlOutline struct {
	Text        string        `xml:"text,attr"`
	Title       string        `xml:"title,attr,omitempty"`
	Type        string        `xml:"type,attr,omitempty"`
	Version     string        `xml:"version,attr,omitempty"`
	XMLURL      string        `xml:"xmlUrl,attr,omitempty"`
	HTMLURL     string        `xml:"htmlUrl,attr,omitempty"`
	Description string        `xml:"description,attr,omitempty"`
	Language    string        `xml:"language,attr,omitempty"`
	Outlines    []opmlOutline `xml:"outline"`
}

// opmlFormats are the folders. OPML 2.0 has one type for every kind of feed, and
// readers look at the document itself; version is for people.
var opmlFormats = []struct {
	format        feed.Format
	text, version string
}{{feed.RSS, "RSS", "RSS2"}, {feed.Atom, "Atom", "ATOM1"}, {feed.JSON, "JSON Feed", "JSON1.1"}}

// opmlOf is the list as it is at the moment. It is made again when what is
// served has changed since, on the first request.
func (s *Server) opmlOf() *document {
	s.opml.Lock()
	defer s.opml.Unlock()
	if serial := s.serial.Load(); s.opml.document == nil || s.opml.serial != serial {
		s.opml.document, s.opml.serial = s.current.Load().newOPML(s.encoders), serial
	}
	return s.opml.document
}

// opmlCache is the list as it was last made.
type opmlCache struct {
	sync.Mutex
	document *document
	serial   uint64
}

func (sn *snapshot) newOPML(by *encoders) *document {
	doc := opmlDocument{Version: "2.0", Head: opmlHead{
		Title:    feed.Clean(sn.site.Title),
		Modified: sn.feedsModified().Format(http.TimeFormat),
		Owner:    feed.Clean(sn.site.Author.Name),
		Docs:     "http://opml.org/spec2.opml",
	}}
	for _, f := range opmlFormats {
		folder := opmlOutline{Text: f.text}
		for c := range sn.published() {
			if served := c.served(f.format); served != nil {
				folder.Outlines = append(folder.Outlines, opmlOutline{
					Text: feed.Clean(c.Title), Title: feed.Clean(c.Title), Type: "rss", Version: f.version,
					XMLURL: served.Topic, HTMLURL: sn.site.Abs(c.Path()),
					Description: feed.Clean(c.Description), Language: c.Language,
				})
			}
		}
		if len(folder.Outlines) > 0 {
			doc.Body = append(doc.Body, folder)
		}
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	// Strings and times, written to memory: this does not fail.
	_ = e.Encode(doc)
	b.WriteByte('\n')
	return &document{
		digest: feed.DigestOf(b.Bytes()), modified: sn.modified(), size: b.Len(), codings: preference[:],
		source: &ownBytes{identity: b.Bytes(), encoders: by},
		always: http.Header{"Cache-Control": {"public, max-age=300"}},
		full:   http.Header{"Content-Type": {"text/x-opml; charset=utf-8"}},
	}
}

// feedsModified is when the newest feed was published. Unlike modified it is
// the same after a restart.
func (sn *snapshot) feedsModified() time.Time {
	var newest time.Time
	for f := range sn.feedsServed() {
		if f.Modified.After(newest) {
			newest = f.Modified
		}
	}
	return newest.UTC()
}
