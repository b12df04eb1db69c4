package importer

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// source is a file cut in two.
type source struct {
	front, body         string
	hasFront            bool
	frontLine, bodyLine int // where each begins, from 1
}

// split tells the front matter from the body. The file may begin with a byte
// order mark and blank lines, and may end its lines as Windows does. No text
// holds a zero byte: what does is another file, named by mistake.
func split(file string, src []byte) (source, error) {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return source{}, &Error{File: file, Msg: "it is UTF-16: save it as UTF-8"}
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return source{}, &Error{File: file, Line: 1 + strings.Count(text[:at], "\n"), Msg: "it is no text: a byte 0x00 is in this line; name a Markdown file, or save this one as UTF-8"}
	}
	line, rest := 1, text
	first, after := nextLine(rest)
	for first == "" && after != "" {
		line, rest = line+1, after
		first, after = nextLine(rest)
	}
	switch first {
	case "+++":
		return source{}, &Error{File: file, Line: line, Msg: `its front matter is TOML ("+++"): write YAML between lines of "---"`}
	case "---":
		return splitFront(file, after, line+1)
	}
	return source{body: text, bodyLine: 1, frontLine: 1}, nil
}

// HasFront tells whether a document has front matter, be it empty: then it may
// say more than its text.
func HasFront(src []byte) bool {
	s, err := split("", src)
	return err == nil && s.hasFront
}

// nextLine cuts off the first line, without white space at its end.
func nextLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimRight(line, " \t"), rest
}

// splitFront cuts text, which follows the opening "---", at the closing one.
func splitFront(file, text string, line int) (source, error) {
	s := source{hasFront: true, frontLine: line}
	for rest := text; rest != ""; {
		read := len(text) - len(rest)
		var l string
		l, rest = nextLine(rest)
		line++
		if l == "---" || l == "..." {
			s.front, s.body, s.bodyLine = text[:read], rest, line
			return s, s.check(file)
		}
	}
	return source{}, &Error{File: file, Line: s.frontLine - 1, Column: 1, Msg: `the front matter that opens here is never closed: put a line of "---" after it`}
}

// meant is the number of a first line that its author may have taken for the
// opening of front matter; 0 for none. It is indented or has a dash too many,
// and nothing stands between it and a closing line but keys, of which one at
// least is known. After a rule that is one, anything else does.
func (s source) meant() int {
	if s.hasFront {
		return 0
	}
	first, rest, n := "", s.body, 0
	for first == "" && rest != "" {
		first, rest = nextLine(rest)
		n++
	}
	if !ruled(first) {
		return 0
	}
	for keys := 0; rest != ""; {
		var line string
		line, rest = nextLine(rest)
		key := keyForm().FindStringSubmatch(line)
		switch {
		case (ruled(line) || line == "...") && keys > 0:
			return n
		case key != nil:
			if name := strings.ToLower(key[1]); known[name] != nil || foreign[name] != "" {
				keys++
			}
		case line != "" && line[0] != '#' && !strings.HasPrefix(strings.TrimLeft(line, " "), "- "):
			return 0 // no empty line, no comment, and no item of a list
		}
	}
	return 0
}

// ruled tells whether a line is of three dashes or more and nothing else. One
// that is indented by four is code (CommonMark §4.4).
func ruled(line string) bool {
	if strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t") {
		return false
	}
	line = strings.TrimSpace(line)
	return len(line) >= len("---") && strings.Trim(line, "-") == ""
}

// check refuses front matter that is no text: what is repaired in a body would
// be a wrong name here.
func (s source) check(file string) error {
	if len(s.front) > maxFront {
		return &Error{File: file, Line: s.frontLine, Msg: fmt.Sprintf("the front matter has %d bytes, more than %d", len(s.front), maxFront)}
	}
	at := badByte(s.front)
	if i := strings.IndexFunc(s.front[:at], control); i >= 0 {
		at = i
	} else if at == len(s.front) {
		return nil
	}
	line := strings.Count(s.front[:at], "\n")
	column := utf8.RuneCountInString(s.front[strings.LastIndexByte(s.front[:at], '\n')+1 : at])
	return &Error{File: file, Line: s.frontLine + line, Column: column + 1, Msg: fmt.Sprintf("the byte 0x%02X is no text in UTF-8: take it out or save the file as UTF-8", s.front[at])}
}

// control tells the characters that no YAML holds as they are (YAML 1.2 §5.1).
func control(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }

// badByte is the index of the first byte that is not UTF-8, else the length.
func badByte(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(s)
}
