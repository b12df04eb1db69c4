package feed

import (
	"cmp"
	"time"
)

// Post is one entry: what its author wrote, and what syndic keeps about it.
// Its ContentHTML is derived with Content when it is needed and never stored,
// so that a better sanitiser reaches every post at once.
type Post struct {
	Num     uint64 `cbor:"1,keyasint,omitempty" json:"num"`      // key in the store, in order of first add; 0 before that
	ID      string `cbor:"2,keyasint,omitempty" json:"id"`       // a tag URI (RFC 4151), or the id it was imported with; never changes
	Slug    string `cbor:"3,keyasint,omitempty" json:"slug"`     // last part of its path, unique in the site
	Title   string `cbor:"4,keyasint,omitempty" json:"title"`    // plain text; may be empty
	URL     string `cbor:"5,keyasint,omitempty" json:"url"`      // absolute address of its page when that lives elsewhere
	Summary string `cbor:"6,keyasint,omitempty" json:"summary"`  // plain text; empty means cut from the content
	Body    string `cbor:"7,keyasint,omitempty" json:"body"`     // the source as written
	Markup  Markup `cbor:"8,keyasint,omitempty" json:"markup"`   // what Body is written in
	Lang    string `cbor:"9,keyasint,omitempty" json:"language"` // BCP 47; empty means the category's

	Authors     []Person     `cbor:"10,keyasint,omitempty" json:"authors,omitempty"`
	Categories  []string     `cbor:"11,keyasint,omitempty" json:"categories,omitempty"` // category IDs in the author's order; the first gives the path
	Tags        []string     `cbor:"12,keyasint,omitempty" json:"tags,omitempty"`
	Attachments []Attachment `cbor:"13,keyasint,omitempty" json:"attachments,omitempty"`
	Image       string       `cbor:"14,keyasint,omitempty" json:"image,omitempty"`
	BannerImage string       `cbor:"15,keyasint,omitempty" json:"banner_image,omitempty"`
	Comments    string       `cbor:"16,keyasint,omitempty" json:"comments,omitempty"`    // URL of the page with comments
	Origin      Origin       `cbor:"17,keyasint,omitempty" json:"source,omitzero"`       // the feed that the post was taken from
	License     string       `cbor:"18,keyasint,omitempty" json:"license,omitempty"`     // URL
	InReplyTo   string       `cbor:"19,keyasint,omitempty" json:"in_reply_to,omitempty"` // URL
	Expired     bool         `cbor:"20,keyasint,omitempty" json:"expired,omitempty"`     // it is over; a feed in which every post is says so

	State     State     `cbor:"21,keyasint,omitempty" json:"state"`
	PublishAt time.Time `cbor:"22,keyasint,omitempty" json:"publish_at,omitzero"` // when a scheduled post goes out
	Published time.Time `cbor:"23,keyasint,omitempty" json:"published,omitzero"`  // UTC, whole seconds; zero until an undated post is first published
	Updated   time.Time `cbor:"24,keyasint,omitempty" json:"updated,omitzero"`    // UTC, whole seconds; zero means as Published, and it is never before that
	Revision  uint64    `cbor:"25,keyasint,omitempty" json:"revision"`            // counts the changes to anything an entry or a page shows; 1 at first add
	Live      uint64    `cbor:"26,keyasint,omitempty" json:"live"`                // the newest revision that was published; 0 for none
	File      string    `cbor:"27,keyasint,omitempty" json:"file,omitempty"`      // name of the file it came from; empty for standard input
	Overruled *Timing   `cbor:"28,keyasint,omitempty" json:"overruled,omitempty"` // what its document says, where a command decided otherwise; nil where it counts

	// Labels are the slugs and titles of Categories, filled in by whoever reads
	// the post for rendering; never stored.
	Labels []Label `cbor:"-" json:"-"`
}

// Timing is what a document says of when its post goes out.
type Timing struct {
	Draft bool      `cbor:"1,keyasint,omitempty" json:"draft,omitempty"`
	Date  time.Time `cbor:"2,keyasint,omitempty" json:"date,omitzero"` // UTC, whole seconds; zero for none
}

