package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"testing"

	"syndic/feed"
)

// Were the posts easier to compress than prose is, the plain way would be
// cheaper here than it is for anybody, and the wire quicker.
func TestFeedsCompressLikeProse(t *testing.T) {
	l := newLibrary()
	var posts []feed.Post
	for i := range 50 {
		posts = append(posts, feed.Post{
			ID: fmt.Sprintf("tag:bench.example,2026:%d", i), Slug: fmt.Sprintf("post-%d", i), Title: l.title(i),
			Body: l.body(i), Markup: feed.Markdown, Published: day, State: feed.Published,
		})
	}
	for _, f := range feed.Formats {
		whole, err := feed.Render(feed.Category{ID: "tag:bench.example,2026:c", Slug: "c", Title: "C"}, posts, f)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(whole); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if factor := float64(len(whole)) / float64(b.Len()); factor < 2.9 || factor > 3.5 {
			t.Errorf("gzip shrinks %s by a factor of %.2f, want one from 2.9 to 3.5", f, factor)
		}
	}
}

func TestPostsDiffer(t *testing.T) {
	l := newLibrary()
	seen := map[string]bool{}
	for i := range bodies {
		if n := len(l.body(i)); n < bodySize*9/10 || n > bodySize+2 {
			t.Errorf("post %d has %d bytes, want about %d", i, n, bodySize)
		}
		if seen[l.body(i)] {
			t.Errorf("post %d is another's copy", i)
		}
		seen[l.body(i)] = true
	}
}
