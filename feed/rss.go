package feed

import (
	"bytes"
	"cmp"
	"io"
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
	AtomLinks   []rssAtomLink `xml:"atom:link"`
	Title       rssText       `xml:"title"`
	Description rssText       `xml:"description"`
	feeds.RssFeed
	Copyright       *rssText  `xml:"copyright"`
	ManagingEditor  *rssText  `xml:"managingEditor"`
	WebMaster       *rssText  `xml:"webMaster"`
	Image           *rssImage `xml:"image"`
	UpdatePeriod    string    `xml:"sy:updatePeriod,omitempty"`
	UpdateFrequency int       `xml:"sy:updateFrequency,omitempty"`
	Items           []rssItem `xml:"item"`
}

// longestTTL is how long a reader may stay away, however seldom the schedule
// runs: it may have come just before a slot, and not every change waits for one.
const longestTTL = 24 * time.Hour

type rssAtomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type rssImage struct {
	URL   string  `xml:"url"`
	Title rssText `xml:"title"`
	Link  string  `xml:"link"`
}

// rssText is plain text where some readers expect HTML: its "&" and "<" are
// hexadecimal references, which both kinds read alike (Best Practices Profile,
// "Character Data").
type rssText struct {
	XML string `xml:",innerxml"`
}

var rssTextEscape = strings.NewReplacer("&", "&#x26;", "<", "&#x3C;", ">", "&#x3E;")

func newRSSText(s string) rssText { return rssText{rssTextEscape.Replace(s)} }

// someRSSText is nil, and no element, for no text.
func someRSSText(s string) *rssText {
	if s == "" {
		return nil
	}
	return new(newRSSText(s))
}

func writeRSSEntry(b *bytes.Buffer, e entry) error { return writeEntryXML(b, newRSSItem(e), "    ") }

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
		AtomLinks:      []rssAtomLink{{Rel: "self", Type: RSS.MediaType(), Href: h.self}},
		Title:          newRSSText(h.title),
		Description:    newRSSText(cmp.Or(h.description, h.title)),
		Copyright:      someRSSText(h.copyright),
		ManagingEditor: someRSSText(rssEditor(h)),
		WebMaster:      someRSSText(rssEditor(h)),
		RssFeed: feeds.RssFeed{
			Link:          h.page,
			Language:      h.lang,
			PubDate:       rssTime(h.published),
			LastBuildDate: rssTime(h.updated),
			Generator:     generator,
			Docs:          "https://www.rssboard.org/rss-specification",
			Ttl:           int(min(h.every, longestTTL) / time.Minute),
		},
	}
	c.UpdatePeriod, c.UpdateFrequency = updates(h.every)
	for _, hub := range h.hubs {
		c.AtomLinks = append(c.AtomLinks, rssAtomLink{Rel: "hub", Href: hub})
	}
	for _, image := range []string{h.image, h.logo, h.icon} {
		if c.Image == nil && rssTakes(image) {
			c.Image = &rssImage{URL: image, Title: newRSSText(h.title), Link: h.page}
		}
	}
	return c
}

// rssTakes tells whether a picture may stand for a channel: a GIF, JPEG or PNG
// (RSS 2.0, "image"), or what does not show its type.
func rssTakes(image string) bool {
	switch mediaType(image) {
	case "image/gif", "image/jpeg", "image/png", unknownType:
		return image != ""
	}
	return false
}

// rssEditor is the mailbox of the first person who has an address. It needs a
// name, which may be the feed's.
func rssEditor(h frame) string {
	for _, p := range h.authors {
		if p.Email == "" {
			continue
		}
		if p.Name == p.Email {
			p.Name = h.title
		}
		p.Name = strings.NewReplacer("(", "[", ")", "]", `\`, "/").Replace(p.Name)
		return rssMailbox(p)
	}
	return ""
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
