package web

import (
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

func (h *house) adminGet(path string) got { h.Helper(); return fetch(h.TB, "GET", h.admin.URL+path) }

func TestProbes(t *testing.T) {
	h := newHouse(t, nil)
	wantProbe := func(path string, status int, words string) {
		t.Helper()
		if g := h.adminGet(path).want(t, status); !strings.Contains(string(g.body), words) {
			t.Errorf("%s: %q lacks %q", path, g.body, words)
		}
	}
	wantProbe("/healthz", 200, "ok")
	wantProbe("/readyz", 503, "not been read")
	h.load()
	wantProbe("/readyz", 503, "not been published")
	h.publish(feed.SiteNum)
	if h.server.Ready() {
		t.Error("ready before the site's feeds are served")
	}
	h.load()
	wantProbe("/readyz", 200, "ok")
	h.store.Close()
	wantProbe("/readyz", 503, "closed")
	wantProbe("/healthz", 200, "ok")
	h.adminGet("/rss.xml").want(t, 404)
}

func TestMetrics(t *testing.T) {
	h, _, _ := design(t)
	h.get("/design/rss.xml", "Accept-Encoding", "br")
	h.get("/design/rss.xml", "If-None-Match", "*")
	h.get("/nothing")
	h.do("POST", "/feeds.opml")
	h.awaitCount("syndic_http_request_duration_seconds rss", 2)
	h.get("/atom.xml")
	h.get("/nothing/feed.json")
	body := string(h.adminGet("/metrics").want(t, 200).body)
	for _, want := range []string{
		`syndic_http_requests_total{category="design",encoding="br",format="rss",status="200"} 1`,
		`syndic_http_requests_total{category="design",encoding="",format="rss",status="304"} 1`,
		`syndic_http_requests_total{category="",encoding="identity",format="atom",status="200"} 1`,
		`syndic_http_requests_total{category="",encoding="identity",format="page",status="404"} 1`,
		`syndic_http_requests_total{category="other",encoding="identity",format="json",status="404"} 1`,
		`syndic_http_requests_total{category="",encoding="identity",format="opml",status="405"} 1`,
		`syndic_http_request_duration_seconds_count{format="rss"} 2`, `syndic_http_response_size_bytes_count{format="rss"} 1`,
		`syndic_http_lane_total{way="lane"} 1`, `syndic_http_lane_total{way="handler"} 5`, `syndic_http_connections `,
		`syndic_feeds_served 6`, `,version="1.2.3"} 1`, `syndic_ready 1`, `syndic_feed_generation{category="design",format="rss"} `,
		`syndic_feed_modified_timestamp_seconds{category="",format="json"} `, `syndic_http_rate_limited_total 0`,
		`syndic_feed_load_failures_total 0`, `go_goroutines`, `process_open_fds`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		h.get(path).want(t, 404)
	}
}

func TestDashboard(t *testing.T) {
	h, c, _ := design(t)
	topic := h.site.Topic(c, feed.RSS)
	h.update(func(tx store.Tx) error {
		if err := tx.PutRun(store.Run{Category: c.Num, At: time.Date(2026, 4, 5, 6, 7, 8, 0, time.UTC), Error: "disk <full>"}); err != nil {
			return err
		}
		return tx.Enqueue(hubURL, topic, 3, false)
	})
	h.update(func(tx store.Tx) error {
		rows, err := tx.Claim(hubURL, tx.Now(), tx.Now().Add(time.Minute), 1)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%v, %v", rows, err)
		}
		d := rows[0]
		d.Outcome, d.Status, d.Error, d.Settled = store.Failed, 404, "the hub knows no such topic", tx.Now()
		return tx.Settle(d)
	})
	ahead := time.Date(2999, 8, 7, 6, 5, 4, 0, time.UTC)
	h.post(feed.Post{Slug: "ahead", State: feed.Scheduled, PublishAt: ahead, Categories: []string{c.ID}})
	g := h.adminGet("/").want(t, 200)
	all := elements(t, g.body)
	page := text(all["main"][0])
	for _, want := range []string{
		"syndic 1.2.3", "Ready.", "Next slot", "soon", "Design (design)", "active", "2026-04-05 06:07:08", "disk <full>",
		"2999-08-07 06:05:04", "design/rss.xml", "kB", hubURL, topic, "failed", "404", "the hub knows no such topic",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the dashboard lacks %q: %s", want, page)
		}
	}
	if len(all["h1"]) != 1 || len(all["script"]) != 0 || g.Header.Get("Cache-Control") != "no-store" || g.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%v", g.Header)
	}
	if g.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("any site may read the dashboard")
	}
	h.over(&breaking{Store: h.store}, Config{}) // of its posts none can be read
	if page := string(h.adminGet("/").want(t, 200).body); !strings.Contains(page, "Design (design)") {
		t.Errorf("a damaged post takes the dashboard away: %s", page)
	}
}
