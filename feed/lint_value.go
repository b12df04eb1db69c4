package feed

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	bcp47 "golang.org/x/text/language"
)

var (
	tagForm  = pattern(`^tag:([A-Za-z0-9._-]+@)?[A-Za-z0-9._-]+,\d{4}(-\d\d(-\d\d)?)?:[^\s#]*(#\S*)?$`) // RFC 4151 §2.1, with any host that a URL can have
	urnForm  = pattern(`^(?i:urn):[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]:.+$`)                        // RFC 8141 §2
	uuidForm = pattern(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)                          // RFC 9562 §4
)

// badReference tells what is wrong with an IRI reference (RFC 3987 §2.2), or "".
func badReference(s string) string {
	if s == "" {
		return "it is empty"
	}
	if plainURL(s) || plainTag(s) {
		return ""
	}
	for i, r := range s {
		switch {
		case r == utf8.RuneError, unicode.IsSpace(r), unicode.IsControl(r):
			return "it has white space or a control character in it"
		case strings.ContainsRune("<>\"\\^`{|}", r):
			return "it has the character " + string(r) + " in it, which is to be percent-encoded"
		case r == '%' && !(i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])):
			return "it has a % that is no percent-encoding"
		}
	}
	_, rest, _ := strings.Cut(s, "#")
	if strings.Contains(rest, "#") {
		return "it has two # in it"
	}
	return badScheme(s)
}

// portForm is what may follow a host.
var portForm = pattern(`^(\[[^\]]*\]|[^:]*)(:[0-9]*)?$`)

// badScheme tells what is wrong by the rules of the scheme.
func badScheme(s string) string {
	scheme, rest, colon := strings.Cut(s, ":")
	if colon && schemeOf(s) == "" && !strings.ContainsAny(scheme, "/?#") {
		return "its scheme is none, as it does not begin with a letter or has other signs in it"
	}
	host := ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		host = after[:len(after)-len(strings.TrimLeftFunc(after, func(r rune) bool { return !strings.ContainsRune("/?#", r) }))]
	}
	if schemeOf(s) != "" && strings.ContainsAny(strings.TrimPrefix(rest, "//"+host), "[]") {
		return "it has a square bracket in it, which is to be percent-encoded"
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp":
		if colon && (host == "" || host[0] == ':') {
			return "it names no host"
		}
		if !portForm().MatchString(host) {
			return "its port is no number"
		}
	case "tag":
		if !tagForm().MatchString(s) {
			return "it is no tag URI (RFC 4151), such as tag:example.org,2026-01-05:first"
		}
	case "urn":
		name, id, _ := strings.Cut(rest, ":")
		if !urnForm().MatchString(s) || strings.EqualFold(name, "uuid") && !uuidForm().MatchString(id) {
			return "it is no URN (RFC 8141), such as urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
		}
	}
	return ""
}

// badIRI is badReference for one that is absolute.
func badIRI(s string) string {
	if plainURL(s) || plainTag(s) {
		return ""
	}
	if bad := badReference(s); bad != "" {
		return bad
	}
	if schemeOf(s) == "" {
		return "it is relative: write it with its scheme and host"
	}
	return ""
}

// badURL is badIRI for one in ASCII, as RSS has them, which knows no IRIs.
func badURL(s string) string {
	if plainURL(s) {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "it has letters that are not ASCII, which are to be percent-encoded"
	}
	return badIRI(s)
}

// badWebURL is badURL for one that is fetched by HTTP.
func badWebURL(s string) string {
	if bad := badURL(s); bad != "" {
		return bad
	}
	if !isWeb(s) {
		return "its scheme is not http or https"
	}
	return ""
}

func isWeb(s string) bool {
	scheme, _, _ := strings.Cut(s, ":")
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}

// mediaForm is a media type with parameters (RFC 9110 §8.3.1).
var mediaForm = pattern(`^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+/[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+([ \t]*;[ \t]*[^\s=;]+=("[^"]*"|[^\s";]+))*$`)

func isMedia(s string) bool { return plainMedia(s) || mediaForm().MatchString(s) }

// addressForm is a mail address (RFC 5322 §3.4.1, RFC 6532), at a host that
// can be one.
var addressForm = pattern(`^` + addressWord + `(\.` + addressWord + `)*@` + hostLabel + `(\.` + hostLabel + `)*$`)

const (
	addressWord = `[^\x00- "(),.:;<>@\[\\\]\x7F]+`
	hostLabel   = `[0-9A-Za-z[:^ascii:]](?:[0-9A-Za-z[:^ascii:]-]*[0-9A-Za-z[:^ascii:]])?`
)

func isAddress(s string) bool { return plainAddress(s) || addressForm().MatchString(s) }

