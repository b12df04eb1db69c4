package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// maxDepth is how deep libxml2, which many readers use, follows a document.
const maxDepth = 256

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// element is an element of a document that was read strictly.
type element struct {
	spot
	name     xml.Name // its Space is the namespace's URI
	attrs    []xml.Attr
	parent   *element
	children []*element
	text     string // its own character data
	from, to int    // where its content stands in the document
}

// outside knows the prefixes that are declared around an entry, and notes
// which of them it needs. Each has one meaning everywhere, so an entry can be
// judged before its feed is known.
type outside struct {
	format Format
	needed []string // in their order
}

// resolve is the namespace of a prefix that our own feeds declare.
func (o *outside) resolve(prefix string) (uri string, ok bool) {
	if o == nil {
		return "", false
	}
	if uri, ok = usualPrefix(o.format, prefix); !ok {
		return "", false
	}
	if i, known := slices.BinarySearch(o.needed, prefix); !known {
		o.needed = slices.Insert(o.needed, i, prefix)
	}
	return uri, true
}

// usualPrefix is the namespace of a prefix in our own feeds.
func usualPrefix(f Format, prefix string) (uri string, ok bool) {
	if prefix == "" {
		return atomNamespace, f == Atom
	}
	uri, ok = namespaces[prefix]
	return uri, ok
}

// declared checks that a feed declares what its entries leave to it.
func (l *linter) declared(root *element, entries []Facts) {
	if !slices.ContainsFunc(entries, func(f Facts) bool { return len(f.Prefixes) > 0 }) {
		return
	}
	told := map[string]bool{}
	for _, entry := range entries {
		for _, prefix := range entry.Prefixes {
			name := xml.Name{Space: "xmlns", Local: prefix}
			if prefix == "" {
				name = xml.Name{Local: "xmlns"}
			}
			usual, _ := usualPrefix(l.format, prefix)
			if uri, _ := root.attribute(name); uri != usual && !told[prefix] {
				told[prefix] = true
				l.report(root.spot, "xml-prefix", "entries use the prefix %q, which is not declared: add xmlns:%s=%q", prefix, prefix, usual)
			}
		}
	}
}

// xmlReader reads XML into a tree by the rules of XML 1.0 and of Namespaces in
// XML 1.0, where encoding/xml is more lenient too.
type xmlReader struct {
	l     *linter
	in    runReader
	d     *xml.Decoder
	run   bool // the decoder holds nothing back, so that text may be taken past it
	outer *outside
	root  *element
	open  []openElement
}

// openElement is one whose end has not been seen.
type openElement struct {
	*element
	raw   xml.Name          // as it is written
	scope map[string]string // the namespaces that it declares, by prefix
	buf   []byte            // its character data so far
}

// readXML returns the root of the tree, or nil if there is none to speak of.
// outer is nil for a whole document.
func (l *linter) readXML(b []byte, outer *outside) *element {
	src, ok := l.decode(b)
	if !ok {
		return nil
	}
	if root := l.scanXML(src, outer); root != nil {
		return root
	}
	return l.readAnyXML(src, outer)
}

// readAnyXML is the general way, which has findings.
func (l *linter) readAnyXML(src []byte, outer *outside) *element {
	r := &xmlReader{l: l, in: runReader{src: src}, outer: outer}
	r.d = xml.NewDecoder(&r.in)
	r.d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	for {
		start := r.offset()
		if r.run {
			if text, ok := r.in.run(); ok {
				if !r.text(start, text) {
					return nil
				}
				continue
			}
		}
		t, err := r.d.RawToken()
		if errors.Is(err, io.EOF) {
			return r.end()
		}
		if err != nil {
			return r.broken(r.offset(), "%s", plainError(err))
		}
		if !r.token(start, t) {
			return nil
		}
	}
}

// offset is where the next token begins.
func (r *xmlReader) offset() int { return int(r.d.InputOffset()) + r.in.taken }

// text takes in character data.
func (r *xmlReader) text(start int, text []byte) bool {
	if len(r.open) > 0 {
		e := &r.open[len(r.open)-1]
		e.buf = append(e.buf, text...)
	} else if len(bytes.Trim(text, " \t\r\n")) > 0 {
		r.broken(start, "there is text outside the root element")
		return false
	}
	return true
}

