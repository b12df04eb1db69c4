package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"syndic/feed"
)

// Bounds of max-age: the default is for a feed whose schedule has no interval.
// Nobody can call a copy back that a cache may keep, so a feed of a monthly
// schedule is still asked for each hour: a recalled post leaves it at once.
const (
	defaultMaxAge = time.Minute
	longestMaxAge = time.Hour
)

// lately is how long ago an encoding may have been asked for to be made ahead:
// readers poll each few minutes, or are so few that the first can wait.
const lately = 10 * time.Minute

// slot is the place of one feed in the snapshot. What is served at it changes
// with each generation; the slot stays as long as the category.
type slot struct {
	now    atomic.Pointer[servedFeed] // nil while nothing is published
	mended atomic.Int64               // second in which repair was last asked for
}

// served is what the slot serves; nil for nothing, or no slot.
func (s *slot) served() *servedFeed {
	if s == nil {
		return nil
	}
	return s.now.Load()
}

// servedFeed is one generation of a feed as it is served. Its bytes are in
// memory only as far as they are asked for.
type servedFeed struct {
	feed.Artifact // a header, without what the bytes are made of
	slot          *slot
	modified      string // as Last-Modified has it
	tally         *tally // where requests for it are counted; nil is with the others
	unreadable    bool   // not even its header can be read, and no earlier one is known

	variants [codingCount]atomic.Pointer[variant]
	briefs   [codingCount]atomic.Pointer[[]byte] // heads of 304
	sizes    [codingCount]atomic.Int32           // of bodies that have been made; 0 is unknown
	asked    [codingCount]atomic.Uint32          // second of the last request, in this generation or before
	base     atomic.Pointer[variant]             // an earlier identity, to take entries from
	failed   atomic.Int64                        // second in which its bytes could not be read
	retired  atomic.Bool                         // a newer generation is served
}

func newServedFeed(a feed.Artifact) *servedFeed {
	f := &servedFeed{Artifact: header(a), modified: a.Modified.UTC().Format(http.TimeFormat)}
	f.sizes[identity].Store(int32(a.Size))
	return f
}

// header is the artifact without what its bytes are made of.
func header(a feed.Artifact) feed.Artifact {
	a.Head, a.Tail, a.Entries, a.Dates, a.Sums = nil, nil, nil, nil, nil
	a.Fingerprint, a.EntryFingerprint = "", ""
	return a
}

// same tells whether serving a would change nothing.
func (f *servedFeed) same(a feed.Artifact) bool {
	return f != nil && !f.unreadable && f.Generation == a.Generation && f.Digest == a.Digest &&
		f.Topic == a.Topic && f.Path == a.Path && f.MaxAge == a.MaxAge &&
		f.Modified.Equal(a.Modified) && slices.Equal(f.Hubs, a.Hubs)
}

// document is the feed without its bytes, which the source has.
func (f *servedFeed) document(s source) *document {
	maxAge := min(f.MaxAge, longestMaxAge)
	if maxAge <= 0 {
		maxAge = defaultMaxAge
	}
	return &document{
		digest: f.Digest, modified: f.Modified, size: f.Size, codings: preference[:],
		always: http.Header{
			"Link":                          {linkHeader(f.Artifact)},
			"Cache-Control":                 {"public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10)},
			"Access-Control-Expose-Headers": {"ETag, Link, Last-Modified"},
		},
		full:   http.Header{"Content-Type": {f.Format.MediaType() + "; charset=utf-8"}},
		feed:   f,
		source: s,
	}
}

// head is the head of 200 as net/http writes it for the public handler, up to
// the value of Date.
func (f *servedFeed) head(c coding, size int) []byte {
	return wireHead(http.StatusOK, f.document(nil).whole(c, size))
}

// brief is the head of 304 in the same way. It is made once a generation.
func (f *servedFeed) brief(c coding) []byte {
	if head := f.briefs[c].Load(); head != nil {
		return *head
	}
	head := wireHead(http.StatusNotModified, f.document(nil).brief(c))
	f.briefs[c].Store(&head)
	return head
}

// ask notes that the feed is asked for in an encoding.
func (f *servedFeed) ask(c coding, now time.Time) {
	if second := uint32(now.Unix()); f.asked[c].Load() != second {
		f.asked[c].Store(second)
	}
}

// wanted are the encodings that were asked for lately.
func (f *servedFeed) wanted(now time.Time) (list []coding) {
	since := uint32(now.Add(-lately).Unix())
	for _, c := range preference {
		if f.asked[c].Load() >= since {
			list = append(list, c)
		}
	}
	return list
}

// held is the feed in one encoding if that is in memory, pinned; nil else.
func (f *servedFeed) held(c coding) *variant {
	if v := f.variants[c].Load(); v != nil && v.pin() {
		return v
	}
	return nil
}

// inMemory tells whether anything of its bytes is.
func (f *servedFeed) inMemory() bool {
	for c := range f.variants {
		if f.variants[c].Load() != nil {
			return true
		}
	}
	return false
}

// known is unchanged for a plain request, whose one tag needs no list.
func (f *servedFeed) known(p *plain) bool {
	if p.tag != nil {
		return isTagOf(p.tag, f.Digest)
	}
	if p.since == nil {
		return false
	}
	return string(p.since) == f.modified || unchangedSince(f.Modified, string(p.since))
}

// linkHeader names the hubs and the topic (WebSub §4). It is one field, because
// many subscribers read only the first of several.
func linkHeader(a feed.Artifact) string {
	var b strings.Builder
	for _, hub := range a.Hubs {
		fmt.Fprintf(&b, `<%s>; rel="hub", `, hub)
	}
	fmt.Fprintf(&b, `<%s>; rel="self"`, a.Topic)
	return b.String()
}

// formatOf is the format whose feeds have that file name.
func formatOf(file string) (feed.Format, bool) {
	for _, f := range feed.Formats {
		if f.File() == file {
			return f, true
		}
	}
	return 0, false
}
