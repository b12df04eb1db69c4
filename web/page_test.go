package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"syndic/feed"
)

// elements lists the elements of a page by name.
func elements(t *testing.T, body []byte) map[string][]*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]*html.Node{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all[n.Data] = append(all[n.Data], n)
		}
	}
	return all
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// checkPage checks what every page keeps.
func checkPage(t *testing.T, g got) map[string][]*html.Node {
	t.Helper()
	all := elements(t, g.body)
	for _, name := range []string{"h1", "main", "title", "style"} {
		if len(all[name]) != 1 {
			t.Errorf("%s: %d <%s>", g.Request.URL, len(all[name]), name)
		}
	}
	if attr(all["html"][0], "lang") == "" || attr(all["a"][0], "href") != "#"+attr(all["main"][0], "id") {
		t.Errorf("%s: no language, or no skip link", g.Request.URL)
	}
	if n := len(all["script"]); n != 0 {
		t.Errorf("%s: %d scripts", g.Request.URL, n)
	}
	sum := sha256.Sum256([]byte(all["style"][0].FirstChild.Data))
	policy := g.Header.Get("Content-Security-Policy")
	if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, "style-src 'sha256-"+hash+"'") || !strings.HasPrefix(policy, "default-src 'none';") {
		t.Errorf("%s: the policy %q does not allow the style of %s", g.Request.URL, policy, hash)
	}
	if g.Header.Get("Content-Type") != "text/html; charset=utf-8" || g.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: %v", g.Request.URL, g.Header)
	}
	checkOutline(t, g, all)
	ids := map[string]bool{}
	for _, list := range all {
		for _, n := range list {
			if id := attr(n, "id"); id != "" && ids[id] {
				t.Errorf("%s: two elements have the id %q", g.Request.URL, id)
			} else {
				ids[id] = true
			}
			if attr(n, "style") != "" || strings.Contains(attr(n, "href"), "ZgotmplZ") {
				t.Errorf("%s: <%s> %v", g.Request.URL, n.Data, n.Attr)
			}
		}
	}
	return all
}

// checkOutline fails when a heading is more than one level below the one before.
func checkOutline(t *testing.T, g got, all map[string][]*html.Node) {
	t.Helper()
	before := 0
	root := all["html"][0]
	for n := range root.Descendants() {
		if l := level(n.Data); n.Type == html.ElementNode && l != 0 {
			if l > before+1 {
				t.Errorf("%s: %q is an h%d after an h%d", g.Request.URL, text(n), l, before)
			}
			before = l
		}
	}
}

func TestPagesAreWellMade(t *testing.T) {
	h, c, _ := design(t)
	h.post(feed.Post{Slug: "odd", Categories: []string{c.ID}, Body: "No title.\n\n### Deep\n\n# Top", Published: time.Unix(1_770_000_000, 0)})
	h.publish(c.Num, feed.SiteNum)
	h.load()
	for path, status := range map[string]int{
		"/": 200, "/design/": 200, "/design/post-1": 200, "/design/odd": 200, "/nothing": 404,
		"/design/?before=x": 400, "/design": 301, "/?before=1.1": 200,
	} {
		g := h.get(path).want(t, status)
		checkPage(t, g)
		if status != 200 {
			continue
		}
		if g.Header.Get("ETag") == "" || g.Header.Get("Last-Modified") == "" || g.Header.Get("Cache-Control") != "public, no-cache" {
			t.Errorf("%s: %v", path, g.Header)
		}
		h.get(path, "If-None-Match", g.Header.Get("ETag")).want(t, 304)
		h.get(path, "If-Modified-Since", g.Header.Get("Last-Modified")).want(t, 304)
		if zipped := h.get(path, "Accept-Encoding", "gzip, br"); !bytes.Equal(decode(t, zipped), g.body) || zipped.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s differs when it is compressed", path)
		}
	}
}

