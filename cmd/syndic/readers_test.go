package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
)

// feedparserScript prints what Python's feedparser finds in each file.
const feedparserScript = `
import feedparser, json, sys
def read(path):
    d = feedparser.parse(path)
    return {"bozo": bool(d.bozo), "trouble": str(d.get("bozo_exception", "")), "version": d.version,
            "titles": [e.title for e in d.entries], "ids": [e.id for e in d.entries],
            "contents": [e.content[0].value for e in d.entries]}
json.dump([read(p) for p in sys.argv[1:]], sys.stdout)
`

// Parsers that readers are made of take the feeds as they are served.
func TestReadersTakeTheFeeds(t *testing.T) {
	h := newHost(t, `  author: {name: The Author, email: author@journal.example}`, `hubs: ["http://hub.example/"]`)
	h.must(0, "post", "add", examplePosts(t))
	h.must(exitPartly, "republish") // the pings wait for a daemon
	h.serve()
	_, posts := designPage(t)
	var titles []string
	for _, p := range posts {
		titles = append(titles, p.title)
	}
	files := map[string]string{}
	for _, name := range feedFiles {
		_, body := get(t, h.url+"design/"+name)
		files[name] = h.write("feeds/"+name, body)
		f, err := gofeed.NewParser().ParseString(body)
		if err != nil {
			t.Fatalf("gofeed, %s: %v", name, err)
		}
		var got []string
		for _, item := range f.Items {
			got = append(got, item.Title)
			if item.GUID == "" || item.Link == "" || item.PublishedParsed == nil || item.Content == "" {
				t.Errorf("gofeed, %s: %q lacks something", name, item.Title)
			}
		}
		if !slices.Equal(got, titles) {
			t.Errorf("gofeed, %s: %q", name, got)
		}
	}
	feedparserReads(t, titles, files["rss.xml"], files["atom.xml"])
	silent(t, "xmllint", "libxml2-utils", "--noout", files["rss.xml"], files["atom.xml"])
	silent(t, "jing", "jing", "-c", filepath.Join("..", "..", "feed", "testdata", "atom.rnc"), files["atom.xml"])
}

func feedparserReads(t *testing.T, titles []string, files ...string) {
	t.Helper()
	// Debian's package belongs to Debian's Python.
	out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", append([]string{"-c", feedparserScript}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("feedparser (Debian package python3-feedparser; make tools installs it): %v\n%s", err, out)
	}
	var read []struct {
		Bozo                  bool
		Trouble, Version      string
		Titles, IDs, Contents []string
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, r := range read {
		if r.Bozo || !slices.Equal(r.Titles, titles) {
			t.Errorf("feedparser, %s: bozo %t %s, version %q, titles %q", files[i], r.Bozo, r.Trouble, r.Version, r.Titles)
		}
		if !slices.Equal(r.IDs, read[0].IDs) || !slices.Equal(r.Contents, read[0].Contents) {
			t.Errorf("feedparser finds other ids or contents in %s than in %s", files[i], files[0])
		}
	}
}

// silent runs a checker that says nothing about what is right. Debian's jing
// has a word about Java libraries that it does without.
func silent(t *testing.T, tool, debian string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
	said := slices.DeleteFunc(slices.Collect(strings.Lines(string(out))), func(line string) bool {
		return strings.HasPrefix(line, "[warning] /usr/bin/jing:")
	})
	if err != nil || len(said) > 0 {
		t.Errorf("%s (Debian package %s; make tools installs it): %v\n%s", tool, debian, err, said)
	}
}
