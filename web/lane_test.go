package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
)

// twins are public listeners of one house: with the lane, with the lane over
// connections that come in pieces, and without the lane.
type twins struct {
	*house
	lane, cut, plain *httptest.Server
	piece            atomic.Int64 // how large those are

	tag, since string // of /rss.xml
}

func newTwins(t testing.TB) *twins {
	h, _, _ := design(t)
	c := h.category(feed.Category{Slug: "日本", Title: "日本"})
	h.large(c)
	h.publish(c.Num)
	h.load()
	w := &twins{house: h}
	w.piece.Store(1)
	w.lane, w.plain = w.listen(nil, true), w.listen(nil, false)
	w.cut = w.listen(func(l net.Listener) net.Listener { return cutter{l, &w.piece} }, true)
	w.tag, w.since = h.validators("/rss.xml", identity)
	return w
}

// validators are those of a feed, without a request that would be counted.
func (h *house) validators(path string, c coding) (tag, since string) {
	f := h.server.feedAt(path)
	return entityTag(f.Digest, c), f.modified
}

// listen opens a listener. A client that says that it sends no more has not
// gone: without that, its pages would be a matter of chance.
func (w *twins) listen(wrap func(net.Listener) net.Listener, lane bool) *httptest.Server {
	public := w.server.Public()
	l := httptest.NewUnstartedServer(nil)
	l.Config = NewHTTPServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		public.ServeHTTP(rw, r.WithContext(context.WithoutCancel(r.Context())))
	}))
	_ = l.Listener.Close()
	// Fuzzing would use up the machine's ports.
	socket, err := net.Listen("unix", filepath.Join(w.TempDir(), "socket"))
	if err != nil {
		w.Fatal(err)
	}
	if wrap != nil {
		socket = wrap(socket)
	}
	l.Listener = w.server.Listen(socket, l.Config, lane)
	l.Start()
	w.Cleanup(l.Close)
	return l
}

// large adds posts that make a feed large enough for a mirror.
func (h *house) large(c feed.Category) {
	for i := range 4 {
		h.post(feed.Post{
			Slug: fmt.Sprintf("large-%d", i), Title: "Large", Categories: []string{c.ID}, Body: string(prose(9000)),
			Published: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		})
	}
}

// cutter gives connections from which only a piece can be read at a time.
type cutter struct {
	net.Listener
	piece *atomic.Int64
}

func (l cutter) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return cutConn{c, l.piece}, err
}

type cutConn struct {
	net.Conn
	piece *atomic.Int64
}

func (c cutConn) Read(b []byte) (int, error) {
	return c.Conn.Read(b[:min(len(b), int(c.piece.Load()))])
}

func (c cutConn) CloseWrite() error { return c.Conn.(closeWriter).CloseWrite() }

type closeWriter interface{ CloseWrite() error }

var dateLine = regexp.MustCompile(`(?m)^Date: \w\w\w, \d\d \w\w\w \d{4} \d\d:\d\d:\d\d GMT\r$`)

