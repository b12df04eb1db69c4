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
	// All of them stand in every head: an entry does not know what its feed's has.
	AtomNamespace        string     `xml:"xmlns:atom,attr"`
	DCNamespace          string     `xml:"xmlns:dc,attr"`
	MediaNamespace       string     `xml:"xmlns:media,attr"`
	SyndicationNamespace string     `xml:"xmlns:sy,attr"`
	Channel              rssChannel `xml:"channel"`
}

// FeedXml is what feeds.WriteXML asks for; an embedded one would hide our fields.
func (r rssRoot) FeedXml() any { return r }

type rssChannel struct {
	// Before the channel's own link: some readers take the first of any namespace.
	AtomLinks []rssAtomLink `xml:"atom:link"`
	feeds.RssFeed
	UpdatePeriod    string    `xml:"sy:updatePeriod,omitempty"`
	UpdateFrequency int       `xml:"sy:updateFrequency,omitempty"`
	Items           []rssItem `xml:"item"`
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
	Creators   []string      `xml:"dc:creator"`
	Language   string        `xml:"dc:language,omitempty"`
	Categories []rssCategory `xml:"category"`
	Source     *rssSource    `xml:"source"`
	Media      []rssMedia    `xml:"media:content"`
	Thumbnail  *rssThumbnail `xml:"media:thumbnail"`
}

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	Name   string `xml:",chardata"`
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
		RssFeedXml: feeds.RssFeedXml{Version: "2.0", ContentNamespace: "http://purl.org/rss/1.0/modules/content/"},

		AtomNamespace:        atomNamespace,
		DCNamespace:          "http://purl.org/dc/elements/1.1/",
		MediaNamespace:       "http://search.yahoo.com/mrss/",
		SyndicationNamespace: "http://purl.org/rss/1.0/modules/syndication/",

		Channel: c,
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
			WebMaster:      rssEditor(h.authors),
			PubDate:        rssTime(h.published),
			LastBuildDate:  rssTime(h.updated),
			Generator:      generator,
			Docs:           "https://www.rssboard.org/rss-specification",
			Ttl:            int(h.every / time.Minute),
		},
	}
	c.UpdatePeriod, c.UpdateFrequency = updates(h.every)
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
		Language:  e.lang,
		Media:     rssMediaOf(e),
		Thumbnail: rssThumbnailOf(e),
	}
	if i.Title == "" && i.Description == "" {
		i.Description = rssEscape.Replace(e.url) // an item needs one of the two
	}
	i.Author, i.Creators = rssAuthors(e.authors)
	for _, t := range e.topics {
		i.Categories = append(i.Categories, rssCategory{Domain: t.scheme, Name: t.title})
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

// rssAuthors puts a lone author with an address where RSS wants one, and all
// others where a name is enough. An item takes one author only, and not both
// elements at a time (Best Practices Profile, "author" and "dc:creator").
func rssAuthors(authors []Person) (author string, creators []string) {
	if len(authors) == 1 && authors[0].Email != "" && !strings.ContainsAny(authors[0].Name, rssComment) {
		return rssMailbox(authors[0]), nil
	}
	for _, a := range authors {
		creators = append(creators, a.Name)
	}
	return "", creators
}

// rssEditor is the mailbox of the first person who has an address.
func rssEditor(people []Person) string {
	for _, p := range people {
		if p.Email != "" {
			return rssMailbox(p)
		}
	}
	return ""
}

// rssComment is what readers misread between the parentheses of a mailbox.
const rssComment = `()\`

// rssMailbox is "address (name)", without a name that cannot stand there.
func rssMailbox(p Person) string {
	if p.Name == p.Email || strings.ContainsAny(p.Name, rssComment) {
		return p.Email
	}
	return p.Email + " (" + p.Name + ")"
}

// updates says in the terms of the syndication module how often a feed may
// change: the shortest of its periods that holds the interval, and how many
// times in it. As with ttl, what comes out is never longer than the interval.
func updates(every time.Duration) (period string, times int) {
	if every <= 0 {
		return "", 0
	}
	const day = 24 * time.Hour
	periods := []struct {
		name string
		long time.Duration
	}{{"hourly", time.Hour}, {"daily", day}, {"weekly", 7 * day}, {"monthly", 28 * day}, {"yearly", 365 * day}}
	for _, p := range periods {
		if every <= p.long {
			return p.name, int((p.long + every - 1) / every)
		}
	}
	return "yearly", 1
}

// rssTime is a date of RFC 822 with four digits of the year, or nothing.
func rssTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC1123Z)
}
