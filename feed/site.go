package feed

import (
	"net/url"
	"strings"
)

// Site is the part of the configuration that shapes feeds. It is kept in the
// store, so that a command line without a daemon publishes the same bytes.
type Site struct {
	Title       string `cbor:"1,keyasint,omitempty" json:"title"`
	URL         string `cbor:"2,keyasint,omitempty" json:"url"` // public base of every URL, ends in a slash
	Authority   string `cbor:"3,keyasint,omitempty" json:"authority,omitempty"`
	Description string `cbor:"4,keyasint,omitempty" json:"description,omitempty"`
	Language    string `cbor:"5,keyasint,omitempty" json:"language,omitempty"`
	TimeZone    string `cbor:"6,keyasint,omitempty" json:"time_zone,omitempty"` // IANA name
	Author      Person `cbor:"7,keyasint,omitempty" json:"author,omitzero"`
	Copyright   string `cbor:"8,keyasint,omitempty" json:"copyright,omitempty"`
	Icon        string `cbor:"9,keyasint,omitempty" json:"icon,omitempty"`
	Favicon     string `cbor:"10,keyasint,omitempty" json:"favicon,omitempty"`
	Logo        string `cbor:"11,keyasint,omitempty" json:"logo,omitempty"`

	Schedule   string            `cbor:"12,keyasint,omitempty" json:"schedule"` // a cron spec in TimeZone, or "@change"
	Window     Window            `cbor:"13,keyasint,omitempty" json:"window"`
	Hubs       []string          `cbor:"14,keyasint,omitempty" json:"hubs"`
	Redirects  map[string]string `cbor:"15,keyasint,omitempty" json:"redirects,omitempty"`  // old feed path to present one
	Categories []Configured      `cbor:"16,keyasint,omitempty" json:"categories,omitempty"` // in the order of their slugs
	Iframes    []string          `cbor:"17,keyasint,omitempty" json:"iframes,omitempty"`    // hosts whose players stay in content
}

// Configured is a category as the configuration declares it.
type Configured struct {
	Slug     string `cbor:"1,keyasint" json:"slug"`
	Title    string `cbor:"2,keyasint,omitempty" json:"title"`
	Settings `cbor:"3,keyasint,omitempty"`
}

// Effective returns c with everything it leaves open filled in from the site:
// a category that says nothing has the site's description, language, schedule,
// window and hubs. The site's own category also takes the site's title.
func (s Site) Effective(c Category) Category {
	c.Site = s
	if c.Num == SiteNum {
		c.Title, c.Description = s.Title, s.Description
	}
	if c.Language == "" {
		c.Language = s.Language
	}
	if c.Schedule == "" {
		c.Schedule = s.Schedule
	}
	if c.Window == nil {
		c.Window = &s.Window
	}
	if c.Hubs == nil {
		c.Hubs = &s.Hubs
	}
	return c
}

// Abs returns the absolute URL of a path below the site's URL, with each
// segment percent-encoded (RFC 3986 §2.1).
func (s Site) Abs(path string) string {
	segs := strings.Split(path, "/")
	for i, seg := range segs {
		segs[i] = url.PathEscape(seg)
	}
	return strings.TrimSuffix(s.URL, "/") + "/" + strings.Join(segs, "/")
}

// PageURL is the absolute URL of the post's page, here or elsewhere.
func (s Site) PageURL(p Post) string {
	if p.URL != "" {
		return p.URL
	}
	return s.Abs(p.Path())
}

// Topic is the absolute URL of the category's feed in format f: its rel=self,
// and the topic that hubs are told (WebSub §4).
func (s Site) Topic(c Category, f Format) string { return s.Abs(c.FeedPath(f)) }
