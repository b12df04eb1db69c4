package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"syndic/control"
	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
)

const brokenRSS = `<rss version="2.0"><channel>
<title>Looms</title><link>https://example.org/</link><description>On weaving</description>
<item><title>Warp</title><guid>https://example.org/warp</guid><pubDate>tomorrow</pubDate></item>
</channel></rss>`

func TestLintFiles(t *testing.T) {
	h := newHost(t)
	h.write("broken.xml", brokenRSS)
	h.write("fair.xml", strings.Replace(brokenRSS, "<pubDate>tomorrow</pubDate>", "", 1))
	h.write("page.html", "<!DOCTYPE html><html></html>")
	h.write("large.json", `{"version": "`+strings.Repeat(" ", maxLinted)+`"}`)
	for _, c := range []struct {
		input, line string
		code        int
		out, err    string
	}{
		{"", "feed lint broken.xml", exitFailed, "rss-date", "lint broken.xml: 1 error, 1 warning"},
		{brokenRSS, "feed lint -", exitFailed, "line 3, column 63", "lint -: 1 error"},
		{"", "feed lint fair.xml", exitOK, "rss-self", "no errors, 1 warning"},
		{"", "feed lint broken.xml --format ids", exitFailed, "rss-self\nrss-date\n", "1 error"},
		{"", "feed lint fair.xml -q", exitOK, "warning", ""},
		{"", "feed lint page.html", exitFailed, "", "it is an HTML page"},
		{"", "feed lint large.json", exitFailed, "", "larger than 10 MB"},
		{"", "feed lint feed://e.example/rss", exitFailed, "", "with http:// and https:// only"},
		{"", "feed lint HTTP://127.0.0.1:1/rss", exitFailed, "", "connection refused"},
		{"", "feed lint none.xml", exitNoDatabase, "", "there is no file none.xml"},
	} {
		r := h.feed(c.input, strings.Fields(c.line)...)
		if r.code != c.code || !strings.Contains(r.out, c.out) || !strings.Contains(r.err, c.err) || c.err != "" && !oneMessage(r.err) {
			t.Errorf("%s: exit %d, want %d, %q, %q in\n%s%s", c.line, r.code, c.code, c.out, c.err, r.out, r.err)
		}
	}
	rows := decode[[]lintRow](h, "feed", "lint", "fair.xml")
	if len(rows) != 1 || rows[0].Feed != "fair.xml" || rows[0].Format != "rss" || rows[0].Rule != "rss-self" || rows[0].Severity != feed.Warning || rows[0].Source == "" {
		t.Errorf("as JSON: %+v", rows)
	}
}

