package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manual writes the manual of this program and returns its directory.
func manual(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	example := string(readFile(t, "../../config.example.yaml"))
	if err := writeManual(testApp().root(), dir, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), example); err != nil {
		t.Fatal(err)
	}
	return dir
}

func testApp() *app { return &app{getenv: func(string) string { return "" }} }

func pages(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "man"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < 30 {
		t.Fatalf("%d pages: %v", len(all), err)
	}
	return all
}

func TestManualPages(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Fatal("mandoc is missing: run make tools")
	}
	dir := manual(t)
	out, err := exec.Command("mandoc", append([]string{"-Tlint", "-Wstyle"}, pages(t, dir)...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		page := string(readFile(t, filepath.Join(dir, "man/man1", pageName(cmd)+".1")))
		words := []string{".TH " + strings.ToUpper(escape(pageName(cmd))) + " 1 2026-11-23 ", ".SH NAME\n" + escape(pageName(cmd)) + ` \- `, ".SH SYNOPSIS\n"}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				words = append(words, `\-\-`+escape(f.Name)+`\fR`)
			}
		})
		for _, c := range documented(cmd) {
			words = append(words, escape(pageName(c))+`\fR(1)`)
			walk(c)
		}
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s(1) lacks %q", pageName(cmd), word)
			}
		}
	}
	walk(testApp().root())
}

func TestManualOfTheConfiguration(t *testing.T) {
	page := string(readFile(t, filepath.Join(manual(t), "man/man5/syndic.yaml.5")))
	for _, key := range leaves(reflect.TypeFor[Config](), "") {
		key = strings.TrimSuffix(strings.Replace(key, "*", "SLUG", 1), ".posts")
		if strings.HasPrefix(key, "categories.SLUG.window") {
			key = "categories.SLUG.window"
		}
		if !strings.Contains(page, `\fB`+escape(key)) {
			t.Errorf("syndic.yaml(5) lacks %s", key)
		}
	}
	example := string(readFile(t, "../../config.example.yaml"))
	for _, e := range keyEntries(example) {
		if e.text == "" || len(e.keys) == 0 {
			t.Errorf("an entry of %v says %q", e.keys, e.text)
		}
	}
	said := strings.Join(strings.Fields(page), " ")
	for _, line := range strings.Split(example, "\n")[6:] {
		at := strings.LastIndex(line, "# ")
		if words := line[at+1:]; at >= 0 && !strings.HasPrefix(words, "  ") && strings.Trim(line[:at], "# ") == "" && !strings.Contains(said, strings.Join(strings.Fields(escape(words)), " ")) {
			t.Errorf("syndic.yaml(5) does not say %q", words)
		}
	}
}

func TestManualRefuses(t *testing.T) {
	h := newHost(t)
	for _, args := range [][]string{{"manual"}, {"manual", "--date", "today", h.dir}, {"manual", "--date", "2026-11-23", "--example", "/nowhere", h.dir}} {
		if r := h.run(args...); r.code == 0 || r.err == "" {
			t.Errorf("%v: exit %d: %s", args, r.code, r.err)
		}
	}
	if _, err := os.Stat(filepath.Join(h.dir, "man")); err == nil {
		t.Error("something was written")
	}
}
