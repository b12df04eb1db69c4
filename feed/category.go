package feed

import "time"

// SiteNum is the store's number of the category that holds every post: the
// site's own feed, which has no slug.
const SiteNum uint64 = 1

// Category is one feed in three formats. The stored record holds its identity
// and its own settings; Site.Effective fills in what it leaves to the site.
type Category struct {
	Num     uint64        `cbor:"1,keyasint,omitempty" json:"num"`
	ID      string        `cbor:"2,keyasint,omitempty" json:"id"` // the feed's id in every format; never changes
	Slug    string        `cbor:"3,keyasint,omitempty" json:"slug"`
	Title   string        `cbor:"4,keyasint,omitempty" json:"title"`
	Aliases []string      `cbor:"5,keyasint,omitempty" json:"aliases,omitempty"` // slugs and titles it once had
	State   CategoryState `cbor:"6,keyasint,omitempty" json:"state"`
	Created time.Time     `cbor:"7,keyasint,omitempty" json:"created"`

	Settings `cbor:"8,keyasint,omitempty"`

	// Site is what Effective merged in; never stored.
	Site Site `cbor:"-" json:"-"`
	// Every is the schedule's smallest gap, from which ttl and max-age come;
	// filled in by the scheduler, never stored.
	Every time.Duration `cbor:"-" json:"-"`
}

// CategoryState tells whether a category is still published.
type CategoryState string

// The states of a category.
const (
	Active  CategoryState = "active"
	Retired CategoryState = "retired" // its feeds and its page answer 410
)

// Settings are what the configuration may say of one category. An empty value,
// or a nil one where nothing is a value of its own, falls back to the site's.
type Settings struct {
	Description string    `cbor:"1,keyasint,omitempty" json:"description,omitempty"`
	Language    string    `cbor:"2,keyasint,omitempty" json:"language,omitempty"`
	Image       string    `cbor:"3,keyasint,omitempty" json:"image,omitempty"`
	Schedule    string    `cbor:"4,keyasint,omitempty" json:"schedule,omitempty"`
	Window      *Window   `cbor:"5,keyasint,omitempty" json:"window,omitempty"`
	Hubs        *[]string `cbor:"6,keyasint,omitempty" json:"hubs,omitempty"` // an empty list means none
}

// Window says which posts a feed holds: the newest Posts, and all whose
// Published is within Hours of the newest one's (not of now).
type Window struct {
	Posts int `cbor:"1,keyasint,omitempty" json:"posts"`
	Hours int `cbor:"2,keyasint,omitempty" json:"hours"`
}

// No feed holds more than this, whatever its window says.
const (
	MaxPosts = 500
	MaxBytes = 2_500_000
)

// MaxContent is how many bytes of HTML an entry carries. One with more would
// push others out of the feed, so it carries its summary and the link to its
// page in their place. A format escapes content to twice its length at most.
const MaxContent = 1_000_000

// Take returns how many of count posts, which are in feed order, the window
// holds; published is each one's Published.
func (w Window) Take(count int, published func(i int) time.Time) int {
	if count == 0 {
		return 0
	}
	since := published(0).Add(-time.Duration(w.Hours) * time.Hour)
	n := 0
	for n < count && n < MaxPosts && (n < w.Posts || (w.Hours > 0 && !published(n).Before(since))) {
		n++
	}
	return n
}

// Fit returns how many of the entries, given as their sizes in bytes in each
// format, make a feed within MaxBytes in every format; at least one does. frames
// are the sizes of what stands around them.
func Fit(frames [3]int, sizes [][3]int) int {
	sum := frames
	for f, r := range renderers {
		sum[f] += len(r.end)
	}
	for i, s := range sizes {
		for f, r := range renderers {
			sum[f] += len(r.before(i)) + s[f]
			if sum[f] > MaxBytes && i > 0 {
				return i
			}
		}
	}
	return len(sizes)
}

// Path is the category's page below the site's URL, percent-encoding not
// applied: "slug/", or "" for the site.
func (c Category) Path() string {
	if c.Slug == "" {
		return ""
	}
	return c.Slug + "/"
}

// FeedPath is where the category's feed in format f is served, below the
// site's URL, percent-encoding not applied.
func (c Category) FeedPath(f Format) string { return c.Path() + f.File() }

// Named tells whether name is the category's slug or title, now or once.
func (c Category) Named(name string) bool {
	if name == c.Slug || sameTitle(name, c.Title) {
		return true
	}
	for _, a := range c.Aliases {
		if name == a || sameTitle(name, a) {
			return true
		}
	}
	return false
}
