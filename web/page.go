package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"syndic/feed"
)

//go:embed templates/*.html templates/style.css
var files embed.FS

const pageType = "text/html; charset=utf-8"

// errTemplate means that a page's template and its data do not agree.
var errTemplate = errors.New("page template")

// pages renders the HTML pages.
type pages struct {
	style  template.CSS
	policy string // Content-Security-Policy of every page
	named  map[string]*template.Template

	encoders *encoders
}

// newPages parses the embedded templates, which are part of the program: one
// that cannot be parsed fails each test.
func newPages(e *encoders) *pages {
	style, err := files.ReadFile("templates/style.css")
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(style)
	p := &pages{encoders: e,
		style: template.CSS(style),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src https: http: data:; media-src https: http:; frame-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		named: map[string]*template.Template{},
	}
	shared := template.Must(template.ParseFS(files, "templates/layout.html", "templates/article.html"))
	for _, name := range []string{"site", "category", "post", "fault", "dashboard"} {
		p.named[name] = template.Must(template.Must(shared.Clone()).ParseFS(files, "templates/"+name+".html"))
	}
	return p
}

// page is what every page shows around its own content.
type page struct {
	Style       template.CSS
	Lang, Dir   string            // of what the page is about
	UI          template.HTMLAttr // on the words that the program says, where they are in another language
	Title       string            // of the window
	Description string
	Canonical   string // absolute
	Self        string // the page as links name it
	Icon        string
	Robots      string
	Wide        bool // for tables
	Home        link // the site's page; without an address on that page itself
	Feeds       []feedLink
	Copyright   string
}

type link struct{ Href, Text string }

// feedLink leads to a feed; Title tells it apart from others where it is read
// out of its place.
type feedLink struct {
	Href        string
	Type        template.HTMLAttr // with its "+" as it is, for readers that look for it in the source
	Name, Title string
}

var formatTitles = [...]string{feed.RSS: "RSS", feed.Atom: "Atom", feed.JSON: "JSON Feed"}

func feedLinks(c *category) []feedLink {
	var links []feedLink
	for _, f := range feed.Formats {
		if served := c.served(f); served != nil {
			links = append(links, feedLink{served.Topic, template.HTMLAttr(`type="` + f.MediaType() + `"`), formatTitles[f], c.Title + " (" + formatTitles[f] + ")"})
		}
	}
	return links
}

// newPage is the frame of a page about a path in a language.
func (sn *snapshot) newPage(title, path, lang string) page {
	p := page{
		Lang: lang, Dir: direction(lang), Title: title, Canonical: sn.site.Abs(path), Self: sn.href(path),
		Home: link{sn.href(""), sn.site.Title}, Copyright: sn.site.Copyright,
	}
	if p.Lang == "" {
		p.Lang = "en"
	}
	p.UI = ownWords(p.Lang)
	for _, icon := range []string{sn.site.Favicon, sn.site.Icon} {
		if icon != "" && p.Icon == "" {
			p.Icon = sn.target(icon)
		}
	}
	return p
}

// ownWords marks the program's words, dates among them, in a text of another
// language: from right to left, "2 January" would become "January 2".
func ownWords(lang string) template.HTMLAttr {
	if base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base != "en" {
		return ` lang="en" dir="ltr"`
	}
	return ""
}

// direction is the base direction of a language's script.
func direction(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "ar", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}

// execute renders a page into memory, so that no transaction and no half page
// waits for the reader.
func (p *pages) execute(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.named[name].ExecuteTemplate(&b, "layout", data); err != nil {
		return nil, fmt.Errorf("%w %q: %w", errTemplate, name, err)
	}
	return b.Bytes(), nil
}

// document renders a page to be sent.
func (p *pages) document(name string, data any, modified time.Time) (*document, error) {
	body, err := p.execute(name, data)
	if err != nil {
		return nil, err
	}
	return &document{
		digest: feed.DigestOf(body)[:32], modified: modified, size: len(body), codings: pageCodings,
		source: &ownBytes{identity: body, encoders: p.encoders},
		// A page is asked for anew each time: most answers are 304.
		always: http.Header{"Cache-Control": {"public, no-cache"}},
		full: http.Header{
			"Content-Type":            {pageType},
			"Content-Security-Policy": {p.policy},
			"Referrer-Policy":         {"strict-origin-when-cross-origin"},
		},
	}, nil
}

// faultPage is a page that says why there is no other.
type faultPage struct {
	page
	Heading, Detail string
	To              string
}

// fault renders the page of a refusal; plain words if even that fails.
func (p *pages) fault(sn *snapshot, f *fault) []byte {
	text := http.StatusText(f.status)
	data := faultPage{page: sn.newPage(text, "", "en"), Heading: text, Detail: f.detail, To: f.to}
	data.Style, data.Canonical, data.Robots = p.style, "", "noindex"
	if !sn.configured {
		data.Home = link{}
	}
	body, err := p.execute("fault", data)
	if err != nil {
		return []byte(text + "\n")
	}
	return body
}
