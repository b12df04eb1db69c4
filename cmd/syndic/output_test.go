package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"syndic/control"
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

// A time that was printed means the same when it is given back.
func TestTimesComeBack(t *testing.T) {
	h := newHost(t, "  time_zone: Asia/Tokyo")
	h.must(0, "post", "add", h.write("a.md", "---\ntitle: A\ndate: 2099-07-05 08:30\n---\n\ntext\n"))
	want := decode[control.PostInfo](h, "post", "show", "a").PublishAt
	for zone, shown := range map[string]string{"UTC": "2099-07-04 23:30:00Z", "America/New_York": "2099-07-04 19:30:00-04:00", "Asia/Kolkata": "2099-07-05 05:00:00+05:30"} {
		h.env = append(h.env, "TZ="+zone)
		if out := h.must(0, "post", "list"); !strings.Contains(out, "  "+shown+"  ") {
			t.Errorf("%s: no %s in\n%s", zone, shown, out)
		}
		h.must(0, "post", "schedule", "a", "--at", shown)
		if at := decode[control.PostInfo](h, "post", "show", "a").PublishAt; want == nil || at == nil || !at.Equal(*want) {
			t.Errorf("%s: the post was of %v and is of %v", zone, want, at)
		}
	}
}

func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0 posts are", 1: "1 post is", 2: "2 posts are"} {
		if got := counted(n, "post is", "posts are"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A category's feeds are described once there are any.
func TestCategoryShow(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	if out := h.must(0, "category", "show", "design"); strings.Count(out, " (not published yet)\n") != 3 || strings.Contains(out, "bytes") {
		t.Errorf("before:\n%s", out)
	}
	h.must(0, "republish")
	if out := h.must(0, "category", "show", "design"); strings.Count(out, " (1 entry, ") != 3 || strings.Contains(out, "not published") {
		t.Errorf("after:\n%s", out)
	}
}
