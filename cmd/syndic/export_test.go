package main

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/importer"
)

// scribe makes a random history of posts through the control socket, as files
// would bring them.
type scribe struct {
	t      *testing.T
	random *rand.Rand
	client *control.Client
	slugs  []string
}

func (s *scribe) pick(list ...string) string { return list[s.random.IntN(len(list))] }

// step adds, changes, moves, recalls, removes or brings back one post.
func (s *scribe) step(n int) {
	if len(s.slugs) < 5 || s.random.IntN(3) == 0 {
		s.add(fmt.Sprintf("post-%d", n), n)
		return
	}
	slug := s.slugs[s.random.IntN(len(s.slugs))]
	action := s.pick("edit", "edit", "move", "recall", "publish", "rm")
	switch action {
	case "edit":
		s.add(slug, n)
	case "move":
		s.act(control.PostAction{Name: slug, Action: "edit", Edit: s.document(slug+"-moved", n), NoProbe: true})
	default:
		s.act(control.PostAction{Name: slug, Action: action})
	}
}

// act does a thing that the post's state may not allow.
func (s *scribe) act(a control.PostAction) { _, _ = s.client.Act(s.t.Context(), a) }

func (s *scribe) add(slug string, n int) {
	s.t.Helper()
	res, err := s.client.Add(s.t.Context(), control.AddRequest{Documents: []control.Document{*s.document(slug, n)}, NoProbe: true})
	if err != nil {
		s.t.Fatal(err)
	}
	if res[0].Status == control.Added {
		s.slugs = append(s.slugs, slug)
	}
}

// document is what a Markdown file with random front matter reads as.
func (s *scribe) document(slug string, n int) *control.Document {
	s.t.Helper()
	var b strings.Builder
	b.WriteString("---\n")
	some := func(format string, values ...string) {
		if s.random.IntN(2) == 0 {
			fmt.Fprintf(&b, format+"\n", s.pick(values...))
		}
	}
	fmt.Fprintf(&b, "title: %q\nslug: %s\n", fmt.Sprintf("Edition %d: %s", n, s.pick("a \"quote\"", "# no comment", "日記", "1.10")), slug)
	some("date: %s", "2026-01-05", "2026-01-05", "2025-12-31T23:59:59+02:00", "2031-01-01")
	some("updated: %s", "2026-02-01", "2024-01-01")
	some("categories: [%s]", "Design", "Design, Letters & more", "Notes")
	some("tags: [%s]", "x, y z", "\"true\"")
	some("authors:\n  - %s", "Editor", "{name: Author, email: author@journal.example}")
	some("summary: %s", "In short.", "\"yes\"")
	some("url: https://elsewhere.example/%s", "a", "b?c=d")
	some("draft: %s", "true", "false")
	some("language: %s", "de-AT", "fr")
	some("image: https://journal.example/%s", "a.png")
	some("attachments:\n  - {url: \"https://journal.example/%s\", type: audio/mpeg, size: 12, duration: 61, title: T}", "a.mp3")
	some("source: {title: Else, url: \"https://else.example/%s\"}", "f")
	some("license: https://license.example/%s", "by")
	some("expired: %s", "true")
	fmt.Fprintf(&b, "---\n%s\n", s.pick("# A heading\n\n---\n\ntext", "    code", "<b>raw</b> [x](y)", "line\n\n\nline"))
	doc, err := importer.Markdown(fmt.Sprintf("%02d-%s.md", n%30, s.pick("a", "index", slug)), []byte(b.String()))
	if err != nil {
		s.t.Fatalf("%v in\n%s", err, b.String())
	}
	d := control.Document(doc)
	return &d
}

// authoredOf is what an export carries of a post. A file does not tell how many
// line breaks its text ends with, and says itself what a command had decided.
func authoredOf(p feed.Post) feed.Post {
	p.Body = strings.TrimRight(p.Body, "\n")
	p.Updated = p.UpdatedAt()
	p.Num, p.Revision, p.Live, p.Overruled = 0, 0, 0, nil
	switch p.State {
	case feed.Recalled:
		p.State = feed.Draft
	case feed.Published:
		p.State = feed.Queued
	}
	return p
}

// What is exported under a writing daemon is whole, twice the same, and adds up
// to the same posts again.
func TestSoakExportAndAddAgain(t *testing.T) {
	for seed := range uint64(1 + min(fromEnvironment(t, "SYNDIC_SOAK", 0), 9)) {
		h := newHost(t, `schedule: "@daily"`)
		p := h.serve()
		client := control.Dial(filepath.Join(h.data, socketName))
		s := &scribe{t: t, random: rand.New(rand.NewPCG(seed, 9)), client: client}
		stop := keepWriting(h)
		dir := filepath.Join(h.dir, "export")
		for n := range 120 {
			if s.step(n); n == 40 {
				h.must(0, "export", dir)
			}
			if n%50 == 20 {
				if _, err := client.Republish(t.Context(), control.RepublishRequest{NoWait: true}); err != nil {
					t.Fatal(err)
				}
			}
		}
		stop()
		client.Close()
		h.must(0, "republish") // from here on nothing happens by itself
		h.must(0, "export", dir)
		first := tree(t, dir)
		if again := decode[exported](h, "export", dir); again.Written+again.Deleted != 0 || again.Unchanged != again.Posts {
			t.Errorf("seed %d: the second export: %+v", seed, again)
		}
		if !reflect.DeepEqual(tree(t, dir), first) {
			t.Errorf("seed %d: the second export is another", seed)
		}
		p.stop()
		want := postsIn(t, filepath.Join(h.data, databaseName))

		h.data = filepath.Join(h.dir, "again")
		r := h.run("post", "add", "--no-probe", "-q", dir)
		if r.code != 0 {
			t.Fatalf("seed %d: adding it again: exit %d: %s", seed, r.code, r.err)
		}
		got := postsIn(t, filepath.Join(h.data, databaseName))
		compareExported(t, want, got)
		fresh := filepath.Join(h.dir, "fresh")
		h.must(0, "export", fresh)
		if len(got) < 30 {
			t.Errorf("seed %d: %d posts mean nothing", seed, len(got))
		}
	}
}

