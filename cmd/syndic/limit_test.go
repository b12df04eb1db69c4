package main

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// Limits and the request log come and go with a reload.
func TestLimitsAreLive(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	p := h.serve()
	ask := func(want ...int) {
		t.Helper()
		var got []int
		for range want {
			resp, _ := get(t, h.url+"rss.xml")
			got = append(got, resp.StatusCode)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	ask(200, 200, 200)
	if n := len(p.log.lines("request")); n > 0 {
		t.Errorf("%d requests are logged unasked", n)
	}
	text := string(readFile(t, h.config))
	h.write("config.yaml", strings.Replace(text, "format: json}", "format: json, requests: 1}", 1)+"serve: {rate_limit: {requests: 2, per: 1h}}\n")
	if out := h.must(0, "reload"); !strings.Contains(out, "serve.rate_limit.requests: 0 → 2") || !strings.Contains(out, "log.requests: 0 → 1") {
		t.Errorf("reload: %s", out)
	}
	ask(200, 200, http.StatusTooManyRequests)
	eventually(t, "three requests are logged", func() bool { return len(p.log.lines("request")) == 3 })
	h.write("config.yaml", text)
	h.must(0, "reload")
	ask(200, 200)
}

// Nothing that may be a secret is ever logged: neither a token in the query of
// a hub's URL, nor a password in a URL that the configuration refuses, nor what
// a reader puts into a query.
func TestLogHoldsNoSecret(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+hub.url+"?token=hush-token, http://"+freeAddress(t)+"/?key=hush-key]")
	text := string(readFile(t, h.config))
	h.write("config.yaml", strings.Replace(text, "format: json}", "format: json, requests: 1}", 1))
	p := h.serve("--verbose")
	h.must(0, "post", "add", h.write("a.md", "# A\n\ntext\n"))
	hub.answer(http.StatusForbidden)
	h.run("republish")
	hub.answer(http.StatusServiceUnavailable)
	h.run("republish", "--force")
	get(t, h.url+"rss.xml?key=hush-query")
	get(t, h.url+"nothing?key=hush-query")
	get(t, strings.Replace(h.url, "http://", "http://user:hush-basic@", 1)+"rss.xml")
	p.await("request")
	p.await("ping failed for good")
	h.write("config.yaml", strings.Replace(text, "hush-token", "hush-other", 1))
	h.must(0, "reload")
	p.await("configuration changed")
	for _, bad := range []string{
		"hubs: [\"https://user:hush-pass@hub.example/\"]", "hubs: [\"ftp://user:hush-pass@hub.example/\"]", "hubs: [\"https://hub.example:99999/?hush-pass\"]",
		"hubs: [\"https://user:hush-pass@hub.exa mple/\"]", "redirects: {/a: \"//user:hush-pass@hub.example/\"}", "redirects: {/a: \"ftp://user:hush-pass@hub.example/\"}",
	} {
		if err := os.WriteFile(h.config, []byte(text[:strings.Index(text, "hubs:")]+bad+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := h.run("reload"); r.code != exitConfig || strings.Contains(r.err, "hush") {
			t.Errorf("%s: exit %d: %s", bad, r.code, r.err)
		}
	}
	if log := p.log.String(); strings.Contains(log, "hush") {
		for line := range strings.Lines(log) {
			if strings.Contains(line, "hush") {
				t.Errorf("logged: %s", line)
			}
		}
	}
}
