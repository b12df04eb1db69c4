package feed

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// embedded deals with what shows another page or a plug-in in its place: a
// player of a host that is allowed stays, of an <object> what it holds for
// those who cannot run it, and of the rest a link, so that nothing is lost. It
// returns the node that is next.
func (r rewriter) embedded(n *html.Node) (next *html.Node) {
	next = n.NextSibling
	if n.DataAtom == atom.Object && n.FirstChild != nil {
		return unwrap(n)
	}
	to := cmp.Or(value(n, "src"), value(n, "data"))
	if to != "" { // an empty reference would be the post's own page
		to = r.link(to)
	}
	if n.DataAtom == atom.Iframe && r.allows(to) {
		drain(n) // what it holds is neither text nor markup
		r.element(n)
		return next
	}
	r.leadTo(n, to)
	return next
}

// allows tells whether an iframe may show this address.
func (r rewriter) allows(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.User == nil && slices.Contains(r.frames, strings.ToLower(u.Host))
}

// leadTo puts a link in the place of n.
func (r rewriter) leadTo(n *html.Node, to string) {
	name := &html.Node{Type: html.TextNode, Data: cmp.Or(line(value(n, "title")), to)}
	if to == "" || inLink(n) {
		retell(n, name.Data)
		return
	}
	drain(n)
	n.Data, n.DataAtom, n.Attr = "a", atom.A, []html.Attribute{{Key: "href", Val: to}}
	n.AppendChild(name)
}

func inLink(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.A {
			return true
		}
	}
	return false
}

// retell puts text in the place of n, or nothing where there is no text.
func retell(n *html.Node, text string) {
	if text == "" {
		n.Parent.RemoveChild(n)
		return
	}
	drain(n)
	n.Type, n.Data, n.DataAtom, n.Namespace, n.Attr = html.TextNode, text, 0, "", nil
}

// drain removes all that n holds.
func drain(n *html.Node) {
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
}
