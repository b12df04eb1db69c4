package main

import (
	"strings"
	"testing"
	"time"
)

const wrkSays = `Running 2s test @ http://127.0.0.1:8080/design/rss.xml
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.02ms    1.10ms  20.00ms   90.00%
    Req/Sec    30.10k     2.20k   40.00k    70.00%
  Latency Distribution
     50%  650.00us
     75%    1.20ms
     90%    2.00ms
     99%    1.05s
  120000 requests in 2.10s, 100.00MB read
Requests/sec:  57142.86
Transfer/sec:     47.62MB
`

func TestParseWrk(t *testing.T) {
	got, err := parseWrk(wrkSays)
	want := load{requests: 120_000, rate: 57_142.86, p50: 650 * time.Microsecond, p99: 1050 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
}

// Failures, and what wrk does not say, never pass for a fast server.
func TestParseWrkRefuses(t *testing.T) {
	for what, bad := range map[string]string{
		"nothing":          "",
		"no requests":      strings.Replace(wrkSays, "120000 requests", "0 requests", 1),
		"no distribution":  strings.Replace(wrkSays, "99%", "", 1),
		"no rate":          strings.Replace(wrkSays, "Requests/sec:", "", 1),
		"an odd duration":  strings.Replace(wrkSays, "650.00us", "650.00", 1),
		"refused requests": wrkSays + "  Non-2xx or 3xx responses: 5\n",
		"broken sockets":   wrkSays + "  Socket errors: connect 0, read 1, write 0, timeout 0\n",
	} {
		if got, err := parseWrk(bad); err == nil {
			t.Errorf("%s: got %+v, want an error", what, got)
		}
	}
}

func FuzzParseWrk(f *testing.F) {
	f.Add(wrkSays)
	f.Add("  99%\n requests in\n")
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := parseWrk(text); err == nil && (l.requests == 0 || l.rate == 0 || l.p50 == 0 || l.p99 == 0) {
			t.Errorf("parseWrk(%q) = %+v without an error", text, l)
		}
	})
}
