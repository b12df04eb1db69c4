package feed

import (
	"encoding/base64"
	"strings"
)

// atomText is a text construct (RFC 4287 §3.1).
func (l *linter) atomText(e *element) {
	kind, ok := e.attr("type")
	if ok && kind != "text" && kind != "html" && kind != "xhtml" {
		l.report(e.spot, "atom-text-type", "the type of <%s> is %s: write text, html or xhtml", e, clip(kind))
		return
	}
	l.atomInline(e, kind)
	// A post without a title is one: RFC 4287 §4.1.2 wants the element there.
	titleless := e.name.Local == "title" && e.parent != nil && e.parent.name.Local == "entry"
	if len(e.children) == 0 && e.value() == "" && !titleless {
		l.report(e.spot, "atom-blank", "<%s> is empty: write it, or leave it out", e)
	}
}

// atomInline checks what stands in the document as text, html or xhtml.
func (l *linter) atomInline(e *element, kind string) {
	what := bracketed{e}
	switch {
	case kind == "xhtml":
		l.atomXHTML(e)
	case len(e.children) > 0:
		l.report(e.spot, "atom-text-child", "%s holds the element <%s>: escape it and write type=\"html\"", what, e.children[0].name.Local)
	case kind == "html":
		l.html(e.spot, what, e.text, e.based())
	default:
		l.plainText(e.spot, "atom-text-markup", what, e.text)
	}
}

// atomXHTML is RFC 4287 §3.1.1.3: one div, and nothing beside it.
func (l *linter) atomXHTML(e *element) {
	if len(e.children) != 1 || e.children[0].name.Local != "div" || e.children[0].name.Space != xhtmlNamespace || e.value() != "" {
		l.report(e.spot, "atom-xhtml-div", "<%s> is of type xhtml, so it is to hold one <div> of the namespace %s and nothing else", e, xhtmlNamespace)
		return
	}
	l.html(e.spot, bracketed{e}, string(l.src[e.from:e.to]), e.based())
}

// isBinary tells whether content of a type stands in Base64 (RFC 4287
// §4.1.3.3).
func isBinary(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	return strings.Contains(kind, "/") && !isXMLType(kind) && !strings.HasPrefix(kind, "text/")
}

func isXMLType(kind string) bool {
	return strings.HasSuffix(kind, "+xml") || strings.HasSuffix(kind, "/xml")
}

// atomContent is RFC 4287 §4.1.3.
func (l *linter) atomContent(e *element) {
	kind, typed := e.attr("type")
	inline := !typed || kind == "text" || kind == "html" || kind == "xhtml"
	composite := strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/")
	if !inline && (!isMedia(kind) || composite) {
		l.report(e.spot, "atom-content-type", "the type of <content> is %s: write text, html, xhtml or a media type", clip(kind))
		return
	}
	if src, ok := e.attr("src"); ok {
		l.atomRemote(e, src, typed, typed && inline)
		return
	}
	switch {
	case inline:
		l.atomInline(e, kind)
	case isXMLType(kind):
	case len(e.children) > 0:
		l.report(e.spot, "atom-text-child", "<content> of type %s holds the element <%s>: escape it", kind, e.children[0].name.Local)
	case isBinary(kind):
		if _, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(e.text), "")); err != nil {
			l.report(e.spot, "atom-content-base64", "<content> of type %s is not in Base64", kind)
		}
	}
}

// atomRemote checks content that is elsewhere (RFC 4287 §4.1.3.2).
func (l *linter) atomRemote(e *element, src string, typed, inline bool) {
	l.atomReference(e, subject("the src of <content>"), src)
	switch {
	case inline:
		l.report(e.spot, "atom-content-type", "<content> with a src has its media type for a type, such as text/html")
	case !typed:
		l.report(e.spot, "atom-content-untyped", "<content> with a src has no type: write its media type")
	}
	if len(e.children) > 0 || e.value() != "" {
		l.report(e.spot, "atom-content-src", "<content> has a src, so it is to be empty")
	}
}
