package main

import (
	"net/http"
	"strings"
	"testing"
)

// A post that is taken back while no daemon runs is gone from the first answer
// of the next one, and leaves its feeds at their next publication.
func TestTakenBackWithoutDaemon(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	const post = "---\ntitle: NAME\ncategory: Design\ndate: 2026-01-05\n---\nText of NAME.\n"
	for _, name := range []string{"one", "two", "three"} {
		h.write("posts/"+name+".md", strings.ReplaceAll(post, "NAME", name))
	}
	h.must(0, "post", "add", h.dir+"/posts")
	h.must(0, "republish")
	p := h.serve()
	h.must(0, "post", "recall", "one")
	p.stop()
	h.must(0, "post", "recall", "two")
	h.must(0, "post", "rm", "three")
	h.serve()
	for _, slug := range []string{"one", "two", "three"} {
		if resp, _ := get(t, h.url+"design/"+slug); resp.StatusCode != http.StatusGone {
			t.Errorf("%s: %s", slug, resp.Status)
		}
	}
	if _, page := get(t, h.url+"design/"); strings.Contains(page, "Text of") {
		t.Errorf("the category's page shows one:\n%s", page)
	}
	if _, body := get(t, h.url+"rss.xml"); strings.Count(body, "<item>") != 3 {
		t.Errorf("the feed changed before its time:\n%s", body)
	}
	h.must(0, "republish", "design")
	for _, u := range h.feedsOf("", "design") {
		if _, body := get(t, u); strings.Contains(body, "Text of") {
			t.Errorf("%s shows one:\n%s", u, body)
		}
	}
	r := h.run("post", "add", "--update", "--now", h.dir+"/posts")
	if r.code != exitOK || strings.Count(r.out, "skipped") != 3 || !strings.Contains(r.err, "syndic post publish tag:journal.example,2026-01-05:two") {
		t.Errorf("added again: exit %d\n%s%s", r.code, r.out, r.err)
	}
	h.must(0, "post", "publish", "two")
	eventually(t, "the recalled post is back", func() bool {
		resp, _ := get(t, h.url+"design/two")
		_, body := get(t, h.url+"design/atom.xml")
		return resp.StatusCode == http.StatusOK && strings.Contains(body, "<id>tag:journal.example,2026-01-05:two</id>") && strings.Count(body, "<entry") == 1
	})
	if r := h.run("post", "publish", "three"); r.code != exitUnknown || !strings.Contains(r.err, "was removed") {
		t.Errorf("a removed post: exit %d\n%s", r.code, r.err)
	}
}
