package feed

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

func TestSummarise(t *testing.T) {
	for _, c := range []struct {
		name, html string
		limit      int
		want       string
	}{
		{"empty", "", 10, ""},
		{"no room", "<p>text</p>", 0, ""},
		{"all of it", "<p>One <b>t</b>wo.</p>", 10, "One two."},
		{"blocks are apart", "<h2>Head</h2><p>one<br>two</p><ul><li>a</li><li>b</li></ul>x", 50, "Head one two a b x"},
		{"cells are apart", "<table><tr><td>1</td><td>2</td></tr></table>", 50, "1 2"},
		{"entities", "a &amp;amp; b&nbsp;&#60;i&gt; &#1;&eacute;", 50, "a &amp; b <i> é"},
		{"no script", "a<script>x</script><style>y</style><SCRIPT>z</SCRIPT>b", 50, "ab"},
		{"no void element waits", "a<input><link>b", 50, "ab"},
		{"nested leave-outs", "a<select><option>x</option><select>y</select></select>b", 50, "ab"},
		{"no excuses of a player", `a<video controls=""><source src="x"/>Your browser cannot play this.</video>b<audio src="x"></audio>c`, 50, "a b c"},
		{"no comment", "a<!-- x -->b", 50, "ab"},
		{"a sentence", "<p>This is one. This is another that is long.</p>", 20, "This is one."},
		{"a question", "Is this it? Yes, it is, and it goes on", 16, "Is this it?"},
		{"a sentence that ends at the limit", "This is one. And more.", 12, "This is one."},
		{"a sentence too early", "No. This is another that is long.", 20, "No. This is another…"},
		{"a word", "one two three four", 12, "one two…"},
		{"a word that ends before the limit", "one two three four", 14, "one two three…"},
		{"no comma is left", "one, two, three", 10, "one, two…"},
		{"a word longer than the limit", "Donaudampfschifffahrt", 8, "Donauda…"},
		{"no abbreviation", "It costs 3.50 and more than that", 14, "It costs 3.50…"},
		{"no spaces", "これは文です。これはもっと長い文です。", 10, "これは文です。"},
		{"one character", "abc", 1, "…"},
		{"family stays together", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2, "👩‍👩‍👧‍👦…"},
		{"accents count once", "e\u0301e\u0301e\u0301e\u0301", 4, "e\u0301e\u0301e\u0301e\u0301"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Summarise(c.html, c.limit); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSummariseLeavesFootnotesOut(t *testing.T) {
	html, err := Content("Said[^1] and done.\n\n[^1]: By whom.\n", Markdown, "https://example.org/x")
	if err != nil {
		t.Fatal(err)
	}
	if got := Summarise(html, 100); got != "Said and done." {
		t.Errorf("got %q from %s", got, html)
	}
}

func FuzzSummarise(f *testing.F) {
	for _, s := range append(unsafeSources, "One sentence. Another one, which is long; and more.", "👩‍👩‍👧‍👦 e\u0301 한글", "a<script>b") {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, html string, limit int) {
		limit = min(limit, 1000)
		s := Summarise(html, limit)
		checkSummary(t, html, limit)
		checkSummary(t, assembled(html, proseParts), limit)
		checkSummary(t, nested(html), limit)
		if n := uniseg.GraphemeClusterCount(s); n > max(limit, 0) {
			t.Errorf("%d characters, not %d: %q", n, limit, s)
		}
		if !utf8.ValidString(s) || Clean(s) != s || strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("not fit for a feed: %q", s)
		}
		if strings.Join(strings.Fields(s), " ") != s {
			t.Errorf("white space is left: %q", s)
		}
		whole := Summarise(html, 1<<20)
		if start, cut := strings.CutSuffix(s, "…"); !strings.HasPrefix(whole, start) || !cut && !strings.HasPrefix(whole, s) {
			t.Errorf("%q is not the beginning of %q", s, whole)
		}
	})
}

// checkSummary compares with the way that takes any text.
func checkSummary(t *testing.T, html string, limit int) {
	t.Helper()
	if limit <= 0 {
		return
	}
	if got, want := Summarise(html, limit), cut(plain(html, limit), limit); got != want {
		t.Errorf("%d characters of %q: got\n%q\nwant\n%q", limit, html, got, want)
	}
}

// proseParts are what sentences are made of, or end with.
var proseParts = strings.Split("word |Word |x|A|. |.|! |?|… |\" |) |' |(|“|”|’|, |; |: |- |—|3.5 |e.g. |v1.2|a.b|é|Ü|ß |я|Я|\u00ad|"+
	" |&amp; |&quot;|<p>|</p>|<em>|</em>|<br/>|<a href=\"x>y\" title=\"z\">|<code CLASS=\"footnotes\">|</a>|‼|⁉ |→|漢|。|e\u0301|\u200d|👩|\u00a0|&nbsp;|0|99 |_", "|")

func TestSummariseOfAnyProse(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		choice := make([]byte, 1+random.IntN(60))
		for i := range choice {
			choice[i] = byte(random.Uint32())
			if choice[i]%2 == 0 {
				choice[i] %= 8 // mostly words
			}
		}
		checkSummary(t, assembled(string(choice), proseParts), 1+random.IntN(80))
		checkSummary(t, nested(string(choice)), 1+random.IntN(80))
	}
}