// converse sends the stream, says that there is no more, and returns all that
// comes back, without the dates.
func converse(t testing.TB, l *httptest.Server, stream []byte) []byte {
	t.Helper()
	at := l.Listener.Addr()
	conn, err := net.Dial(at.Network(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	go func() { // the server may end before it has read all
		_, _ = conn.Write(stream)
		_ = conn.(closeWriter).CloseWrite()
	}()
	answer, _ := io.ReadAll(conn)
	return dateLine.ReplaceAll(answer, []byte("Date: \r"))
}

// same tells whether the lane gives the handler's answers to a stream.
func (w *twins) same(t testing.TB, stream []byte) bool {
	t.Helper()
	want := converse(t, w.plain, stream)
	for name, l := range map[string]*httptest.Server{"whole": w.lane, fmt.Sprintf("pieces of %d", w.piece.Load()): w.cut} {
		if got := converse(t, l, stream); !bytes.Equal(got, want) {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			at = max(at-100, 0)
			t.Errorf("%s: %q\n got %d bytes, %q\nwant %d bytes, %q", name, shortened(stream), len(got), shortened(got[at:]), len(want), shortened(want[at:]))
			return false
		}
	}
	return true
}

// shortened leaves out most of a long answer.
func shortened(b []byte) []byte {
	if len(b) > 1500 {
		return append(append(b[:1000:1000], "…"...), b[len(b)-500:]...)
	}
	return b
}

// counted are the counters, and how often histograms were fed, by name and
// label values.
func (h *house) counted() map[string]int {
	h.Helper()
	all, err := h.server.registry.Gather()
	if err != nil {
		h.Fatal(err)
	}
	values := map[string]int{}
	for _, family := range all {
		for _, m := range family.GetMetric() {
			key := family.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			values[key] = int(m.GetCounter().GetValue()) + int(m.GetGauge().GetValue()) + int(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

// ways are the requests that each way has answered.
func (h *house) ways() (lane, handler int) {
	h.Helper()
	n := h.counted()
	return n["syndic_http_lane_total lane"], n["syndic_http_lane_total handler"]
}

// awaitCount waits until a counter has a value: an answer is counted when it has
// been sent.
func (h *house) awaitCount(key string, want int) {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); h.counted()[key] != want; runtime.Gosched() {
		if time.Now().After(deadline) {
			h.Fatalf("%s is %d, want %d", key, h.counted()[key], want)
		}
	}
}

// readers are the fields that feed readers send beside Host and validators.
var readers = map[string]string{
	"Miniflux":          "User-Agent: Mozilla/5.0 (compatible; Miniflux/2.2.8; +https://miniflux.app)\r\nAccept: application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, text/html, */*;q=0.9\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n",
	"FreshRSS":          "User-Agent: FreshRSS/1.26.1 (Linux; https://freshrss.org)\r\nAccept: application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.1\r\nAccept-Encoding: deflate, gzip, br, zstd\r\nReferer: https://journal.example/\r\n",
	"FreshRSS of JSON":  "User-Agent: FreshRSS/1.26.1 (Linux; https://freshrss.org)\r\nAccept: application/json,application/feed+json;q=0.9,*/*;q=0.8\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n",
	"newsboat":          "User-Agent: newsboat/2.38.0 (Linux x86_64)\r\nAccept: */*\r\nAccept-Encoding: deflate, gzip\r\nA-IM: feed\r\n",
	"yarr":              "User-Agent: Yarr/2.4\r\nAccept-Encoding: gzip\r\n",
	"feedparser":        "User-Agent: rss2email/3.14 (https://github.com/rss2email/rss2email)\r\nAccept-encoding: gzip, deflate\r\nAccept: application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1\r\nA-im: feed\r\nConnection: close\r\n",
	"requests":          "User-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n",
	"NetNewsWire":       "Accept: application/rss+xml, application/rdf+xml;q=0.8, application/atom+xml;q=0.6, */*;q=0.4\r\nUser-Agent: NetNewsWire (RSS Reader; https://netnewswire.com/)\r\nAccept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n",
	"Liferea":           "User-Agent: Liferea/1.15.8 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)\r\nAccept: application/atom+xml,application/xml;q=0.9,text/xml;q=0.8,*/*;q=0.7\r\nA-IM: feed\r\nDNT: 1\r\nSec-GPC: 1\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: de-DE, de;q=0.9\r\nConnection: Keep-Alive\r\n",
	"Feedly":            "User-Agent: Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)\r\nAccept-Encoding: gzip\r\nCache-Control: max-age=0\r\nPragma: no-cache\r\n",
	"curl":              "User-Agent: curl/8.5.0\r\nAccept: */*\r\n",
	"curl --compressed": "User-Agent: curl/8.5.0\r\nAccept: */*\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n",
	"wget":              "User-Agent: Wget/1.24.5\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive\r\n",
	"Go":                "User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n",
	"a browser":         "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nCookie: a=b; c=d\r\nUpgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nPriority: u=0, i\r\n",
	"a proxy":           "X-Forwarded-For: 203.0.113.7, 2001:db8::1\r\nX-Forwarded-Proto: https\r\nVia: 1.1 caddy\r\nUser-Agent: Yarr/2.4\r\nAccept-Encoding: gzip\r\n",
}

// The lane takes what readers send, with and without what they remember.
func TestLaneTakesReaders(t *testing.T) {
	w := newTwins(t)
	tag, since := w.validators("/日本/atom.xml", gzipCoding)
	validators := map[string]int{
		"": 200, "If-None-Match: " + tag + "\r\n": 304, "If-None-Match: W/" + tag + "\r\nIf-Modified-Since: " + since + "\r\n": 304,
		"If-Modified-Since: " + since + "\r\n": 304, "If-None-Match: \"old\"\r\nIf-Modified-Since: " + since + "\r\n": 200,
		"If-Modified-Since: Mon, 02 Mar 2026 10:00:00 GMT\r\n": 200, "if-none-match: " + strings.ReplaceAll(tag, "-gzip", "") + "\r\n": 304,
	}
	for name, fields := range readers {
		for validator, status := range validators {
			for _, method := range []string{"GET", "HEAD"} {
				lane, handler := w.ways()
				request := method + " /%E6%97%A5%E6%9C%AC/atom.xml HTTP/1.1\r\nHost: journal.example:8080\r\n" + fields + validator + "\r\n"
				answer := converse(t, w.lane, []byte(request))
				if !bytes.HasPrefix(answer, fmt.Appendf(nil, "HTTP/1.1 %d ", status)) {
					t.Errorf("%s: %q\ngets %q", name, request, shortened(answer))
				}
				if l, h := w.ways(); l != lane+1 || h != handler {
					t.Errorf("%s: the lane does not take %q", name, request)
				}
				w.same(t, []byte(request+request))
			}
		}
	}
}

// A feed is known by its own address, however that is written, with the site's
// path and without it.
func TestLaneKnowsTheFeeds(t *testing.T) {
	w := newTwins(t)
	for target, taken := range map[string]bool{
		"/rss.xml": true, "/atom.xml?x=1&y": true, "/feed.json?": true, "/design/feed.json?a=%zz#b": true,
		"/%E6%97%A5%E6%9C%AC/rss.xml": true, "/日本/rss.xml": true, "/%e6%97%a5%E6%9C%AC/rss.xml": false, "/%72ss.xml": false,
		"//rss.xml": false, "/design": false, "/design/": false, "/nothing/rss.xml": false, "/feeds.opml": false,
		"http://127.0.0.1/rss.xml": false, "/rss.xml?a\tb": false, "/rss.xml?\x7f": false, "/rss.xml#x": false, "*": false, "": false,
	} {
		lane, _ := w.ways()
		request := "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"
		w.same(t, []byte(request))
		if after, _ := w.ways(); after-lane != map[bool]int{true: 2}[taken] {
			t.Errorf("%q: taken %d times of 2, want all is %v", target, after-lane, taken)
		}
	}
}

func TestLaneKnowsTheSitesPath(t *testing.T) {
	h := newHouse(t, func(s *feed.Site) { s.URL += "a%25b/ü/" })
	h.publish(feed.SiteNum)
	h.load()
	for _, path := range []string{"/rss.xml", "/a%25b/%C3%BC/rss.xml"} {
		lane, _ := h.ways()
		converse(t, h.public, []byte("GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n"))
		if after, _ := h.ways(); after != lane+1 {
			t.Errorf("the lane does not take %s", path)
		}
	}
}

// Whatever the lane answers is counted like the handler's answers.
func TestLaneCounts(t *testing.T) {
	w := newTwins(t)
	counts := func(l *httptest.Server) (text string) {
		before := w.counted()
		for _, request := range []string{
			"GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /rss.xml HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
			"GET /design/feed.json HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n", "GET /rss.xml HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + w.tag + "\r\n\r\n",
		} {
			converse(t, l, []byte(request))
		}
		after := w.counted()
		for _, key := range slices.Sorted(maps.Keys(after)) {
			if strings.HasPrefix(key, "syndic_http_re") && after[key] != before[key] {
				text += fmt.Sprintln(key, after[key]-before[key])
			}
		}
		return text
	}
	lane, handler := w.ways()
	want := counts(w.plain)
	if got := counts(w.lane); got != want || strings.Count(want, "\n") != 8 {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if l, h := w.ways(); l != lane+4 || h != handler+4 {
		t.Errorf("%d by the lane, %d by the handler", l-lane, h-handler)
	}
}

// After a handover all that follows goes to net/http, feeds as well.
func TestLaneHandsOverForGood(t *testing.T) {
	w := newTwins(t)
	feedGet := "GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n"
	stream := feedGet + "GET /design/ HTTP/1.1\r\nHost: a\r\n\r\n" + feedGet + "POST /rss.xml HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345" + feedGet
	lane, handler := w.ways()
	answer := converse(t, w.lane, []byte(stream))
	if n := bytes.Count(answer, []byte("HTTP/1.1 ")); n != 5 {
		t.Errorf("%d answers to 5 requests: %q", n, shortened(answer))
	}
	if l, h := w.ways(); l != lane+1 || h != handler+4 {
		t.Errorf("%d by the lane, %d by the handler", l-lane, h-handler)
	}
	w.same(t, []byte(stream))
}

func TestDateMovesOn(t *testing.T) {
	l := &lane{}
	at := time.Date(2026, 5, 6, 7, 8, 9, 999_999_999, time.FixedZone("", 3600))
	first := l.dateAt(at)
	if string(first.keep) != "Wed, 06 May 2026 06:08:09 GMT\r\n\r\n" || string(first.close) != "Wed, 06 May 2026 06:08:09 GMT\r\nConnection: close\r\n\r\n" {
		t.Errorf("%q, %q", first.keep, first.close)
	}
	if l.dateAt(at.Add(-time.Millisecond)) != first {
		t.Error("made twice in one second")
	}
	if later := l.dateAt(at.Add(1)); string(later.keep) != "Wed, 06 May 2026 06:08:10 GMT\r\n\r\n" {
		t.Errorf("%q", later.keep)
	}
}

func TestLaneIsOff(t *testing.T) {
	w := newTwins(t)
	lane, handler := w.ways()
	converse(t, w.plain, []byte("GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n"))
	if l, h := w.ways(); l != lane || h != handler+1 {
		t.Errorf("%d by the lane, %d by the handler", l-lane, h-handler)
	}
}

// The lane can be closed and opened while connections are in it.
func TestLaneClosesAndOpens(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		h := &house{TB: b.T, server: b.shelf}
		ask := func(v *visitor, byLane bool) {
			b.Helper()
			lane, handler := h.ways()
			v.send(getFeed)
			if res := v.receive(); res.StatusCode != http.StatusOK || res.Close {
				b.Errorf("%v", res)
			}
			synctest.Wait()
			if l, other := h.ways(); l-lane != toInt(byLane) || other-handler != toInt(!byLane) {
				b.Errorf("%d by the lane, %d by the handler, want by the lane: %v", l-lane, other-handler, byLane)
			}
		}
		old, begun := b.visit(), b.visit()
		ask(old, true)
		begun.send(getFeed[:10])
		synctest.Wait()
		b.shelf.SetFastLane(false)
		ask(old, false)
		ask(b.visit(), false)
		b.shelf.SetFastLane(true)
		ask(old, false) // it has gone over for good
		ask(b.visit(), true)
		begun.send(getFeed[10:])
		begun.receive()
	}, true)
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
