package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"syndic/feed"
)

// serveHTTP serves until the test ends, and returns the URL.
func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/feed"
}

// site serves one feed as it should be, but for what a test changes.
type site struct {
	self, hub   string
	mediaType   string
	etag        string // of the plain feed; the compressed one's ends in -gzip
	gzipTag     string
	modified    string
	cache, vary string
	link        string
	visits      int
	unstable    bool
	ignoreTag   bool
	ignoreDate  bool
	always304   bool
	noGzip      bool
	badGzip     string // what is compressed in place of the feed
	redirect    int
}

func (s *site) body() []byte {
	if s.unstable {
		s.visits++
	}
	return fmt.Appendf(nil, `{"version": "https://jsonfeed.org/version/1.1", "title": "Looms %d", "home_page_url": "https://example.org/",
"feed_url": %q, "hubs": [{"type": "WebSub", "url": %q}], "items": []}`, s.visits, s.self, s.hub)
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.redirect != 0 && r.URL.Path == "/feed" {
		http.Redirect(w, r, "/moved", s.redirect)
		return
	}
	for name, value := range map[string]string{
		"Content-Type": s.mediaType, "Etag": s.etag, "Last-Modified": s.modified, "Cache-Control": s.cache, "Vary": s.vary, "Link": s.link,
	} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	inm, ims := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
	if s.always304 && inm != "" || inm != "" && inm == s.etag && !s.ignoreTag || inm == "" && ims != "" && ims == s.modified && !s.ignoreDate {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Header.Get("Accept-Encoding") != "gzip" || s.noGzip {
		_, _ = w.Write(s.body())
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Etag", s.gzipTag)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if s.badGzip != "" {
		_, _ = z.Write([]byte(s.badGzip))
	} else {
		_, _ = z.Write(s.body())
	}
	_ = z.Close()
	if s.badGzip == "cut" {
		b.Truncate(12)
	}
	_, _ = w.Write(b.Bytes())
}

// spoilers each break one rule of how a feed is served.
var spoilers = []struct {
	rule  string
	spoil func(*site)
}{
	{"", func(*site) {}},
	{"http-type", func(s *site) { s.mediaType = "text/html" }},
	{"http-type", func(s *site) { s.mediaType = "application/xml" }},
	{"http-type-general", func(s *site) { s.mediaType = "application/json" }},
	{"http-charset", func(s *site) { s.mediaType = "application/feed+json; charset=iso-8859-1" }},
	{"http-redirect", func(s *site) { s.redirect = 301 }},
	{"http-redirect", func(s *site) { s.redirect = 302 }},
	{"http-etag", func(s *site) { s.etag = "" }},
	{"http-etag", func(s *site) { s.etag = `W/"a"` }},
	{"http-etag-encoding", func(s *site) { s.gzipTag = s.etag }},
	{"http-etag-ignored", func(s *site) { s.ignoreTag = true }},
	{"http-modified", func(s *site) { s.modified = "" }},
	{"http-modified", func(s *site) { s.modified = "yesterday" }},
	{"http-modified-ignored", func(s *site) { s.ignoreDate = true }},
	{"http-revalidation", func(s *site) { s.always304 = true }},
	{"http-compression", func(s *site) { s.noGzip = true }},
	{"http-encoding", func(s *site) { s.badGzip = "{}" }},
	{"http-encoding", func(s *site) { s.badGzip = "cut" }},
	{"http-vary", func(s *site) { s.vary = "Cookie" }},
	{"http-cache-control", func(s *site) { s.cache = "" }},
	{"http-unstable", func(s *site) { s.unstable, s.ignoreTag, s.ignoreDate = true, true, true }},
	{"http-unstable", func(s *site) { s.unstable = true }},
	{"http-self", func(s *site) { s.self = "https://elsewhere.example/feed" }},
	{"http-hub", func(s *site) { s.link = "" }},
	{"http-hub", func(s *site) { s.hub = "https://another.example/" }},
}

// Each rule of how a feed is served has a server that breaks it alone.
func TestEachHTTPRule(t *testing.T) {
	broken := map[string]bool{}
	for _, c := range spoilers {
		broken[c.rule] = true
		s := &site{
			hub: "https://hub.example/?a,b", mediaType: "application/feed+json; charset=utf-8", etag: `"a"`, gzipTag: `"a-gzip"`,
			modified: "Mon, 05 Jan 2026 15:04:05 GMT", cache: "max-age=60", vary: "Origin, accept-encoding",
			link: `<https://example.org/feed>; rel="self", <https://hub.example/?a,b>; title="x"; Rel="hub other"`,
		}
		url := serveHTTP(t, s)
		s.self = url
		c.spoil(s)
		f, found, err := inspect(t.Context(), url)
		if err != nil || f != feed.JSON {
			t.Errorf("%s: %v, %v", c.rule, f, err)
			continue
		}
		if c.rule == "" {
			if len(found) > 0 {
				t.Fatalf("the good server: %v", found)
			}
			continue
		}
		if len(found) != 1 || found[0].Rule != c.rule || found[0].Severity != httpRules[c.rule].Severity || strings.Contains(found[0].Message, "%!") {
			t.Errorf("%v, want one of %s", found, c.rule)
		}
	}
	for rule, r := range httpRules {
		if !broken[rule] || r.Source == "" || r.Text == "" {
			t.Errorf("%s: broken by a server %v, %+v", rule, broken[rule], r)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"404 Not Found": http.NotFound,
		"in a circle":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/feed", http.StatusFound) },
		"HTML page":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"nobody asked":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "rot13") },
		"unexpected EOF": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("{}"))
		},
	} {
		if _, _, err := inspect(t.Context(), serveHTTP(t, h)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestLinkedHubs(t *testing.T) {
	for field, want := range map[string][]string{
		`<https://a.example/>; rel=hub`:                       {"https://a.example/"},
		`<a>;rel="hub",<b>; REL = "self hub" , <c>; rel=self`: {"a", "b"},
		`<a,b;c>; title="<x>"; rel="hub"`:                     {"a,b;c"},
		`<a>; rev=hub`:                                        nil,
		`a; rel=hub`:                                          nil,
		`<a; rel=hub`:                                         nil,
		``:                                                    nil,
	} {
		if got := linkedHubs([]string{field}); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}
