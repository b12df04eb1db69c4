package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// The values of --format.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatIDs   = "ids"
)

// printer is the one way by which data reaches standard output.
type printer struct {
	out    io.Writer
	format string
	bold   bool // the output is a terminal that may be coloured
}

// column is one column of a list: its heading and a row's cell.
type column[T any] struct {
	head string
	cell func(T) string
}

// list prints rows: as a table, as one JSON array, or as one id a line.
func list[T any](p printer, rows []T, id func(T) string, columns ...column[T]) error {
	switch p.format {
	case formatJSON:
		if rows == nil {
			rows = []T{}
		}
		return p.json(rows)
	case formatIDs:
		var b strings.Builder
		for _, row := range rows {
			if one := clean(id(row)); one != "" {
				b.WriteString(one + "\n")
			}
		}
		return p.write(b.String())
	}
	if len(rows) == 0 {
		return nil
	}
	return p.write(p.align(table(rows, columns)))
}

// more prints rows as they come, after those of a list: as lines without a
// heading, as one JSON object a line, or as one id a line.
func more[T any](p printer, rows []T, id func(T) string, columns ...column[T]) error {
	switch p.format {
	case formatJSON:
		var b strings.Builder
		e := encoder(&b, "")
		for _, row := range rows {
			if err := e.Encode(row); err != nil {
				return fmt.Errorf("print json: %w", err)
			}
		}
		return p.write(b.String())
	case formatIDs:
		return list(p, rows, id)
	}
	return p.write(printer{}.align(table(rows, columns)[1:]))
}

// table is the cells of a list, its headings first.
func table[T any](rows []T, columns []column[T]) [][]string {
	grid := make([][]string, len(rows)+1)
	cells := make([]string, len(grid)*len(columns)) // of all rows: one at a time takes longer
	for i := range grid {
		grid[i], cells = cells[:len(columns)], cells[len(columns):]
		for n, c := range columns {
			if i == 0 {
				grid[i][n] = c.head
			} else {
				grid[i][n] = clean(c.cell(rows[i-1]))
			}
		}
	}
	return grid
}

// field is one line of a single thing.
type field struct{ name, value string }

// one prints a single thing: as its fields, those without a value left out, as
// one JSON object, or as its id.
func one[T any](p printer, value T, id string, fields []field) error {
	switch p.format {
	case formatJSON:
		return p.json(value)
	case formatIDs:
		return p.write(clean(id) + "\n")
	}
	var grid [][]string
	for _, f := range fields {
		if f.value != "" {
			grid = append(grid, []string{f.name, clean(f.value)})
		}
	}
	return p.write(printer{}.align(grid))
}

func (p printer) json(value any) error {
	var b strings.Builder
	if err := encoder(&b, "  ").Encode(value); err != nil {
		return fmt.Errorf("print json: %w", err)
	}
	return p.write(b.String())
}

// encoder writes JSON that leaves "<" and its like alone, as people do.
func encoder(w io.Writer, indent string) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e
}

func (p printer) write(s string) error {
	if _, err := io.WriteString(p.out, s); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// align pads all columns but the last to one width, in cells of a terminal.
func (p printer) align(grid [][]string) string {
	var widths []int
	for _, row := range grid {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	var b strings.Builder
	var line []byte
	for n, row := range grid {
		line = line[:0]
		for i, cell := range row {
			line = append(line, cell...)
			for range widths[i] - width(cell) + 2 {
				line = append(line, ' ')
			}
		}
		line = bytes.TrimRight(line, " ")
		if p.bold && n == 0 {
			line = fmt.Appendf(nil, "\x1b[1m%s\x1b[0m", line)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// width is how many cells of a terminal a text takes.
func width(s string) int {
	if plain(s) {
		return len(s) // the library takes a hundred times as long
	}
	return uniseg.StringWidth(s)
}

// pad is a text with spaces behind it, as wide as a column.
func pad(s string, wide int) string { return s + strings.Repeat(" ", max(0, wide-width(s))) }

// plain tells whether a text is of ASCII's visible characters alone.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// clean keeps a text to one line and a terminal's control codes out of it.
func clean(s string) string {
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// when writes a time in the zone that the user's clock is in, with its offset: so
// it can be given back, to --at or in front matter, which mean the site's zone
// where none is written.
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05Z07:00")
}

// count writes a number, nothing for zero.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
