package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"syndic/control"
)

const badPost = "---\ntitle: A\ndate: [1\n---\n\ntext\n"

func TestAddOneBadFile(t *testing.T) {
	h := newHost(t)
	r := h.run("post", "add", h.write("bad.md", badPost))
	if r.code != exitFailed || !strings.Contains(r.err, "bad.md:") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("a bad file made a database: %v", err)
	}
	if r := h.run("post", "add", filepath.Join(h.dir, "none.md")); r.code != exitFailed || !oneMessage(r.err) || !strings.Contains(r.err, "none.md") {
		t.Errorf("no such file: exit %d\n%s", r.code, r.err)
	}
}

func TestAddFolderWithOneBadFile(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		h := newHost(t)
		if daemon {
			h.serve()
		}
		h.write("posts/a.md", goodPost)
		h.write("posts/deep/b.markdown", "# Another\n\ntext\n")
		bad := h.write("posts/bad.md", badPost)
		h.write("posts/notes.txt", badPost)
		r := h.run("post", "add", filepath.Join(h.dir, "posts"))
		if r.code != exitPartly || !strings.Contains(r.err, "syndic: "+bad+":3:") {
			t.Errorf("daemon %v: exit %d\n%s%s", daemon, r.code, r.out, r.err)
		}
		if posts := decode[[]control.PostInfo](h, "post", "list"); len(posts) != 2 {
			t.Errorf("daemon %v: posts %+v", daemon, posts)
		}
		results := decode[[]control.AddResult](h, "post", "add", filepath.Join(h.dir, "posts"))
		number := map[control.AddStatus]int{}
		for _, res := range results {
			number[res.Status]++
		}
		if number[control.Unchanged] != 2 || number[control.Rejected] != 1 {
			t.Errorf("daemon %v: again %+v", daemon, results)
		}
	}
}

