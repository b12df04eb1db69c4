package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"

	"syndic/control"
	"syndic/feed"
)

// feedFiles are the paths of a category's feeds, below it.
var feedFiles = []string{"atom.xml", "feed.json", "rss.xml"}

// feedsOf are the URLs of the feeds of the categories, "" for the site's.
func (h *host) feedsOf(categories ...string) []string {
	var all []string
	for _, c := range categories {
		if c != "" {
			c += "/"
		}
		for _, file := range feedFiles {
			all = append(all, h.url+c+file)
		}
	}
	slices.Sort(all)
	return all
}

// tags fetches the ETag of each feed.
func tags(t *testing.T, urls []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, u := range urls {
		resp, _ := get(t, u)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Etag") == "" {
			t.Fatalf("%s: %s, ETag %q", u, resp.Status, resp.Header.Get("Etag"))
		}
		all[u] = resp.Header.Get("Etag") + " " + resp.Header.Get("Last-Modified")
	}
	return all
}

// changed are the feeds whose tag is another, sorted.
func changed(before, after map[string]string) []string {
	var all []string
	for u, tag := range after {
		if before[u] != tag {
			all = append(all, u)
		}
	}
	slices.Sort(all)
	return all
}

// statuses counts the rows of a republish.
func statuses(rows []control.FeedResult) map[string]int {
	n := map[string]int{}
	for _, row := range rows {
		n[row.Status]++
	}
	return n
}

