package web

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mmcdole/gofeed"

	"syndic/feed"
)

func decode(t *testing.T, g got) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(g.body)
	var err error
	switch g.Header.Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestFeedHeaders(t *testing.T) {
	h, c, _ := design(t)
	types := map[feed.Format]string{
		feed.RSS: "application/rss+xml; charset=utf-8", feed.Atom: "application/atom+xml; charset=utf-8",
		feed.JSON: "application/feed+json; charset=utf-8",
	}
	for _, c := range []feed.Category{c, {Num: feed.SiteNum}} {
		for _, f := range feed.Formats {
			g := h.get("/"+c.FeedPath(f)+"?utm_source=x").want(t, 200)
			topic := h.site.Topic(c, f)
			want := map[string]string{
				"Content-Type":                types[f],
				"Link":                        "<" + hubURL + `>; rel="hub", <` + topic + `>; rel="self"`,
				"Cache-Control":               "public, max-age=300",
				"Vary":                        "Accept-Encoding",
				"Access-Control-Allow-Origin": "*",
				"X-Content-Type-Options":      "nosniff",
				"Accept-Ranges":               "none",
			}
			for name, value := range want {
				if got := g.Header.Values(name); len(got) != 1 || got[0] != value {
					t.Errorf("%s %s: got %q, want %q", topic, name, got, value)
				}
			}
			if etag := g.Header.Values("Etag"); len(etag) != 1 || !h.wasPublished(etag[0], g.body) {
				t.Errorf("%s: %q is not of these bytes", topic, etag)
			}
			if g.ContentLength != int64(len(g.body)) {
				t.Errorf("%s: Content-Length %d of %d bytes", topic, g.ContentLength, len(g.body))
			}
			if at, err := http.ParseTime(g.Header.Get("Last-Modified")); err != nil || at.After(time.Now()) {
				t.Errorf("%s: Last-Modified %q: %v", topic, g.Header.Get("Last-Modified"), err)
			}
		}
	}
}

