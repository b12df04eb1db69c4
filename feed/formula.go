package feed

import (
	"strings"

	"golang.org/x/net/html"
)

// mathML has the elements of MathML Core that are kept, and whether each holds
// text only. Those that do are where HTML may stand in MathML, which is how
// markup slips past filters.
var mathML = map[string]bool{
	"mi": true, "mn": true, "mo": true, "ms": true, "mspace": true, "mtext": true,
	"math": false, "merror": false, "mfrac": false, "mmultiscripts": false, "mover": false, "mpadded": false, "mphantom": false,
	"mprescripts": false, "mroot": false, "mrow": false, "msqrt": false, "mstyle": false, "msub": false, "msubsup": false,
	"msup": false, "mtable": false, "mtd": false, "mtr": false, "munder": false, "munderover": false, "semantics": false,
}

// partOfFormula tells the names in mathML.
func partOfFormula(name string) bool { _, ok := mathML[name]; return ok }

// formula leaves in a <math> nothing but elements of MathML and text: a tree
// that every parser reads alike.
func (r rewriter) formula(parent *html.Node) {
	for n, next := parent.FirstChild, (*html.Node)(nil); n != nil; n = next {
		next = n.NextSibling
		switch {
		case n.Type == html.TextNode:
			n.Data = plainText(n.Data)
		case n.Type != html.ElementNode || n.Data == "annotation" || n.Data == "annotation-xml":
			parent.RemoveChild(n) // the same once more, for programs
		case n.Namespace != "math" || !partOfFormula(n.Data) || n.Data == "math":
			retell(n, told(n))
		case mathML[n.Data]:
			text := heldText(n, "")
			drain(n)
			if text != "" {
				n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
			}
			r.element(n)
		default:
			r.element(n)
			r.formula(n)
		}
	}
}

// told is the text that n holds in one line: a drawing often has a title and
// labels.
func told(n *html.Node) string { return line(heldText(n, " ")) }

// heldText is the text that n holds, but for what is not for reading.
func heldText(n *html.Node, between string) string {
	var parts []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode && !silent(d.Parent, n) {
			parts = append(parts, plainText(d.Data))
		}
	}
	return strings.Join(parts, between)
}

// silent tells whether text in n, which is top or below it, is not for reading.
func silent(n, top *html.Node) bool {
	for ; ; n = n.Parent {
		switch n.Data {
		case "script", "style", "metadata", "annotation", "annotation-xml":
			return true
		}
		if n == top {
			return value(n, "aria-hidden") == "true"
		}
	}
}
