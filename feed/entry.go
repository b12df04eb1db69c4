package feed

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// summaryLimit is how many characters of the content stand in for a summary
// that the author did not write.
const summaryLimit = 300

// entry is a post made ready for every format: its source converted, its
// strings cleaned, its URLs absolute, its times in UTC.
type entry struct {
	id, title, url, lang string
	summary, content     string // plain text; HTML
	short                bool   // the content is left out: it has no room in a feed
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
	summary := cmp.Or(text(p.Summary), Summarise(content, summaryLimit))
	short := len(content) > MaxContent
	if short {
		content = ""
	}
	return entry{
		id:          Clean(p.ID),
		title:       line(p.Title),
		url:         page,
		lang:        language(p.Lang),
		summary:     summary,
		content:     content,
		short:       short,
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
		if !email().MatchString(p.Email) {
			p.Email = ""
		}
		if p.Name != "" {
			named = append(named, p)
		}
	}
	return named
}

// email is the form of address that Atom, RSS and their validators agree on.
var email = pattern(`^[A-Za-z0-9_.+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$`)

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
