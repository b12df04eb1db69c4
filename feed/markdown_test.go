package feed

import (
	"strings"
	"testing"
)

// Bare links are left out of a conversion only where there are none.
func FuzzConverted(f *testing.F) {
	for _, s := range append(append(unsafeSources, usualSources...), bareLinks...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !tangled(src) {
			checkConverted(t, src)
		}
		checkConverted(t, assembled(src, markParts))
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

func checkConverted(t *testing.T, src string) {
	t.Helper()
	got, err := converted(src)
	if want := mustConvert(t, src); err != nil || got != want {
		t.Errorf("%q: got\n%q\nwant\n%q, %v", src, got, want, err)
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
