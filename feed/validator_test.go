package feed

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checker runs one of the programs that tests need, and returns what it
// complains of.
func checker(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	bin, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: run make tools", name)
	}
	out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
	return string(out), err
}

// files puts the feeds of every set into files.
func files(t *testing.T, formats ...Format) []string {
	t.Helper()
	dir := t.TempDir()
	var names []string
	for name, s := range allSets(t) {
		for _, f := range formats {
			file := filepath.Join(dir, name+"-"+f.File())
			if err := os.WriteFile(file, mustRender(t, s, f), 0o600); err != nil {
				t.Fatal(err)
			}
			names = append(names, file)
		}
	}
	return names
}

func TestXMLLint(t *testing.T) {
	args := append([]string{"--noout"}, files(t, RSS, Atom)...)
	if out, err := checker(t, "xmllint", args...); err != nil || out != "" {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}

func TestAtomGrammar(t *testing.T) {
	const grammar = "testdata/atom.rnc"
	if out, err := checker(t, "jing", append([]string{"-c", grammar}, files(t, Atom)...)...); err != nil {
		t.Errorf("jing: %v\n%s", err, out)
	}
	// The grammar itself must be able to object.
	b := mustRender(t, oddSet(), Atom)
	b = bytes.Replace(b, []byte("<updated>"), []byte("<updated>not "), 1)
	b = bytes.Replace(b, []byte(` term="loom"`), nil, 1)
	bad := filepath.Join(t.TempDir(), "bad.xml")
	if err := os.WriteFile(bad, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := checker(t, "jing", "-c", grammar, bad)
	if err == nil || !strings.Contains(out, `"updated"`) || !strings.Contains(out, `"term"`) {
		t.Errorf("jing takes a feed without a date and a term: %v\n%s", err, out)
	}
}
