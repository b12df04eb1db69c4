package feed

import (
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A slug is a path segment and a file name: 255 bytes is what file systems
// give a name, and an extension and a suffix want their share.
const (
	maxSlugRunes = 100
	maxSlugBytes = 200
)

// Slug makes a slug of any text: NFKC, lower case, letters, marks and digits
// of every script kept, all else one "-", no dot. At most 100 characters and
// 200 bytes, cut at a "-" where there is one. It may be empty. A slug is its
// own slug.
func Slug(text string) string {
	var b strings.Builder
	dash, base := false, false // base: a mark has something to stand on
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) {
			return -1 // a mark, but one that shows nothing
		}
		return r
	}, text)
	// Lower case can undo the normal form, so that comes last.
	for _, r := range norm.NFKC.String(strings.ToLower(norm.NFKC.String(text))) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || base && unicode.IsMark(r):
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash, base = false, true
		default:
			dash, base = true, false
		}
	}
	return bound(b.String())
}

// bound cuts a slug to its length.
func bound(s string) string {
	end, runes := 0, 0
	for end < len(s) && runes < maxSlugRunes {
		_, size := utf8.DecodeRuneInString(s[end:])
		if end+size > maxSlugBytes {
			break
		}
		end, runes = end+size, runes+1
	}
	if end == len(s) {
		return s
	}
	if i := strings.LastIndexByte(s[:end+1], '-'); i > 0 {
		return s[:i]
	}
	// A letter keeps its marks: without them it is another letter.
	for end > 0 {
		if r, _ := utf8.DecodeRuneInString(s[end:]); !unicode.IsMark(r) {
			break
		}
		_, size := utf8.DecodeLastRuneInString(s[:end])
		end -= size
	}
	return s[:end]
}

// leading is the day or the number that sorts a folder's files.
var leading = pattern(`^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+)(?:[-_. ]+|$)`)

// FileStem reads the name of a post's file, whose path has slashes: the day that
// it begins with (YYYY-MM-DD), if any, and what remains of it for a slug. An
// index file goes by its folder's name.
func FileStem(file string) (day, stem string) {
	stem = strings.TrimSuffix(path.Base(file), path.Ext(file))
	if dir := path.Base(path.Dir(file)); stem == "index" && dir != "." && dir != ".." && dir != "/" {
		stem = dir
	}
	m := leading().FindStringSubmatch(stem)
	if m == nil {
		return "", stem
	}
	if _, err := time.Parse(time.DateOnly, m[1]); err == nil {
		day = m[1]
	}
	if rest := stem[len(m[0]):]; rest != "" {
		stem = rest
	}
	return day, stem
}

// reserved are the first path segments that syndic serves itself, now or by a
// name it has set aside. The feeds' own names have a dot, which no slug has.
var reserved = map[string]bool{
	"hub": true, "micropub": true, "media": true, "archive": true, "posts": true, "tags": true, "page": true, "static": true,
	"rss.xml": true, "atom.xml": true, "feed.json": true, "feeds.opml": true, "feeds": true,
	"healthz": true, "readyz": true, "metrics": true,
}

// Reserved tells whether a category must not have this slug, because syndic
// serves something else there, or a proxy in front of it does.
func Reserved(slug string) bool { return reserved[slug] }

// sameTitle tells whether two titles differ in no more than case (Unicode case
// folding) and the amount of white space.
func sameTitle(a, b string) bool { return a == b || fold(a) == fold(b) }

func fold(title string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFKC.String(strings.Join(strings.Fields(title), " "))))
}