func compareExported(t *testing.T, want, got map[string]feed.Post) {
	t.Helper()
	n := 0
	for id, p := range want {
		if p.State == feed.Removed {
			continue
		}
		n++
		if a, b := postJSON(t, authoredOf(p)), postJSON(t, authoredOf(got[id])); a != b {
			t.Errorf("exported and added again, a post is\n%s\nwas\n%s", b, a)
		}
	}
	if n != len(got) {
		t.Errorf("%d posts became %d", n, len(got))
	}
}

// tree is the content and the time of every file in a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = info.ModTime().Format(time.RFC3339Nano) + string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// An export touches nothing but what exports wrote.
func TestExportLeavesTheRestAlone(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	foreign := filepath.Join(h.dir, "foreign")
	h.write("foreign/notes.txt", "mine")
	if r := h.run("export", foreign); r.code != exitFailed || !strings.Contains(r.err, "not empty") || !oneMessage(r.err) || len(tree(t, foreign)) != 1 {
		t.Errorf("into a folder of something else: exit %d: %s", r.code, r.err)
	}
	dir := filepath.Join(h.dir, "export")
	h.write("export/.git/config", "")
	if done := decode[exported](h, "export", dir); done.Written != 10 || done.Posts != 10 {
		t.Fatalf("the first export: %+v", done)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.md"))
	if err != nil || len(files) != 10 || !strings.HasPrefix(filepath.Base(filepath.Dir(files[0])), "0000001-") {
		t.Fatalf("files: %q (%v)", files, err)
	}
	// One that its user changed, one that is theirs, one cut off by a power cut.
	h.write("export/mine.md", "mine")
	for file, text := range map[string]string{files[3]: "changed by hand", files[5]: ""} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slug := decode[[]control.PostInfo](h, "post", "list")[0].Slug
	h.must(0, "post", "rm", slug)
	r := h.run("export", dir)
	if r.code != exitPartly || !strings.Contains(r.err, filepath.Base(files[3])) {
		t.Errorf("over a changed file: exit %d: %s%s", r.code, r.out, r.err)
	}
	for file, want := range map[string]string{files[3]: "changed by hand", filepath.Join(dir, "mine.md"): "mine"} {
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("%s is %q (%v)", file, text, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(files[0])); !os.IsNotExist(err) {
		t.Errorf("the removed post's file is still there: %v", err)
	}
	if info, err := os.Stat(files[5]); err != nil || info.Size() == 0 {
		t.Errorf("the empty file stays: %v (%v)", info, err)
	}
	if err := os.Remove(files[3]); err != nil {
		t.Fatal(err)
	}
	h.must(0, "export", dir)
}

// However often an export is killed, the next one ends well and is whole.
func TestKillWhileExporting(t *testing.T) {
	h, _, _, _ := damagedHost(t)
	dir := filepath.Join(h.dir, "export")
	for ms := range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+ms*10)*time.Millisecond)
		_ = h.command(ctx, "export", dir).Run()
		cancel()
	}
	h.must(0, "export", dir)
	want := filepath.Join(h.dir, "want")
	h.must(0, "export", want)
	a, b := tree(t, dir), tree(t, want)
	delete(a, filepath.Join(dir, folderPart))
	if len(a) != len(b) || len(a) != 61 {
		t.Errorf("%d files, want %d", len(a), len(b))
	}
	for path, text := range b {
		other := a[strings.Replace(path, want, dir, 1)]
		if len(other) == 0 || other[strings.Index(other, "Z")+1:] != text[strings.Index(text, "Z")+1:] {
			t.Errorf("%s is another", path)
		}
	}
}

func TestExportName(t *testing.T) {
	for file, want := range map[string]string{
		"": "hello.md", "01-x.md": "01-x.md", "X.Markdown": "X.Markdown", "../../x.md": "hello.md", ".md": "hello.md",
		"x.txt": "hello.md", "a\nb.md": "hello.md", strings.Repeat("x", 300) + ".md": "hello.md",
	} {
		p := control.ExportedPost{Num: 12, Document: &control.Document{Post: feed.Post{Slug: "hello", File: file}}}
		if got := exportName(p); got != "0000012-hello/"+want {
			t.Errorf("%q: %s", file, got)
		}
	}
}
