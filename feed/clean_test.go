package feed

import (
	"bytes"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"plain, ünï, مرحبا, 🧵":      "plain, ünï, مرحبا, 🧵",
		"tab\tline\nreturn\rstay":   "tab\tline\nreturn\rstay",
		"\x00a\x08b\x0bc\x1fd\x7fe": "abcde",
		"\u0080 \u0085\u009f\u0081": "€ …Ÿ",
		"\ufdd0\ufdef\U0001FFFE\U0010FFFFx\ufdcf\ufdf0": "x\ufdcf\ufdf0",
		"\uFFFE\uFFFF\uFFFD":                            "\uFFFD",
		"\xff bad \xc3(":                                "\uFFFD bad \uFFFD(",
		"a\xed\xa0\x80b":                                "a\uFFFDb", // half a surrogate pair
		"\U0010FFFD":                                    "\U0010FFFD",
	} {
		got := Clean(in)
		if got != want || Clean(got) != got {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
}

// Sanitised HTML holds no "]]>" today; the renderers must not count on that.
func TestCDATAEndsWhereTheContentDoes(t *testing.T) {
	e := entry{id: "x", title: "t", content: "<p>a]]>b]]]]>></p>"}
	for _, f := range []Format{RSS, Atom} {
		var b bytes.Buffer
		if err := renderers[f].whole(&b, frame{}, []entry{e}); err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(b.Bytes(), f); err != nil {
			t.Errorf("%s: %v\n%s", f, err, &b)
		}
		text := strings.ReplaceAll(b.String(), "]]><![CDATA[", "")
		if !strings.Contains(text, e.content) {
			t.Errorf("%s has lost a part of the content:\n%s", f, &b)
		}
	}
}
