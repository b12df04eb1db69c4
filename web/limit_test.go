package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
)

// Whoever asks too often without a condition is told so, on both ways, and how
// long to wait; other clients and feeds, and requests with a condition, are not.
func TestOverPollersAreRefused(t *testing.T) {
	for _, lane := range []bool{true, false} {
		h, c, _ := design(t)
		h.public = h.open(lane)
		h.server.Limit(Limits{Requests: 3, Per: time.Hour, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		tag := ""
		for range 3 {
			tag = h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, 200).Header.Get("Etag")
		}
		g := h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, http.StatusTooManyRequests)
		if wait, err := strconv.Atoi(g.Header.Get("Retry-After")); err != nil || wait < 1190 || wait > 1200 {
			t.Errorf("lane %v: Retry-After %q", lane, g.Header.Get("Retry-After"))
		}
		if g.Header.Get("Cache-Control") != "no-store" || g.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("lane %v: %v", lane, g.Header)
		}
		h.do("HEAD", "/design/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, http.StatusTooManyRequests)
		for range 5 {
			h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9", "If-None-Match", tag).want(t, 304)
			h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9", "If-None-Match", `"another"`).want(t, 200)
			h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9", "If-Modified-Since", "Mon, 02 Jan 2006 15:04:05 GMT").want(t, 200)
		}
		h.get("/design/atom.xml", "X-Forwarded-For", "203.0.113.9").want(t, 200)
		h.get("/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, 200)
		h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.10").want(t, 200)
		for range 5 {
			h.get("/design/", "X-Forwarded-For", "203.0.113.9").want(t, 200)
		}
		h.awaitCount("syndic_http_rate_limited_total", 2)
		if n := h.counted()["syndic_http_requests_total design identity rss 429"]; n != 2 {
			t.Errorf("lane %v: %d answers with 429 counted", lane, n)
		}
		if n, _ := h.ways(); lane && n < 10 {
			t.Errorf("with the limit on, the lane answered only %d", n)
		}
		h.post(feed.Post{Slug: "more", Title: "More", Categories: []string{c.ID}, Body: "More."})
		h.publish(c.Num)
		h.load()
		h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, 200) // new bytes
		h.server.Limit(Limits{})
		h.get("/design/rss.xml", "X-Forwarded-For", "203.0.113.9").want(t, 200)
	}
}

