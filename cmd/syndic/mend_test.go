package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A reader who comes upon a damaged feed has it rendered again: nobody has to
// do anything.
func TestDamagedFeedIsMended(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	path := filepath.Join(h.data, "syndic.db")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(file, []byte("<title>The Complete Checklist"), []byte("<title>The Complete Chocklist"))
	if bytes.Equal(file, damaged) {
		t.Fatal("the entry is not where it was expected")
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	p := h.serve()
	p.ready()
	first, body := get(t, h.url+"design/rss.xml")
	if first.StatusCode != http.StatusServiceUnavailable || first.Header.Get("Retry-After") == "" {
		t.Errorf("the damaged feed is answered with %d: %.300s", first.StatusCode, body)
	}
	p.await("a feed is damaged; its previous generation stays if it is in memory; it is rendered again")
	eventually(t, "the feed is served again", func() bool {
		res, body := get(t, h.url+"design/rss.xml")
		return res.StatusCode == http.StatusOK && strings.Contains(body, "<title>The Complete Checklist")
	})
	if found := decode[[]string](h, "check"); len(found) > 1 {
		t.Errorf("the category's entries are still damaged: %q", found)
	}
}
