package feed

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"Hello, World!":               "hello-world",
		"  --a  b--  ":                "a-b",
		"The CI/CD Pipeline v1.2":     "the-ci-cd-pipeline-v1-2",
		"Doesn’t":                     "doesn-t",
		"Ünïcødé STRASSE ß":           "ünïcødé-strasse-ß",
		"u\u0308ber":                  "über",
		"Ｆｕｌｌ ｗｉｄｔｈ　①":                "full-width-1",
		"İstanbul":                    "istanbul",
		"日本語のタイトル、第二版":                "日本語のタイトル-第二版",
		"हिन्दी में":                  "हिन्दी-में",
		"مرحبا ٣":                     "مرحبا-٣",
		"ﬁn ²":                        "fin-2",
		"❤\ufe0f":                     "",
		"1\ufe0f\u20e3 first":         "1\u20e3-first",
		"\u0301accent first":          "accent-first",
		"a\u0000b\xffc\ufffd":         "a-b-c",
		"rss.xml":                     "rss-xml",
		"../../etc/passwd":            "etc-passwd",
		"<b>":                         "b",
		"---":                         "",
		strings.Repeat("ab ", 60):     strings.TrimSuffix(strings.Repeat("ab-", 33), "-"),
		strings.Repeat("x", 150):      strings.Repeat("x", 100),
		strings.Repeat("語", 150):      strings.Repeat("語", 66),
		strings.Repeat("x\u0323", 80): strings.Repeat("x\u0323", 50),
		strings.Repeat("x", 99) + "ẋ\u0323" + "y":       strings.Repeat("x", 99),
		strings.Repeat("x", 100) + " " + "and the rest": strings.Repeat("x", 100),
	} {
		if got := Slug(text); got != want {
			t.Errorf("Slug(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	for _, s := range []string{"Hello, World!", "İ ß ſ K Å", "a\u0345\u0301\u0323", "❤\ufe0f 1\ufe0f\u20e3", "\xff\x00.", strings.Repeat("語 x\u0323", 60), "\u1100\u1161\u11a8", "ẞΣς", "A\x85\u0301", "A\ufe0f\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		slug := Slug(text)
		if again := Slug(slug); again != slug {
			t.Errorf("Slug(%q) = %q, whose slug is %q", text, slug, again)
		}
		if strings.ContainsAny(slug, "./\\ %?#\x00") || strings.Contains(slug, "--") || strings.Trim(slug, "-") != slug {
			t.Errorf("Slug(%q) = %q", text, slug)
		}
		if !utf8.ValidString(slug) || len(slug) > maxSlugBytes || utf8.RuneCountInString(slug) > maxSlugRunes {
			t.Errorf("Slug(%q) = %q, %d bytes", text, slug, len(slug))
		}
	})
}

func TestReserved(t *testing.T) {
	for _, slug := range []string{
		"hub", "micropub", "media", "archive", "posts", "tags", "page", "static",
		"rss.xml", "atom.xml", "feed.json", "feeds.opml", "feeds", "healthz", "readyz", "metrics",
	} {
		if !Reserved(slug) {
			t.Errorf("%q is not reserved", slug)
		}
	}
	for _, slug := range []string{"", "design", "post", "posts-posts", "Hub", "feed", "rss"} {
		if Reserved(slug) {
			t.Errorf("%q is reserved", slug)
		}
	}
}

func TestSameTitle(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Design", "design", true},
		{"Web  Design ", " web\tdesign", true},
		{"STRASSE", "straße", true},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", true},
		{"u\u0308ber", "Über", true},
		{"Web Design", "WebDesign", false},
		{"C", "C++", false},
		{"Resume", "Résumé", false},
		{"", "x", false},
	} {
		if got := sameTitle(c.a, c.b); got != c.same {
			t.Errorf("sameTitle(%q, %q) = %v", c.a, c.b, got)
		}
	}
}
