package web

import (
	"testing"

	"syndic/feed"
)

func TestSizesAndDurations(t *testing.T) {
	for n, want := range map[int64]string{-1: "", 0: "", 1: "1 B", 999: "999 B", 1000: "1.0 kB", 62_345: "62.3 kB", 12_345_678: "12.3 MB"} {
		if got := byteSize(n); got != want {
			t.Errorf("%d bytes: %q, want %q", n, got, want)
		}
	}
	for s, want := range map[int64]string{-5: "", 0: "", 59: "0:59", 61: "1:01", 3600: "1:00:00", 36_061: "10:01:01"} {
		if got := duration(s); got != want {
			t.Errorf("%d s: %q, want %q", s, got, want)
		}
	}
}

func TestAttachmentNames(t *testing.T) {
	for raw, want := range map[string]string{
		"https://e.example/a/talk%20one.mp3?x=1": "talk one.mp3", "https://e.example/": "e.example", "https://e.example/a/": "a", "b.pdf": "b.pdf", "%zz": "%zz",
	} {
		if got := fileName(raw); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestAbsolute(t *testing.T) {
	const page = "https://e.example/blog/design/a"
	for ref, want := range map[string]string{
		"": "", "pic.png": "https://e.example/blog/design/pic.png", "/x": "https://e.example/x", "#c": page + "#c",
		"https://o.example/": "https://o.example/", "%zz": "",
	} {
		if got := absolute(page, ref); got != want {
			t.Errorf("%q: %q, want %q", ref, got, want)
		}
	}
}

// What an author wrote must not become a script, or a way off the site.
func TestHostileAddresses(t *testing.T) {
	h := newHouse(t, nil)
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	const bad = "javascript:alert(1)"
	h.post(feed.Post{
		Slug: "a", Title: `<script>alert("x")</script>`, Body: "x", Categories: []string{c.ID}, Tags: []string{`"><script>`},
		Authors: []feed.Person{{Name: "A", URL: bad}}, Comments: bad, InReplyTo: bad, License: bad, Image: bad, URL: bad,
		Origin: feed.Origin{Title: "O", URL: bad}, Attachments: []feed.Attachment{{URL: bad, Type: "audio/mpeg"}},
	})
	h.publish(c.Num, feed.SiteNum)
	h.load()
	for _, path := range []string{"/", "/design/", "/design/a"} {
		all := elements(t, h.get(path).want(t, 200).body)
		for name, list := range all {
			for _, n := range list {
				for _, key := range []string{"href", "src"} {
					if attr(n, key) == bad || name == "script" {
						t.Errorf("%s: <%s %s=%q>", path, name, key, attr(n, key))
					}
				}
			}
		}
	}
}
