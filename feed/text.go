package feed

import (
	"strings"
	"time"
	"unicode"

	bcp47 "golang.org/x/text/language"
)

// text is a string as every format shows it, with the line ends of XML.
func text(s string) string {
	return trim(strings.ReplaceAll(strings.ReplaceAll(Clean(s), "\r\n", "\n"), "\r", "\n"))
}

// trim removes white space and byte order marks at both ends, which some
// readers strip and others show.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
}

// line is text in one line, its white space single blanks: a title or a name,
// where readers disagree on what a line break means.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(text(s), func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }), " ")
}

// language is a language tag, or nothing if it has not the form of one (RFC
// 4287 §2: "[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*") or begins with no language that
// is registered: validators refuse the whole feed for it.
func language(tag string) string {
	tag = text(tag)
	parts := strings.Split(tag, "-")
	for i, part := range parts {
		alien := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9')
		}
		if part == "" || len(part) > 8 || strings.ContainsFunc(part, alien) {
			return ""
		}
	}
	private := len(parts) > 1 && strings.Contains("iIxX", parts[0])
	if _, err := bcp47.ParseBase(parts[0]); err != nil && !private {
		return ""
	}
	return tag
}

// instant is t as feeds show it: UTC, whole seconds, and within the four-digit
// years of RFC 3339. The zero time stays zero: no date.
func instant(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Second)
	switch {
	case t.Year() < 1:
		return time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
	case t.Year() > 9999:
		return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	default:
		return t
	}
}
