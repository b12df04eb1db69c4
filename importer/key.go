package importer

import (
	"path"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"syndic/feed"
)

// known are the keys of front matter.
var known = map[string]setter{
	"title":        one(func(d *Document) *string { return &d.Post.Title }, value.prose),
	"slug":         setSlug,
	"date":         one(func(d *Document) *string { return &d.Date }, value.date),
	"updated":      one(func(d *Document) *string { return &d.Updated }, value.date),
	"categories":   setCategories,
	"category":     setCategories,
	"tags":         func(v value) (err error) { v.r.doc.Post.Tags, err = v.texts(); return err },
	"authors":      setAuthors,
	"author":       setAuthors,
	"summary":      one(func(d *Document) *string { return &d.Post.Summary }, value.prose),
	"url":          one(func(d *Document) *string { return &d.Post.URL }, value.web),
	"id":           one(func(d *Document) *string { return &d.Post.ID }, value.uri),
	"draft":        func(v value) (err error) { v.r.doc.Draft, err = v.boolean(); return err },
	"language":     one(func(d *Document) *string { return &d.Post.Lang }, value.language),
	"image":        one(func(d *Document) *string { return &d.Post.Image }, value.file),
	"banner_image": one(func(d *Document) *string { return &d.Post.BannerImage }, value.file),
	"attachments":  setAttachments,
	"comments":     one(func(d *Document) *string { return &d.Post.Comments }, value.web),
	"source":       setOrigin,
	"license":      one(func(d *Document) *string { return &d.Post.License }, value.web),
	"in_reply_to":  one(func(d *Document) *string { return &d.Post.InReplyTo }, value.web),
	"expired":      func(v value) (err error) { v.r.doc.Post.Expired, err = v.boolean(); return err },
}

// one makes a setter of a field of the document.
func one(field func(*Document) *string, read func(value) (string, error)) setter {
	return func(v value) error { return into(field(&v.r.doc), read)(v) }
}

// into makes a setter of a string.
func into(to *string, read func(value) (string, error)) setter {
	return func(v value) (err error) {
		*to, err = read(v)
		return err
	}
}

func setSlug(v value) error {
	s, err := v.text()
	if err != nil || s == "" {
		return err
	}
	slug := feed.Slug(s)
	switch slug {
	case "":
		return v.fail("%q has no letter or digit to make a slug of", s)
	case s:
	default:
		v.warn("%q is no slug: it became %q", s, slug)
	}
	v.r.doc.Post.Slug = slug
	return nil
}

func setCategories(v value) (err error) {
	if v.r.doc.Categories != nil {
		return v.fail("category and categories are both there: write one list")
	}
	v.r.doc.Categories, err = v.texts()
	return err
}

func setAuthors(v value) error {
	if v.r.doc.Post.Authors != nil {
		return v.fail("author and authors are both there: write one list")
	}
	for _, e := range v.list() {
		var p feed.Person
		err := e.person(&p)
		if err != nil {
			return err
		}
		if p == (feed.Person{}) {
			e.warn("it is empty and left out")
			continue
		}
		v.r.doc.Post.Authors = append(v.r.doc.Post.Authors, p)
	}
	return nil
}

// person is a name, or a mapping.
func (v value) person(p *feed.Person) error {
	if !v.mapping() {
		return into(&p.Name, value.text)(v)
	}
	return v.fields(map[string]setter{
		"name":  into(&p.Name, value.text),
		"email": into(&p.Email, value.email),
		"url":   into(&p.URL, value.web),
	})
}

func (v value) email() (string, error) {
	s, err := v.text()
	if err == nil && s != "" && (!strings.Contains(strings.Trim(s, "@"), "@") || strings.Contains(s, " ")) {
		return "", v.fail("%q is not a mail address: write one such as name@example.org", s)
	}
	return s, err
}

func setOrigin(v value) error {
	o := &v.r.doc.Post.Origin
	return v.fields(map[string]setter{"title": into(&o.Title, value.text), "url": into(&o.URL, value.web)})
}

func setAttachments(v value) error {
	for _, e := range v.list() {
		var a feed.Attachment
		err := e.fields(map[string]setter{
			"url":      into(&a.URL, value.file),
			"type":     into(&a.Type, value.mediaType),
			"size":     func(v value) (err error) { a.Size, err = v.count("bytes"); return err },
			"duration": func(v value) (err error) { a.Duration, err = v.duration(); return err },
			"title":    into(&a.Title, value.text),
		})
		if err != nil {
			return err
		}
		if a.URL == "" {
			return e.fail("it has no url: write where the file is")
		}
		if a.Type == "" {
			a.Type = mediaTypes[strings.ToLower(path.Ext(strings.SplitN(a.URL, "?", 2)[0]))]
		}
		v.r.doc.Post.Attachments = append(v.r.doc.Post.Attachments, a)
	}
	return nil
}

// mediaTypes are those of files that are attached to posts, where their
// authors leave the type out. The system's table differs from one to the next.
// Another file goes without a type: its server knows.
var mediaTypes = map[string]string{
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".aac": "audio/aac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
	".opus": "audio/opus", ".flac": "audio/flac", ".wav": "audio/wav",
	".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".ogv": "video/ogg",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".svg": "image/svg+xml",
	".pdf": "application/pdf", ".epub": "application/epub+zip", ".zip": "application/zip", ".txt": "text/plain",
}

// matching makes a reader of a text that has a form.
func (v value) matching(form func() *regexp.Regexp, format string) (string, error) {
	s, err := v.text()
	if err == nil && s != "" && !form().MatchString(s) {
		return "", v.fail(format, s)
	}
	return s, err
}

var (
	mediaForm    = pattern(`^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[^;]+)*$`) // RFC 6838 §4.2
	languageForm = pattern(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)                        // RFC 5646 §2.1
	uriForm      = pattern(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>\\^{|}` + "`" + `]+$`)       // RFC 3987 §2.2
)

func (v value) mediaType() (string, error) {
	return v.matching(mediaForm, "%q is not a media type: write one such as audio/mpeg")
}

func (v value) language() (string, error) {
	return v.matching(languageForm, "%q is not a language tag: write one such as en or pt-BR")
}

func (v value) uri() (string, error) {
	return v.matching(uriForm, "%q is not a URI: write one such as tag:example.org,2026-01-05:first or https://example.org/first, or leave it out")
}

// mapping tells whether the value has keys.
func (v value) mapping() bool {
	_, ok := v.node.(*ast.MappingNode)
	return ok
}
