package feed

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"time"

	"github.com/gorilla/feeds"
)

// The types of this file carry what gorilla/feeds' lack. A field hides the
// embedded one of the same name.

type jsonRoot struct {
	feeds.JSONFeed
	Items []jsonItem `json:"items"` // required, even when empty
}

type jsonItem struct {
	feeds.JSONItem
	ContentHTML *string          `json:"content_html,omitempty"` // even when empty, unless there is a ContentText
	BannerImage string           `json:"banner_image,omitempty"`
	Language    string           `json:"language,omitempty"`
	Attachments []jsonAttachment `json:"attachments,omitempty"`
}

// jsonAttachment stands alone: gorilla/feeds' writes its size under a wrong
// name and its duration as a fraction, at which Miniflux rejects the feed.
type jsonAttachment struct {
	URL      string `json:"url"`
	MIMEType string `json:"mime_type"`
	Title    string `json:"title,omitempty"`
	Size     int64  `json:"size_in_bytes,omitempty"`
	Duration int64  `json:"duration_in_seconds,omitempty"`
}

// writeJSONEntry puts the content in when all else is written: the encoder
// reads what it wrote once more to indent it, and a string cannot be indented.
func writeJSONEntry(b *bytes.Buffer, e entry) error {
	const indent = "    "
	item := newJSONItem(e)
	if !e.short {
		*item.ContentHTML = ""
	}
	b.WriteString(indent)
	if err := encodeJSON(b, item, indent); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("\n"))
	if e.short {
		return nil
	}
	// No string has a line end in it, so this is the item's own.
	place := []byte("\n" + indent + `  "content_html": `)
	at := bytes.Index(b.Bytes(), place) + len(place)
	rest := bytes.Clone(b.Bytes()[at+len(`""`):])
	b.Truncate(at)
	if err := jsonEncoder(b).Encode(e.content); err != nil {
		return err
	}
	b.Truncate(b.Len() - len("\n"))
	b.Write(rest)
	return nil
}

func writeJSON(w io.Writer, h frame, entries []entry) error {
	r := newJSONRoot(h)
	for _, e := range entries {
		r.Items = append(r.Items, newJSONItem(e))
	}
	return encodeJSON(w, r, "")
}

func encodeJSON(w io.Writer, v any, indent string) error {
	e := jsonEncoder(w)
	e.SetIndent(indent, "  ")
	return e.Encode(v)
}

// jsonEncoder leaves "<" and its like alone: half of a feed is HTML.
func jsonEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// newJSONRoot has no next_url: posts that left the window are in no feed.
func newJSONRoot(h frame) jsonRoot {
	r := jsonRoot{
		JSONFeed: feeds.JSONFeed{
			Version:     "https://jsonfeed.org/version/1.1",
			Title:       h.title,
			Language:    h.lang,
			HomePageUrl: h.page,
			FeedUrl:     h.self,
			Description: h.description,
			Icon:        cmp.Or(h.image, h.icon),
			Favicon:     h.favicon,
			Authors:     jsonAuthors(h.authors),
		},
		Items: []jsonItem{},
	}
	if h.expired {
		r.Expired = new(true)
	}
	for _, hub := range h.hubs {
		r.Hubs = append(r.Hubs, &feeds.JSONHub{Type: "WebSub", Url: hub})
	}
	return r
}

func newJSONItem(e entry) jsonItem {
	i := jsonItem{
		JSONItem: feeds.JSONItem{
			Id:            e.id,
			Url:           e.url,
			ExternalUrl:   cmp.Or(e.inReplyTo, e.origin.URL), // what the post is about, where that is elsewhere
			Title:         e.title,
			Summary:       e.summary,
			Image:         e.image,
			PublishedDate: jsonTime(e.published),
			ModifiedDate:  jsonTime(e.updated),
			Authors:       jsonAuthors(e.authors),
		},
		BannerImage: e.banner,
		Language:    e.lang,
	}
	if e.short {
		i.ContentText = cmp.Or(e.summary, e.title, e.url) // an item needs one of the two
	} else {
		i.ContentHTML = new(e.content)
	}
	for _, t := range e.topics {
		i.Tags = append(i.Tags, t.title)
	}
	for _, a := range e.attachments {
		i.Attachments = append(i.Attachments, jsonAttachment{
			URL: a.URL, MIMEType: a.Type, Title: a.Title, Size: a.Size, Duration: a.Duration,
		})
	}
	return i
}

func jsonAuthors(persons []Person) []*feeds.JSONAuthor {
	var authors []*feeds.JSONAuthor
	for _, p := range persons {
		authors = append(authors, &feeds.JSONAuthor{Name: p.Name, Url: p.URL})
	}
	return authors
}

func jsonTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
