package feed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutants writes changed documents into files, and returns their names.
func mutants(t *testing.T, n int, change func(i int) []byte) []string {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i := range n {
		file := filepath.Join(dir, fmt.Sprintf("%05d.xml", i))
		if b := change(i); b == nil {
			continue
		} else if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// holdAgainst holds the linter's errors against another program's, which names the
// file at the beginning of a line and its line after that.
func holdAgainst(t *testing.T, files []string, output string, lint func([]byte) []Finding) {
	t.Helper()
	refused := map[string]string{}
	for line := range strings.Lines(output) {
		if file, text, ok := strings.Cut(line, ".xml:"); ok && strings.Contains(text, "error") {
			refused[file+".xml"] = text
		}
	}
	if len(refused) < len(files)/4 {
		t.Fatalf("the other program refuses %d of %d:\n%.500s", len(refused), len(files), output)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		isError := func(f Finding) bool { return f.Severity == Error }
		if refused[file] != "" && !slices.ContainsFunc(lint(b), isError) {
			t.Errorf("no error where there is %s in\n%q", refused[file], b)
		}
	}
}

// What a strict parser does not take, the linter does not take.
func TestAsStrictAsXMLLint(t *testing.T) {
	good := []byte(`<?xml version="1.0" encoding="UTF-8"?>
<!-- c --><rss a='1' b="&lt;2&#x41;" xmlns:x='u:v'><?pi x?><x:y x:z='1' z='2'/>te&amp;xt<![CDATA[ <c> ]]> <d>é</d></rss>
<!-- e -->`)
	bits := []string{
		"<", ">", "&", `"`, "'", "/", "=", "]]>", "<!--", "-->", "--", "<?", "?>", "<![CDATA[", "x:", "xmlns=", "xmlns:", "&#", "&#0;", "&#xD800;",
		"&amp;", "\x00", "\x0b", "\xff", " ", "\n", "a", "1", ":", "<a>", "</a>", "<a/>", "<!DOCTYPE a>", "&a;", "\xef\xbf\xbe", "\xed\xa0\x80",
		"\xc2\x80", "<?xml version='1.0'?>", "<?XML ?>",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	files := mutants(t, 1500, func(int) []byte {
		b := bytes.Clone(good)
		for range 1 + rnd.IntN(3) {
			at, bit := rnd.IntN(len(b)+1), bits[rnd.IntN(len(bits))]
			end := min(len(b), at+rnd.IntN(5))
			b = slices.Concat(b[:at], []byte(bit), b[end:])
		}
		return b
	})
	out, _ := checker(t, "xmllint", append([]string{"--noout", "--nowarning"}, files...)...)
	holdAgainst(t, files, out, func(b []byte) []Finding {
		l := linter{format: RSS}
		l.readXML(b, nil)
		return l.findings()
	})
}

// What RFC 4287's own grammar does not take, the linter does not take.
func TestAsStrictAsTheGrammar(t *testing.T) {
	good := strings.Split(strings.TrimSpace(string(archive(t, "atom").Files[0].Data)), "\n")
	changes := []func(string) string{
		func(string) string { return "" },
		func(s string) string { return s + s },
		func(s string) string { return good[len(s)%len(good)] },
		func(s string) string { return strings.Replace(s, ">", ` a="b">`, 1) },
		func(s string) string { return strings.Replace(s, ">", "><x:y/>", 1) },
		func(s string) string { return strings.Replace(s, ">", ">text", 1) },
		func(s string) string { return strings.Replace(s, ">", "><name/>", 1) },
		func(s string) string { return strings.Replace(s, "</", " </", 1) },
		func(s string) string { return strings.Replace(s, `type="`, `type="x`, 1) },
		func(s string) string { return strings.Replace(s, `rel="`, `rel="x y`, 1) },
		func(s string) string { return strings.Replace(s, "html", "xhtml", 1) },
		func(s string) string { return strings.Replace(s, "Z<", "<", 1) },
		func(s string) string { return strings.ReplaceAll(s, "title", "summary") },
		func(s string) string { return strings.ReplaceAll(s, "link", "category") },
		func(s string) string { return strings.ReplaceAll(s, "id>", "published>") },
		func(s string) string { return strings.ReplaceAll(s, "href", "term") },
		func(s string) string { return strings.ReplaceAll(s, "/", "") },
	}
	files := mutants(t, len(good)*len(changes), func(i int) []byte {
		lines := slices.Clone(good)
		at := i / len(changes)
		lines[at] = changes[i%len(changes)](lines[at])
		b := []byte(strings.Join(lines, "\n"))
		// The grammar's judge stops at the first document that is no XML.
		l := linter{format: Atom}
		if l.readXML(b, nil) == nil || len(l.findings()) > 0 {
			return nil
		}
		return b
	})
	out, _ := checker(t, "jing", append([]string{"-c", "testdata/atom.rnc"}, files...)...)
	holdAgainst(t, files, out, func(b []byte) []Finding { return Lint(Atom, b) })
}
