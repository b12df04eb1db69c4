package feed

import (
	"strings"
	"time"
)

// schemeOf is a URL's, without its colon, or "" (RFC 3986 §3.1).
func schemeOf(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '.' || c == '-'):
		case i > 0 && c == ':':
			return s[:i]
		default:
			return ""
		}
	}
	return ""
}

// The functions below know the usual form without a closer look, and say
// nothing of any other.

// plainURL knows a URL of the web: a host with no more than a port, and a path
// of letters, digits and the marks that mean nothing (RFC 3986 §2.3).
func plainURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return false
	}
	host, path, _ := strings.Cut(rest, "/")
	host, port, _ := strings.Cut(host, ":")
	return host != "" && digits(port) && unreserved(host) && unreserved(path)
}

// plainTag knows a tag URI of a host and a whole date.
func plainTag(s string) bool {
	rest, ok := strings.CutPrefix(s, "tag:")
	host, rest, _ := strings.Cut(rest, ",")
	date, name, colon := strings.Cut(rest, ":")
	return ok && colon && host != "" && !strings.ContainsAny(host, "/~") && unreserved(host) && unreserved(name) && plainDay(date)
}

// plainDay knows a date as RFC 3339 writes it, if there is such a day or not.
func plainDay(s string) bool {
	return len(s) == len(time.DateOnly) && s[4] == '-' && s[7] == '-' && digits(s[:4]) && digits(s[5:7]) && digits(s[8:])
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// unreserved tells whether text holds only what needs no encoding anywhere in
// a URL, and slashes.
func unreserved(s string) bool { return madeOf(s, "-._~/") }

// plainMedia knows a media type without parameters.
func plainMedia(s string) bool {
	kind, name, _ := strings.Cut(s, "/")
	return wordlike(kind, "+.-") && wordlike(name, "+.-")
}

// plainAddress knows a mail address of letters, digits and single dots.
func plainAddress(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	for _, part := range []string{name, host} {
		for word := range strings.SplitSeq(part, ".") {
			ok = ok && wordlike(word, "")
		}
	}
	return ok
}

// wordlike tells whether s is of letters, digits and some marks.
func wordlike(s, marks string) bool { return s != "" && madeOf(s, marks) }

// plainMoment knows a date of RFC 3339 in UTC and without fractions.
func plainMoment(s string) (time.Time, bool) {
	if len(s) != len("2006-01-02T15:04:05Z") || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil && s[19] == 'Z'
}

// plainStamp knows a date as RSS has it from us.
func plainStamp(s string) (time.Time, bool) {
	if len(s) != len(time.RFC1123Z) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC1123Z, s)
	var room [len(time.RFC1123Z)]byte
	return t, err == nil && string(t.AppendFormat(room[:0], time.RFC1123Z)) == s
}