// One post's whole way, and what happens when nothing works: from a folder of
// Markdown to three feeds a category, to the hub, and over a SIGKILL.
func TestTheMainJob(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`, `hubs: ["`+hub.url+`"]`)
	p := h.serve()
	if early := hub.forget(); len(early) > 0 {
		t.Errorf("a feed without posts was announced: %v", topics(early))
	}

	h.must(0, "post", "add", examplePosts(t))
	rows := decode[[]control.FeedResult](h, "--republish")
	if got := statuses(rows); got["changed"] != 6 || len(rows) != 6 {
		t.Fatalf("the first republish: %v", got)
	}
	holdTheTen(t, h)
	onePingEach(t, hub, h.feedsOf("", "design"))

	again := decode[[]control.FeedResult](h, "--republish")
	if got := statuses(again); got["unchanged"] != 6 || len(again) != 6 {
		t.Fatalf("the second republish: %v", got)
	}
	if more := hub.forget(); len(more) > 0 {
		t.Errorf("pinged without a change: %v", topics(more))
	}

	h.must(0, "post", "add", h.write("note.md", "---\ntitle: A note\ndate: 2026-11-14T10:00:00Z\ncategory: Notes\n---\nIt is short.\n"))
	h.must(0, "--republish")
	onePingEach(t, hub, h.feedsOf("", "notes"))

	before := tags(t, h.feedsOf("", "design", "notes"))
	edit(t, h, "We stopped", "We have stopped")
	h.must(0, "republish")
	after := tags(t, h.feedsOf("", "design", "notes"))
	if got, want := changed(before, after), h.feedsOf("", "design"); !slices.Equal(got, want) {
		t.Errorf("the edit of one post changed %v, want %v", got, want)
	}
	onePingEach(t, hub, h.feedsOf("", "design"))

	killWhilePingsWait(t, h, hub, p)
}

// killWhilePingsWait takes the hub down, publishes, kills the daemon, and wants
// every ping after the next start, of the very same feeds.
func killWhilePingsWait(t *testing.T, h *host, hub *fakeHub, p *process) {
	t.Helper()
	hub.down()
	edit(t, h, "We have stopped", "We finally stopped")
	rows := decode[[]control.FeedResult](h, "republish", "design")
	for _, row := range rows {
		if row.Status != "changed" || len(row.Pings) != 1 || row.Pings[0].Outcome == "delivered" {
			t.Errorf("with the hub down: %+v", row)
		}
	}
	all := h.feedsOf("", "design", "notes")
	before := tags(t, all)
	p.kill()
	h.serve()
	if after := tags(t, all); len(changed(before, after)) > 0 {
		t.Errorf("changed over the kill: %v", changed(before, after))
	}
	hub.up()
	want := h.feedsOf("", "design")
	eventually(t, "the pings that waited arrive", func() bool { return len(hub.got()) >= len(want) })
	onePingEach(t, hub, want)
}

// edit changes the text of one of the ten posts, where it says old.
func edit(t *testing.T, h *host, old, replacement string) {
	t.Helper()
	name := "09-benchmarking-vector-databases-real-numbers-from-real-projects.md"
	path := filepath.Join(h.dir, name)
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		text, err = os.ReadFile(filepath.Join(examplePosts(t), name))
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s does not say %q", name, old)
	}
	h.must(0, "post", "add", h.write(name, strings.Replace(string(text), old, replacement, 1)))
}

// onePingEach wants exactly one ping of each topic, after which the hub found
// the feed as it is now.
func onePingEach(t *testing.T, hub *fakeHub, want []string) {
	t.Helper()
	pings := hub.forget()
	if got := topics(pings); !slices.Equal(got, want) {
		t.Errorf("pinged %v, want %v", got, want)
	}
	for _, p := range pings {
		if _, body := get(t, p.topic); p.body != body {
			t.Errorf("%s: the hub fetched %d bytes, readers get %d others", p.topic, len(p.body), len(body))
		}
		if !strings.HasPrefix(p.agent, "syndic/1.2.3-test (+http://") {
			t.Errorf("pinged as %q", p.agent)
		}
	}
}

// holdTheTen wants the ten posts in each feed, newest first, with their text.
func holdTheTen(t *testing.T, h *host) {
	t.Helper()
	_, posts := designPage(t)
	for _, u := range h.feedsOf("", "design") {
		_, body := get(t, u)
		f, err := gofeed.NewParser().ParseString(body)
		if err != nil {
			t.Fatalf("%s: %v", u, err)
		}
		if len(f.Items) != len(posts) {
			t.Fatalf("%s: %d items", u, len(f.Items))
		}
		for i, item := range f.Items {
			if item.Title != posts[i].title {
				t.Errorf("%s: item %d is %q, want %q", u, i, item.Title, posts[i].title)
			}
			inOrder(t, u+": "+item.Title, textOf(t, item.Content), posts[i].blocks...)
		}
	}
}

// The category's page shows what the page it was taken from shows.
func TestCategoryPageIsThePage(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	h.serve()
	_, page := get(t, h.url+"design/")
	category, posts := designPage(t)
	wants := []string{category}
	for _, p := range posts {
		wants = append(append(wants, p.title), p.blocks...)
	}
	inOrder(t, "/design/", textOf(t, page), wants...)
	for _, p := range posts {
		if n := strings.Count(textOf(t, page), p.title); n != 1 {
			t.Errorf("%q stands there %d times", p.title, n)
		}
	}
}

// Older posts are reached by the links alone.
func TestOlderPostsAreReached(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	for i := range 50 {
		n := strconv.Itoa(i + 10)
		h.write("more/p"+n+".md", "---\ntitle: Post "+n+"\ndate: 2026-08-01T00:"+n+":00Z\ncategory: Design\n---\ntext\n")
	}
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "post", "add", filepath.Join(h.dir, "more"))
	h.must(0, "republish")
	h.serve()
	seen := map[string]int{}
	for next, page := h.url+"design/", 0; next != ""; page++ {
		resp, body := get(t, next)
		if resp.StatusCode != http.StatusOK || page > 60 {
			t.Fatalf("%s: %s, page %d", next, resp.Status, page)
		}
		here := map[string]bool{}
		older := ""
		for _, link := range links(body) {
			u := resolve(t, next, link)
			if strings.Contains(link, "before=") {
				older = u.String()
			} else if dir, slug := filepath.Split(u.Path); dir == "/design/" && feed.Slug(slug) == slug && slug != "" {
				here[slug] = true
			}
		}
		for slug := range here {
			seen[slug]++
		}
		next = older
	}
	if len(seen) != 60 {
		t.Errorf("%d posts are reached, want 60", len(seen))
	}
	for slug, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d pages", slug, n)
		}
	}
}

func resolve(t *testing.T, base, link string) *url.URL {
	t.Helper()
	b, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
