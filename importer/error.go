package importer

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a document, and where: lines and columns count
// from 1, and 0 means that there is none to name. Column counts characters.
type Error struct {
	File   string
	Line   int
	Column int
	Key    string // the whole key, such as "attachments[0].size"
	Msg    string
}

// Error is one line: "file:line:column: key: what is wrong".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(strings.Join(strings.Fields(e.Msg), " "))
	return b.String()
}
