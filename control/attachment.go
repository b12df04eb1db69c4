package control

import (
	"fmt"
	"net/url"
	"slices"

	"syndic/feed"
)

// lack is what an attachment of an entry does not say, and where to ask for it.
type lack struct {
	index   int
	what    string // "size", "type", or both
	address string // absolute; empty when nobody can be asked
}

// missing names what feeds want of an attachment and it does not say; empty
// for nothing.
func missing(at feed.Attachment) string {
	switch {
	case at.Size > 0 && at.Type != "":
		return ""
	case at.Size > 0:
		return "type"
	case at.Type != "":
		return "size"
	}
	return "size and type"
}

// fill says what an attachment does not.
func fill(at *feed.Attachment, size int64, mediaType string) {
	if at.Size <= 0 {
		at.Size = max(size, 0)
	}
	if at.Type == "" {
		at.Type = mediaType
	}
}

// remember takes what attachments do not say from the post as it is. A file is
// asked about once: a document that comes again changes nothing, whatever has
// become of the file.
func (e *entry) remember(old feed.Post) {
	e.post.Attachments = slices.Clone(e.post.Attachments)
	for i := range e.post.Attachments {
		at := &e.post.Attachments[i]
		for _, known := range old.Attachments {
			if known.URL == at.URL {
				fill(at, known.Size, known.Type)
			}
		}
	}
}

// lacks lists what the entry's attachments do not say. They are asked about at
// the address that readers get. One that would have to be a file of this site
// has none: syndic serves no files, and a link to it is warned of as such.
func (a *adder) lacks(e *entry, cats []feed.Category) ([]lack, error) {
	if len(e.post.Attachments) == 0 {
		return nil, nil
	}
	var list []lack
	p := e.post
	p.Slug, p.Labels = e.slug, labels(cats)
	page, err := url.Parse(a.site.PageURL(p))
	if err != nil {
		return nil, refuse("invalid", "url: %v", err)
	}
	for i, at := range p.Attachments {
		what := missing(at)
		if what == "" {
			continue
		}
		ref, err := page.Parse(at.URL)
		if err != nil {
			return nil, refuse("invalid", "attachment %s: %v", at.URL, err)
		}
		asks := true
		if p.URL == "" && !absolute(at.URL) {
			if asks, err = a.serves(page, at.URL); err != nil {
				return nil, err
			}
		}
		l := lack{index: i, what: what}
		if asks {
			ref.Fragment = ""
			l.address = ref.String()
		}
		list = append(list, l)
	}
	return list, nil
}

func absolute(ref string) bool {
	u, err := url.Parse(ref)
	return err == nil && u.Host != ""
}

// complete fills in what servers said of the entry's attachments. Without the
// answer that it needs a document is held back; where nobody was to be asked
// it goes in as it is.
func (a *adder) complete(e *entry, cats []feed.Category) error {
	lacks, err := a.lacks(e, cats)
	if err != nil {
		return err
	}
	for _, l := range lacks {
		at := &e.post.Attachments[l.index]
		if a.told == nil || l.address == "" {
			e.warnings = append(e.warnings, fmt.Sprintf("attachment %s: it goes out without %s: write %s in the front matter", at.URL, l.what, l.what))
			continue
		}
		t, asked := a.told[l.address]
		switch fill(at, t.size, t.mediaType); {
		case !asked:
			return refuse("conflict", "attachment %s: the post was changed meanwhile: add it again", at.URL)
		case t.err != nil:
			return held(at.URL, l.what, t.err.Error())
		case missing(*at) != "":
			return held(at.URL, missing(*at), "its server does not tell it")
		}
	}
	return nil
}

func held(address, what, why string) *Error {
	return refuse("invalid", "attachment %s: %s: write %s in the front matter, or add it with --no-probe", address, why, what)
}
