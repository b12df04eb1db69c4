package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"syndic/feed"
)

// article is a post as a page shows it.
type article struct {
	Title, Href string // Href is its page, here or elsewhere
	Heading     int    // level of its title
	Lang        string // where it differs from the page's
	Published   date
	Updated     *date
	Authors     []link
	Categories  []link
	Tags        []string
	Summary     string
	Image       string // not in the content
	Content     template.HTML
	Attachments []attachment
	Comments    string
	Origin      link
	InReplyTo   string
	License     string
	Expired     bool
	UI          template.HTMLAttr
}

// date is a day for people and a second for programs.
type date struct {
	Text, Machine string
	UI            template.HTMLAttr
}

func (sn *snapshot) date(t time.Time, ui template.HTMLAttr) date {
	return date{t.In(sn.zone).Format("2 January 2006"), t.UTC().Format(time.RFC3339), ui}
}

type attachment struct {
	Href, Kind, Type, Name, Facts string
}

// newArticle makes the view of a post whose Labels are filled in. The key says
// where its content is to stand.
func (s *Server) newArticle(sn *snapshot, p feed.Post, k contentKey, in page) article {
	a := article{
		Title: p.Title, Href: sn.postHref(p), Tags: p.Tags, Summary: p.Summary,
		Attachments: attachments(k.page, p.Attachments), Comments: absolute(k.page, p.Comments),
		InReplyTo: absolute(k.page, p.InReplyTo), License: absolute(k.page, p.License),
		Origin:  link{absolute(k.page, p.Origin.URL), cmp.Or(p.Origin.Title, p.Origin.URL)},
		Expired: p.Expired,
	}
	a.Lang, a.UI = sn.otherLang(p, in)
	a.Published = sn.date(p.Published, a.UI)
	if p.UpdatedAt().After(p.Published) {
		d := sn.date(p.UpdatedAt(), a.UI)
		a.Updated = &d
	}
	content := s.contentOf(p, k)
	a.Content = template.HTML(content)
	for _, image := range []string{absolute(k.page, p.BannerImage), absolute(k.page, p.Image)} {
		if image != "" && a.Image == "" && !strings.Contains(content, template.HTMLEscapeString(image)) {
			a.Image = image
		}
	}
	a.Authors = sn.authors(p, k)
	for _, l := range p.Labels {
		to := link{Text: l.Title}
		if c := sn.bySlug[l.Slug]; c != nil && c.published() {
			to.Href = sn.href(c.Path())
		}
		if to.Href != in.Self {
			a.Categories = append(a.Categories, to)
		}
	}
	return a
}

// contentOf is the post's content; empty, with a line in the log, for a source
// that cannot be read. Its page then shows the summary.
func (s *Server) contentOf(p feed.Post, k contentKey) string {
	content, err := s.content.of(p, k)
	if err != nil {
		s.log.Warn().Err(err).Str("post", p.ID).Msg("the content of a post cannot be shown; its page shows the summary")
	}
	return content
}

// summaryOf is the author's summary, or one cut from the content.
func (s *Server) summaryOf(sn *snapshot, p feed.Post) string {
	if p.Summary != "" {
		return p.Summary
	}
	return feed.Summarise(s.contentOf(p, ownPage(sn, p)), summaryLength)
}

// summaryLength is in characters.
const summaryLength = 300

// frames lists the hosts whose iframes stay in content, for a contentKey.
func (sn *snapshot) frames() string { return strings.Join(sn.site.Iframes, " ") }

// ownPage is the key of a post's content on its own page.
func ownPage(sn *snapshot, p feed.Post) contentKey {
	return contentKey{num: p.Num, revision: p.Revision, page: sn.pageURL(p), heading: 2, frames: sn.frames()}
}

// authors are the post's. Its own page names the site's where it has none.
func (sn *snapshot) authors(p feed.Post, k contentKey) []link {
	people := p.Authors
	if len(people) == 0 && k.mark == "" {
		people = []feed.Person{sn.site.Author}
	}
	var links []link
	for _, who := range people {
		if who.Name != "" || who.URL != "" {
			links = append(links, link{absolute(k.page, who.URL), cmp.Or(who.Name, who.URL)})
		}
	}
	return links
}

// absolute resolves a reference as the feeds do; empty for none or a bad one.
func absolute(page, ref string) string {
	base, err := url.Parse(page)
	if err != nil || ref == "" {
		return ""
	}
	u, err := base.Parse(ref)
	if err != nil {
		return ""
	}
	return u.String()
}

// langOf is the post's language, or that of its first category, or the site's.
func (sn *snapshot) langOf(p feed.Post) string {
	if p.Lang != "" || len(p.Labels) == 0 {
		return cmp.Or(p.Lang, sn.site.Language, "en")
	}
	if c := sn.bySlug[p.Labels[0].Slug]; c != nil {
		return cmp.Or(c.Language, "en")
	}
	return cmp.Or(sn.site.Language, "en")
}

// otherLang is the post's language where it is not the page's, and the mark of
// the program's words in it.
func (sn *snapshot) otherLang(p feed.Post, in page) (lang string, ui template.HTMLAttr) {
	if lang = sn.langOf(p); lang == in.Lang {
		return "", in.UI
	}
	return lang, cmp.Or(in.UI, ownWords(lang))
}

// elsewhere tells whether the post's page is not one of ours.
func (sn *snapshot) elsewhere(p feed.Post) bool {
	u, err := url.Parse(p.URL)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && p.URL != sn.site.Abs(p.Path())
}

// pageURL is the absolute address of the post's page, here or elsewhere.
func (sn *snapshot) pageURL(p feed.Post) string {
	if sn.elsewhere(p) {
		return p.URL
	}
	return sn.site.Abs(p.Path())
}

func (sn *snapshot) postHref(p feed.Post) string {
	if sn.elsewhere(p) {
		return p.URL
	}
	return sn.href(p.Path())
}

func attachments(page string, list []feed.Attachment) []attachment {
	var all []attachment
	for _, a := range list {
		kind, _, _ := strings.Cut(a.Type, "/")
		v := attachment{Href: absolute(page, a.URL), Kind: kind, Type: a.Type, Name: a.Title}
		if v.Name == "" {
			v.Name = fileName(a.URL)
		}
		var facts []string
		for _, fact := range []string{a.Type, byteSize(a.Size), duration(a.Duration)} {
			if fact != "" {
				facts = append(facts, fact)
			}
		}
		v.Facts = strings.Join(facts, ", ")
		all = append(all, v)
	}
	return all
}

func fileName(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	path := strings.TrimSuffix(u.Path, "/")
	return cmp.Or(path[strings.LastIndexByte(path, '/')+1:], u.Host, raw)
}

// byteSize is for people; empty when it is not known.
func byteSize(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}

// duration of so many seconds, as players show it.
func duration(seconds int64) string {
	switch h, m, s := seconds/3600, seconds/60%60, seconds%60; {
	case seconds <= 0:
		return ""
	case h > 0:
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	default:
		return fmt.Sprintf("%d:%02d", m, s)
	}
}
