package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/idna"
)

// schemes are those that a link may have.
var schemes = []string{"http", "https", "mailto", "tel", "sms", "geo", "ftp", "gemini", "gopher", "irc", "ircs", "xmpp", "magnet", "news", "feed", "webcal", "doi", "urn"}

// dataImage is what a data URL must be to stay: SVG can hold scripts.
var dataImage = regexp.MustCompile(`^(?i:image/(?:gif|jpeg|png|webp);base64),[A-Za-z0-9+/=]+$`)

// removed elements go with all that they hold: it is not for reading.
var removed = map[string]bool{
	"applet": true, "base": true, "button": true, "datalist": true, "embed": true, "frame": true, "frameset": true,
	"head": true, "iframe": true, "input": true, "link": true, "math": true, "meta": true, "noembed": true, "noframes": true,
	"object": true, "optgroup": true, "option": true, "param": true, "script": true, "select": true, "style": true,
	"svg": true, "template": true, "textarea": true, "title": true,
}

// keptClass is the classes that mean something without a stylesheet of the
// author's: the language of code, and the parts of a footnote.
var keptClass = regexp.MustCompile(`^(lang(uage)?-[\w+#.-]+|footnote[\w-]*)$`)

// footnoteID is how Markdown writers name their footnotes; two posts on one
// page would share them.
var footnoteID = regexp.MustCompile(`^fn(ref)?[0-9]*:.|^fn(ref)?[0-9]+$`)

// rewriter makes a parsed tree fit for a feed: elements that are not for
// reading leave it, and every URL is checked and made absolute.
type rewriter struct {
	base *url.URL // nil to leave relative URLs alone
	mark string   // goes before the ids of footnotes; empty without a base
}

func newRewriter(base *url.URL) rewriter {
	if base == nil {
		return rewriter{}
	}
	at := *base
	at.Fragment, at.RawFragment = "", ""
	sum := sha256.Sum256([]byte(at.String()))
	return rewriter{base: &at, mark: "n" + hex.EncodeToString(sum[:4]) + "-"}
}

func (r rewriter) children(parent *html.Node) {
	for n := range parent.ChildNodes() {
		switch {
		case n.Type == html.TextNode:
			n.Data = strings.ReplaceAll(Clean(n.Data), "\r", "")
		case n.Type != html.ElementNode || n.Namespace != "" || removed[n.Data]:
			parent.RemoveChild(n)
		default:
			r.element(n)
			r.children(n)
		}
	}
}

func (r rewriter) element(n *html.Node) {
	if n.DataAtom == atom.Xmp || n.DataAtom == atom.Plaintext {
		// What these hold is text that the writer would not escape.
		n.Data, n.DataAtom = "pre", atom.Pre
	}
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Namespace != "" })
	for i := range n.Attr {
		a := &n.Attr[i]
		a.Val = strings.ReplaceAll(Clean(a.Val), "\r", "")
		switch a.Key {
		case "href", "src", "poster", "cite":
			a.Val = r.link(a.Val)
		case "srcset":
			a.Val = r.srcset(a.Val)
		case "id":
			a.Val = r.id(a.Val)
		case "class":
			a.Val = classes(a.Val)
		default:
			continue
		}
		if a.Val == "" {
			a.Namespace = "dropped"
		}
	}
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Namespace != "" })
}

func (r rewriter) id(id string) string {
	if r.mark != "" && footnoteID.MatchString(id) {
		return r.mark + id
	}
	return id
}

func classes(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(list), func(c string) bool { return !keptClass.MatchString(c) }), " ")
}

// link returns the URL as it is to stand in the content, or "" for none.
func (r rewriter) link(raw string) string {
	raw = repair(raw)
	if strings.HasPrefix(raw, "#") {
		raw = "#" + r.id(raw[1:])
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	if u.Scheme == "data" {
		if !dataImage.MatchString(u.Opaque) {
			return ""
		}
		return raw
	}
	if u.Scheme != "" && !slices.Contains(schemes, u.Scheme) {
		return ""
	}
	if host, err := idna.Lookup.ToASCII(u.Hostname()); err == nil && u.Port() == "" && u.Host != "" && host != "" && !strings.Contains(u.Host, ":") {
		u.Host = host
	}
	if r.base != nil {
		u = r.base.ResolveReference(u)
	}
	return u.String()
}

// repair does what browsers do before they parse a URL, and percent-encodes
// what must not stand in one.
func repair(raw string) string {
	raw = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\n' || c == '\r' {
			return -1
		}
		return c
	}, strings.TrimSpace(raw))
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '%' && !(i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2])):
			b.WriteString("%25")
		case c == ' ', c == '"', c == '<', c == '>':
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// density is a candidate's descriptor: a width or a pixel density.
var density = regexp.MustCompile(`^[0-9]+w$|^[0-9]+(\.[0-9]+)?x$`)

// srcset rewrites a list of image candidates (HTML, "srcset attributes"): a
// URL may hold commas, but neither begin nor end with one.
func (r rewriter) srcset(list string) string {
	var kept []string
	for {
		list = strings.TrimLeft(list, ", \t\n\f\r")
		if list == "" {
			return strings.Join(kept, ", ")
		}
		end := strings.IndexAny(list, " \t\n\f\r")
		if end < 0 {
			end = len(list)
		}
		raw, rest := list[:end], list[end:]
		desc := ""
		if trimmed := strings.TrimRight(raw, ","); trimmed != raw {
			raw = trimmed
		} else {
			desc, rest, _ = strings.Cut(rest, ",")
			desc = strings.TrimSpace(desc)
		}
		list = rest
		if u := strings.Trim(r.link(raw), ","); u != "" && (desc == "" || density.MatchString(desc)) {
			kept = append(kept, strings.TrimSpace(u+" "+desc))
		}
	}
}