func TestAddEmptyFolder(t *testing.T) {
	h := newHost(t)
	if r := h.run("post", "add", h.dir); r.code != 0 || !strings.Contains(r.err, "no *.md") || r.out != "" {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// In a folder, every message begins with the path of the file that it is about.
func TestAddNamesTheFile(t *testing.T) {
	h := newHost(t)
	links := h.write("posts/deep/a.md", "# A\n\n[x](nowhere.html)\n")
	keys := h.write("posts/b.md", "---\ntitle: B\nlayout: wide\n---\n")
	clash := h.write("posts/c.md", "---\ntitle: C\nslug: b\n---\n")
	r := h.run("post", "add", filepath.Join(h.dir, "posts"))
	for _, want := range []string{
		"syndic: warning: " + links + ": nothing serves nowhere.html", "syndic: warning: " + keys + `:3:1: unknown key "layout"`, "syndic: " + clash + ": ",
	} {
		if r.code != exitPartly || strings.Count(r.err, want) != 1 {
			t.Errorf("exit %d, want once %s in\n%s", r.code, want, r.err)
		}
	}
	if r := h.run("post", "add", "-q", keys); r.code != 0 || r.err != "" {
		t.Errorf("quiet: exit %d\n%s", r.code, r.err)
	}
	if r := h.feed("[y](nowhere.html)\n", "post", "add", "-"); !strings.Contains(r.err, "warning: standard input: nothing serves") {
		t.Errorf("standard input: %s", r.err)
	}
}

// Ids under a loopback name are warned of while nobody depends on them.
func TestAddWarnsOfLoopback(t *testing.T) {
	h := newHost(t)
	config, post := h.write("local.yaml", "site: {title: Local}\n"), h.write("a.md", goodPost)
	for flags, want := range map[string]string{"": "site.authority", "-q": ""} {
		args := append(strings.Fields(flags), "post", "add", post, "--config", config, "--data", filepath.Join(h.dir, "data"+flags))
		if r := h.run(args...); r.code != 0 || !strings.Contains(r.err, want) || want == "" && r.err != "" {
			t.Errorf("%q: exit %d, want %q in\n%s", flags, r.code, want, r.err)
		}
	}
}

func TestAddFlags(t *testing.T) {
	h := newHost(t)
	for name, c := range map[string]struct {
		flags string
		state string
	}{
		"plain": {"", "queued"},
		"draft": {"--draft", "draft"},
		"later": {"--at 2099-01-05", "scheduled"},
		"now":   {"--now --no-probe", "queued"},
	} {
		text := "---\ntitle: T\nslug: " + name + "\n---\n\nx\n"
		args := append([]string{"--format", "json", "post", "add", "-", "--category", "News", "--category=Design"}, strings.Fields(c.flags)...)
		if r := h.feed(text, args...); r.code != 0 {
			t.Fatalf("%s: exit %d\n%s", name, r.code, r.err)
		}
		p := decode[control.PostInfo](h, "post", "show", name)
		if string(p.State) != c.state || len(p.Categories) != 2 || p.Categories[0] != "news" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// More posts than one request takes, and the same slug from another file.
func TestAddManyAndConflict(t *testing.T) {
	h := newHost(t)
	h.serve()
	for i := range batchPosts + 30 {
		h.write(fmt.Sprintf("posts/p%03d.md", i), fmt.Sprintf("# Post %d\n\ntext\n", i))
	}
	rows := decode[[]control.AddResult](h, "post", "add", filepath.Join(h.dir, "posts"))
	if len(rows) != batchPosts+30 || rows[0].File != filepath.Join(h.dir, "posts", "p000.md") || rows[len(rows)-1].Status != control.Added {
		t.Fatalf("%d rows, the last is %+v", len(rows), rows[len(rows)-1])
	}
	again := h.write("other.md", "---\nslug: p001\ntitle: Mine\n---\n")
	if r := h.run("post", "add", again); r.code != exitFailed || !strings.Contains(r.err, "--update") || !strings.Contains(r.err, "other.md") {
		t.Errorf("conflict: exit %d\n%s", r.code, r.err)
	}
	h.must(0, "post", "add", "--update", again)
	if p := decode[control.PostInfo](h, "post", "show", "p001"); p.Title != "Mine" {
		t.Errorf("updated: %+v", p)
	}
}

func TestPostActions(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	h.serve()
	h.must(0, "post", "add", "--draft", h.write("a.md", goodPost))
	state := func() string { return string(decode[control.PostInfo](h, "post", "show", "a").State) }
	for _, step := range []struct {
		line, state string
		served      int
	}{
		{"post publish a", "published", http.StatusOK},
		{"post recall a --now", "recalled", http.StatusGone},
		{"post publish a", "published", http.StatusOK},
		{"post rm a", "removed", http.StatusGone},
	} {
		h.must(0, strings.Fields(step.line)...)
		eventually(t, step.line, func() bool {
			resp, _ := get(t, h.url+"design/a")
			return state() == step.state && resp.StatusCode == step.served
		})
	}
	h.must(0, "post", "add", "--draft", h.write("b.md", goodPost))
	h.must(0, "post", "schedule", "b", "--at", "2099-01-05T10:00:00Z")
	if p := decode[control.PostInfo](h, "post", "show", "b"); p.State != "scheduled" || p.PublishAt == nil || p.PublishAt.Year() != 2099 {
		t.Errorf("scheduled: %+v", p)
	}
}

func TestEdit(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		h := newHost(t)
		if daemon {
			h.serve()
		}
		h.must(0, "post", "add", h.write("a.md", goodPost))
		id := decode[control.PostInfo](h, "post", "show", "a").ID
		editor := func(script string) { h.env = append(h.env, "EDITOR="+script) }

		editor("true")
		if r := h.run("post", "edit", "a"); r.code != 0 || !strings.Contains(r.err, "nothing was changed") {
			t.Errorf("untouched: exit %d\n%s", r.code, r.err)
		}
		editor("sed -i -e s/Some/Other/ -e 's/A good title/A new title/'")
		const behind = "a.md has the former text"
		if r := h.run("post", "edit", "a"); r.code != 0 || !strings.Contains(r.err, behind) {
			t.Errorf("edited: exit %d\n%s", r.code, r.err)
		}
		p := decode[control.PostInfo](h, "post", "show", "a")
		if p.Body != "Other text." || p.Title != "A new title" || p.Slug != "a" || p.ID != id || p.File != "a.md" || len(p.Categories) != 1 {
			t.Errorf("daemon %v: edited %+v", daemon, p)
		}
		editor("sed -i 's/^date:.*/date: [/'")
		r := h.run("post", "edit", "a")
		_, kept, found := strings.Cut(strings.TrimSpace(r.err), "your text is kept in ")
		if r.code != exitFailed || !found {
			t.Fatalf("spoilt: exit %d\n%s", r.code, r.err)
		}
		if text := string(readFile(t, kept)); !strings.Contains(text, "date: [") {
			t.Errorf("kept:\n%s", text)
		}
		if err := os.Remove(kept); err != nil {
			t.Fatal(err)
		}
		editor("false")
		if r := h.run("post", "edit", "a"); r.code != exitFailed || !strings.Contains(r.err, "EDITOR") {
			t.Errorf("no editor: exit %d\n%s", r.code, r.err)
		}

		if r := h.run("post", "edit", "a", "--file", h.write("a.md", goodPost)); r.code != 0 || strings.Contains(r.err, behind) {
			t.Errorf("replaced by its file: exit %d\n%s", r.code, r.err)
		}
		h.must(0, "post", "edit", "a", "--file", h.write("2026-02-03-elsewhere.md", "# From a file\n\nbody\n"))
		p = decode[control.PostInfo](h, "post", "show", "a")
		if p.Title != "From a file" || p.Slug != "a" || p.ID != id || p.Body != "body" {
			t.Errorf("daemon %v: replaced %+v", daemon, p)
		}
		if r := h.feed("---\ntitle: In\nslug: moved\n---\n", "post", "edit", "a", "--file", "-"); r.code != 0 {
			t.Errorf("from standard input: exit %d\n%s", r.code, r.err)
		}
		if p := decode[control.PostInfo](h, "post", "show", "a"); p.Slug != "moved" || p.ID != id {
			t.Errorf("daemon %v: moved %+v", daemon, p)
		}
	}
}

// A file that has nothing but text leaves all else of the post alone.
func TestEditTextAlone(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("q2.md", "---\ntitle: Quarter two\ndate: 2099-01-05\ncategories: [Design, News]\ntags: [a, b]\nsummary: short\nauthor: Somebody\n---\n\nOld text.\n"))
	want := decode[control.PostInfo](h, "post", "show", "q2")
	for _, c := range []struct{ text, title, body, status string }{
		{"just new text\n", want.Title, "just new text", "changed"},
		{"just new text\n", want.Title, "just new text", "unchanged"},
		{"# Another title\n\nmore text\n", "Another title", "more text", "changed"},
	} {
		if r := h.feed(c.text, "post", "edit", "q2", "--file", "-"); r.code != 0 || !strings.Contains(r.out, c.status) {
			t.Fatalf("%q: exit %d\n%s%s", c.text, r.code, r.out, r.err)
		}
		got := decode[control.PostInfo](h, "post", "show", "q2")
		want.Title, want.Body, want.Updated, want.Revision, want.Document = c.title, c.body, got.Updated, got.Revision, got.Document
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: the post is\n%+v, want\n%+v", c.text, got, want)
		}
	}
	if r := h.feed("---\ntitle: Whole\n---\nx\n", "post", "edit", "q2", "--file", "-"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if p := decode[control.PostInfo](h, "post", "show", "q2"); p.Title != "Whole" || len(p.Categories)+len(p.Tags) > 0 {
		t.Errorf("a file with front matter is not the whole post: %+v", p)
	}
}

// An offline command line without a configuration file publishes what the
// daemon's configuration says.
func TestOfflineUsesTheKeptConfiguration(t *testing.T) {
	h := newHost(t, "  title: The kept title", `schedule: "@daily"`)
	if code := h.serve().stop(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	h.must(0, "post", "add", h.write("a.md", goodPost))
	cmd := h.command(t.Context(), "republish")
	cmd.Args = append(cmd.Args[:1], "--data", h.data, "--format", "ids", "republish")
	if r := h.finish(cmd, ""); r.code != 0 || !strings.HasPrefix(r.out, h.url) {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out := h.must(0, "feed", "show", "", "atom"); !strings.Contains(out, "The kept title") || !strings.Contains(out, h.url) {
		t.Errorf("the feed is not of the kept configuration:\n%s", out)
	}
	h.configure("  title: The new title")
	if r := h.run("republish", "--dry-run"); r.code != 0 || !strings.Contains(r.err, "otherwise than the one in force") {
		t.Errorf("dry run: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if out := h.must(0, "category", "list"); !strings.Contains(out, "The kept title") {
		t.Errorf("a dry run applied the file's configuration:\n%s", out)
	}
	h.must(0, "republish")
	if out := h.must(0, "feed", "show", "", "atom"); !strings.Contains(out, "The new title") {
		t.Errorf("the feed is not of the file's configuration:\n%s", out)
	}
}
