package feed

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// exhibit is one feed of one post, and what is to be found in it.
type exhibit struct {
	name   string // of the post
	format Format
	bytes  []byte
	wanted reading
}

// verdict is what a program wrote of a file, or a reader in Go.
type verdict struct {
	File   string   `json:"file"`
	Reader string   `json:"reader"`
	Item   *reading `json:"item"`
	Error  string   `json:"error"`
}

// exhibits renders the corpus in all formats, each post once.
func exhibits(t *testing.T) map[string]exhibit {
	t.Helper()
	all, names := map[string]exhibit{}, map[string]bool{}
	for _, s := range corpus(t) {
		if names[s.name] {
			t.Errorf("%s is there twice", s.name)
		}
		names[s.name] = true
		e, err := newEntry(s.category.Site, s.posts[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Formats {
			b, err := render(newFrame(s.category, DatesOfAll(s.posts), f), []entry{e}, f)
			if err != nil {
				t.Fatal(err)
			}
			all[s.name+"-"+f.File()] = exhibit{s.name, f, b, wanted(e, f)}
		}
	}
	if len(names) < 60 {
		t.Errorf("the corpus has %d posts", len(names))
	}
	return all
}

// Every post of the corpus, in every format, is well-formed and valid, and
// comes back from every reader as it went in.
func TestCorpus(t *testing.T) {
	all := exhibits(t)
	files := [3][]string{}
	dir := t.TempDir()
	for name, x := range all {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, x.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		files[x.format] = append(files[x.format], file)
	}
	xml := slices.Concat(files[RSS], files[Atom])
	var mu sync.Mutex
	var verdicts []verdict
	say := func(list []verdict) {
		mu.Lock()
		defer mu.Unlock()
		verdicts = append(verdicts, list...)
	}
	judges := map[string]func(*testing.T){
		"xmllint": func(t *testing.T) { approves(t, "xmllint", append([]string{"--noout"}, xml...)...) },
		"jing": func(t *testing.T) {
			approves(t, "jing", append([]string{"-c", "testdata/atom.rnc"}, files[Atom]...)...)
		},
		"python": func(t *testing.T) { say(judged(t, xml, "/usr/bin/python3", "testdata/judges/read.py")) },
		"node":   func(t *testing.T) { say(judged(t, slices.Concat(files[:]...), "node", "testdata/judges/read.mjs")) },
		"go":     func(t *testing.T) { say(readInGo(all)) },
		"lint":   func(t *testing.T) { lintAll(t, all) },
	}
	t.Run("judges", func(t *testing.T) {
		for name, judge := range judges {
			t.Run(name, func(t *testing.T) { t.Parallel(); judge(t) })
		}
	})
	compare(t, all, verdicts)
}

// approves fails unless a program finds nothing wrong.
func approves(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := checker(t, name, args...); err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

// judged runs a program that reads file names and writes verdicts.
func judged(t *testing.T, files []string, name string, args ...string) []verdict {
	t.Helper()
	bin, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: run make tools", name)
	}
	cmd := exec.CommandContext(t.Context(), bin, args...)
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: if a module is missing, run make tools\n%s", args, err, &complaint)
	}
	var all []verdict
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var v verdict
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		v.File = filepath.Base(v.File)
		all = append(all, v)
	}
	if len(all) < len(files) {
		t.Errorf("%s has judged %d of %d files", args, len(all), len(files))
	}
	return all
}

func readInGo(all map[string]exhibit) []verdict {
	readers := map[string]func([]byte, Format) (reading, error){"gofeed": readWithGofeed, "encoding": readPlainly}
	var said []verdict
	for file, x := range all {
		for name, read := range readers {
			r, err := read(x.bytes, x.format)
			v := verdict{File: file, Reader: name, Item: &r}
			if err != nil {
				v = verdict{File: file, Reader: name, Error: err.Error()}
			}
			said = append(said, v)
		}
	}
	return said
}

// inherent are the warnings that a post earns by what it says, and that only
// another post could do without.
var inherent = map[string]string{
	"text-replacement":      "bytes that are no text were replaced by U+FFFD, which shows the author that they were",
	"atom-text-markup":      "a title that speaks of tags is still plain text",
	"json-text-markup":      "as in Atom",
	"date-implausible":      "dates in the years 1 and 9999 are what the author gave",
	"content-escaped-twice": "a post about entities shows them",
	"content-iframe":        "the configuration allows the player",
}

func lintAll(t *testing.T, all map[string]exhibit) {
	t.Helper()
	earned := map[string]bool{}
	for file, x := range all {
		for _, found := range Lint(x.format, x.bytes) {
			earned[found.Rule] = true
			if inherent[found.Rule] == "" || found.Severity == Error {
				t.Errorf("%s: %s %s", file, found.Severity, found)
			}
		}
	}
	for rule := range inherent {
		if !earned[rule] {
			t.Errorf("nothing in the corpus earns %s any more", rule)
		}
	}
}

// compare holds the verdicts against what is wanted and against the table of
// differences, each row of which must still be needed.
func compare(t *testing.T, all map[string]exhibit, verdicts []verdict) {
	t.Helper()
	type place struct{ file, field string }
	agree := map[place]int{}
	excused := map[place]bool{}
	needed := make([]bool, len(differences))
	for _, v := range verdicts {
		x := all[v.File]
		switch {
		case v.Error != "":
			t.Errorf("%s refuses %s: %s", v.Reader, v.File, v.Error)
			continue
		case v.Item == nil: // the schema reads nothing
			continue
		}
		for _, f := range fields {
			want, got := f.of(x.wanted), f.of(*v.Item)
			if gaps[v.Reader] != nil {
				want = f.of(gaps[v.Reader](x.wanted))
			}
			row := slices.IndexFunc(differences, func(d difference) bool { return d.covers(v, x, f.name) })
			switch {
			case want == got:
				agree[place{v.File, f.name}]++
			case row < 0:
				t.Errorf("%s reads another %s in %s:\n got %.300s\nwant %.300s", v.Reader, f.name, v.File, got, want)
			default:
				needed[row], excused[place{v.File, f.name}] = true, true
			}
		}
	}
	for at := range excused {
		if agree[at] < 2 {
			t.Errorf("%d readers agree on the %s in %s", agree[at], at.field, at.file)
		}
	}
	for i, d := range differences {
		if !needed[i] {
			t.Errorf("the row on %s's %s in %s is not needed any more", d.reader, d.field, d.posts)
		}
	}
}
