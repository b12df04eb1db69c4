package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"syndic/control"
)

// cache is a proxy that keeps what it got until it is purged, as a CDN does
// with a long default.
type cache struct {
	t     *testing.T
	url   string
	proxy *httputil.ReverseProxy

	mu   sync.Mutex
	kept map[string]*httptest.ResponseRecorder // by path and encoding
}

// newCache puts a cache in front of a host, whose site.url it becomes.
func newCache(h *host) *cache {
	h.t.Helper()
	c := &cache{t: h.t, kept: map[string]*httptest.ResponseRecorder{}}
	c.proxy = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: h.addr})
	server := httptest.NewServer(c)
	h.t.Cleanup(server.Close)
	c.url = server.URL + "/"
	h.url = c.url
	return c
}

func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.URL.Path + " " + r.Header.Get("Accept-Encoding")
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.kept[key]
	if kept == nil {
		kept = httptest.NewRecorder()
		c.proxy.ServeHTTP(kept, r)
		if kept.Code == http.StatusOK {
			c.kept[key] = kept
		}
	}
	for name, values := range kept.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(kept.Code)
	_, _ = w.Write(kept.Body.Bytes())
}

func (c *cache) purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kept)
}

func TestPingWaitsForACacheInFront(t *testing.T) {
	h, hub := newHost(t), newHub(t)
	c := newCache(h)
	h.configure("schedule: \"@change\"", "hubs: [\""+hub.url+"\"]", "websub: {verify: on}")
	p := h.serve()
	h.must(0, "post", "add", h.write("one.md", "# One\n"))
	eventually(t, "the hub is told of the first post", func() bool {
		return holding(hub.got(), "One") == 3
	})
	_, _ = get(t, c.url+"rss.xml") // a reader comes by and fills the cache
	hub.forget()

	two := h.write("two.md", "# Two\n")
	h.must(0, "post", "add", two)
	const waiting = " still serves the previous generation"
	r := h.run("republish", "--force", "--timeout", "3s")
	if r.code != exitPartly || !strings.Contains(r.err, "waiting: "+c.url+"rss.xml"+waiting) {
		t.Errorf("republish: exit %d, says\n%s", r.code, r.err)
	}
	rows := decode[[]control.HubInfo](h, "hub", "list")
	if len(rows) != 1 || rows[0].Waiting != 3 || !strings.HasSuffix(rows[0].Note, waiting) {
		t.Errorf("hub list: %+v", rows)
	}
	if log := h.must(0, "hub", "log"); !strings.Contains(log, "waiting: "+c.url+"feed.json"+waiting) {
		t.Errorf("hub log:\n%s", log)
	}
	p.kill() // and what it knows of the cache is lost
	h.serve().await("pings wait for the public address")
	if got := hub.got(); len(got) != 0 {
		t.Errorf("the hub was told of %v, and would have got an older copy", topics(got))
	}
	c.purge()
	eventually(t, "the hub is told once the cache has the new bytes", func() bool { return len(hub.got()) == 3 })
	if n := holding(hub.got(), "Two"); n != 3 {
		t.Errorf("the hub found the second post in %d feeds", n)
	}

	// Turned off while a ping waits, and while the cache keeps an older copy.
	h.configure("schedule: \"@change\"", "hubs: [\""+hub.url+"\"]", "websub: {verify: off}")
	h.must(0, "reload")
	hub.forget()
	h.must(0, "post", "add", h.write("three.md", "# Three\n"))
	eventually(t, "the hub is told at once", func() bool { return len(hub.got()) == 3 })
	if n := holding(hub.got(), "Three"); n != 0 {
		t.Errorf("the cache is no cache: %d feeds hold the third post", n)
	}
}

// holding counts the pings after which the hub found the text in the feed.
func holding(pings []ping, text string) (n int) {
	for _, p := range pings {
		if strings.Contains(p.body, text) {
			n++
		}
	}
	return n
}