func TestCategoryPageInFull(t *testing.T) {
	h, c, posts := design(t)
	all := checkPage(t, h.get("/design/").want(t, 200))
	if got := text(all["h1"][0]); got != "Design" {
		t.Errorf("the heading is %q", got)
	}
	page := text(all["main"][0])
	at := 0
	for i := range posts {
		n := len(posts) - 1 - i
		for _, want := range []string{fmt.Sprintf("Post %d", n), fmt.Sprintf("Text number %d of the day.", n), fmt.Sprintf("More of %d.", n)} {
			found := strings.Index(page[at:], want)
			if found < 0 {
				t.Fatalf("%q is not after %q", want, page[max(0, at-40):at])
			}
			at += found
		}
	}
	var feeds []string
	for _, n := range all["link"] {
		if attr(n, "rel") == "alternate" {
			feeds = append(feeds, attr(n, "type")+" "+attr(n, "href"))
		}
	}
	for i, f := range feed.Formats {
		if len(feeds) != 3 || feeds[i] != f.MediaType()+" "+h.site.Topic(c, f) {
			t.Errorf("alternates: %q", feeds)
		}
	}
	// Some readers look for feeds in the source, without a parser.
	if source := h.get("/design/").body; !bytes.Contains(source, []byte(`rel="alternate" type="application/rss+xml"`)) {
		t.Error("the type of a feed is escaped")
	}
	if strings.Contains(page, "Older") {
		t.Error("ten posts have an older page")
	}
}

var olderLink = regexp.MustCompile(`rel="next" href="([^"]+)"`)

func TestOlderPostsAreReached(t *testing.T) {
	h := newHouse(t, nil)
	c := h.category(feed.Category{Slug: "design", Title: "Design"})
	posts := h.posts(c, 60)
	h.publish(c.Num, feed.SiteNum)
	h.load()
	for _, base := range []string{"/design/", "/"} {
		var seen []string
		path := base
		for pages := 0; path != "" && pages < 10; pages++ {
			g := h.get(path).want(t, 200)
			all := checkPage(t, g)
			for _, n := range append(all["h2"], all["a"]...) {
				if attr(n, "class") == "p-name" || attr(n, "class") == "u-url p-name" {
					seen = append(seen, text(n))
				}
			}
			if newest := strings.Contains(string(g.body), `href="`+base+`">← Newest posts`); newest != (path != base) {
				t.Errorf("%s: link to the newest posts: %v", path, newest)
			}
			m := olderLink.FindStringSubmatch(string(g.body))
			if path = ""; m != nil {
				path = base + m[1]
			}
		}
		if len(seen) != len(posts) {
			t.Fatalf("%s: %d of %d posts: %q", base, len(seen), len(posts), seen)
		}
		for i, title := range seen {
			if want := fmt.Sprintf("Post %d", 59-i); title != want {
				t.Errorf("%s: post %d is %q, want %q", base, i, title, want)
			}
		}
	}
	if g := h.get("/design/?before=1.1").want(t, 200); !bytes.Contains(g.body, []byte("no older posts")) {
		t.Error("a place before everything is not said to be the end")
	}
}

func TestCursor(t *testing.T) {
	for _, p := range []feed.Post{{Published: time.Unix(1_770_000_000, 0).UTC(), Num: 7}, {Published: time.Unix(-5, 0).UTC(), Num: 1 << 60}} {
		c, err := cursorOf(url.Values{"before": {cursorAfter(p)}})
		if err != nil || !c.Published.Equal(p.Published) || c.Num != p.Num {
			t.Errorf("%v: %v, %v", p.Num, c, err)
		}
	}
	for _, bad := range []string{"", ".", "x", "1.0", "1.-1", "+1.1", "01.1", "1.1.1", "1.Z", "zzzzzzzzzzzzz.1", " 1.1"} {
		if c, err := cursorOf(url.Values{"before": {bad}}); err == nil {
			t.Errorf("%q: %v", bad, c)
		}
	}
}

