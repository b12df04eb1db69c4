package feed

import "strings"

// words takes a line of text.
func (m *shortMark) words(text string) bool {
	done := 0
	for i := 0; i < len(text); i++ {
		if !notText[text[i]] {
			continue
		}
		length, as := 1, ""
		switch text[i] {
		case '\\', '<', '~', ']', '\t':
			return false
		case '!':
			if !strings.HasPrefix(text[i+1:], "[") {
				continue
			}
			length = 0
		case '&':
			if refers(text[i+1:]) {
				return false
			}
			as = "&amp;"
		case '>':
			as = "&gt;"
		case '"':
			as = "&quot;"
		case '`', '*', '_', '[':
			length = 0
		}
		m.out.WriteString(text[done:i])
		m.out.WriteString(as)
		if length == 0 {
			length = m.marked(text, i)
		}
		if length == 0 {
			return false
		}
		done = i + length
		i = done - 1
	}
	m.out.WriteString(text[done:])
	return true
}

// marked takes what is marked at i, and returns its length; 0 to give up.
func (m *shortMark) marked(text string, i int) int {
	switch text[i] {
	case '`':
		return m.codeSpan(text[i:])
	case '[':
		return m.link(text[i:])
	case '!':
		return m.picture(text[i:])
	}
	if i > 0 && text[i-1] != ' ' && text[i-1] != '(' {
		return 0
	}
	if mark := text[i : i+1]; !strings.HasPrefix(text[i+1:], mark) {
		return m.emphasis(text[i:], mark, "em")
	}
	return m.emphasis(text[i:], text[i:i+2], "strong")
}

// refers tells whether "&" and text would be a reference to a character.
func refers(text string) bool {
	n := 0
	for n < len(text) && (text[n] == '#' || madeOf(text[n:n+1], "")) {
		n++
	}
	return strings.HasPrefix(text[n:], ";")
}

func (m *shortMark) codeSpan(text string) int {
	code, after, ok := strings.Cut(text[1:], "`")
	if !ok || code == "" || code[0] == ' ' || code[len(code)-1] == ' ' || strings.HasPrefix(after, "`") {
		return 0
	}
	m.out.WriteString("<code>")
	m.verbatim(code)
	m.out.WriteString("</code>")
	return len(code) + 2
}

// emphasis takes words between marks that can only begin it, and only end it.
func (m *shortMark) emphasis(text, mark, name string) int {
	words, after, ok := strings.Cut(text[len(mark):], mark)
	if !ok || words == "" || !madeOf(words[:1]+words[len(words)-1:], "") || strings.ContainsAny(words, special) ||
		after != "" && strings.IndexByte(" .,;:!?)\"'", after[0]) < 0 {
		return 0
	}
	m.out.WriteString("<" + name + ">" + words + "</" + name + ">")
	return len(words) + 2*len(mark)
}

func (m *shortMark) link(text string) int {
	m.open = m.open || strings.IndexByte(text, ']') < 0 && strings.IndexByte(m.rest, ']') < 0
	if m.open {
		m.out.WriteByte('[')
		return 1
	}
	label, address, ok := linked(text)
	if !ok || label == "" {
		return 0
	}
	m.out.WriteString(`<a href="`)
	m.verbatim(address)
	m.out.WriteString(`">` + label + "</a>")
	return len(label) + len(address) + len("[]()")
}

func (m *shortMark) picture(text string) int {
	label, address, ok := linked(text[1:])
	if !ok {
		return 0
	}
	m.out.WriteString(`<img src="`)
	m.verbatim(address)
	m.out.WriteString(`" alt="` + label + `">`)
	return len(label) + len(address) + len("![]()")
}

// linked reads "[label](address)", with nothing special in either. A reference
// in the address would end in ";".
func linked(text string) (label, address string, ok bool) {
	label, after, _ := strings.Cut(text[1:], "](")
	address, _, ok = strings.Cut(after, ")")
	return label, address, ok && strings.Trim(label, " ") == label && !strings.ContainsAny(label, special) &&
		address != "" && madeOf(address, "/:.-_~?=#+,&")
}

// special is what may be other than text, or is written in another way.
const special = "\\<>_~[]!&\"`*^\t"

// notText is what words looks at.
var notText = [256]bool{
	'\\': true, '<': true, '>': true, '_': true, '~': true, '[': true, ']': true, '!': true, '&': true, '"': true, '`': true, '*': true, '\t': true,
}

// verbatim writes code.
func (m *shortMark) verbatim(code string) { _, _ = codeEscape.WriteString(&m.out, code) }

var codeEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