// What a client says of itself is not believed unless a proxy of ours says so.
func TestForeignForwardingIsNotBelieved(t *testing.T) {
	for _, lane := range []bool{true, false} {
		h, _, _ := design(t)
		h.public = h.open(lane)
		h.server.Limit(Limits{Requests: 3, Per: time.Hour, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		for i := range 5 {
			want := 200
			if i >= 3 {
				want = http.StatusTooManyRequests
			}
			h.get("/design/rss.xml", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "Forwarded", "for=10.0.0.1").want(t, want)
		}
	}
}

func TestClientBehindProxies(t *testing.T) {
	p := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48"), netip.MustParsePrefix("192.0.2.1/32")}
	for _, c := range []struct{ peer, list, forwarded, want string }{
		{"203.0.113.7", "198.51.100.1", "", "203.0.113.7"}, // not ours
		{"10.0.0.1", "", "", "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1", "", "198.51.100.1"},
		{"10.0.0.1", "1.1.1.1, 198.51.100.1", "", "198.51.100.1"}, // the first is the client's word
		{"10.0.0.1", "1.1.1.1,198.51.100.1 ,10.2.3.4", "", "198.51.100.1"},
		{"10.0.0.1", "10.9.9.9, 10.2.3.4", "", "10.9.9.9"},
		{"10.0.0.1", "198.51.100.1, unknown", "", "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1,", "", "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1:4711", "", "198.51.100.1"},
		{"10.0.0.1", "[2001:db8:2::1]:4711", "", "2001:db8:2::1"},
		{"10.0.0.1", "2001:db8:2::1%eth0", "", "2001:db8:2::1"},
		{"10.0.0.1", "::ffff:198.51.100.1", "", "198.51.100.1"},
		{"2001:db8:1::5", "", `for=192.0.2.60;proto=http;by=203.0.113.43`, "192.0.2.60"},
		{"2001:db8:1::5", "", `For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17"},
		{"2001:db8:1::5", "", `for=1.1.1.1, for=198.51.100.1;host="a,b;for=9.9.9.9", for=192.0.2.1`, "198.51.100.1"},
		{"2001:db8:1::5", "", `for=_hidden`, "2001:db8:1::5"},
		{"2001:db8:1::5", "", `proto=https`, "2001:db8:1::5"},
		{"10.0.0.1", "198.51.100.1", "for=198.51.100.1", "198.51.100.1"},
		{"10.0.0.1", "198.51.100.1", "for=198.51.100.2", "10.0.0.1"}, // one of them is made up
	} {
		if got := p.client(netip.MustParseAddr(c.peer), c.list, c.forwarded); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s, %q, %q: %v, want %s", c.peer, c.list, c.forwarded, got, c.want)
		}
	}
}

func FuzzClientBehindProxies(f *testing.F) {
	f.Add("1.1.1.1, 10.0.0.2", `for="[::1]:80";by=x, for=a`)
	f.Add(",,", `"`)
	p := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, list, forwarded string) {
		if c := p.client(netip.MustParseAddr("10.0.0.1"), list, forwarded); !c.IsValid() || c.Zone() != "" || c.Is4In6() {
			t.Errorf("%q, %q: %v", list, forwarded, c)
		}
		// What a client writes in front of a hop of ours changes nothing.
		honest := p.client(netip.MustParseAddr("10.0.0.1"), "198.51.100.1", "")
		if c := p.client(netip.MustParseAddr("10.0.0.1"), strings.ReplaceAll(list, "\n", "")+",198.51.100.1", ""); c != honest {
			t.Errorf("%q: %v", list, c)
		}
	})
}

func TestBucketsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := shelf(100)
		s.Limit(Limits{Requests: 4, Per: time.Minute})
		l, f := s.limits.Load(), &servedFeed{Artifact: feed.Artifact{Category: 3}}
		client := netip.MustParseAddr("203.0.113.9")
		take := func(want time.Duration) {
			t.Helper()
			if wait := l.take(client, f, time.Now()); wait != want {
				t.Errorf("wait %v, want %v", wait, want)
			}
		}
		for range 4 {
			take(0)
		}
		take(15 * time.Second)
		time.Sleep(14 * time.Second)
		take(time.Second) // asking too early costs nothing
		time.Sleep(time.Second)
		take(0)
		take(15 * time.Second)
		time.Sleep(time.Hour)
		for range 4 {
			take(0) // no more than a bucket is saved up
		}
		take(15 * time.Second)
	})
}

// An IPv6 customer is one client, whatever addresses it takes, and an IPv4
// address is one.
func TestNetworkOfAClient(t *testing.T) {
	s := shelf(100)
	s.Limit(Limits{Requests: 1, Per: time.Hour})
	l, f, now := s.limits.Load(), &servedFeed{}, time.Now()
	for address, ok := range map[string]bool{"2001:db8:1:2::1": true, "2001:db8:1:3::1": true, "203.0.113.1": true, "203.0.113.2": true} {
		if wait := l.take(netip.MustParseAddr(address), f, now); (wait == 0) != ok {
			t.Errorf("%s: wait %v", address, wait)
		}
	}
	if l.take(netip.MustParseAddr("2001:db8:1:2:ffff::9"), f, now) == 0 {
		t.Error("another address of the same network is another client")
	}
	if l.take(netip.Addr{}, f, now) != 0 || l.take(netip.Addr{}, f, now) != 0 {
		t.Error("a pipe is limited")
	}
}

// However many clients come, memory stays bounded.
func TestLimiterForgets(t *testing.T) {
	s := shelf(100)
	s.Limit(Limits{Requests: 10, Per: time.Hour})
	l, f, now := s.limits.Load(), &servedFeed{}, time.Now()
	for i := range 3 * limitedClients {
		client := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if l.take(client, f, now) != 0 {
			t.Fatalf("%v is refused", client)
		}
		if len(l.full) > limitedClients {
			t.Fatalf("%d clients are remembered", len(l.full))
		}
	}
	l.take(netip.MustParseAddr("203.0.113.1"), f, now.Add(2*time.Hour))
	l.forget(now.Add(2 * time.Hour))
	if len(l.full) != 1 {
		t.Errorf("%d empty buckets are kept", len(l.full)-1)
	}
}