// A category is linted as it is published, and so is what the daemon serves.
func TestLintOwnFeeds(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, "hubs: ["+hub.url+"]")
	h.must(0, "post", "add", h.write("a.md", goodPost))
	if r := h.run("feed", "lint", "design"); r.code != exitFailed || !strings.Contains(r.err, "syndic republish design") {
		t.Errorf("before it is published: exit %d\n%s", r.code, r.err)
	}
	h.must(exitPartly, "republish")
	h.serve()
	for _, name := range []string{"design", "Design", "", h.url + "design/rss.xml", h.url + "design/atom.xml", h.url + "feed.json"} {
		if r := h.run("feed", "lint", name); r.code != 0 || r.out != "" || !strings.HasSuffix(r.err, "no errors, no warnings\n") {
			t.Errorf("lint %q: exit %d\n%s%s", name, r.code, r.out, r.err)
		}
	}
	if r := h.run("feed", "lint", "desing"); r.code != exitUnknown || !strings.Contains(r.err, `did you mean "design"?`) {
		t.Errorf("a mistyped category: exit %d\n%s", r.code, r.err)
	}
	if r := h.run("feed", "lint", h.url+"design/none.xml"); r.code != exitFailed || !strings.Contains(r.err, "404") {
		t.Errorf("a URL that is not there: exit %d\n%s", r.code, r.err)
	}
	h.write("design", brokenRSS)
	if r := h.run("feed", "lint", "design"); r.code != exitFailed || !strings.Contains(r.out, "rss-date") {
		t.Errorf("a file of that name: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// keepPost writes a post into the store past the doors, which refuse ids that
// no feed can carry: as a program may have done that knew no better.
func (h *host) keepPost(category, id string) {
	h.t.Helper()
	st, err := bolt.Open(filepath.Join(h.data, databaseName), bolt.Options{Wait: time.Second, Log: zerolog.Nop()})
	if err != nil {
		h.t.Fatal(err)
	}
	defer st.Close()
	err = st.Update(h.t.Context(), func(tx store.Tx) error {
		c, err := tx.CategoryByName(category)
		if err != nil {
			return err
		}
		_, err = tx.PutPost(feed.Post{
			ID: id, Slug: "old", Title: "Old", Body: "Text.", Markup: feed.Markdown, Categories: []string{c.ID}, State: feed.Queued,
			Published: time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC), Revision: 1,
		}, store.PutOptions{})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// A feed with an error is not swapped in: the last good one stays, and every
// place says so that one would look at.
func TestRejectedFeed(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	h.must(0, "republish")
	good := h.must(0, "feed", "show", "design", "atom")
	h.keepPost("design", "no IRI")

	for _, daemon := range []bool{false, true} {
		var p *process
		if daemon {
			p = h.serve()
		}
		r := h.run("republish", "design")
		for _, want := range []string{"design atom: ", "atom-id at line ", `"no IRI"`, "the last good one is still served"} {
			if r.code != exitRejected || !strings.Contains(r.err, want) {
				t.Errorf("daemon %v: republish: exit %d, want %q in\n%s", daemon, r.code, want, r.err)
			}
		}
		if got := h.must(0, "feed", "show", "design", "atom"); got != good {
			t.Errorf("daemon %v: the last good feed does not stay:\n%s", daemon, got)
		}
		if got := h.must(0, "feed", "show", "design", "rss"); !strings.Contains(got, "no IRI") {
			t.Errorf("daemon %v: the other formats do not go out:\n%s", daemon, got)
		}
		problems := decode[control.StatusInfo](h, "status").Problems
		if !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, "category design") && strings.Contains(s, "atom-id") }) {
			t.Errorf("daemon %v: the problems are %q", daemon, problems)
		}
		if daemon {
			checkRejections(t, h, p, good)
		}
	}
}

func checkRejections(t *testing.T, h *host, p *process, good string) {
	t.Helper()
	if _, body := get(t, h.url+"design/atom.xml"); body != good {
		t.Errorf("readers get\n%s", body)
	}
	gauge := func(format, n string) bool {
		_, body := get(t, p.admin+"metrics")
		return strings.Contains(body, `syndic_feed_rejected{format="`+format+`"} `+n+"\n")
	}
	if !gauge("atom", "2") || !gauge("rss", "0") || !gauge("json", "0") {
		t.Error("the metrics do not count the category and the site")
	}
	h.must(0, "post", "rm", "old")
	h.must(0, "republish")
	eventually(t, "the metrics count nothing any more", func() bool { return gauge("atom", "0") })
	if problems := decode[control.StatusInfo](h, "status").Problems; len(problems) > 0 {
		t.Errorf("still problems: %q", problems)
	}
}

// What the doors take, the linter takes.
func TestDoorsRefuseWhatTheLinterWould(t *testing.T) {
	h := newHost(t)
	file := h.write("a.md", strings.Replace(goodPost, "title:", "id: tag:example.org:a\ntitle:", 1))
	if r := h.run("post", "add", file); r.code == 0 || !strings.Contains(r.err+r.out, "tag:example.org,2026-01-05:first") {
		t.Errorf("an id that no feed can carry: exit %d\n%s%s", r.code, r.out, r.err)
	}
	h.configure(`hubs: ["https://hub.example/{x}"]`)
	if r := h.run("config", "validate"); r.code != exitConfig || !strings.Contains(r.err, "hubs[0]") {
		t.Errorf("a hub that no feed can carry: exit %d\n%s", r.code, r.err)
	}
}

// serveBytes serves a feed as one does who never heard of caches.
func serveBytes(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = w.Write(b)
	}
}

func TestLintForeignFeed(t *testing.T) {
	h := newHost(t)
	url := serveHTTP(t, serveBytes([]byte(brokenRSS)))
	r := h.run("feed", "lint", url)
	for _, want := range []string{"rss-date", "rss-self", "http-etag ", "http-modified ", "http-compression", "http-cache-control"} {
		if r.code != exitFailed || !strings.Contains(r.out, want) {
			t.Errorf("exit %d, want %s in\n%s%s", r.code, want, r.out, r.err)
		}
	}
	if r := h.run("feed", "lint", serveHTTP(t, serveBytes(make([]byte, maxLinted+1)))); r.code != exitFailed || !strings.Contains(r.err, "larger than 10 MB") {
		t.Errorf("a very large one: exit %d\n%.300s", r.code, r.err)
	}
	if r := h.run("feed", "lint", "http://127.0.0.1:1/"); r.code != exitFailed || !oneMessage(r.err) {
		t.Errorf("nobody there: exit %d\n%s", r.code, r.err)
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("it made a data directory: %v", err)
	}
}