// broken reports what ends the reading of any document.
func (r *xmlReader) broken(offset int, format string, args ...any) *element {
	r.l.report(spot{offset: offset}, "xml-well-formed", format, args...)
	return nil
}

// plainError is an error of encoding/xml without its idea of the place.
func plainError(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}

func (r *xmlReader) end() *element {
	if len(r.open) > 0 {
		e := r.open[len(r.open)-1]
		return r.broken(e.offset, "<%s> is never closed", written(e.raw))
	}
	if r.root == nil {
		return r.broken(0, "there is no element in it")
	}
	return r.root
}

// token takes in the token that begins at start, and tells whether to go on.
func (r *xmlReader) token(start int, t xml.Token) bool {
	// After text the decoder has read the tag's first byte, and of an empty
	// element it has its end to tell.
	_, text := t.(xml.CharData)
	r.run = !text && !bytes.HasSuffix(r.l.src[start:r.offset()], []byte("/>"))
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(start, t)
	case xml.EndElement:
		return r.close(start, t.Name)
	case xml.CharData:
		if raw := r.l.src[start:r.offset()]; !bytes.HasPrefix(raw, []byte("<![CDATA[")) && r.surrogate(start, raw) {
			return false
		}
		return r.text(start, t)
	case xml.ProcInst:
		return r.instruction(start, t.Target)
	case xml.Directive:
		return r.directive(start, t)
	}
	return true
}

// xmlDeclaration is XML 1.0 §2.8.
var xmlDeclaration = pattern(`^<\?xml\s+version\s*=\s*(?:"1\.[0-9]+"|'1\.[0-9]+')` +
	`(?:\s+encoding\s*=\s*(?:"[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?` +
	`(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>`)

// instruction checks a processing instruction; the XML declaration looks like
// one.
func (r *xmlReader) instruction(start int, target string) bool {
	rest := r.l.src[start+len("<?")+len(target):]
	switch {
	case strings.EqualFold(target, "xml") && start > 0:
		r.broken(start, "the XML declaration is not at the very start: remove what stands before it")
	case strings.EqualFold(target, "xml") && !xmlDeclaration().Match(r.l.src):
		r.broken(start, "the XML declaration is malformed: write <?xml version=\"1.0\" encoding=\"UTF-8\"?>")
	case !bytes.HasPrefix(rest, []byte("?>")) && !bytes.ContainsAny(rest[:1], " \t\r\n") || strings.Contains(target, ":"):
		r.broken(start, "the processing instruction <?%s is malformed: its name ends in white space, and has no colon", target)
	default:
		return true
	}
	return false
}

func (r *xmlReader) directive(start int, t xml.Directive) bool {
	at := spot{offset: start}
	switch {
	case !bytes.HasPrefix(t, []byte("DOCTYPE")) || r.root != nil:
		r.broken(start, "<!%s is not allowed here", clip(string(t[:min(len(t), 20)])))
		return false
	case bytes.Contains(t, []byte("<!ENTITY")):
		r.l.report(at, "xml-entity", "the document type declares entities, which readers refuse: write the characters themselves")
		return false // what follows may use them
	}
	r.l.report(at, "xml-doctype", "a feed needs no <!DOCTYPE>: leave it out")
	return true
}

// halves are references to what is no character: half of one (XML 1.0 §4.1).
var halves = pattern(`&#(?:x0*[dD][89A-Fa-f][0-9A-Fa-f]{2}|0*5(?:529[6-9]|5[3-9]\d\d|6\d{3}|7[0-2]\d\d|73[0-3]\d|734[0-3]));`)

// surrogate reports a reference that encoding/xml takes for U+FFFD.
func (r *xmlReader) surrogate(offset int, raw []byte) bool {
	if !bytes.Contains(raw, []byte("&#")) {
		return false
	}
	at := halves().FindIndex(raw)
	if at != nil {
		r.broken(offset+at[0], "the reference %s is to no character", raw[at[0]:at[1]])
	}
	return at != nil
}