func TestPostPage(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) { s.TimeZone = "Asia/Tokyo"; s.Language = "de-AT" })
	c := h.category(feed.Category{Slug: "müll", Title: "Müll & Co"})
	h.post(feed.Post{
		Slug: "über-uns", Title: "Über <uns>", Categories: []string{c.ID}, Tags: []string{"a & b"}, Lang: "en",
		Body: "See[^1] [here](#part) ![x](pic.png)\n\n# Part\n\n[^1]: Note.\n\n<main id=\"page\">in</main><script>alert(1)</script>", Markup: feed.Markdown,
		Authors:     []feed.Person{{Name: "Éditrice", URL: "/editrice"}},
		Attachments: []feed.Attachment{{URL: "/a.mp3", Type: "audio/mpeg", Size: 12_345_678, Duration: 3723}, {URL: "https://m.example/b.pdf", Type: "application/pdf", Title: "Slides"}},
		Comments:    "https://talk.example/1", Origin: feed.Origin{Title: "Elsewhere", URL: "https://e.example/feed"},
		Published: time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC), Updated: time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC),
	})
	h.publish(c.Num, feed.SiteNum)
	h.load()
	g := h.get("/m%C3%BCll/%C3%BCber-uns").want(t, 200)
	h.get("/mu%CC%88ll/u%CC%88ber-uns").want(t, 200)
	all := checkPage(t, g)
	page := string(g.body)
	for _, want := range []string{
		`<html lang="en"`, "Über &lt;uns&gt;", `<time class="dt-published" datetime="2026-01-31T20:00:00Z">1 February 2026</time>`,
		`<time class="dt-updated" datetime="2026-02-03T00:00:00Z">3 February 2026</time>`, "a &amp; b", `href="` + h.site.URL + `editrice"`, "Éditrice",
		`<audio controls preload="none" src="` + h.site.URL + `a.mp3"`, "audio/mpeg, 12.3 MB, 1:02:03", "Slides", "https://talk.example/1",
		"https://e.example/feed", `href="/m%C3%BCll/"`, "Müll &amp; Co", `<h2>Part</h2>`, `src="` + h.site.URL + `m%C3%BCll/pic.png"`,
		`rel="canonical" href="` + h.site.URL + `m%C3%BCll/%C3%BCber-uns"`, `href="#part"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if len(all["audio"]) != 1 || len(all["video"]) != 0 {
		t.Errorf("players: %d audio, %d video", len(all["audio"]), len(all["video"]))
	}
	if t.Failed() {
		t.Logf("%s", page)
	}
	category := string(h.get("/m%C3%BCll/").want(t, 200).body)
	if !strings.Contains(category, `<html lang="de-AT"`) || !strings.Contains(category, `<article class="h-entry" lang="en">`) || !strings.Contains(category, `<h3>Part</h3>`) {
		t.Error("the category's page has the wrong language or outline")
	}
}

func TestFootnotesOnOnePage(t *testing.T) {
	h := newHouse(t, nil)
	c := h.category(feed.Category{Slug: "notes", Title: "Notes"})
	for _, slug := range []string{"a", "b"} {
		h.post(feed.Post{Slug: slug, Title: slug, Categories: []string{c.ID}, Markup: feed.HTML, Body: `<p id="x">One</p><a href="#x">up</a>`})
	}
	h.publish(c.Num, feed.SiteNum)
	h.load()
	all := checkPage(t, h.get("/notes/").want(t, 200))
	ids := map[string]bool{}
	for _, n := range all["p"] {
		ids["#"+attr(n, "id")] = true
	}
	for _, n := range all["a"] {
		if text(n) == "up" && !ids[attr(n, "href")] {
			t.Errorf("the link %q leads nowhere", attr(n, "href"))
		}
	}
}

func TestLanguages(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) { s.Language = "he" })
	c := h.category(feed.Category{Slug: "notes", Title: "Notes", Settings: feed.Settings{Language: "fr"}})
	h.post(feed.Post{Slug: "a", Title: "A", Body: "x", Categories: []string{c.ID}})
	h.publish(c.Num, feed.SiteNum)
	h.load()
	for path, want := range map[string]string{
		"/": `<html lang="he" dir="rtl">`, "/notes/": `<html lang="fr" dir="ltr">`, "/notes/a": `<html lang="fr" dir="ltr">`, "/x": `<html lang="en" dir="ltr">`,
	} {
		page := string(h.get(path).body)
		if !strings.Contains(page, want) || strings.Contains(page, `<a class="skip" href="#page-content" lang="en" dir="ltr">`) != (path != "/x") {
			t.Errorf("%s: not %s, or the program's own words have the wrong language:\n%s", path, want, page)
		}
	}
	if page := string(h.get("/").body); !strings.Contains(page, `<li lang="fr">`) || !strings.Contains(page, `<li class="h-entry" lang="fr">`) {
		t.Errorf("what is French is not marked: %s", page)
	} else if strings.Count(page, `<time `) != strings.Count(page, `Z" lang="en" dir="ltr">`) {
		t.Errorf("a date in English is not marked: %s", page)
	}
}

