package feed

import (
	"fmt"
	"time"
)

// Format is one of the three kinds of feed.
type Format uint8

// The formats, in the order in which everything lists them.
const (
	RSS  Format = iota // RSS 2.0
	Atom               // Atom 1.0, RFC 4287
	JSON               // JSON Feed 1.1
)

// Formats lists every format.
var Formats = [3]Format{RSS, Atom, JSON}

var formatNames = [3]string{"rss", "atom", "json"}
var formatFiles = [3]string{"rss.xml", "atom.xml", "feed.json"}
var formatTypes = [3]string{"application/rss+xml", "application/atom+xml", "application/feed+json"}

// String is the format's name on the command line.
func (f Format) String() string { return formatNames[f] }

// File is the last segment of the format's feed path.
func (f Format) File() string { return formatFiles[f] }

// MediaType is the format's media type without parameters.
func (f Format) MediaType() string { return formatTypes[f] }

// ParseFormat is the inverse of String.
func ParseFormat(name string) (Format, error) {
	for _, f := range Formats {
		if f.String() == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("unknown feed format %q: use rss, atom or json", name)
}

// FragmentKey names one entry in one format. The variant is a digest of all
// that shapes the entry (the post's revision, its categories' names, the
// site's settings, the renderer's version), so equal keys mean equal bytes.
type FragmentKey struct {
	Post    uint64   `cbor:"1,keyasint"`
	Format  Format   `cbor:"2,keyasint"`
	Variant [16]byte `cbor:"3,keyasint"`
}

// Fragment is one post's entry in one format.
type Fragment struct {
	Key  FragmentKey
	Data []byte
}

// Artifact is a feed in one format as published. Its bytes are its head, its
// fragments in order and its tail; Whole joins and checks them.
type Artifact struct {
	Category    uint64        `cbor:"1,keyasint"` // the category's Num
	Format      Format        `cbor:"2,keyasint"`
	Topic       string        `cbor:"3,keyasint"` // absolute URL: rel=self
	Path        string        `cbor:"4,keyasint"` // below the site's URL, percent-encoding not applied
	Head        []byte        `cbor:"5,keyasint"`
	Tail        []byte        `cbor:"6,keyasint"`
	Entries     []FragmentKey `cbor:"7,keyasint"`
	Digest      string        `cbor:"8,keyasint"`  // of the whole bytes; DigestParts
	Size        int           `cbor:"9,keyasint"`  // bytes
	Modified    time.Time     `cbor:"10,keyasint"` // UTC, whole seconds; strictly upward with the generation
	Generation  uint64        `cbor:"11,keyasint"` // Seq of the commit that changed the bytes
	Hubs        []string      `cbor:"12,keyasint,omitempty"`
	MaxAge      time.Duration `cbor:"13,keyasint,omitempty"`
	Fingerprint string        `cbor:"14,keyasint"` // of the effective configuration and the renderer's version
	// Dates are of the Entries, in their order, so that a head can be rendered
	// without the posts behind the entries that are kept.
	Dates            []EntryDates `cbor:"15,keyasint,omitempty"`
	EntryFingerprint string       `cbor:"17,keyasint,omitempty"` // by which the Entries were made
	// Sums are of the Entries, in their order; empty, not nil, in a feed without
	// entries. Nil says that the artifact is older than they are (Summed).
	Sums []EntrySum `cbor:"-"`
}

// EntryDates are what a feed's head shows of the post behind one entry.
type EntryDates struct {
	Published int64 `cbor:"1,keyasint"` // seconds of Unix time
	Updated   int64 `cbor:"2,keyasint"` // likewise; Post.UpdatedAt
	Expired   bool  `cbor:"3,keyasint,omitempty"`
}

// DatesOf are a post's.
func DatesOf(p Post) EntryDates {
	return EntryDates{Published: p.Published.Unix(), Updated: p.UpdatedAt().Unix(), Expired: p.Expired}
}

// DatesOfAll are those of posts, in their order.
func DatesOfAll(posts []Post) []EntryDates {
	dates := make([]EntryDates, len(posts))
	for i, p := range posts {
		dates[i] = DatesOf(p)
	}
	return dates
}
