package feed

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// mustConvert is the HTML of Markdown.
func mustConvert(t testing.TB, src string) string {
	t.Helper()
	out, err := convertBy(markdown(), src)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkShort fails where the shortcut leads elsewhere than the long way.
func checkShort(t *testing.T, src, base string) (took bool) {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil || base == "" {
		at = nil
	}
	r := newRewriter(at, players)
	_, took = short(src, r)
	got, err := sanitise(src, r)
	want, other := sanitiseAtLength(src, r)
	if (err == nil) != (other == nil) || got != want {
		t.Errorf("%q: by the shortcut\n%q, %v\nelse\n%q, %v", src, got, err, want, other)
	}
	return took
}

// sanitiseAtLength is sanitise without a shortcut.
func sanitiseAtLength(src string, r rewriter) (string, error) {
	for i := range 8 {
		tree, err := r.rewrite(src)
		if err != nil {
			return "", err
		}
		if i > 0 && tree == src {
			return src, nil
		}
		src = tidy(policy().Sanitize(tree))
	}
	return "", errUnstable
}

func FuzzShortcut(f *testing.F) {
	for _, s := range append(unsafeSources, usualSources...) {
		f.Add(s, "https://example.org/design/first?x#y")
		f.Add(s, "")
		f.Add(mustConvert(f, s), "https://example.org")
	}
	f.Fuzz(func(t *testing.T, src, base string) {
		checkShort(t, src, base)
		checkShort(t, nested(src), base)
		if !tangled(src) {
			checkShort(t, mustConvert(t, src), base)
		}
	})
}

// nested takes a tag or text for each byte, and ends what is open.
func nested(choice string) string {
	var b strings.Builder
	var open []string
	end := func() {
		b.WriteString("</" + open[len(open)-1] + ">")
		open = open[:len(open)-1]
	}
	for i := range min(len(choice), 100) {
		if choice[i]%3 == 0 && len(open) > 0 {
			end()
			continue
		}
		part := tagParts[int(choice[i]/3)%len(tagParts)]
		b.WriteString(part)
		name, isTag := strings.CutPrefix(part, "<")
		if name, _, _ = strings.Cut(strings.TrimSuffix(name, ">"), " "); isTag && !voidTags[strings.TrimSuffix(name, "/")] {
			open = append(open, name)
		}
	}
	for len(open) > 0 {
		end()
	}
	return b.String()
}

var voidTags = map[string]bool{"img": true, "br": true, "hr": true}

// tagParts are what HTML is made of, and what might be taken for it.
var tagParts = strings.Split(`<p>|<h1>|<h2>|<blockquote>|<ul>|<ol>|<ol start="3">|<li>|<pre>|<code>|<code class="language-x">|`+
	`<code class="language-ü">|<em>|<strong>|<del>|<b>|<i>|<u>|<sub>|<sup>|<kbd>|<figure>|<figcaption>|`+
	`<table>|<thead>|<tbody>|<tr>|<th>|<td align="left">|<div>|<a href="x">|<a title="&lt;" href="?a=1&amp;b=2">|`+
	`<a href="https://e.org/a?b=1&amp;c=2#d" title="t &quot;">|<a href="#fn:1">|<a href="http://a/./b">|<a title="x">|`+
	`<img src="a.png" alt="&#39;">|<img src="" alt="b"/>|<img src="https://e.org/c.jpg" title="d" />|<br>|<br />|<hr/>|`+
	"</p>|&amp;|&quot;|&lt;|>|'| |\n|\t|x|é|\u00a0|\ufeff|text|. ", "|")

// usualSources are Markdown that must not cost what unusual posts cost.
var usualSources = []string{
	"",
	"A paragraph,\nin *two* lines, of __strong__ and `co<de> &amp; \"more\"`.\\\nIt's \"quoted\" & <b>done</b>.",
	"# One\n\n## Two *em*\n\n### 3\n\n#### 4\n\n##### 5\n\n###### 6\n\nSetext\n===\n\n---\n",
	"- a\n- b\n  - c `d`\n\n    more\n- e\n\n3. x\n4. y\n\n> quote\n>\n> > more\n> - item\n",
	"[link](https://example.com/a/b-c_d.html), [rel](../x?a=1&b=2#c \"Ti<t>'le\"), <https://auto.example/>, [m](mailto:a@b.c), [frag](#top), [é](/é%20x(1)).",
	"![pic](a.png \"t\")\n\n[![alt *em* \"q\"](https://x.y/z.jpg)](full.jpg)\n",
	"```go\nif a < b && c > d {\n\t\"x\"\n}\n```\n\n    indented\n\n```\nplain\n```\n",
	"| a | b | c |\n|:--|--:|:-:|\n| 1 | *2* | `3` |\n| | [x](y) | |\n\nafter\n",
	"~~gone~~ www.example.org and me@example.org; H<sub>2</sub>O, E=mc<sup>2</sup>, <kbd>Ctrl</kbd>.",
	"“Größe” — 漢字 👩‍👩‍👧‍👦 a\u00a0b\n\nمرحبا بالعالم\n",
	"***both*** **a *b* c** *a **b** c* \\* not \\*",
}

func TestShortcutTakesWhatIsUsual(t *testing.T) {
	sources := usualSources
	for _, p := range exampleSet(t).posts {
		sources = append(sources, p.Body)
	}
	for _, src := range sources {
		for _, base := range []string{"https://example.org/design/first", "http://127.0.0.1:8080/x/", ""} {
			if base != "" && !checkShort(t, mustConvert(t, src), base) {
				t.Errorf("%s: not taken: %s", base, mustConvert(t, src))
			}
			checkShort(t, mustConvert(t, src), base)
		}
	}
}

func TestShortcutTakesNothingThatSanitiseDrops(t *testing.T) {
	for name := range usual {
		if !slices.Contains(elements, name) {
			t.Errorf("<%s> does not stay", name)
		}
	}
}

// Elements in each other at random show what fuzzing seldom comes to.
func TestShortcutOfAnyNesting(t *testing.T) {
	random, took := rand.New(rand.NewPCG(1, 2)), 0
	for range 10_000 {
		choice := make([]byte, 2+random.IntN(14))
		for i := range choice {
			choice[i] = byte(random.Uint32())
		}
		if checkShort(t, nested(string(choice)), "https://example.org/design/first?x") {
			took++
		}
		checkConverted(t, assembled(string(choice), markParts))
	}
	if took < 500 {
		t.Errorf("%d of them were taken", took)
	}
}
