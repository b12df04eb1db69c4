package feed

import "strings"

// shortMark is markdown for what most posts are written in: paragraphs,
// headings, code and flat lists, with emphasis, code and links of which none
// holds another. It reads src once, and gives up at whatever could mean
// something else, or something more.
type shortMark struct {
	out  strings.Builder
	line string
	rest string // what follows line
	open bool   // whether no "]" follows any more
}

// shortMarkdown gives the same bytes as converted, or gives up. It is for
// sources without bare links.
func shortMarkdown(src string) (string, bool) {
	m := shortMark{rest: src}
	m.out.Grow(len(src) + len(src)/8 + 256)
	for m.next() {
		took := true
		switch {
		case m.line == "":
		case m.line[0] == '#':
			took = m.heading()
		case strings.HasPrefix(m.line, "```"):
			took = m.code()
		case strings.HasPrefix(m.line, "- "):
			took = m.list()
		default:
			took = m.paragraph()
		}
		if !took {
			return "", false
		}
	}
	return m.out.String(), true
}

// next reads a line; mayLink has seen to it that it ends in one blank at most.
func (m *shortMark) next() bool {
	if m.rest == "" {
		return false
	}
	m.line, m.rest, _ = strings.Cut(m.rest, "\n")
	return true
}

func (m *shortMark) heading() bool {
	text := strings.TrimLeft(m.line, "#")
	level := len(m.line) - len(text)
	text, ok := strings.CutPrefix(text, " ")
	text = strings.TrimSuffix(text, " ")
	if !ok || level > 6 || text == "" || text[0] == ' ' || strings.HasSuffix(text, "#") {
		return false
	}
	name := "h" + "0123456"[level:level+1]
	m.out.WriteString("<" + name + ">")
	ok = m.words(text)
	m.out.WriteString("</" + name + ">\n")
	return ok
}

func (m *shortMark) code() bool {
	m.out.WriteString("<pre><code")
	if name := m.line[len("```"):]; name != "" {
		if !madeOf(name, "+-") {
			return false
		}
		m.out.WriteString(` class="language-` + name + `"`)
	}
	m.out.WriteString(">")
	for m.next() {
		if m.line == "```" {
			m.out.WriteString("</code></pre>\n")
			return true
		}
		if strings.Contains(m.line, "```") {
			return false
		}
		m.verbatim(m.line)
		m.out.WriteByte('\n')
	}
	return false
}

// list takes one whose items are a line each. A blank line between two of them
// makes a paragraph of every item.
func (m *shortMark) list() bool {
	before, after := "<li>", "</li>\n"
	if m.loose() {
		before, after = "<li>\n<p>", "</p>\n</li>\n"
	}
	m.out.WriteString("<ul>\n")
	for more := true; more; {
		text := strings.TrimSuffix(m.line[len("- "):], " ")
		m.out.WriteString(before)
		if !beginsText(text) || !m.words(text) {
			return false
		}
		m.out.WriteString(after)
		follows := strings.TrimLeft(m.rest, "\n")
		if more = strings.HasPrefix(follows, "- "); more {
			m.rest = follows
			m.next()
		} else if follows != "" && len(follows) == len(m.rest) {
			return false
		}
	}
	m.out.WriteString("</ul>\n")
	return true
}

func (m *shortMark) loose() bool {
	blank := false
	for line := range strings.SplitSeq(m.rest, "\n") {
		switch {
		case line == "":
			blank = true
		case !strings.HasPrefix(line, "- "):
			return false
		case blank:
			return true
		}
	}
	return false
}

func (m *shortMark) paragraph() bool {
	m.out.WriteString("<p>")
	for {
		text := strings.TrimSuffix(m.line, " ")
		if !beginsText(text) || !m.words(text) {
			return false
		}
		if m.rest == "" || m.rest[0] == '\n' {
			break
		}
		m.out.WriteByte('\n')
		m.next()
	}
	m.out.WriteString("</p>\n")
	return true
}

// beginsText tells lines that begin no other block than a paragraph.
func beginsText(line string) bool {
	if line == "" {
		return false
	}
	switch c := line[0]; {
	case letter(c), c >= 0x80, c == '(', c == '"', c == '\'', c == '[':
		return true
	case c == '`':
		return !strings.HasPrefix(line, "``")
	case c == '*':
		return len(line) > 1 && line[1] != ' '
	case '0' <= c && c <= '9':
		after := strings.TrimLeft(line, "0123456789")
		return after != "" && after[0] != '.' && after[0] != ')'
	}
	return false
}
