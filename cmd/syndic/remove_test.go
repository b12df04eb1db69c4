package main

import (
	"net/http"
	"strings"
	"testing"
)

// All posts of a category go, with a daemon and without one, but not by
// mistake. What was removed before anybody saw it was never there.
func TestRemoveCategory(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	const post = "---\ntitle: NAME\ncategory: CATEGORY\ndate: 2026-01-05\n---\nText.\n"
	for name, category := range map[string]string{"one": "Design", "two": "Design", "three": "Code", "four": "Looms"} {
		h.write("posts/"+name+".md", strings.NewReplacer("NAME", name, "CATEGORY", category).Replace(post))
	}
	h.must(0, "post", "add", h.dir+"/posts")
	for _, line := range []string{"post rm --category design", "post rm --category design --yes one", "post rm --category design --yes --now", "post rm"} {
		if r := h.run(strings.Fields(line)...); r.code != exitUsage {
			t.Errorf("%q: exit %d\n%s%s", line, r.code, r.out, r.err)
		}
	}
	if r := h.run("post", "rm", "--category", "nowhere", "--yes"); r.code != exitUnknown {
		t.Errorf("no such category: exit %d\n%s", r.code, r.err)
	}
	if got := decode[map[string]int](h, "post", "rm", "--category", "design", "--yes"); got["removed"] != 2 {
		t.Errorf("removed %v, want 2", got)
	}
	h.must(0, "republish")
	h.serve()
	if got := decode[map[string]int](h, "post", "rm", "--category", "Code", "--yes"); got["removed"] != 1 {
		t.Errorf("removed %v by the daemon, want 1", got)
	}
	for path, want := range map[string]int{"design/one": http.StatusNotFound, "code/three": http.StatusGone, "looms/four": http.StatusOK} {
		if resp, _ := get(t, h.url+path); resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
}