func TestUntitledPost(t *testing.T) {
	h := newHouse(t, nil)
	c := h.category(feed.Category{Slug: "notes", Title: "Notes"})
	h.post(feed.Post{Slug: "n1", Categories: []string{c.ID}, Body: "Only words.", Published: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)})
	h.publish(c.Num, feed.SiteNum)
	h.load()
	all := checkPage(t, h.get("/notes/").want(t, 200))
	if len(all["h2"]) != 0 {
		t.Errorf("a heading was made up: %q", text(all["h2"][0]))
	}
	for _, n := range all["a"] {
		if attr(n, "href") == "/notes/n1" && text(n) == "4 May 2026" {
			return
		}
	}
	t.Error("the date does not lead to the post")
}

func TestEmptySite(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) { s.Title = "<b>&" })
	h.get("/").want(t, 503)
	h.load()
	g := h.get("/").want(t, 200)
	checkPage(t, g)
	if !bytes.Contains(g.body, []byte("Nothing has been published yet")) || !bytes.Contains(g.body, []byte("&lt;b&gt;&amp;")) {
		t.Errorf("%s", g.body)
	}
	h.get("/rss.xml").want(t, 404)
}

func TestOPML(t *testing.T) {
	h, _, _ := design(t)
	c := h.category(feed.Category{Slug: "r-d", Title: `R & "D"`})
	h.category(feed.Category{Slug: "hidden", Title: "Never published"})
	h.publish(c.Num)
	h.load()
	g := h.get("/feeds.opml").want(t, 200)
	var doc opmlDocument
	if err := xml.Unmarshal(g.body, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "2.0" || g.Header.Get("Content-Type") != "text/x-opml; charset=utf-8" || len(doc.Body) != 3 {
		t.Errorf("%v %s", g.Header, g.body)
	}
	var got []string
	for _, folder := range doc.Body {
		for _, o := range folder.Outlines {
			got = append(got, o.Type+" "+o.Title+" "+o.XMLURL+" "+o.HTMLURL)
		}
	}
	u := h.site.URL
	want := []string{
		"rss Example Journal " + u + "rss.xml " + u, "rss Design " + u + "design/rss.xml " + u + "design/", `rss R & "D" ` + u + "r-d/rss.xml " + u + "r-d/",
		"rss Example Journal " + u + "atom.xml " + u, "rss Design " + u + "design/atom.xml " + u + "design/", `rss R & "D" ` + u + "r-d/atom.xml " + u + "r-d/",
		"rss Example Journal " + u + "feed.json " + u, "rss Design " + u + "design/feed.json " + u + "design/", `rss R & "D" ` + u + "r-d/feed.json " + u + "r-d/",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got, want)
	}
	h.load()
	again := h.get("/feeds.opml", "If-None-Match", g.Header.Get("ETag"))
	again.want(t, 304)
}

func TestContentCache(t *testing.T) {
	c := newContentCache(2, 100)
	key := func(n uint64) contentKey { return contentKey{num: n, heading: 2} }
	for n := range uint64(3) {
		if _, err := c.of(feed.Post{Num: n, Body: "x"}, key(n)); err != nil {
			t.Fatal(err)
		}
		c.get(key(0))
	}
	for n, want := range []bool{true, false, true} {
		if _, ok := c.get(key(uint64(n))); ok != want {
			t.Errorf("post %d is kept: %v", n, ok)
		}
	}
	c.put(key(9), strings.Repeat("x", 101))
	c.put(key(8), strings.Repeat("x", 99))
	if _, ok := c.get(key(9)); ok || c.order.Len() != 1 || c.free != 1 {
		t.Errorf("%d entries, %d bytes free", c.order.Len(), c.free)
	}
}

