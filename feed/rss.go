package feed

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/feeds"
)

// The types of this file carry what gorilla/feeds' lack. A field hides the
// embedded one of the same element name; the prefixes are those that rssRoot
// declares.

type rssRoot struct {
	feeds.RssFeedXml
	AtomNamespace string     `xml:"xmlns:atom,attr"`
	DCNamespace   string     `xml:"xmlns:dc,attr"`
	Channel       rssChannel `xml:"channel"`
}

// FeedXml is what feeds.WriteXML asks for; an embedded one would hide our fields.
func (r rssRoot) FeedXml() any { return r }

type rssChannel struct {
	// Before the channel's own link: some readers take the first of any namespace.
	AtomLinks []rssAtomLink `xml:"atom:link"`
	feeds.RssFeed
	Items []rssItem `xml:"item"`
}

type rssAtomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type rssItem struct {
	Title       string `xml:"title,omitempty"`
	Description string `xml:"description,omitempty"`
	feeds.RssItem
	Creators   []string   `xml:"dc:creator"`
	Language   string     `xml:"dc:language,omitempty"`
	Categories []string   `xml:"category"`
	Source     *rssSource `xml:"source"`
}

type rssSource struct {
	URL   string `xml:"url,attr"`
	Title string `xml:",chardata"`
}

// rssEscape makes plain text what readers show as that text: they take a
// description for HTML.
var rssEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func writeRSSEntry(w io.Writer, e entry) error { return writeEntryXML(w, newRSSItem(e), "    ") }

func writeRSS(w io.Writer, h frame, entries []entry) error {
	c := newRSSChannel(h)
	for _, e := range entries {
		c.Items = append(c.Items, newRSSItem(e))
	}
	return feeds.WriteXML(rssRoot{
		RssFeedXml:    feeds.RssFeedXml{Version: "2.0", ContentNamespace: "http://purl.org/rss/1.0/modules/content/"},
		AtomNamespace: atomNamespace,
		DCNamespace:   "http://purl.org/dc/elements/1.1/",
		Channel:       c,
	}, w)
}

func newRSSChannel(h frame) rssChannel {
	c := rssChannel{
		AtomLinks: []rssAtomLink{{Rel: "self", Type: RSS.MediaType(), Href: h.self}},
		RssFeed: feeds.RssFeed{
			Title:          h.title,
			Link:           h.page,
			Description:    cmp.Or(h.description, h.title),
			Language:       h.lang,
			Copyright:      h.copyright,
			ManagingEditor: rssEditor(h.authors),
			PubDate:        rssTime(h.published),
			LastBuildDate:  rssTime(h.updated),
			Generator:      generator,
			Docs:           "https://www.rssboard.org/rss-specification",
			Ttl:            int(h.every / time.Minute),
		},
	}
	for _, hub := range h.hubs {
		c.AtomLinks = append(c.AtomLinks, rssAtomLink{Rel: "hub", Href: hub})
	}
	if image := cmp.Or(h.image, h.logo); image != "" {
		c.Image = &feeds.RssImage{Url: image, Title: h.title, Link: h.page}
	}
	return c
}

func newRSSItem(e entry) rssItem {
	i := rssItem{
		Title:       e.title,
		Description: rssEscape.Replace(e.summary),
		RssItem: feeds.RssItem{
			Link:     e.url,
			Content:  &feeds.RssContent{Content: e.content},
			Comments: e.comments,
			Guid:     &feeds.RssGuid{Id: e.id, IsPermaLink: "false"},
			PubDate:  rssTime(e.published),
		},
		Language: e.lang,
	}
	if i.Title == "" && i.Description == "" {
		i.Description = rssEscape.Replace(e.url) // an item needs one of the two
	}
	for _, a := range e.authors {
		i.Creators = append(i.Creators, a.Name)
	}
	for _, t := range e.topics {
		i.Categories = append(i.Categories, t.Title)
	}
	if len(e.attachments) > 0 { // more than one confuses readers
		a := e.attachments[0]
		i.Enclosure = &feeds.RssEnclosure{Url: a.URL, Length: strconv.FormatInt(a.Size, 10), Type: a.Type}
	}
	if e.origin.URL != "" {
		i.Source = &rssSource{URL: e.origin.URL, Title: e.origin.Title}
	}
	return i
}

// rssEditor is the first author with an address, as "address (name)".
func rssEditor(authors []Person) string {
	for _, a := range authors {
		switch {
		case a.Email == "":
		case a.Name == a.Email:
			return a.Email
		default:
			return a.Email + " (" + a.Name + ")"
		}
	}
	return ""
}

// rssTime is a date of RFC 822 with four digits of the year, or nothing.
func rssTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC1123Z)
}
