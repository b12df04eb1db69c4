package feed

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// PostID mints a post's tag URI (RFC 4151): "tag:AUTHORITY,DATE:SLUG". n is 0,
// or from 2 on the suffix that makes it unique. day is in the site's zone.
func PostID(authority string, day time.Time, slug string, n int) string {
	return tag(authority, day.Format(time.DateOnly), slug, n)
}

// CategoryID mints a category's tag URI from its slug ("" for the site). Its
// date is fixed, so that the id does not depend on the day or the order in
// which an empty store is fed: the same categories have the same ids again.
func CategoryID(authority, slug string, n int) string {
	if slug == "" {
		return tag(authority, "2026", "site", n)
	}
	return tag(authority, "2026", "category/"+slug, n)
}

// CheckIRI tells why a feed cannot carry an id or a URL that somebody brought
// along: Atom wants absolute IRIs (RFC 4287 §4.2.6), and the linter refuses a
// feed with anything else.
func CheckIRI(s string) error {
	if bad := badIRI(s); bad != "" {
		return errors.New(bad)
	}
	return nil
}

func tag(authority, date, specific string, n int) string {
	id := "tag:" + strings.ToLower(authority) + "," + date + ":" + pchars(specific)
	if n >= 2 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}

// pchars percent-encodes what RFC 4151 §2.1 does not let stand in a specific:
// all but pchar of RFC 3986, "/" and "?".
func pchars(s string) string {
	const free = "-._~!$&'()*+,;=:@/?"
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(free, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