func TestLinkHeader(t *testing.T) {
	for _, c := range []struct {
		hubs []string
		want string
	}{
		{nil, `<https://e.example/rss.xml>; rel="self"`},
		{[]string{"https://h.example/", "http://i.example"}, `<https://h.example/>; rel="hub", <http://i.example>; rel="hub", <https://e.example/rss.xml>; rel="self"`},
	} {
		if got := linkHeader(feed.Artifact{Topic: "https://e.example/rss.xml", Hubs: c.hubs}); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestMaxAge(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "60", -1: "60", 90 * time.Second: "90", 1500 * time.Millisecond: "1", time.Hour: "3600", 24 * time.Hour: "3600"} {
		f := newServedFeed(feed.Artifact{MaxAge: d})
		if got := f.document(nil).always.Get("Cache-Control"); got != "public, max-age="+want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

func TestFeedEncodings(t *testing.T) {
	h, _, _ := design(t)
	for _, f := range feed.Formats {
		path := "/design/" + f.File()
		plain := h.get(path).want(t, 200)
		digest := strings.Trim(plain.Header.Get("ETag"), `"`)
		for _, name := range []string{"gzip", "br", "zstd"} {
			g := h.get(path, "Accept-Encoding", name).want(t, 200)
			if g.Header.Get("Content-Encoding") != name || g.Header.Get("ETag") != `"`+digest+"-"+name+`"` {
				t.Errorf("%s as %s: %v", path, name, g.Header)
			}
			if len(g.body) >= len(plain.body) || g.ContentLength != int64(len(g.body)) {
				t.Errorf("%s as %s: %d bytes of %d, length %d", path, name, len(g.body), len(plain.body), g.ContentLength)
			}
			if !bytes.Equal(decode(t, g), plain.body) {
				t.Errorf("%s as %s decodes to something else", path, name)
			}
		}
	}
}

func TestNegotiation(t *testing.T) {
	h, _, _ := design(t)
	for header, want := range map[string]string{
		"gzip, deflate, br, zstd":        "br",
		"gzip;q=1.0, br;q=0.5, zstd;q=0": "gzip",
		"zstd, gzip":                     "gzip",
		"x-gzip":                         "gzip",
		"GZIP":                           "gzip",
		"*":                              "br",
		"*;q=0.1, zstd":                  "zstd",
		"identity, gzip;q=0.5":           "",
		"br;q=0, *":                      "gzip",
		"gzip;q=0.001":                   "gzip",
		"gzip;q=2, deflate":              "",
		"deflate":                        "",
		"":                               "",
		"gzip, identity;q=0":             "gzip",
	} {
		g := h.get("/rss.xml", "Accept-Encoding", header).want(t, 200)
		if got := g.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", header, got, want)
		}
	}
	for _, header := range []string{"identity;q=0", "*;q=0", "deflate, *;q=0"} {
		h.get("/rss.xml", "Accept-Encoding", header).want(t, http.StatusNotAcceptable)
	}
}

func TestSmallDocumentStaysPlain(t *testing.T) {
	for header, want := range map[string]coding{"br, gzip, zstd": identity, "br, identity;q=0": brotliCoding} {
		d := &document{size: 5, codings: preference[:]}
		if c, ok := d.choose(accepted([]string{header}, d.codings)); !ok || c != want {
			t.Errorf("%q: %v, %v", header, c, ok)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	h, _, _ := design(t)
	first := h.get("/design/atom.xml", "Accept-Encoding", "gzip").want(t, 200)
	digest, _, _ := strings.Cut(strings.Trim(first.Header.Get("ETag"), `"`), "-")
	modified, _ := http.ParseTime(first.Header.Get("Last-Modified"))
	at := func(d time.Duration) string { return modified.Add(d).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"its tag", []string{"If-None-Match", first.Header.Get("ETag")}, 304},
		{"weak", []string{"If-None-Match", "W/" + first.Header.Get("ETag")}, 304},
		{"tag of another encoding", []string{"If-None-Match", `"` + digest + `-br"`}, 304},
		{"tag of identity", []string{"If-None-Match", `"` + digest + `"`}, 304},
		{"without quotes", []string{"If-None-Match", digest}, 304},
		{"any", []string{"If-None-Match", " * "}, 304},
		{"a list", []string{"If-None-Match", `"a,b", W/"c" ,"` + digest + `-zstd"`}, 304},
		{"two fields", []string{"If-None-Match", `"a"`, "If-None-Match", `"` + digest + `"`}, 304},
		{"another tag", []string{"If-None-Match", `"abc"`}, 200},
		{"an unknown encoding", []string{"If-None-Match", `"` + digest + `-rot13"`}, 200},
		{"a tag with ours in it", []string{"If-None-Match", `"x` + digest + `"`}, 200},
		{"another tag, and the date", []string{"If-None-Match", `"abc"`, "If-Modified-Since", at(0)}, 200},
		{"its tag, and an old date", []string{"If-None-Match", `"` + digest + `"`, "If-Modified-Since", at(-time.Hour)}, 304},
		{"the date", []string{"If-Modified-Since", at(0)}, 304},
		{"a later date", []string{"If-Modified-Since", at(time.Hour)}, 304},
		{"an earlier date", []string{"If-Modified-Since", at(-time.Second)}, 200},
		{"no date", []string{"If-Modified-Since", "yesterday"}, 200},
		{"delta wanted", []string{"A-IM", "feed"}, 200},
		{"a range", []string{"Range", "bytes=0-9"}, 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			g := h.do(method, "/design/atom.xml", append([]string{"Accept-Encoding", "gzip"}, c.headers...)...)
			if g.StatusCode != c.want {
				t.Errorf("%s %s: got %d, want %d", method, c.name, g.StatusCode, c.want)
			}
			if g.StatusCode == 304 {
				sameHeaders(t, c.name, g.Header, first.Header,
					"Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Cache-Control", "Etag", "Last-Modified", "Link", "Vary")
			}
		}
	}
}

// sameHeaders checks that a has exactly these headers beside Date, as b has them.
func sameHeaders(t *testing.T, name string, a, b http.Header, exactly ...string) {
	t.Helper()
	for _, key := range exactly {
		if !slices.Equal(a.Values(key), b.Values(key)) || a.Get(key) == "" {
			t.Errorf("%s: %s is %q, want %q", name, key, a.Values(key), b.Values(key))
		}
	}
	for key := range a {
		if key != "Date" && !slices.Contains(exactly, key) {
			t.Errorf("%s: %s: %q has no place there", name, key, a.Values(key))
		}
	}
}

func TestHeadEqualsGet(t *testing.T) {
	h, _, _ := design(t)
	for _, path := range []string{"/rss.xml", "/design/feed.json", "/", "/design/", "/design/post-3", "/feeds.opml", "/nothing", "/design"} {
		for _, accept := range []string{"gzip", "br", "identity"} {
			get, head := h.get(path, "Accept-Encoding", accept), h.do("HEAD", path, "Accept-Encoding", accept)
			get.Header.Del("Date")
			head.Header.Del("Date")
			if get.StatusCode != head.StatusCode || len(head.body) != 0 {
				t.Errorf("HEAD %s: %d, %d bytes", path, head.StatusCode, len(head.body))
			}
			keys := func(h http.Header) (all []string) {
				for k := range h {
					all = append(all, k)
				}
				return all
			}
			sameHeaders(t, "HEAD "+path, head.Header, get.Header, keys(get.Header)...)
		}
	}
}

func TestMethods(t *testing.T) {
	h, _, _ := design(t)
	for _, path := range []string{"/rss.xml", "/design/", "/nothing"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "BREW"} {
			if g := h.do(method, path).want(t, 405); g.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
				t.Errorf("%s %s: Allow %q", method, path, g.Header.Get("Allow"))
			}
		}
		g := h.do("OPTIONS", path, "Origin", "https://reader.example", "Access-Control-Request-Method", "GET").want(t, 204)
		if g.Header.Get("Access-Control-Allow-Origin") != "*" || g.Header.Get("Allow") == "" ||
			!strings.Contains(g.Header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
			t.Errorf("OPTIONS %s: %v", path, g.Header)
		}
	}
}

func TestHeadersAreLimited(t *testing.T) {
	h, _, _ := design(t)
	h.get("/rss.xml", "Cookie", strings.Repeat("x", 20<<10)).want(t, 200)
	h.get("/rss.xml", "Cookie", strings.Repeat("x", 60<<10)).want(t, http.StatusRequestHeaderFieldsTooLarge)
}

func TestGofeedReads(t *testing.T) {
	h, _, posts := design(t)
	for _, f := range feed.Formats {
		read, err := gofeed.NewParser().ParseURL(h.public.URL + "/design/" + f.File())
		if err != nil {
			t.Fatal(err)
		}
		if read.Title != "Design" || len(read.Items) != len(posts) {
			t.Fatalf("%s: %q with %d items", f, read.Title, len(read.Items))
		}
		for i, item := range read.Items {
			if want := posts[len(posts)-1-i]; item.GUID != want.ID || item.Title != want.Title {
				t.Errorf("%s: item %d is %s %q, want %s", f, i, item.GUID, item.Title, want.ID)
			}
		}
	}
}

func TestEncodingIsMadeOnce(t *testing.T) {
	h, _, _ := design(t)
	r := httptest.NewRequest("GET", "/design/rss.xml", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	handler := h.server.Public()
	handler.ServeHTTP(httptest.NewRecorder(), r)
	before := h.server.has("/design/rss.xml", brotliCoding)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if after := h.server.has("/design/rss.xml", brotliCoding); before != after || before == nil {
		t.Error("the encoding was made twice in one generation")
	}
}

func FuzzAcceptEncoding(f *testing.F) {
	for _, s := range []string{"gzip, br;q=0.5", "*;q=0", "identity;q=0,", ";q=", "gzip;q=1.0000", ",,;;==", "x-gzip; Q=0.3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		list := accepted([]string{header}, preference[:])
		seen := map[coding]bool{}
		for _, c := range list {
			if seen[c] || c >= codingCount {
				t.Fatalf("%q: %v", header, list)
			}
			seen[c] = true
		}
		if !strings.Contains(header, "q") && !strings.Contains(header, "Q") && !seen[identity] {
			t.Fatalf("%q forbids identity", header)
		}
	})
}

func FuzzIfNoneMatch(f *testing.F) {
	for _, s := range []string{`"a"`, `W/"a", "b"`, `*`, `"a`, `,,"`, `a,b`, `"a-gzip"`} {
		f.Add(s)
	}
	const digest = "0123456789abcdef"
	f.Fuzz(func(t *testing.T, field string) {
		if names(field, digest) && !strings.Contains(field, digest) && strings.TrimSpace(field) != "*" {
			t.Fatalf("%q names %s", field, digest)
		}
		if !strings.Contains(field, `"`) && !names(field+`, W/"`+digest+`-br"`, digest) {
			t.Fatalf("a tag after %q is not found", field)
		}
	})
}