func (r *xmlReader) start(offset int, t xml.StartElement) bool {
	e := openElement{element: &element{spot: spot{offset: offset}, from: r.offset()}, raw: t.Name}
	if n := len(r.open); n > 0 {
		e.parent = r.open[n-1].element
	} else if r.root != nil {
		r.l.report(e.spot, "xml-root", "<%s> is a second root element: there may be one only", written(t.Name))
		return false
	}
	if len(r.open) >= maxDepth {
		r.l.report(e.spot, "xml-depth", "elements are nested more than %d deep: no reader follows that", maxDepth)
		return false
	}
	if r.surrogate(offset, r.l.src[offset:e.from]) {
		return false
	}
	if crowded(r.l.src[offset:e.from]) {
		r.broken(offset, "there is no white space between two attributes of <%s>", written(t.Name))
		return false
	}
	e.scope = r.declarations(e.spot, t.Attr)
	r.open = append(r.open, e)
	e.name = r.resolve(e.spot, t.Name, true)
	e.attrs = make([]xml.Attr, len(t.Attr))
	for i, a := range t.Attr {
		e.attrs[i] = xml.Attr{Name: r.resolve(e.spot, a.Name, false), Value: a.Value}
	}
	if name, ok := twice(e.attrs); ok {
		r.l.report(e.spot, "xml-attribute-twice", "<%s> has the attribute %s twice", written(t.Name), name)
		return false
	}
	if e.parent != nil {
		e.parent.children = append(e.parent.children, e.element)
	} else {
		r.root = e.element
	}
	return true
}

func (r *xmlReader) close(offset int, name xml.Name) bool {
	if len(r.open) == 0 {
		r.broken(offset, "</%s> closes nothing", written(name))
		return false
	}
	e := r.open[len(r.open)-1]
	if e.raw != name {
		r.broken(offset, "</%s> stands where </%s> is to be", written(name), written(e.raw))
		return false
	}
	e.text, e.to = string(e.buf), offset
	r.open = r.open[:len(r.open)-1]
	r.l.characters(e.spot, e.text)
	for _, a := range e.attrs {
		r.l.characters(e.spot, a.Value)
	}
	return true
}

// declarations are the namespaces that a start tag declares.
func (r *xmlReader) declarations(at spot, attrs []xml.Attr) map[string]string {
	var scope map[string]string
	for _, a := range attrs {
		prefix, ok := "", a.Name == xml.Name{Local: "xmlns"}
		if a.Name.Space == "xmlns" {
			prefix, ok = a.Name.Local, true
			if bad := badReference(a.Value); bad != "" {
				r.l.report(at, "xml-prefix", "xmlns:%s is %s, which is no URI: %s", prefix, clip(a.Value), bad)
			}
		}
		if ok {
			if scope == nil {
				scope = map[string]string{}
			}
			scope[prefix] = a.Value
		}
	}
	return scope
}

// resolve turns a name's prefix into the URI of its namespace.
func (r *xmlReader) resolve(at spot, name xml.Name, element bool) xml.Name {
	switch {
	case strings.Contains(name.Local, ":") || name.Space != "" && strings.ContainsAny(name.Local[:1], "0123456789-."):
		r.l.report(at, "xml-prefix", "%s is no name: a colon stands between a prefix and a name only", written(name))
		return name
	case name.Space == "xml":
		return xml.Name{Space: xmlNamespace, Local: name.Local}
	case name.Space == "xmlns", name.Space == "" && !element:
		return name
	}
	for _, e := range slices.Backward(r.open) {
		if uri, ok := e.scope[name.Space]; ok {
			return xml.Name{Space: uri, Local: name.Local}
		}
	}
	if uri, ok := r.outer.resolve(name.Space); ok {
		return xml.Name{Space: uri, Local: name.Local}
	}
	if name.Space != "" {
		r.l.report(at, "xml-prefix", "the prefix of %s is not declared: add xmlns:%s to the root element", written(name), name.Space)
		name.Space = "undeclared:" + name.Space
	}
	return name
}

// written is a name as it stands in the document.
func written(name xml.Name) string {
	if name.Space == "" {
		return name.Local
	}
	return name.Space + ":" + name.Local
}

// crowded tells whether a quoted value in a start tag is followed by anything
// but white space or the tag's end (XML 1.0 §3.1).
func crowded(tag []byte) bool {
	quote := byte(0)
	for i, c := range tag {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote && quote != 0:
			quote = 0
			if i+1 < len(tag) && !bytes.ContainsRune([]byte(" \t\r\n/>"), rune(tag[i+1])) {
				return true
			}
		}
	}
	return false
}

// twice finds an attribute that stands twice.
func twice(attrs []xml.Attr) (string, bool) {
	if len(attrs) < 2 {
		return "", false
	}
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name] {
			return a.Name.Local, true
		}
		seen[a.Name] = true
	}
	return "", false
}
