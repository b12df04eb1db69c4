package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// removed elements go with all that they hold: it is not for reading.
var removed = map[string]bool{
	"applet": true, "base": true, "button": true, "datalist": true, "frame": true, "frameset": true,
	"head": true, "input": true, "link": true, "meta": true, "noembed": true, "noframes": true,
	"optgroup": true, "option": true, "param": true, "script": true, "select": true, "style": true,
	"template": true, "textarea": true, "title": true,
}

// keptClass is the classes that mean something without a stylesheet of the
// author's: the language of code, and the parts of a footnote.
var keptClass = pattern(`^(lang(uage)?-[\w+#.-]+|footnote[\w-]*)$`)

// footnoteID is how Markdown writers name their footnotes; two posts on one
// page would share them.
var footnoteID = pattern(`^fn(ref)?[0-9]*:.|^fn(ref)?[0-9]+$`)

// rewriter makes a parsed tree fit for a feed: elements that are not for
// reading leave it, and every URL is checked and made absolute.
type rewriter struct {
	base   *url.URL // nil to leave relative URLs alone
	mark   string   // goes before the ids of footnotes; empty without a base
	frames []string // hosts whose iframes stay
}

func newRewriter(base *url.URL, frames []string) rewriter {
	if base == nil {
		return rewriter{frames: frames}
	}
	at := *base
	at.Fragment, at.RawFragment = "", ""
	sum := sha256.Sum256([]byte(at.String()))
	return rewriter{base: &at, mark: "n" + hex.EncodeToString(sum[:4]) + "-", frames: frames}
}

// rewrite returns src as the parser reads it, with the tree made fit.
func (r rewriter) rewrite(src string) (string, error) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	// Without scripting, <noscript> holds elements: what a feed reader shows.
	nodes, err := html.ParseFragmentWithOptions(strings.NewReader(src), body, html.ParseOptionEnableScripting(false))
	if err != nil {
		return "", err
	}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	r.children(body)
	var b strings.Builder
	for n := range body.ChildNodes() {
		if err := html.Render(&b, n); err != nil {
			return "", err
		}
	}
	return tidy(b.String()), nil
}

func (r rewriter) children(parent *html.Node) {
	for n, next := parent.FirstChild, (*html.Node)(nil); n != nil; n = next {
		next = n.NextSibling // gone once n is removed
		switch {
		case n.Type == html.TextNode:
			n.Data = plainText(n.Data)
		case n.Type != html.ElementNode || removed[n.Data]:
			parent.RemoveChild(n)
		case n.Namespace == "math" && n.Data == "math":
			r.element(n)
			r.formula(n)
		case n.Namespace != "":
			retell(n, told(n))
		case n.DataAtom == atom.Iframe || n.DataAtom == atom.Embed || n.DataAtom == atom.Object:
			next = r.embedded(n)
		case n.DataAtom == atom.Noscript || partOfFormula(n.Data):
			// No reader runs a script, and what is in <noscript> is for those. The
			// parts of a formula mean nothing outside of one.
			next = unwrap(n)
		default:
			r.element(n)
			r.children(n)
		}
	}
}

// plainText is text as every format can carry it. A line's end is one character
// in XML (§2.11).
func plainText(s string) string { return strings.ReplaceAll(Clean(s), "\r", "") }

// unwrap puts what n holds in its place, and returns what stands there now.
func unwrap(n *html.Node) (next *html.Node) {
	next = n.FirstChild
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		n.RemoveChild(c)
		n.Parent.InsertBefore(c, n)
	}
	if next == nil {
		next = n.NextSibling
	}
	n.Parent.RemoveChild(n)
	return next
}

func (r rewriter) element(n *html.Node) {
	if n.DataAtom == atom.Xmp || n.DataAtom == atom.Plaintext {
		// What these hold is text that the writer would not escape.
		n.Data, n.DataAtom = "pre", atom.Pre
	}
	kept := n.Attr[:0]
	for _, a := range n.Attr {
		val, ok := r.attribute(a.Key, plainText(a.Val))
		if ok && a.Namespace == "" {
			kept = append(kept, html.Attribute{Key: a.Key, Val: val})
		}
	}
	n.Attr = kept
	if (n.DataAtom == atom.Audio || n.DataAtom == atom.Video) && !slices.ContainsFunc(kept, func(a html.Attribute) bool { return a.Key == "controls" }) {
		// Nothing starts by itself or by a script here.
		n.Attr = append(n.Attr, html.Attribute{Key: "controls"})
	}
	if n.DataAtom == atom.Img && value(n, "src") == "" && value(n, "srcset") == "" {
		n.Type, n.Data, n.DataAtom, n.Attr = html.TextNode, value(n, "alt"), 0, nil
	}
}

func (r rewriter) attribute(key, val string) (string, bool) {
	switch key {
	case "href", "src", "poster", "cite":
		val = r.link(val)
	case "srcset":
		val = r.srcset(val)
	case "id":
		val = r.id(val)
	case "class":
		val = classes(val)
	default:
		return val, true
	}
	return val, val != ""
}

// value is an attribute of n, or "".
func value(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (r rewriter) id(id string) string {
	if r.mark != "" && footnoteID().MatchString(id) {
		return r.mark + id
	}
	return id
}

func classes(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(list), func(c string) bool { return !keptClass().MatchString(c) }), " ")
}