// badLanguage tells what is wrong with a language tag (RFC 5646 §2.1), or "".
func badLanguage(tag string) string {
	primary, rest, _ := strings.Cut(tag, "-")
	_, err := bcp47.ParseBase(primary)
	private := rest != "" && strings.ContainsAny(primary, "iIxX") && len(primary) == 1
	if tag == "" || language(tag) != tag || err != nil && !private {
		return "it is no language tag: write one such as en or pt-BR"
	}
	return ""
}

func (l *linter) language(at spot, rule string, what fmt.Stringer, tag string) {
	if bad := badLanguage(tag); bad != "" {
		l.report(at, rule, "%s is %s: %s", what, clip(tag), bad)
	}
}

// count reads a whole number that is not negative.
func count(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && s[0] != '+'
}

// firstFeeds is before any feed there was: a date before that is a mistake, to
// the W3C's validator.
const firstFeeds = 1990

// rfc3339Form is the form that RFC 4287 §3.3 and JSON Feed ask for.
var rfc3339Form = pattern(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// rfc3339 checks a date.
func (l *linter) rfc3339(at spot, rule string, what fmt.Stringer, s string) {
	t, ok := plainMoment(s)
	if !ok {
		var err error
		t, err = time.Parse(time.RFC3339, s)
		ok = err == nil && rfc3339Form().MatchString(s)
	}
	if !ok {
		l.report(at, rule, "%s is %s, which is no date of RFC 3339: write one such as 2026-01-05T15:04:05Z", what, clip(s))
		return
	}
	l.plausible(at, what, t)
}

func (l *linter) plausible(at spot, what fmt.Stringer, t time.Time) {
	if t.Year() < firstFeeds {
		l.report(at, "date-implausible", "%s is in the year %d, when there were no feeds", what, t.Year())
	}
}

// w3cDates are the forms of W3C's note on dates and times.
var w3cDates = []string{"2006", "2006-01", time.DateOnly, "2006-01-02T15:04Z07:00", time.RFC3339}

func badW3CDate(s string) bool {
	for _, layout := range w3cDates {
		if _, err := time.Parse(layout, s); err == nil {
			return false
		}
	}
	return true
}

const (
	dayNames   = `Mon|Tue|Wed|Thu|Fri|Sat|Sun`
	monthNames = `Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec`
)

var (
	// rfc822Form is RFC 822 §5 with a year of four digits, as readers know it.
	rfc822Form = pattern(`^(?:(` + dayNames + `), )?(\d\d?) (` + monthNames + `) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:[+-]\d{4}|UT|GMT|[ECMP][SD]T|Z)$`)
	// rfc822Loose is what RFC 822 also allows, and readers trip over.
	rfc822Loose = pattern(`^(?i)(?:(` + dayNames + `)\s*,\s*)?(\d\d?)\s+(` + monthNames + `)\s+(\d\d(?:\d\d)?)\s+(\d\d):(\d\d)(?::(\d\d))?(?:\s+(?:[+-]\d{4}|UT|GMT|[ECMP][SD]T|[A-IK-Z]))?$`)
)

// rfc822 checks a date of RSS.
func (l *linter) rfc822(at spot, what fmt.Stringer, s string) {
	if t, ok := plainStamp(s); ok {
		l.plausible(at, what, t)
		return
	}
	m := rfc822Form().FindStringSubmatch(s)
	if m == nil {
		if m = rfc822Loose().FindStringSubmatch(s); m == nil {
			l.report(at, "rss-date", "%s is %s, which is no date of RFC 822: write one such as Mon, 05 Jan 2026 15:04:05 GMT", what, clip(s))
			return
		}
		l.report(at, "rss-date-form", "%s is %s, in a form that not every reader knows: write it as Mon, 05 Jan 2026 15:04:05 GMT", what, clip(s))
	}
	if len(m[4]) == 2 {
		return // of which century, nobody knows
	}
	month := strings.ToUpper(m[3][:1]) + strings.ToLower(m[3][1:])
	day, err := time.Parse("2 Jan 2006 15:04:05", m[2]+" "+month+" "+m[4]+" "+m[5]+":"+m[6]+":"+leap(m[7]))
	switch {
	case err != nil:
		l.report(at, "rss-date", "%s is %s, and there is no such day or time", what, clip(s))
	case m[1] != "" && !strings.EqualFold(m[1], day.Format("Mon")):
		l.report(at, "rss-date-weekday", "%s is %s, but that day is a %s", what, clip(s), day.Weekday())
	default:
		l.plausible(at, what, day)
	}
}

// leap is a second as the time package takes it, which knows no leap seconds.
func leap(second string) string {
	switch second {
	case "":
		return "00"
	case "60":
		return "59"
	}
	return second
}
