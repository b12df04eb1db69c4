package feed

import (
	"cmp"
	"slices"
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

func newFrame(c Category, dates []EntryDates, f Format) frame {
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
	h.published, h.updated = newest(dates)
	// JSON Feed has the word for a whole feed only: one in which every post is
	// marked is over, and a reader may stop asking for it.
	h.expired = len(dates) > 0 && !slices.ContainsFunc(dates, func(d EntryDates) bool { return !d.Expired })
	return h
}

// newest are the newest dates; zero without any.
func newest(dates []EntryDates) (published, updated time.Time) {
	none := time.Time{}.Unix()
	first, last := none, none
	for _, d := range dates {
		first, last = later(first, d.Published), later(last, d.Updated)
	}
	return instant(time.Unix(first, 0)), instant(time.Unix(last, 0))
}

// later counts every date, even one before the first that there is, as later
// than none.
func later(a, b int64) int64 {
	none := time.Time{}.Unix()
	if b < none {
		b = none + 1
	}
	return max(a, b)
}
