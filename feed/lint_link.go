package feed

import (
	"slices"
	"strings"
)

// relations are those of links that readers of feeds know (RFC 4287 §4.2.7.2
// and the IANA's registry).
var relations = []string{
	"alternate", "archives", "author", "canonical", "collection", "copyright", "current", "describedby", "edit", "edit-media",
	"enclosure", "first", "hub", "icon", "index", "last", "latest-version", "license", "next", "next-archive", "payment",
	"predecessor-version", "prev", "prev-archive", "preview", "previous", "privacy-policy", "related", "replies", "search",
	"self", "service", "start", "successor-version", "tag", "terms-of-service", "up", "via", "webmention", "working-copy",
}

// relation is a link's rel, in its short form (RFC 4287 §4.2.7.2).
func relation(link *element) string {
	rel, ok := link.attr("rel")
	if !ok {
		return "alternate"
	}
	return strings.TrimPrefix(rel, "http://www.iana.org/assignments/relation/")
}

// atomLink is RFC 4287 §4.2.7.
func (l *linter) atomLink(e *element) {
	rel := relation(e)
	href, ok := e.attr("href")
	if !ok {
		l.report(e.spot, "atom-link-href", "<link> has no href, which is required")
	} else {
		l.atomReference(e, subject("the href of <link>"), href)
	}
	if !slices.Contains(relations, rel) && badIRI(rel) != "" {
		l.report(e.spot, "atom-link-rel", "the rel of <link> is %s, which is not registered: write a registered one or a URI", clip(rel))
	}
	mediaType, typed := e.attr("type")
	if typed && !isMedia(mediaType) {
		l.report(e.spot, "atom-link-type", "the type of <link> is %s, which is no media type", clip(mediaType))
	} else if base, _, _ := strings.Cut(mediaType, ";"); typed && rel == "self" && base != l.format.MediaType() && e.parent != nil && e.parent.name.Local != "entry" {
		l.report(e.spot, "atom-self-type", "the type of the link with rel=\"self\" is %s: write %s", clip(mediaType), l.format.MediaType())
	}
	if lang, ok := e.attr("hreflang"); ok {
		l.language(e.spot, "atom-link-language", subject("the hreflang of <link>"), lang)
	}
	if length, ok := e.attr("length"); ok {
		if _, whole := count(length); !whole {
			l.report(e.spot, "atom-link-length", "the length of <link> is %s: write a size in bytes", clip(length))
		}
	}
	if title, ok := e.attr("title"); ok {
		l.plainText(e.spot, "atom-text-markup", subject("the title of <link>"), title)
	}
	l.atomLinkExtras(e, rel)
}

// atomLinkExtras checks what a link holds, and what RFC 4685 §4 adds to it.
func (l *linter) atomLinkExtras(e *element, rel string) {
	if e.value() != "" {
		l.report(e.spot, "atom-link-text", "<link> holds text, which nobody reads")
	}
	for _, a := range e.attrs {
		if a.Name.Space != threadNamespace {
			continue
		}
		_, whole := count(a.Value)
		switch {
		case rel != "replies":
			l.report(e.spot, "thr-link", "thr:%s stands on a link that has not rel=\"replies\"", a.Name.Local)
		case a.Name.Local == "count" && !whole:
			l.report(e.spot, "thr-link", "thr:count is %s: write a whole number", clip(a.Value))
		case a.Name.Local == "updated":
			l.rfc3339(e.spot, "thr-link", subject("thr:updated"), a.Value)
		case a.Name.Local != "count":
			l.report(e.spot, "thr-link", "there is no attribute thr:%s", a.Name.Local)
		}
	}
}

// alternates checks that a feed or an entry leads to one page of a kind
// (RFC 4287 §4.1.1).
func (l *linter) alternates(e *element) {
	seen := map[[2]string]bool{}
	for _, link := range e.all(atomNamespace, "link") {
		if relation(link) != "alternate" {
			continue
		}
		mediaType, _ := link.attr("type")
		lang, _ := link.attr("hreflang")
		if kind := [2]string{mediaType, lang}; !seen[kind] {
			seen[kind] = true
			continue
		}
		l.report(link.spot, "atom-alternate-twice", "<%s> has two links with rel=\"alternate\" of the same type and language: keep one", e)
	}
}
