package feed

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// set is a feed with what goes into it.
type set struct {
	category Category
	posts    []Post // newest first
}

// oddSet is a small site whose posts each try something else.
func oddSet() set {
	site := Site{
		Title: "Weaver & Söhne", URL: "https://weaver.example/blog/", Language: "en-GB",
		Author:    Person{Name: "Wilma Weaver", Email: "wilma@weaver.example", URL: "about"},
		Copyright: "© 2026 Weaver & Söhne", Icon: "icon.png", Favicon: "/favicon.ico", Logo: "/logo.png",
		Window: Window{Posts: 50}, Hubs: []string{"https://hub.example/?a=1&b=2", "https://push.example/"},
		Redirects:  map[string]string{"/feed/": "/rss.xml"},
		Categories: []Configured{{Slug: "design", Title: "Design <&> Craft"}},
	}
	c := site.Effective(Category{
		Num: 2, ID: "tag:weaver.example,2026:category/design", Slug: "design", Title: "Design <&> Craft",
		Created:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Settings: Settings{Description: "Looms, \"warp\" & weft", Image: "/design.png"},
	})
	c.Every = 5*time.Minute + 59*time.Second
	design, craft := Label{Slug: "design", Title: "Design <&> Craft"}, Label{Slug: "weben", Title: "Weben"}
	day := func(d int) time.Time { return time.Date(2026, 9, d, 8, 0, 0, 0, time.UTC) }
	posts := []Post{
		{
			Slug: "far", Title: "The last second", Body: "See you.", Labels: []Label{design},
			Published: time.Date(9999, 12, 31, 23, 59, 59, 999, time.FixedZone("", -3600)),
		},
		{
			Slug: "all", Title: `Five < six & "seven"`, Summary: "Five < six, said <b>Author</b> & left.", Lang: "de-AT",
			Body:   "# Kopf\n\nEin [Bild](img/a.png) und `a < b && c`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nEine Note.[^1]\n\n[^1]: Unten.\n",
			Labels: []Label{design, craft}, Tags: []string{"loom", "Design <&> Craft", "", "warp & weft"},
			Authors: []Person{
				{Name: "The Author", Email: "author@weaver.example", URL: "https://author.example/"},
				{Email: "editor@weaver.example"}, {URL: "/people/critic"}, {},
			},
			Attachments: []Attachment{
				{URL: "sound/one.mp3", Size: 5_000_000_000, Duration: 61, Title: "Take <one>"},
				{URL: "https://cdn.example/two", Type: "video/mp4"}, {Title: "nowhere"},
			},
			Image: "img/a.png", BannerImage: "/banner.jpg", Comments: "#comments",
			Origin:  Origin{Title: "Elsewhere & Co", URL: "https://elsewhere.example/rss"},
			License: "https://creativecommons.org/licenses/by/4.0/", InReplyTo: "https://other.example/post",
			Published: day(9), Updated: day(12).Add(time.Minute),
		},
		{
			Slug: "untitled", Body: "Look: `x[a[0]]>1` and ]]> and <script>alert(1)</script>.\n\n```go\nif a[b[0]]>c {}\n```\n",
			Labels: []Label{design}, Published: day(8),
		},
		{
			Slug: "مرحبا", Title: "مرحبا بالعالم (v2)", Body: "هذه **تدوينة** قصيرة.\n\nשלום!", Lang: "ar", Labels: []Label{design},
			Published: day(7),
		},
		{
			Slug: "bytes", Title: "Bell\a, \xff and \uFFFE", Summary: "tab\tnull\x00line\nend", Body: "vertical\vtab &#1; \xc3( \U0010FFFF",
			Tags: []string{"\x1b[31mred", "\x00"}, Authors: []Person{{Name: "\x01", Email: "no address"}}, Lang: "not a tag",
			Labels: []Label{design}, Published: day(6),
		},
		{
			Slug: "image", Markup: HTML, Body: `<p><img src="/only.jpg" alt=""></p>`, URL: "https://else.example/é?a=1&b=2",
			Labels: []Label{design}, Published: day(5),
		},
		{Slug: "first", Title: "In the year one", Body: "Long ago.", Published: time.Date(1, 6, 1, 0, 0, 0, 0, time.UTC)},
		{Slug: "undated", Title: "Not yet", Body: "Soon.", Labels: []Label{design}},
	}
	for i := range posts {
		posts[i].Num, posts[i].Revision = uint64(len(posts)-i), 1
		posts[i].ID = PostID("weaver.example", day(1), posts[i].Slug, 0)
	}
	return set{c, posts}
}

// exampleSet is the site that the repository ships with.
func exampleSet(t testing.TB) set {
	t.Helper()
	files, err := filepath.Glob("../examples/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("examples: %d files, %v", len(files), err)
	}
	site := Site{
		Title: "Example Journal", URL: "http://127.0.0.1:8080/", Language: "en", Window: Window{Posts: 50, Hours: 48},
		Hubs: []string{"https://hub.example/"},
	}
	var posts []Post
	for i, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		posts = append(posts, examplePost(t, string(src), uint64(i+1)))
	}
	slices.SortFunc(posts, Newer)
	c := site.Effective(Category{Num: 2, ID: CategoryID("127.0.0.1", "design", 0), Slug: "design", Title: "Design"})
	c.Every = 5 * time.Minute
	return set{c, posts}
}

// examplePost reads only as much of the front matter as the examples use.
func examplePost(t testing.TB, src string, num uint64) Post {
	t.Helper()
	_, rest, _ := strings.Cut(src, "---\n")
	matter, body, ok := strings.Cut(rest, "---\n")
	if !ok {
		t.Fatal("no front matter")
	}
	values := map[string]string{}
	for line := range strings.Lines(matter) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		values[key] = strings.Trim(value, `"[]`)
	}
	day, err := time.Parse(time.RFC3339, values["date"])
	if err != nil {
		t.Fatal(err)
	}
	return Post{
		Num: num, ID: PostID("127.0.0.1", day, values["slug"], 0), Slug: values["slug"], Title: values["title"],
		Body: body, Markup: Markdown, Labels: []Label{{Slug: Slug(values["categories"]), Title: values["categories"]}},
		State: Published, Published: day, Updated: day, Revision: 1, Live: 1,
	}
}

// emptySet is a new site without a single post, and without all that can be
// left out.
func emptySet() set {
	site := Site{Title: "Empty", URL: "https://empty.example"}
	return set{category: site.Effective(Category{Num: SiteNum, ID: "tag:empty.example,2026:site"})}
}

func mustRender(t testing.TB, s set, f Format) []byte {
	t.Helper()
	b, err := Render(s.category, s.posts, f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// renderFrame is one format of RenderFrames.
func renderFrame(c Category, dates []EntryDates, f Format) (head, tail []byte, err error) {
	heads, tails, err := RenderFrames(c, dates)
	return heads[f], tails[f], err
}

// joined renders a feed the way the publication step does.
func joined(t testing.TB, s set, f Format) []byte {
	t.Helper()
	head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), f)
	if err != nil {
		t.Fatal(err)
	}
	var entries [][]byte
	for _, p := range s.posts {
		e, err := RenderEntry(s.category.Site, p, f)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return Join(f, head, entries, tail)
}

// renderEntries renders one post in every format.
func renderEntries(s Site, p Post) (all [3][]byte, err error) {
	ready, err := Prepare(s, p)
	for _, f := range Formats {
		if err == nil {
			all[f], err = ready.Render(f)
		}
	}
	return all, err
}
