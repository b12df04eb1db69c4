package feed

import (
	"fmt"
	"strconv"
	"strings"
)

// shortMark is markdown for what most posts are written in: paragraphs,
// headings, quotes, code and flat lists, with emphasis, code, links and pictures
// of which none holds another. It reads src once, and gives up at whatever could
// mean something else, or something more.
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
		case m.line[0] == '>':
			took = m.quote()
		case marker(m.line) != "":
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

// quote takes one of which every line says so.
func (m *shortMark) quote() bool {
	var inner strings.Builder
	for {
		text, ok := strings.CutPrefix(m.line, ">")
		if text != "" && text[0] != ' ' || !ok {
			return false
		}
		inner.WriteString(strings.TrimPrefix(text, " ") + "\n")
		if m.rest == "" || m.rest[0] == '\n' {
			break
		}
		m.next()
	}
	// Quotes in quotes would have to end.
	text := inner.String()
	if text[0] == '>' || strings.Contains(text, "\n>") {
		return false
	}
	out, ok := shortMarkdown(text)
	m.out.WriteString("<blockquote>\n" + out + "</blockquote>\n")
	return ok
}

// list takes one whose items are a line each. A blank line between two of them
// makes a paragraph of every item.
func (m *shortMark) list() bool {
	mark := marker(m.line)
	begin, end, before, after := "<ul>\n", "</ul>\n", "<li>", "</li>\n"
	if n, err := strconv.Atoi(strings.TrimSuffix(mark, ". ")); err == nil {
		begin, end = "<ol>\n", "</ol>\n"
		if n != 1 {
			begin = fmt.Sprintf("<ol start=\"%d\">\n", n)
		}
	}
	if m.loose(mark) {
		before, after = "<li>\n<p>", "</p>\n</li>\n"
	}
	m.out.WriteString(begin)
	for more := true; more; {
		text := strings.TrimSuffix(m.line[len(marker(m.line)):], " ")
		m.out.WriteString(before)
		if !beginsText(text) || !m.words(text) {
			return false
		}
		m.out.WriteString(after)
		follows := strings.TrimLeft(m.rest, "\n")
		if more = alike(marker(follows), mark); more {
			m.rest = follows
			m.next()
		} else if follows != "" && len(follows) == len(m.rest) {
			return false
		}
	}
	m.out.WriteString(end)
	return true
}

// loose tells whether a blank line is between two items.
func (m *shortMark) loose(mark string) bool {
	blank := false
	for line := range strings.SplitSeq(m.rest, "\n") {
		switch {
		case line == "":
			blank = true
		case !alike(marker(line), mark):
			return false
		case blank:
			return true
		}
	}
	return false
}

// marker is what a line begins with that is an item of a list, or "".
func marker(line string) string {
	n := 0
	for n < len(line) && n < 9 && '0' <= line[n] && line[n] <= '9' {
		n++
	}
	rest := line[n:]
	if n > 0 && strings.HasPrefix(rest, ". ") || n == 0 && (strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "* ") || strings.HasPrefix(rest, "+ ")) {
		return line[:n+2]
	}
	return ""
}

// alike tells whether two markers are of one list.
func alike(a, b string) bool { return a != "" && a[len(a)-2:] == b[len(b)-2:] }

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
	case letter(c), c >= 0x80, c == '(', c == '"', c == '\'', c == '[', c == '!':
		return true
	case c == '`':
		return !strings.HasPrefix(line, "``")
	case c == '*', c == '_':
		return len(line) > 1 && line[1] != ' '
	case '0' <= c && c <= '9':
		after := strings.TrimLeft(line, "0123456789")
		return after != "" && after[0] != '.' && after[0] != ')'
	}
	return false
}
