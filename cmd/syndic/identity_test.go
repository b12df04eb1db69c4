package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"syndic/control"
)

// ids are the ids of the posts by slug, and of the feeds by URL below the site.
func ids(t *testing.T, h *host) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range decode[[]control.PostInfo](h, "post", "list") {
		all[p.Slug] = p.ID
	}
	for _, c := range decode[[]control.CategoryInfo](h, "category", "list") {
		all[c.Slug+"/"] = c.ID
	}
	return all
}

// A lost store is no catastrophe: the same folder gives the same ids.
func TestSameFolderSameIDs(t *testing.T) {
	first, second := newHost(t), newHost(t)
	first.must(0, "post", "add", examplePosts(t))
	first.must(0, "republish")
	// The other one is fed by hand, in another order, while its daemon runs.
	second.serve()
	files, err := filepath.Glob(filepath.Join(examplePosts(t), "*.md"))
	if err != nil || len(files) != 10 {
		t.Fatal(files, err)
	}
	for _, file := range slices.Backward(files) {
		second.must(0, "post", "add", file)
	}
	second.must(0, "republish")
	a, b := ids(t, first), ids(t, second)
	if len(a) != 12 || !maps.Equal(a, b) {
		t.Errorf("first: %v\nsecond: %v", a, b)
	}
}

func TestRetitledFileIsTheSamePost(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	const text = "---\ntitle: Old title\ndate: 2026-11-01\ncategory: Design\n---\ntext\n"
	h.must(0, "post", "add", h.write("2026-11-01-a-post.md", text))
	before := ids(t, h)
	h.must(0, "post", "add", h.write("2026-11-01-a-post.md", strings.Replace(text, "Old", "New", 1)))
	posts := decode[[]control.PostInfo](h, "post", "list")
	if len(posts) != 1 || posts[0].Title != "New title" || !maps.Equal(before, ids(t, h)) {
		t.Errorf("%+v; ids before: %v", posts, before)
	}
	other := h.run("post", "add", h.write("another.md", "---\nslug: a-post\n---\nmine\n"))
	if other.code == 0 || !strings.Contains(other.err+other.out, "2026-11-01-a-post.md") || !strings.Contains(other.err+other.out, "another.md") {
		t.Errorf("the slug of another file: exit %d\n%s%s", other.code, other.out, other.err)
	}
}

func TestRecalledPostStaysAway(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	h.serve()
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	const slug = "the-complete-checklist-for-ci-cd-pipelines"
	page := h.url + "design/" + slug
	_, before := get(t, h.url+"design/feed.json")
	h.must(0, "post", "recall", slug, "--now")
	if resp, _ := get(t, page); resp.StatusCode != http.StatusGone {
		t.Errorf("a recalled post's page: %s", resp.Status)
	}
	eventually(t, "the post leaves its feeds", func() bool {
		return !slices.ContainsFunc(h.feedsOf("", "design"), func(u string) bool {
			_, body := get(t, u)
			return strings.Contains(body, slug)
		})
	})
	for _, args := range [][]string{{examplePosts(t)}, {"--update", filepath.Join(examplePosts(t), "02-"+slug+".md")}} {
		h.must(0, append([]string{"post", "add"}, args...)...)
		h.must(0, "republish")
		if _, body := get(t, h.url+"design/rss.xml"); strings.Contains(body, slug) {
			t.Fatalf("post add %v brought it back", args)
		}
	}
	h.must(0, "post", "publish", slug)
	h.must(0, "republish")
	if _, after := get(t, h.url+"design/feed.json"); after != before {
		t.Errorf("brought back, the feed is another:\n%s\nbefore:\n%s", after, before)
	}
	if resp, _ := get(t, page); resp.StatusCode != http.StatusOK {
		t.Errorf("brought back, its page: %s", resp.Status)
	}
}

func TestRenamedCategoryKeepsItsIDs(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	h.serve()
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	_, old := get(t, h.url+"design/feed.json")
	oldIDs := ids(t, h)
	h.must(0, "category", "rename", "design", "Engineering")
	h.must(0, "republish")
	for _, file := range append([]string{""}, feedFiles...) {
		resp, _ := get(t, h.url+"design/"+file)
		if resp.StatusCode != http.StatusMovedPermanently || !strings.HasSuffix(resp.Header.Get("Location"), "/engineering/"+file) {
			t.Errorf("/design/%s: %s to %q", file, resp.Status, resp.Header.Get("Location"))
		}
	}
	_, renamed := get(t, h.url+"engineering/feed.json")
	if a, b := itemIDs(t, old), itemIDs(t, renamed); len(a) != 10 || !slices.Equal(a, b) {
		t.Errorf("items before: %v\nafter: %v", a, b)
	}
	newIDs := ids(t, h)
	if oldIDs["design/"] == "" || oldIDs["design/"] != newIDs["engineering/"] {
		t.Errorf("the feed's id was %q and is %q", oldIDs["design/"], newIDs["engineering/"])
	}
	if _, atom := get(t, h.url+"engineering/atom.xml"); !strings.Contains(atom, "<id>"+oldIDs["design/"]+"</id>") {
		t.Errorf("the Atom feed has another id than %q", oldIDs["design/"])
	}
	// What still says Design is that category.
	h.must(0, "post", "add", h.write("late.md", "---\ntitle: Late\ndate: 2026-11-20\ncategory: Design\n---\ntext\n"))
	h.must(0, "republish")
	if _, body := get(t, h.url+"engineering/rss.xml"); !strings.Contains(body, "<title>Late</title>") {
		t.Error("a post with the former name is not in the renamed category")
	}
}

func itemIDs(t *testing.T, body string) []string {
	t.Helper()
	var doc struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, item := range doc.Items {
		all = append(all, item.ID)
	}
	return all
}

func TestRenameWarnsOfTheConfiguration(t *testing.T) {
	h := newHost(t, "categories: {design: {title: Design}}")
	h.must(0, "post", "add", h.write("a.md", goodPost))
	if r := h.run("category", "rename", "design", "Form"); r.code != 0 || !oneMessage(r.err) || !strings.Contains(r.err, "warning: the configuration declares categories.design") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
}
