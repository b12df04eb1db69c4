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
	for what, damage := range map[string][2]string{
		"an entry": {"<title>The Complete Checklist", "<title>The Complete Chocklist"},
		"the head": {`<atom:link rel="self"`, `<atom:link rel="salf"`},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHost(t)
			h.must(0, "post", "add", examplePosts(t))
			h.must(0, "republish")
			path := filepath.Join(h.data, "syndic.db")
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damaged := bytes.ReplaceAll(file, []byte(damage[0]), []byte(damage[1]))
			if bytes.Equal(file, damaged) {
				t.Fatal("it is not where it was expected")
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
				return res.StatusCode == http.StatusOK && strings.Contains(body, damage[0])
			})
		})
	}
}
