package feed

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// unsafe are sources that have slipped past one filter or another.
var unsafeSources = []string{
	"plain *text* with a [link](../x \"t\") and ![image](i.png)",
	"note[^1] and again[^1]\n\n[^1]: the note",
	"| a | b |\n|:--|--:|\n| 1 | 2 |\n\n~~x~~ https://example.org",
	"```go\nx < y\n```\n\n<b onclick=x>b</b>",
	"<script>alert(1)</script><style>@import 'x'</style>",
	"<a href=\"java\nscript:alert(1)\">x</a><a href='&#1;javascript:alert(1)'>y</a>",
	"<img src=x onerror=alert(1)><svg/onload=alert(1)><math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	"<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>",
	"<form><math><mtext></form><form><mglyph><svg><mtext><textarea><path id=\"</textarea><img onerror=alert(1) src=1>\">",
	"<a><table><a><tr><td><a>x</table></a><b><i></b></i><p><button><p>",
	"<table><td><li><table>x<td></p><h1><p></h1><a href=a><a href=b>",
	"<img srcset=\"a.png 1x, b,c.png 2x,,d.png\"><video poster=p src=v><source src=javascript:x></video>",
	"<details open><summary>s</summary>d</details><ruby>漢<rp>(</rp><rt>kan</rt></ruby>",
	"\x00\x01\xff<p title=\"\x0b&#0;&#x1f;\">\r\nx\r</p>",
	"<iframe src=https://player.example/1 onload=x>f</iframe><iframe src=//evil.example title='a <b>'></iframe><a href=x><iframe src=y>",
	"<object data=a><object data=b></object><embed src=javascript:x><embed src=c></object><iframe srcdoc='<script>'>",
	"<math><mi>x<p>y</p></mi><mo>&lt;</mo><annotation-xml encoding=text/html><p><img src=x onerror=x></annotation-xml></math>",
	"<math><mtext><mglyph><svg><mtext><style><img title='</style><img onerror=x>'></mtext></math><mi>out</mi><mrow><p>q",
	"<svg><title>t</title><foreignObject><p>f<math><mi>y</svg><svg aria-hidden=true><text>no</text></svg>",
	"<math><a href=x><mi>a</a><msup><mi>b</msup><semantics><mrow><mtext>&nbsp;c </semantics><b>out</math>",
	"<pre>\n\n x</pre><select><option><p></select><template><p></template><iframe src=x></iframe>",
}

func FuzzContent(f *testing.F) {
	for _, s := range unsafeSources {
		f.Add(s, "https://example.org/design/first")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, src, base string) {
		for _, m := range []Markup{Markdown, HTML} {
			out, err := Content(src, m, base, players...)
			if err != nil {
				t.Fatal(err)
			}
			checkSafe(t, out)
			again, err := Content(out, HTML, base, players...)
			if err != nil || again != out {
				t.Fatalf("unstable:\n%q\n%q\n%v", out, again, err)
			}
		}
	})
}

// players are the hosts whose iframes stay in the tests' content.
var players = []string{"player.example", "video.example:8443"}

// checkSafe fails unless a parser finds in out nothing but what the policy
// keeps, and writes it as it stands.
func checkSafe(t *testing.T, out string) {
	t.Helper()
	if !utf8.ValidString(out) || Clean(out) != out {
		t.Fatalf("not XML characters: %q", out)
	}
	z := html.NewTokenizer(strings.NewReader(out))
	var open []string
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		switch tok.Type {
		case html.StartTagToken:
			open = append(open, tok.Data)
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("unbalanced </%s>: %q", tok.Data, out)
			}
			open = open[:len(open)-1]
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("not an element: %q", out)
		}
		checkToken(t, tok)
	}
	if len(open) > 0 {
		t.Fatalf("%v stay open: %q", open, out)
	}
}

func checkToken(t *testing.T, tok html.Token) {
	t.Helper()
	if tok.Type == html.TextToken {
		return
	}
	switch tok.Data {
	case "script", "style", "object", "embed", "svg", "annotation-xml", "form", "input", "template", "base", "meta", "link":
		t.Fatalf("<%s> came through", tok.Data)
	case "iframe":
		if src := value(&html.Node{Attr: tok.Attr}, "src"); tok.Type == html.StartTagToken && !(rewriter{frames: players}).allows(src) {
			t.Fatalf("an iframe of %q came through", src)
		}
	}
	for _, a := range tok.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" {
			t.Fatalf("%s came through on <%s>", a.Key, tok.Data)
		}
		flat := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Val))
		if a.Key != "title" && a.Key != "alt" && (strings.HasPrefix(flat, "javascript:") || strings.HasPrefix(flat, "vbscript:") || strings.HasPrefix(flat, "data:text")) {
			t.Fatalf("%s=%q came through on <%s>", a.Key, a.Val, tok.Data)
		}
	}
}