// A page shows the players that the configuration allows, and only those.
func TestContentFrames(t *testing.T) {
	c := newContentCache(9, 1<<20)
	p := feed.Post{Num: 1, Markup: feed.HTML, Body: `<iframe src="https://player.example/1"></iframe>`}
	for _, k := range []contentKey{{num: 1}, {num: 1, frames: "a.example player.example"}, {num: 1}} {
		html, err := c.of(p, k)
		if err != nil || strings.Contains(html, "<iframe") != (k.frames != "") {
			t.Errorf("with %q: %s, %v", k.frames, html, err)
		}
	}
}

func TestFitIntoTellsFootnotes(t *testing.T) {
	content, err := feed.Content("x[^1]\n\n[^1]: y\n", feed.Markdown, "https://e/p")
	if err != nil {
		t.Fatal(err)
	}
	fitted := fitInto(content, contentKey{page: "https://e/p", heading: 2})
	for _, role := range footnoteRoles {
		if strings.Count(fitted, `role="`+role+`"`) != 1 {
			t.Errorf("no %s in %s", role, fitted)
		}
	}
}

func TestFitIntoKeepsLinksInThePage(t *testing.T) {
	for _, page := range []string{"https://e/p", "https://e/ä?x=ö#top", "https://e/%c3%a4"} {
		content, err := feed.Content("x[^1]\n\n[^1]: y\n\n[other](https://e/q#a)", feed.Markdown, page)
		if err != nil {
			t.Fatal(err)
		}
		fitted := fitInto(content, contentKey{page: page, heading: 2, mark: "p1-"})
		if strings.Count(fitted, `href="#p1-`) != 2 || !strings.Contains(fitted, `href="https://e/q#a"`) {
			t.Errorf("on %s: %s", page, fitted)
		}
	}
}

func TestFitIntoNamesFrames(t *testing.T) {
	for in, want := range map[string]string{
		`<iframe src="https://player.example/1?a=1&amp;b=2" width="3"></iframe>`: `<iframe src="https://player.example/1?a=1&amp;b=2" width="3" title="player.example"></iframe>`,
		`<iframe title="" src="https://player.example/1"></iframe>`:              `<iframe src="https://player.example/1" title="player.example"></iframe>`,
		`<iframe title="A film" src="https://player.example/1"></iframe>`:        `<iframe title="A film" src="https://player.example/1"></iframe>`,
	} {
		if got := fitInto(in, contentKey{page: "https://e/p", heading: 2}); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

func FuzzFitInto(f *testing.F) {
	for _, s := range []string{"<h1>a</h1><h3 id=x>b</h3>", "<main><p>x</main>", `<a href="https://e/p#x">y</a>`, "a &lt; b", "<pre>\n x</pre>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		k := contentKey{page: "https://e/p", heading: 3, mark: "p1-"}
		content, err := feed.Content(body, feed.HTML, k.page)
		if err != nil {
			return
		}
		fitted := fitInto(content, k)
		if top := topHeading(fitted); strings.Contains(fitted, "<h") && level(fmt.Sprintf("h%d", top)) != 0 && top < 3 && topHeading(content) != 1 {
			t.Fatalf("%q: heading of level %d", fitted, top)
		}
		if strings.Contains(fitted, "<main") || strings.Contains(fitted, "<script") {
			t.Fatalf("%q became %q", content, fitted)
		}
		plain := func(s string) string {
			root, err := html.Parse(strings.NewReader(s))
			if err != nil {
				t.Fatal(err)
			}
			return text(root)
		}
		if plain(content) != plain(fitted) {
			t.Fatalf("%q became %q", content, fitted)
		}
	})
}
