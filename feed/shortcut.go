package feed

import "strings"

// shortcut is sanitise in one pass, for what Markdown and careful authors
// write: tags that a parser leaves where and as they stand. What it gives is
// what sanitise gives, byte for byte; at anything else it gives up, and then
// sanitise has its turn.
type shortcut struct {
	r    rewriter
	src  string
	at   int // how far src was read
	done int // how far it is in out
	out  strings.Builder
	open []opened
}

// opened is an element whose end tag is still to come.
type opened struct {
	name  string
	holds place
}

// short returns false where the shortcut gave up.
func short(src string, r rewriter) (string, bool) {
	if !clean(src) || strings.IndexByte(src, '\r') >= 0 {
		return "", false
	}
	var room [16]opened
	s := shortcut{r: r, src: src, open: room[:0]}
	s.out.Grow(len(src) + len(src)/32 + 64)
	for s.at < len(src) {
		if !s.next() {
			return "", false
		}
	}
	s.copy(len(src))
	return trim(s.out.String()), len(s.open) == 0
}

// next takes a tag, or all text before one.
func (s *shortcut) next() bool {
	rest := s.src[s.at:]
	switch {
	case strings.HasPrefix(rest, "</"):
		return s.endTag(rest[len("</"):])
	case rest[0] == '<':
		return s.startTag(rest[1:])
	}
	end := strings.IndexByte(rest, '<')
	if end < 0 {
		end = len(rest)
	}
	switch where := s.place(); {
	case where&(blocks|phrases) == 0 && (where == codeOnly || !white(rest[:end])):
		return false
	default:
		return s.characters(s.at+end, `"`)
	}
}

// place is what the innermost element that is open may hold.
func (s *shortcut) place() place {
	if len(s.open) == 0 {
		return blocks
	}
	return s.open[len(s.open)-1].holds
}

// copy brings out to where src[to:] follows.
func (s *shortcut) copy(to int) {
	s.out.WriteString(s.src[s.done:to])
	s.done = to
}

// replace brings out to where src[to:] follows, with new for src[from:to].
func (s *shortcut) replace(from, to int, new string) {
	s.copy(from)
	s.out.WriteString(new)
	s.done = to
}

// white tells what may stand between the parts of a list or a table.
func white(text string) bool { return strings.Trim(text, " \t\n") == "" }

// characters takes text or an attribute's value, up to src[to:].
func (s *shortcut) characters(to int, quote string) bool {
	for ; s.at < to; s.at++ {
		switch s.src[s.at] {
		case '<':
			return false
		case '>':
			s.replace(s.at, s.at+1, "&gt;")
		case '&':
			r, ok := beginning(s.src[s.at:to], usualReferences)
			if !ok {
				return false
			}
			end := s.at + len(r.name)
			switch r.name {
			case "&quot;", "&#34;":
				s.replace(s.at, end, quote)
			case "&#39;":
				s.replace(s.at, end, "'")
			}
			s.at = end - 1
		}
	}
	return true
}

// endTag takes that of the innermost element that is open.
func (s *shortcut) endTag(rest string) bool {
	last := len(s.open) - 1
	if last < 0 {
		return false
	}
	after, ok := strings.CutPrefix(rest, s.open[last].name)
	if !ok || !strings.HasPrefix(after, ">") {
		return false
	}
	s.open = s.open[:last]
	s.at = len(s.src) - len(after) + 1
	return true
}

// startTag takes one whose element may stand here.
func (s *shortcut) startTag(rest string) bool {
	name := tagName(rest)
	e, known := usual[name]
	if !known || e.stands&s.place() == 0 || s.within(name, e) {
		return false
	}
	s.at += 1 + len(name)
	if !s.attributes(e) {
		return false
	}
	if e.holds != nothing {
		s.open = append(s.open, opened{name, e.holds})
		return strings.HasPrefix(s.src[s.at:], ">") && len(s.open) < cap(s.open) && s.skip(1)
	}
	for _, end := range []string{"/>", ">", " />"} {
		if strings.HasPrefix(s.src[s.at:], end) {
			if end != "/>" {
				s.replace(s.at, s.at+len(end), "/>")
			}
			return s.skip(len(end))
		}
	}
	return false
}

func tagName(tag string) string {
	n := 0
	for n < len(tag) && ('a' <= tag[n] && tag[n] <= 'z' || '1' <= tag[n] && tag[n] <= '6') {
		n++
	}
	return tag[:n]
}

func (s *shortcut) skip(n int) bool { s.at += n; return true }

// within tells whether phrases that are marked in some way are to be marked so
// once more: parsers end the first <a> at the next, and count the others.
func (s *shortcut) within(name string, e custom) bool {
	if e.holds != phrases {
		return false
	}
	for _, o := range s.open {
		if o.name == name {
			return true
		}
	}
	return false
}