// Is tells whether two documents say the same.
func (t Timing) Is(other Timing) bool { return t.Draft == other.Draft && t.Date.Equal(other.Date) }

// Person is an author.
type Person struct {
	Name  string `cbor:"1,keyasint,omitempty" json:"name,omitempty" yaml:"name"`
	Email string `cbor:"2,keyasint,omitempty" json:"email,omitempty" yaml:"email"`
	URL   string `cbor:"3,keyasint,omitempty" json:"url,omitempty" yaml:"url"`
}

// Attachment is an enclosure: a media file that belongs to a post.
type Attachment struct {
	URL      string `cbor:"1,keyasint,omitempty" json:"url"`
	Type     string `cbor:"2,keyasint,omitempty" json:"type,omitempty"`     // media type
	Size     int64  `cbor:"3,keyasint,omitempty" json:"size,omitempty"`     // bytes
	Duration int64  `cbor:"4,keyasint,omitempty" json:"duration,omitempty"` // seconds
	Title    string `cbor:"5,keyasint,omitempty" json:"title,omitempty"`
}

// Origin is the feed that a post was republished from (RSS 2.0 "source").
type Origin struct {
	Title string `cbor:"1,keyasint,omitempty" json:"title,omitempty"`
	URL   string `cbor:"2,keyasint,omitempty" json:"url,omitempty"`
}

// Label is a category as an entry shows it.
type Label struct{ Slug, Title string }

// Markup is what a post's source is written in.
type Markup string

// The markups that Content understands.
const (
	Markdown Markup = "markdown"
	HTML     Markup = "html"
)

// State is where a post stands on its way out and back.
type State string

// The states of a post. Only the publication step makes a post published.
const (
	Draft     State = "draft"     // not to go out
	Scheduled State = "scheduled" // goes out at PublishAt
	Queued    State = "queued"    // goes out at its categories' next slot
	Published State = "published" // was in at least one publication
	Recalled  State = "recalled"  // taken back; its page answers 410
	Removed   State = "removed"   // a tombstone: id, slug and paths
)

// transitions is the one table of allowed changes of state.
var transitions = map[State][]State{
	"":        {Draft, Scheduled, Queued},
	Draft:     {Scheduled, Queued, Recalled, Removed},
	Scheduled: {Draft, Queued, Recalled, Removed},
	Queued:    {Draft, Scheduled, Published, Recalled, Removed},
	Published: {Recalled, Removed},
	Recalled:  {Scheduled, Queued, Removed},
	Removed:   nil,
}

// CanBecome tells whether a post in state s may change to state to.
func (s State) CanBecome(to State) bool {
	if s == to {
		return true
	}
	for _, t := range transitions[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Valid tells whether s is one of the states.
func (s State) Valid() bool { _, ok := transitions[s]; return ok && s != "" }

// Goes tells whether a publication takes a post in state s into its feeds.
func (s State) Goes() bool { return s == Queued || s == Published }

// TakenBack tells whether a post in state s was taken out of the site, for good
// or until it is published again: its names stay its own.
func (s State) TakenBack() bool { return s == Recalled || s == Removed }

// Path is the path of the post's page below the site's URL, percent-encoding
// not applied: "first-category/slug", without a category "posts/slug".
func (p Post) Path() string {
	dir := "posts"
	if len(p.Labels) > 0 {
		dir = p.Labels[0].Slug
	}
	return dir + "/" + p.Slug
}

// Newer orders posts as feeds show them: newest Published first, then the one
// that was added later.
func Newer(a, b Post) int {
	if c := b.Published.Compare(a.Published); c != 0 {
		return c
	}
	return cmp.Compare(b.Num, a.Num)
}

// UpdatedAt is when the post last changed for a reader: Updated, never before
// Published (RFC 4287 §4.2.15).
func (p Post) UpdatedAt() time.Time {
	if p.Updated.Before(p.Published) {
		return p.Published
	}
	return p.Updated
}
