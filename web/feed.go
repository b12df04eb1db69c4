package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

// servedFeed is a feed as it is served.
type servedFeed struct {
	feed.Artifact           // without its bytes
	document      *document // nil when the bytes are damaged and no earlier ones are known
	tally         *tally    // where requests for it are counted; nil is with the others
}

func newServedFeed(a feed.Artifact, body []byte) *servedFeed {
	maxAge := min(a.MaxAge, longestMaxAge)
	if maxAge <= 0 {
		maxAge = defaultMaxAge
	}
	f := &servedFeed{
		Artifact: header(a),
		document: &document{
			digest:   a.Digest,
			modified: a.Modified,
			identity: body,
			codings:  preference[:],
			always: http.Header{
				"Link":                          {linkHeader(a)},
				"Cache-Control":                 {"public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10)},
				"Access-Control-Expose-Headers": {"ETag, Link, Last-Modified"},
			},
			full: http.Header{"Content-Type": {a.Format.MediaType() + "; charset=utf-8"}},
		},
	}
	f.document.feed = f
	return f
}

// header is the artifact without what its bytes are made of.
func header(a feed.Artifact) feed.Artifact {
	a.Head, a.Tail, a.Entries, a.Dates, a.Sums = nil, nil, nil, nil, nil
	return a
}

// same tells whether serving a would change nothing.
func (f *servedFeed) same(a feed.Artifact) bool {
	return f != nil && f.document != nil && f.Generation == a.Generation && f.Digest == a.Digest &&
		f.Topic == a.Topic && f.Path == a.Path && f.MaxAge == a.MaxAge &&
		f.Modified.Equal(a.Modified) && slices.Equal(f.Hubs, a.Hubs)
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
