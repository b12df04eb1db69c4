package feed

import (
	"cmp"
	"fmt"
	"mime"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	bcp47 "golang.org/x/text/language"
)

// summaryLimit is how many characters of the content stand in for a summary
// that the author did not write.
const summaryLimit = 300

// entry is a post made ready for every format: its source converted, its
// strings cleaned, its URLs absolute, its times in UTC.
type entry struct {
	id, title, url, lang string
	summary, content     string // plain text; HTML
	authors              []Person
	topics               []topic // categories, then tags
	attachments          []Attachment
	image, banner        string
	comments             string
	origin               Origin
	license, inReplyTo   string
	published, updated   time.Time // zero when the post has no date yet
}

func newEntry(s Site, p Post) (entry, error) {
	page := cmp.Or(absolute(s.URL, s.PageURL(p)), s.Abs(p.Path()))
	content, err := Content(p.Body, p.Markup, page, s.Iframes...)
	if err != nil {
		return entry{}, fmt.Errorf("render post %q: %w", p.ID, err)
	}
	authors := people(page, p.Authors...)
	if len(authors) == 0 {
		authors = people(s.URL, s.Author)
	}
	return entry{
		id:          Clean(p.ID),
		title:       line(p.Title),
		url:         page,
		lang:        language(p.Lang),
		summary:     cmp.Or(text(p.Summary), Summarise(content, summaryLimit)),
		content:     content,
		authors:     authors,
		topics:      topics(s, p),
		attachments: attachments(page, p.Attachments),
		image:       absolute(page, p.Image),
		banner:      absolute(page, p.BannerImage),
		comments:    absolute(page, p.Comments),
		origin:      Origin{Title: line(p.Origin.Title), URL: absolute(page, p.Origin.URL)},
		license:     absolute(page, p.License),
		inReplyTo:   absolute(page, p.InReplyTo),
		published:   instant(p.Published),
		updated:     instant(p.UpdatedAt()),
	}, nil
}

// people gives each person a name, as Atom (RFC 4287 §3.2.1) and JSON Feed
// want one: else the address, else the URL. Who has none of them is left out.
func people(base string, persons ...Person) []Person {
	var named []Person
	for _, p := range persons {
		p = Person{Name: line(p.Name), Email: line(p.Email), URL: absolute(base, p.URL)}
		p.Name = cmp.Or(p.Name, p.Email, p.URL)
		if !email.MatchString(p.Email) {
			p.Email = ""
		}
		if p.Name != "" {
			named = append(named, p)
		}
	}
	return named
}

// email is the form of address that Atom, RSS and their validators agree on.
var email = regexp.MustCompile(`^[A-Za-z0-9_.+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)

// topic is what a post is filed under.
type topic struct {
	term, title string
	scheme      string // says whose word it is; a tag is nobody's
}

// topics lists what a post is filed under, each name once. Categories are the
// terms of a scheme that the site's page spells out, so its address names the
// scheme.
func topics(s Site, p Post) []topic {
	var all []topic
	for _, l := range p.Labels {
		all = append(all, topic{line(l.Slug), line(l.Title), Clean(s.Abs(""))})
	}
	for _, tag := range p.Tags {
		all = append(all, topic{title: line(tag)})
	}
	var out []topic
	for _, t := range all {
		t.title = cmp.Or(t.title, t.term)
		t.term = cmp.Or(t.term, t.title)
		named := func(o topic) bool { return o.title == t.title }
		if t.title != "" && !slices.ContainsFunc(out, named) {
			out = append(out, t)
		}
	}
	return out
}

// attachments gives each attachment a media type, which RSS and JSON Feed
// require.
func attachments(base string, list []Attachment) []Attachment {
	var out []Attachment
	for _, a := range list {
		a = Attachment{
			URL: absolute(base, a.URL), Type: line(a.Type), Title: line(a.Title),
			Size: max(a.Size, 0), Duration: max(a.Duration, 0),
		}
		if !isMediaType(a.Type) {
			a.Type = mediaType(a.URL)
		}
		if a.URL != "" {
			out = append(out, a)
		}
	}
	return out
}

// isMediaType tells whether s is a media type, with its parameters (RFC 9110
// §8.3.1).
func isMediaType(s string) bool {
	t, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(t, "/")
}

// unknownType is what is said of a file whose name tells nothing.
const unknownType = "application/octet-stream"

// mediaTypes has the types of files that posts carry. The system's own table
// would give other bytes on another machine.
var mediaTypes = map[string]string{
	".aac": "audio/aac", ".avif": "image/avif", ".flac": "audio/flac", ".gif": "image/gif",
	".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".m4a": "audio/mp4", ".m4v": "video/mp4",
	".mov": "video/quicktime", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".ogv": "video/ogg", ".opus": "audio/ogg", ".pdf": "application/pdf",
	".png": "image/png", ".svg": "image/svg+xml", ".wav": "audio/wav", ".webm": "video/webm",
	".webp": "image/webp", ".zip": "application/zip",
}

// mediaType guesses from the end of the URL's path.
func mediaType(ref string) string {
	if u, err := url.Parse(ref); err == nil {
		if t, ok := mediaTypes[strings.ToLower(path.Ext(u.Path))]; ok {
			return t
		}
	}
	return unknownType
}

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

// absolute resolves ref against base (RFC 3986 §5) by the rules for links in
// content: what no link may be, such as "javascript:", is left out.
func absolute(base, ref string) string {
	if ref = text(ref); ref == "" {
		return ""
	}
	b, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return rewriter{base: b}.link(ref)
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
