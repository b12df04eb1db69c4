package feed

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// declaration is what most XML begins with.
const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// xmlEncoding finds the encoding that a document declares (XML 1.0 §2.8).
var xmlEncoding = pattern(`^<\?xml[^>]*?[\s]encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// decode brings a document into UTF-8 without a byte order mark, and refuses
// characters that XML cannot carry. What it returns is what offsets count in.
func (l *linter) decode(b []byte) (src []byte, ok bool) {
	src, name, err := toUTF8(b)
	l.src = src
	if err != nil {
		l.report(spot{}, "xml-encoding", "%v: write the feed in UTF-8", err)
		return nil, false
	}
	if name != "" {
		l.report(spot{}, "xml-utf-8", "the feed is in %s, which not every reader knows: write it in UTF-8", name)
	}
	if i := illegal(src); i >= 0 {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			l.report(spot{offset: i}, "xml-character", "the byte 0x%02X is not UTF-8", src[i])
		} else {
			l.report(spot{offset: i}, "xml-character", "the character U+%04X must not stand in XML: remove it", r)
		}
		return nil, false
	}
	return src, true
}

// toUTF8 decodes by the byte order mark, else by the XML declaration. The name
// is that of the encoding if it is another than UTF-8.
func toUTF8(b []byte) (src []byte, name string, err error) {
	if rest, ok := bytes.CutPrefix(b, []byte("\xEF\xBB\xBF")); ok {
		return rest, "", nil
	}
	var e encoding.Encoding
	if bytes.HasPrefix(b, []byte("\xFF\xFE")) || bytes.HasPrefix(b, []byte("\xFE\xFF")) {
		e, name = unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "UTF-16"
	} else {
		if !bytes.HasPrefix(b, []byte("<?xml")) || bytes.HasPrefix(b, []byte(declaration)) {
			return b, "", nil
		}
		m := xmlEncoding().FindSubmatch(b[:min(len(b), 256)])
		if m == nil || strings.EqualFold(string(m[1]), "us-ascii") {
			return b, "", nil
		}
		if name = string(m[1]); strings.EqualFold(name, "utf-8") {
			return b, "", nil
		}
		known := ""
		switch e, known = charset.Lookup(name); {
		case known == "utf-8":
			return b, "", nil
		case e == nil, strings.HasPrefix(known, "utf-16"):
			return b, name, fmt.Errorf("the feed declares the encoding %s, which it is not in or nobody knows", name)
		}
	}
	if src, err = e.NewDecoder().Bytes(b); err != nil {
		return b, name, fmt.Errorf("the feed cannot be read as %s", name)
	}
	return src, name, nil
}

// illegal returns the offset of the first byte or character that XML 1.0 §2.2
// does not allow, or -1.
func illegal(b []byte) int {
	if utf8.Valid(b) && !hasControl(b, "\t\n\r") && !bytes.Contains(b, []byte("\uFFFE")) && !bytes.Contains(b, []byte("\uFFFF")) {
		return -1
	}
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
			return i
		}
		i += size
	}
	return -1
}

// hasControl tells whether there is a control code below the space, besides
// those that are allowed. It looks at eight bytes at a time.
func hasControl(b []byte, allowed string) bool {
	const each = 0x0101010101010101
	for len(b) > 0 {
		n := min(len(b), 8)
		if n == 8 {
			// A byte below the space borrows from its highest bit.
			if w := binary.LittleEndian.Uint64(b); (w-each*' ')&^w&(each*0x80) == 0 {
				b = b[n:]
				continue
			}
		}
		for _, c := range b[:n] {
			if c < ' ' && strings.IndexByte(allowed, c) < 0 {
				return true
			}
		}
		b = b[n:]
	}
	return false
}

// characters warns of characters that are allowed, but never meant.
func (l *linter) characters(at spot, s string) {
	b := []byte(s)
	if i := illegal(b); i >= 0 && s[i] < ' ' { // escaped, in JSON
		l.report(at, "text-control", "the character U+%04X is a control code: remove it", s[i])
	}
	if c := highControl(b); c > 0 {
		l.report(at, "text-control", "the character U+%04X is a control code: Windows-1252 text was taken for ISO 8859-1", c)
	}
	if strings.ContainsRune(s, utf8.RuneError) {
		l.report(at, "text-replacement", "there is a U+FFFD where text was damaged: write what belongs there")
	}
}

// highControl is the first control code from U+0080 on, or 0.
func highControl(b []byte) byte {
	for i := bytes.IndexByte(b, 0xC2); i >= 0 && i+1 < len(b); {
		if b[i+1] <= 0x9F {
			return b[i+1]
		}
		next := bytes.IndexByte(b[i+1:], 0xC2)
		if next < 0 {
			return 0
		}
		i += 1 + next
	}
	return 0
}

// unmeant tells whether a document in UTF-8 has characters that are never
// meant, as they stand.
func unmeant(b []byte) bool {
	return highControl(b) > 0 || bytes.Contains(b, []byte("\uFFFD"))
}

// Detect tells a feed's format by its content, else by its media type, which
// may be empty. The error says what it is instead.
func Detect(b []byte, mediaType string) (Format, error) {
	src, _, err := toUTF8(b)
	text := bytes.TrimLeft(src, " \t\r\n")
	switch {
	case err == nil && bytes.HasPrefix(text, []byte("{")):
		return JSON, nil
	case err == nil && bytes.HasPrefix(text, []byte("<")):
		if f, err := detectXML(text); !errors.Is(err, errNoRoot) {
			return f, err
		}
	}
	base, _, _ := mime.ParseMediaType(mediaType)
	for _, f := range Formats {
		if base == f.MediaType() {
			return f, nil
		}
	}
	return 0, errors.New("it is not a feed: RSS and Atom begin with <, JSON Feed with {")
}

var errNoRoot = errors.New("there is no root element")

// detectXML looks at the root element alone.
func detectXML(text []byte) (Format, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		t, err := d.RawToken()
		if err != nil {
			return 0, errNoRoot
		}
		root, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch strings.ToLower(root.Name.Local) {
		case "rss":
			return RSS, nil
		case "feed":
			return Atom, nil
		case "rdf":
			return 0, errors.New("it is RSS 1.0 or other RDF, which syndic does not judge")
		case "html":
			return 0, errors.New("it is an HTML page, not a feed")
		}
		return 0, fmt.Errorf("it is XML with the root element <%s>, not a feed", written(root.Name))
	}
}
