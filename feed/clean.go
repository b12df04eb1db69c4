package feed

import "strings"

// Clean removes what XML 1.0 cannot carry (§2.2, Char) and repairs UTF-8. One
// such byte would cost every reader the whole feed.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
