package web

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// logged are the lines of requests, as soon as there are so many.
func (h *house) requestLines(n int) (lines []map[string]any) {
	h.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		lines = nil
		for line := range strings.Lines(h.logged.String()) {
			var v map[string]any
			if json.Unmarshal([]byte(line), &v) == nil && v["message"] == "request" {
				lines = append(lines, v)
			}
		}
		if len(lines) >= n {
			return lines
		}
		if time.Now().After(deadline) {
			h.Fatalf("%d lines:\n%s", len(lines), h.logged)
		}
	}
}

func TestRequestLog(t *testing.T) {
	for _, lane := range []bool{true, false} {
		h, _, _ := design(t)
		h.public = h.open(lane)
		h.server.Limit(Limits{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
		h.server.LogRequests(1)
		h.get("/design/rss.xml?token=secret", "Accept-Encoding", "gzip", "X-Forwarded-For", "203.0.113.9")
		h.do("HEAD", "/design/atom.xml")
		h.get("/nothing?token=secret")
		lines := h.requestLines(3)
		first := lines[0]
		if first["method"] != "GET" || first["feed"] != "design/rss.xml" || first["status"] != 200.0 || first["encoding"] != "gzip" ||
			first["client"] != "203.0.113.9" || first["component"] != "web" || first["bytes"].(float64) < 100 || first["duration_ms"] == nil {
			t.Errorf("lane %v: %v", lane, first)
		}
		if l := lines[1]; l["method"] != "HEAD" || l["feed"] != "design/atom.xml" || l["bytes"] != 0.0 || l["client"] != "127.0.0.1" {
			t.Errorf("lane %v: %v", lane, l)
		}
		if l := lines[2]; l["path"] != "/nothing" || l["status"] != 404.0 {
			t.Errorf("lane %v: %v", lane, l)
		}
		if h.logged.contains("secret") || len(lines) != 3 {
			t.Errorf("lane %v: too much is logged:\n%s", lane, h.logged)
		}
		h.server.LogRequests(0)
		h.get("/rss.xml")
		h.get("/design/")
		if n := len(h.requestLines(3)); n != 3 {
			t.Errorf("%d lines after it was turned off", n)
		}
	}
}

func TestRequestLogIsSampled(t *testing.T) {
	s := shelf(100)
	for share, bounds := range map[float64][2]int{0: {0, 0}, 0.1: {800, 1200}, 0.5: {4600, 5400}, 1: {10_000, 10_000}} {
		s.LogRequests(share)
		n := 0
		for range 10_000 {
			if s.requests.chosen() {
				n++
			}
		}
		if n < bounds[0] || n > bounds[1] {
			t.Errorf("share %v: %d of 10000", share, n)
		}
	}
}
