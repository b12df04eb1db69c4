package main

import (
	"net/http"
	"strings"
	"testing"

	"syndic/control"
)

// Nothing makes a category known of which no post was ever out, with a daemon or
// without one: not even asking for it by its name.
func TestRepublishTellsNobodyOfDrafts(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	h.must(0, "post", "add", h.write("open.md", "---\ntitle: Open\ncategory: Open\n---\ntext\n"))
	h.must(0, "post", "add", "--draft", h.write("draft.md", "---\ntitle: Draft\ncategory: Zebra\n---\ntext\n"))
	h.must(0, "post", "add", "--at", "2999-01-01", h.write("ahead.md", "---\ntitle: Ahead\ncategory: Quagga\n---\ntext\n"))
	for _, daemon := range []bool{false, true} {
		if daemon {
			h.serve().ready()
		}
		for _, args := range [][]string{{"republish", "--all"}, {"--republish"}, {"republish", "--force", "zebra"}, {"republish", "--dry-run", "Zebra"}} {
			r := h.run(args...)
			if r.code != 0 || !strings.Contains(r.err, "zebra") || !strings.Contains(r.err, "stays unpublished") {
				t.Errorf("%q: exit %d\n%s%s", args, r.code, r.out, r.err)
			}
		}
		for _, row := range decode[[]control.FeedResult](h, "republish", "zebra") {
			if row.Category == "zebra" && (row.Status != "unchanged" || row.Served || row.Generation != 0) {
				t.Errorf("%+v", row)
			}
		}
	}
	for path, want := range map[string]int{"open/": http.StatusOK, "zebra/": http.StatusNotFound, "zebra/rss.xml": http.StatusNotFound, "quagga/": http.StatusNotFound} {
		if res, _ := get(t, h.url+path); res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	for _, path := range []string{"", "feeds.opml"} {
		if _, body := get(t, h.url+path); strings.Contains(body, "ebra") || strings.Contains(body, "uagga") || !strings.Contains(body, "Open") {
			t.Errorf("/%s names what is not out:\n%s", path, body)
		}
	}
	h.must(0, "post", "publish", "draft")
	eventually(t, "the first post brings the category along", func() bool {
		res, _ := get(t, h.url+"zebra/rss.xml")
		return res.StatusCode == http.StatusOK
	})
}
