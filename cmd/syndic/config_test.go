package main

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"syndic/feed"
)

var update = flag.Bool("update", false, "rewrite the expected results")

// The example shows every key with its default, so it is the defaults.
func TestExampleIsTheDefaults(t *testing.T) {
	src := readFile(t, "../../config.example.yaml")
	c, err := parseConfig("config.example.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if want := defaultConfig(); !reflect.DeepEqual(c, want) {
		t.Errorf("the example is not the defaults:\n got %+v\nwant %+v", c, want)
	}
	d := decoder{root: reflect.TypeFor[Config]()}
	for _, path := range paths(d.root, "") {
		key := path[strings.LastIndex(path, ".")+1:]
		if !strings.Contains(string(src), "\n"+strings.Repeat("  ", strings.Count(path, "."))+key+":") {
			t.Errorf("the example does not show %s", path)
		}
	}
}

func TestExampleCategory(t *testing.T) {
	src := strings.Replace(string(readFile(t, "../../config.example.yaml")), "\ncategories: {}\n", "\n", 1)
	var lines []string
	inside := false
	for line := range strings.Lines(src) {
		inside = inside && strings.HasPrefix(line, "#") || strings.HasPrefix(line, "#categories:")
		if inside {
			line = line[1:]
		}
		lines = append(lines, line)
	}
	c, err := parseConfig("config.example.yaml", []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig()
	want.Categories = map[string]CategoryConfig{"design": {Title: "Design", Window: &CategoryWindow{}, Hubs: &[]string{}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
}

// Each archive holds small files and, for each, what is said of it.
func TestConfigFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { checkArchive(t, name) })
	}
}

func checkArchive(t *testing.T, name string) {
	archive := txtar.Parse(readFile(t, name))
	said := map[string]string{}
	for _, f := range archive.Files {
		said[f.Name] = string(f.Data)
	}
	var out []txtar.File
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".yaml") {
			continue
		}
		got := "ok\n"
		if _, err := parseConfig(f.Name, f.Data); err != nil {
			got = err.Error() + "\n"
		}
		out = append(out, f, txtar.File{Name: f.Name + ".out", Data: []byte(got)})
		if want := said[f.Name+".out"]; got != want && !*update {
			t.Errorf("%s:\n%s\nsays\n%s\nwant\n%s", f.Name, f.Data, got, want)
		}
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEmptyConfigIsTheDefaults(t *testing.T) {
	for _, src := range []string{"", "\n", "# nothing\n", "---\n", "\ufeff", "%YAML 1.2\n---\n", "site:\nhubs: []\n", "{}"} {
		c, err := parseConfig("config.yaml", []byte(src))
		if err != nil || !reflect.DeepEqual(c, defaultConfig()) {
			t.Errorf("%q: %+v, %v", src, c, err)
		}
	}
}

// What config show prints, in either form, reads as the same configuration.
func TestShownConfigReadsAsTheSame(t *testing.T) {
	src := `
site: {title: "1.10", description: "no # comment: 'x' \"y\"", url: "https://journal.example/blog", copyright: "a\nb", language: "no"}
listen: ":80"
redirects: {"/feed/": "/rss.xml", "/a b/": "https://x.example/"}
hubs: ["https://hub.example/?a=b&c=d"]
categories:
  "007": {title: "~", hubs: [], window: {posts: 3}}
  news: {schedule: "@change", window: {}}
`
	c, err := parseConfig("config.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{formatTable, formatJSON} {
		text, err := c.write(format)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseConfig("shown.yaml", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if !reflect.DeepEqual(again, c) {
			t.Errorf("%s:\n%s\n got %+v\nwant %+v", format, text, again, c)
		}
	}
}

func TestSiteOfConfig(t *testing.T) {
	c, err := parseConfig("config.yaml", []byte(`
site: {url: "https://B\u00fccher.example/notes", authority: Journal.Example, author: {name: Editor}}
window: {posts: 20}
categories:
  news: {window: {hours: 0}, hubs: []}
  design: {title: Design, window: {}}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := c.site()
	if s.URL != "https://xn--bcher-kva.example/notes/" || s.Authority != "journal.example" || s.Author.Name != "Editor" {
		t.Errorf("site: %+v", s)
	}
	if s.Window != (feed.Window{Posts: 20, Hours: 48}) {
		t.Errorf("window: %+v", s.Window)
	}
	want := []feed.Configured{
		{Slug: "design", Title: "Design"},
		{Slug: "news", Settings: feed.Settings{Window: &feed.Window{Posts: 20, Hours: 0}, Hubs: &[]string{}}},
	}
	if !reflect.DeepEqual(s.Categories, want) {
		t.Errorf("categories: %+v", s.Categories)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte("site: {title: x}\nhubs: [a, b]\n? a\n: b\n<<: *x\n"))
	f.Add([]byte("categories:\n  a: {window: {posts: 1}, hubs: [https://h.example/]}\n---\nb: !!str &x 1\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := parseConfig("c.yaml", src)
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "c.yaml:") {
					t.Errorf("%q names no place", line)
				}
			}
			return
		}
		text, err := c.write(formatTable)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseConfig("c.yaml", text); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q is shown as\n%s\nwhich reads as %+v, %v", src, text, again, err)
		}
	})
}

func TestParseSurvivesDepth(t *testing.T) {
	for _, src := range []string{strings.Repeat("[", 100_000), strings.Repeat("{a: ", 30_000), strings.Repeat("x", maxConfigBytes+1)} {
		if _, err := parseConfig("c.yaml", []byte(src)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20s: %v", src, err)
		}
	}
}
