package feed

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Bare links are left out of a conversion only where there are none.
func FuzzConverted(f *testing.F) {
	for _, s := range slices.Concat(unsafeSources, usualSources, bareLinks, usualMarks) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if src = Clean(src); !tangled(src) {
			checkConverted(t, src)
		}
		checkConverted(t, assembled(src, markParts))
		checkConverted(t, assembled(src, flatParts))
	})
}

// assembled takes a part for each byte: so that a mutated byte is more often
// another source that means something than a broken one.
func assembled(choice string, parts []string) string {
	var b strings.Builder
	for i := range min(len(choice), 200) {
		b.WriteString(parts[int(choice[i])%len(parts)])
	}
	return b.String()
}

// markParts are what Markdown is made of, bare links above all.
var markParts = strings.Split("http://a.b/c¦https://d.e¦ftp://f.g¦www.h.i¦j@k.l¦](http://m.n¦](https://o.p)¦](ftp://q.r \"t\")¦http¦:¦"+
	"//s.t¦(¦)¦[¦]¦![¦<¦>¦<b>¦</b>¦<u@v.w>¦`¦``¦*¦**¦_¦~¦~~¦\\¦[^1]¦[^1]: ¦[x]: ¦\n[y]: <http://a.b>\n¦&amp;¦&#91;¦&¦;¦.¦,¦!¦?¦|¦"+
	"# ¦## ¦- ¦1. ¦> ¦    ¦\t¦ ¦  ¦\n¦\n\n¦  \n¦   \n¦\t\n¦ \t \n¦\\\n¦===\n¦---\n¦```¦a¦b c¦é¦x y z \n|---|\n", "¦")

// flatParts are what flat posts are made of, and what looks like it.
var flatParts = strings.Split("Word ¦word ¦x¦word. ¦a¦1¦2. ¦*em*¦_em_¦__strong__¦__¦x_y¦**strong**¦*¦**¦`code`¦`a < b`¦`¦[link](https://e.org/a_b)¦[l](../x?a=b#c)¦[¦](¦"+
	"](x)¦)¦(¦\"¦'¦&¦& ¦!¦: ¦; ¦- ¦- item\n¦- *i* t\n\n¦1. one\n¦10. ten\n¦* star\n¦* ¦> quote\n¦>\n¦![alt](p.png)¦![](q.png)¦![¦# ¦## Head\n\n¦### h #\n¦\n¦\n\n¦\n\n\n¦ ¦é¦— ¦“¦>¦> ¦<¦~¦_¦```¦```go\nx < y\n```\n¦\n```\n¦```\n¦"+
	" a\tb¦    ¦=¦\n---\n¦\n===\n¦\n- ¦1. ¦\n1) ¦+ ¦[^1]¦]: ¦#¦\\¦\u00a0¦http¦.¦,¦?¦^¦|¦$¦;¦&amp;¦9¦\n1986. ¦\n[a]: b\n", "¦")

func checkConverted(t *testing.T, src string) {
	t.Helper()
	got, err := converted(src)
	if want := mustConvert(t, src); err != nil || got != want {
		t.Errorf("%q: got\n%q\nwant\n%q, %v", src, got, want, err)
	}
}

// usualMarks are sources that must not cost what unusual ones cost.
var usualMarks = []string{
	"",
	"A paragraph\nof *two* lines, with **strong** words, _as_ __here__ at R&D, `co<de>` & \"quotes\".\n\n\n(It's) [a link](https://example.org/a_b-c?d=e#f), and [another](../x).",
	"# One #2\n\n## Two: `code`\n###### Six",
	"Text:\n\n- a\n- [b](c) d\n\nAfter.\n\n- loose\n\n- items\n\n## End\n",
	"1. one\n2. two\n\n7. three\n\n* star\n\n+ plus\n\n> A quote,\n> *of two*\n>\n> - parts\n\n![a picture](https://e.org/x.png?a=b&c=d) and ![](y.png)\n",
	"```go\nif a < b && c > d {\n\n\t\"x\"\n}\n```\nAfter.\n\n```\nplain\n```",
	"“Größe” — 漢字 👩‍👩‍👧‍👦, 3 of 4!\n\n1986 was [long ago.",
}

func TestShortMarkdownTakesWhatIsUsual(t *testing.T) {
	sources := usualMarks
	for _, p := range exampleSet(t).posts {
		sources = append(sources, p.Body)
	}
	for _, src := range sources {
		if _, ok := shortMarkdown(src); !ok || mayLink(src) {
			t.Errorf("not taken: %q", src)
		}
		checkConverted(t, src)
	}
}

// Parts in a row at random show what fuzzing seldom comes to.
func TestShortMarkdownOfAnyParts(t *testing.T) {
	random, took := rand.New(rand.NewPCG(5, 6)), 0
	for range 20_000 {
		choice := make([]byte, 1+random.IntN(16))
		for i := range choice {
			choice[i] = byte(random.Uint32())
			if random.IntN(2) == 0 {
				choice[i] %= 4 // words
			}
		}
		src := assembled(string(choice), flatParts)
		checkConverted(t, src)
		if _, ok := shortMarkdown(src); ok {
			took++
		}
	}
	if took < 2_000 {
		t.Errorf("%d of them were taken", took)
	}
}

// bareLinks are sources in which a link hides, or seems to.
var bareLinks = []string{
	"[a](https://example.org/x) b",
	"a](https://example.org/x) b",
	"[a [b](http://c.d/e) f](http://example.org/x) g](ftp://h.i/j)",
	"[a]: /u\n\n[a](http://example.org/x y)",
	"`c`http://example.org *x*https://example.org <b>ftp://example.org",
	"![a](http://example.org/x.png)[b](https://example.org/x\n\"t\")(http://c.d)",
	"a  \nb\t\nc   \nd \t \ne \n\nf  ",
	"# a  #  \n\nb \n===\n\n| a | b |  \n|---|---|\n| 1  | [c](http://d.e) |\n",
	"x[^1]\n\n[^1]: [y](http://a.b) http",
}

func TestConvertedWithoutLinks(t *testing.T) {
	for _, src := range bareLinks {
		checkConverted(t, src)
	}
}
