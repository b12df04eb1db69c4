package feed

import (
	"cmp"
	"time"
)

// generator names the program in every feed; without its version, so that a
// new one does not change each feed's bytes.
const generator = "syndic"

// frame is a category made ready for every format: what stands around its
// entries.
type frame struct {
	id, title, description, lang, copyright string
	page, self                              string   // the HTML page; the feed itself
	hubs                                    []string // in the order of the configuration
	authors                                 []Person // the site's, or none
	image, icon, favicon, logo              string   // the category's own; the site's
	every                                   time.Duration
	created                                 time.Time
	published, updated                      time.Time // the newest of the posts'; zero without any
	expired                                 bool      // never to change again
}

func newFrame(c Category, posts []Post, f Format) frame {
	s := c.Site
	h := frame{
		id:          Clean(c.ID),
		title:       cmp.Or(line(c.Title), c.Slug),
		description: text(c.Description),
		lang:        language(c.Language),
		copyright:   text(s.Copyright),
		page:        Clean(s.Abs(c.Path())),
		self:        Clean(s.Topic(c, f)),
		authors:     people(s.URL, s.Author),
		image:       absolute(s.URL, c.Image),
		icon:        absolute(s.URL, s.Icon),
		favicon:     absolute(s.URL, s.Favicon),
		logo:        absolute(s.URL, s.Logo),
		every:       c.Every,
		created:     instant(c.Created),
	}
	if c.Hubs != nil {
		for _, hub := range *c.Hubs {
			h.hubs = append(h.hubs, Clean(hub))
		}
	}
	// JSON Feed has the word for a whole feed only: one in which every post is
	// marked is over, and a reader may stop asking for it.
	h.expired = len(posts) > 0
	for _, p := range posts {
		h.expired = h.expired && p.Expired
		h.published = newest(h.published, instant(p.Published))
		h.updated = newest(h.updated, instant(p.UpdatedAt()))
	}
	return h
}

func newest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
