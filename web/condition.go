package web

import (
	"net/http"
	"strings"
	"time"
)

// entityTag is the strong tag of a document in one encoding.
func entityTag(digest string, c coding) string {
	if c == identity {
		return `"` + digest + `"`
	}
	return `"` + digest + "-" + c.String() + `"`
}

// unchanged tells whether the reader has the document already: If-None-Match
// decides where there is one, else If-Modified-Since (RFC 9110 §13.2.2). A tag
// of any encoding will do: the reader wants what is in it.
func (d *document) unchanged(h http.Header) bool {
	if tags := strings.Join(h.Values("If-None-Match"), ","); tags != "" {
		return names(tags, d.digest)
	}
	return unchangedSince(d.modified, h.Get("If-Modified-Since"))
}

func unchangedSince(modified time.Time, date string) bool {
	since, err := http.ParseTime(date)
	return err == nil && !modified.Truncate(time.Second).After(since)
}

// names tells whether an If-None-Match field is "*" or lists a tag of the
// digest in weak comparison (RFC 9110 §13.1.2). Tags that lost their quotes on
// the way are understood.
func names(field, digest string) bool {
	if strings.TrimSpace(field) == "*" {
		return true
	}
	for {
		field = strings.TrimLeft(field, " \t,")
		if field == "" {
			return false
		}
		var tag string
		tag, field = cutTag(field)
		if isTagOf(tag, digest) {
			return true
		}
	}
}

// cutTag takes the first tag's content off a list.
func cutTag(list string) (tag, rest string) {
	list = strings.TrimPrefix(strings.TrimPrefix(list, "W/"), "w/")
	if quoted, ok := strings.CutPrefix(list, `"`); ok {
		tag, rest, _ = strings.Cut(quoted, `"`)
		return tag, rest
	}
	tag, rest, _ = strings.Cut(list, ",")
	return strings.TrimSpace(tag), rest
}

// isTagOf tells whether the tag is the digest's in some encoding.
func isTagOf[T string | []byte](tag T, digest string) bool {
	n := len(digest)
	if n == 0 || len(tag) < n || string(tag[:n]) != digest {
		return false
	}
	if len(tag) == n {
		return true
	}
	for _, name := range codingNames[identity+1:] {
		if tag[n] == '-' && string(tag[n+1:]) == name {
			return true
		}
	}
	return false
}
