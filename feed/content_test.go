package feed

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"
)

func TestContentGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/content/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			src, m, base := goldenSource(a)
			got, err := Content(src, m, base, players...)
			if err != nil {
				t.Fatal(err)
			}
			checkSafe(t, got)
			want := &a.Files[len(a.Files)-1]
			if *update {
				want.Data = []byte(got + "\n")
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if string(want.Data) != got+"\n" {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
			if again, err := Content(got, HTML, base, players...); err != nil || again != got {
				t.Errorf("unstable: %v\n%s", err, again)
			}
		})
	}
}

func goldenSource(a *txtar.Archive) (src string, m Markup, base string) {
	for _, f := range a.Files {
		switch f.Name {
		case "base":
			base = strings.TrimSpace(string(f.Data))
		case "in.md":
			src, m = string(f.Data), Markdown
		case "in.html":
			src, m = string(f.Data), HTML
		}
	}
	return src, m, base
}

func TestContentOfUnknownMarkup(t *testing.T) {
	out, err := Content("x", "rst", "")
	if err == nil || out != "" || !strings.Contains(err.Error(), `unknown markup "rst"`) {
		t.Errorf("%q, %v", out, err)
	}
}

// What no parser takes is shown as its text: no post may cost a feed.
func TestContentWithoutATree(t *testing.T) {
	deep := strings.Repeat("<div>", 1000)
	for _, c := range []struct {
		name, body string
		markup     Markup
		want       string
	}{
		{"depth", deep + "<p>One &amp; <b>two</b></p><script>x()</script><img src=a alt=three><p>four", HTML, "<pre>One &amp; two\nthree\nfour</pre>"},
		{"no words", strings.Repeat("<b>", 600), HTML, "<pre>" + strings.Repeat("&lt;b&gt;", 600) + "</pre>"},
		{"marks without end", strings.Repeat("_a*", 20_000), Markdown, "<pre>" + strings.Repeat("_a*", 20_000) + "</pre>"},
		{"depth in Markdown", "*One*\r\n\n" + deep + "\x01two\n\n", Markdown, "<pre>*One*\n\n" + strings.Repeat("&lt;div&gt;", 1000) + "two</pre>"},
	} {
		out, err := Content(c.body, c.markup, "https://example.org/x")
		if err != nil || out != c.want {
			t.Errorf("%s: %q, %v", c.name, out, err)
		}
		if again, err := Content(out, HTML, "https://example.org/x"); err != nil || again != out {
			t.Errorf("%s: unstable: %q, %v", c.name, again, err)
		}
	}
}

// A base that is no URL leaves relative addresses as they are.
func TestContentWithoutABase(t *testing.T) {
	for _, base := range []string{"", "http://["} {
		out, err := Content("[a](b)", Markdown, base)
		if want := `<p><a href="b">a</a></p>`; err != nil || out != want {
			t.Errorf("%q: %q, %v", base, out, err)
		}
	}
}

func TestContentFootnotesOfTwoPosts(t *testing.T) {
	const src = "x[^1]\n\n[^1]: y\n"
	seen := map[string]string{}
	for _, base := range []string{"https://example.org/a/one", "https://example.org/a/two", "https://example.org/b/one"} {
		out, err := Content(src, Markdown, base)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexpIDs.FindAllStringSubmatch(out, -1) {
			if other, ok := seen[m[1]]; ok {
				t.Errorf("%s and %s share the id %s", base, other, m[1])
			}
			seen[m[1]] = base
			if !strings.Contains(out, `href="`+base+"#"+m[1]+`"`) {
				t.Errorf("nothing leads to %s in %s", m[1], out)
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d ids, not 2 a post", len(seen))
	}
}

// Many removed elements side by side must not keep the rest from its turn.
func TestContentRemovesEverySibling(t *testing.T) {
	out, err := Content(strings.Repeat("<script>x</script><!-- c -->", 50)+`<a href="x">y</a>`, HTML, "https://example.org/p")
	if want := `<a href="https://example.org/x">y</a>`; err != nil || out != want {
		t.Errorf("%q, %v", out, err)
	}
}

func TestContentIsShared(t *testing.T) {
	want, err := Content(unsafeSources[1], Markdown, "https://example.org/x")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got, err := Content(unsafeSources[1], Markdown, "https://example.org/x"); err != nil || got != want {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

var regexpIDs = regexp.MustCompile(` id="([^"]+)"`)
