package feed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
)

// reading is what a reader finds in an entry.
type reading struct {
	ID         string          `json:"id"`
	Title      string          `json:"title"`
	Link       string          `json:"link"`
	Published  string          `json:"published"`
	Updated    string          `json:"updated"`
	Authors    []readPerson    `json:"authors"`
	Categories []string        `json:"categories"`
	Content    string          `json:"content"`
	Enclosures []readEnclosure `json:"enclosures"`
}

type readPerson struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	URL   string `json:"url"`
}

type readEnclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type"`
	Length int64  `json:"length"`
}

// wanted is what a reader must find in the entry of a post.
func wanted(e entry, f Format) reading {
	w := reading{
		ID: e.id, Title: e.title, Link: e.url, Published: stamp(e.published), Updated: stamp(e.updated), Content: e.content,
	}
	for _, t := range e.topics {
		w.Categories = append(w.Categories, t.title)
	}
	for _, a := range e.attachments {
		w.Enclosures = append(w.Enclosures, readEnclosure{a.URL, a.Type, a.Size})
	}
	for _, p := range e.authors {
		w.Authors = append(w.Authors, readPerson(p))
	}
	switch f {
	case RSS:
		w.Updated = ""
		w.Enclosures = w.Enclosures[:min(1, len(w.Enclosures))]
		for i := range w.Authors {
			w.Authors[i].URL = ""
			if !rssMailable(e.authors) {
				w.Authors[i].Email = ""
			}
		}
	case Atom:
		w.Updated = atomTime(e.updated)
	case JSON:
		if e.short {
			w.Content = cmp.Or(e.summary, e.title, e.url)
		}
		for i := range w.Authors {
			w.Authors[i].Email = ""
		}
	}
	return w
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// moment writes a date that a reader left as it was in the one form; what is
// no date stays.
func moment(s string) string {
	for _, layout := range []string{time.RFC1123Z, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return stamp(t)
		}
	}
	return s
}

var errItems = errors.New("there is not one item")

// readWithGofeed reads with the reader that most Go programs use.
func readWithGofeed(b []byte, f Format) (r reading, err error) {
	doc, err := gofeed.NewParser().Parse(bytes.NewReader(b))
	if err != nil {
		return r, err
	}
	if len(doc.Items) != 1 {
		return r, errItems
	}
	i := doc.Items[0]
	r = reading{ID: i.GUID, Title: i.Title, Link: i.Link, Categories: i.Categories, Content: i.Content}
	if i.PublishedParsed != nil {
		r.Published = stamp(*i.PublishedParsed)
	}
	if i.UpdatedParsed != nil {
		r.Updated = stamp(*i.UpdatedParsed)
	}
	for _, a := range i.Authors {
		r.Authors = append(r.Authors, readPerson{Name: a.Name, Email: a.Email})
	}
	if f == RSS && i.DublinCoreExt != nil && len(i.DublinCoreExt.Creator) > 0 {
		r.Authors = nil // it keeps one only
		for _, name := range i.DublinCoreExt.Creator {
			r.Authors = append(r.Authors, readPerson{Name: name})
		}
	}
	for _, e := range i.Enclosures {
		length, _ := strconv.ParseInt(e.Length, 10, 64)
		r.Enclosures = append(r.Enclosures, readEnclosure{e.URL, e.Type, length})
	}
	return r, nil
}

// readPlainly reads with the standard library, which normalises nothing.
func readPlainly(b []byte, f Format) (r reading, err error) {
	switch f {
	case RSS:
		return readPlainRSS(b)
	case Atom:
		return readPlainAtom(b)
	}
	return readPlainJSON(b)
}

func readPlainRSS(b []byte) (r reading, err error) {
	var doc struct {
		Items []struct {
			GUID       string   `xml:"guid"`
			Title      string   `xml:"title"`
			Link       string   `xml:"link"`
			PubDate    string   `xml:"pubDate"`
			Author     string   `xml:"author"`
			Creators   []string `xml:"http://purl.org/dc/elements/1.1/ creator"`
			Categories []string `xml:"category"`
			Content    string   `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
			Enclosures []struct {
				URL    string `xml:"url,attr"`
				Type   string `xml:"type,attr"`
				Length int64  `xml:"length,attr"`
			} `xml:"enclosure"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return r, err
	}
	if len(doc.Items) != 1 {
		return r, errItems
	}
	i := doc.Items[0]
	r = reading{ID: i.GUID, Title: i.Title, Link: i.Link, Published: i.PubDate, Categories: i.Categories, Content: i.Content}
	if address, name, ok := strings.Cut(i.Author, " ("); i.Author != "" {
		r.Authors = []readPerson{{Name: address, Email: address}}
		if ok {
			r.Authors[0].Name = strings.TrimSuffix(name, ")")
		}
	}
	for _, name := range i.Creators {
		r.Authors = append(r.Authors, readPerson{Name: name})
	}
	for _, e := range i.Enclosures {
		r.Enclosures = append(r.Enclosures, readEnclosure(e))
	}
	return r, nil
}

func readPlainAtom(b []byte) (r reading, err error) {
	var doc struct {
		Entries []struct {
			ID        string `xml:"id"`
			Title     string `xml:"title"`
			Published string `xml:"published"`
			Updated   string `xml:"updated"`
			Content   string `xml:"content"`
			Authors   []struct {
				Name  string `xml:"name"`
				Email string `xml:"email"`
				URL   string `xml:"uri"`
			} `xml:"author"`
			Categories []struct {
				Term  string `xml:"term,attr"`
				Label string `xml:"label,attr"`
			} `xml:"category"`
			Links []struct {
				Rel    string `xml:"rel,attr"`
				URL    string `xml:"href,attr"`
				Type   string `xml:"type,attr"`
				Length int64  `xml:"length,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return r, err
	}
	if len(doc.Entries) != 1 {
		return r, errItems
	}
	e := doc.Entries[0]
	r = reading{ID: e.ID, Title: e.Title, Published: e.Published, Updated: e.Updated, Content: e.Content}
	for _, a := range e.Authors {
		r.Authors = append(r.Authors, readPerson(a))
	}
	for _, c := range e.Categories {
		r.Categories = append(r.Categories, cmp.Or(c.Label, c.Term))
	}
	for _, l := range e.Links {
		switch l.Rel {
		case "alternate":
			r.Link = l.URL
		case "enclosure":
			r.Enclosures = append(r.Enclosures, readEnclosure{l.URL, l.Type, l.Length})
		}
	}
	return r, nil
}

func readPlainJSON(b []byte) (r reading, err error) {
	var doc struct {
		Items []struct {
			ID          string       `json:"id"`
			Title       string       `json:"title"`
			URL         string       `json:"url"`
			Published   string       `json:"date_published"`
			Modified    string       `json:"date_modified"`
			Authors     []readPerson `json:"authors"`
			Tags        []string     `json:"tags"`
			Content     string       `json:"content_html"`
			Text        string       `json:"content_text"`
			Attachments []struct {
				URL    string `json:"url"`
				Type   string `json:"mime_type"`
				Length int64  `json:"size_in_bytes"`
			} `json:"attachments"`
		} `json:"items"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return r, err
	}
	if len(doc.Items) != 1 {
		return r, errItems
	}
	i := doc.Items[0]
	r = reading{
		ID: i.ID, Title: i.Title, Link: i.URL, Published: i.Published, Updated: i.Modified,
		Authors: i.Authors, Categories: i.Tags, Content: cmp.Or(i.Content, i.Text),
	}
	for _, a := range i.Attachments {
		r.Enclosures = append(r.Enclosures, readEnclosure(a))
	}
	return r, nil
}
