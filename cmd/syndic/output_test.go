package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

type thing struct {
	Name string `json:"the_name"`
	Size int    `json:"size"`
}

func things(p printer, rows []thing) error {
	return list(p, rows, func(r thing) string { return r.Name },
		column[thing]{"NAME", func(r thing) string { return r.Name }},
		column[thing]{"SIZE", func(r thing) string { return count(r.Size) }})
}

func TestList(t *testing.T) {
	rows := []thing{{"a<b", 1}, {"日記", 0}, {"x\x1b[31m\ny", 3}, {"", 4}}
	for format, want := range map[string]string{
		formatTable: "NAME      SIZE\na<b       1\n日記\nx [31m y  3\n          4\n",
		formatIDs:   "a<b\n日記\nx [31m y\n",
		formatJSON: `[
  {
    "the_name": "a<b",
    "size": 1
  },
  {
    "the_name": "日記",
    "size": 0
  },
  {
    "the_name": "x\u001b[31m\ny",
    "size": 3
  },
  {
    "the_name": "",
    "size": 4
  }
]
`,
	} {
		var out bytes.Buffer
		if err := things(printer{out: &out, format: format}, rows); err != nil || out.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", format, err, out.String(), want)
		}
	}
}

func TestListOfNothing(t *testing.T) {
	for format, want := range map[string]string{formatTable: "", formatIDs: "", formatJSON: "[]\n"} {
		var out bytes.Buffer
		if err := things(printer{out: &out, format: format}, nil); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", format, out.String(), err)
		}
	}
}

func TestBoldHeadingOnATerminalOnly(t *testing.T) {
	for _, bold := range []bool{false, true} {
		var out bytes.Buffer
		if err := things(printer{out: &out, format: formatTable, bold: bold}, []thing{{"a", 1}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "\x1b[1mNAME  SIZE\x1b[0m\n"); got != bold {
			t.Errorf("bold %v: %q", bold, out.String())
		}
	}
}

func TestOne(t *testing.T) {
	fields := []field{{"name", "a\tb"}, {"nothing", ""}, {"a longer name", "c"}}
	for format, want := range map[string]string{
		formatTable: "name           a b\na longer name  c\n", formatIDs: "id\n", formatJSON: "{\n  \"the_name\": \"x\",\n  \"size\": 0\n}\n",
	} {
		var out bytes.Buffer
		if err := one(printer{out: &out, format: format}, thing{Name: "x"}, "id", fields); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", format, out.String(), err)
		}
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("a\tb\n\x1b[31mc\u009b"); got != "a\tb\n [31mc " {
		t.Errorf("%q", got)
	}
}

// The quick way to a text's width is the library's.
func TestWidth(t *testing.T) {
	for _, s := range []string{"", "a", "~ !", "日記", "é", "e\u0301", "👩‍👩‍👧", "a\u200bb", "\x7f", "tab\t"} {
		if got, want := width(s), uniseg.StringWidth(s); got != want {
			t.Errorf("%q: %d cells, want %d", s, got, want)
		}
	}
}
