package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// examine runs the doctor, which has to end with the exit code, and returns
// what it found.
func examine(h *host, code int, args ...string) examined {
	h.t.Helper()
	r := h.run(append([]string{"--format", "json", "doctor"}, args...)...)
	var e examined
	if err := json.Unmarshal([]byte(r.out), &e); err != nil {
		h.t.Fatalf("%v in\n%s%s", err, r.out, r.err)
	}
	if r.code != code {
		h.t.Errorf("exit %d, want %d: %+v\n%s", r.code, code, e, r.err)
	}
	return e
}

// has fails the test unless the finding is there, with words to say.
func (e examined) has(t *testing.T, l level, id string) remark {
	t.Helper()
	i := slices.IndexFunc(e.Findings, func(r remark) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("there is no %s in %+v", id, e.Findings)
	}
	r := e.Findings[i]
	if r.Level != l || r.Check == "" || r.Message == "" || r.Remedy == "" {
		t.Errorf("%s is %+v, want it as %s", id, r, l)
	}
	return r
}

// proxy is what stands between readers and syndic.
type proxy struct {
	back *httputil.ReverseProxy

	mu   sync.Mutex
	rule func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

func newProxy(h *host) *proxy {
	return &proxy{back: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: h.addr})}
}

func (p *proxy) set(rule func(http.ResponseWriter, *http.Request, http.Handler)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = rule
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	rule := p.rule
	p.mu.Unlock()
	if rule == nil {
		p.back.ServeHTTP(w, r)
		return
	}
	rule(w, r, p.back)
}

// passing passes an answer on with another header or body.
func passing(change func(header http.Header, body []byte) []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		body := change(rec.Header(), rec.Body.Bytes())
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		if len(body) != rec.Body.Len() {
			w.Header().Del("Content-Length")
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}
}

// withHeader changes the header alone; an empty value takes a field away.
func withHeader(fields ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return passing(func(header http.Header, body []byte) []byte {
		for i := 0; i+1 < len(fields); i += 2 {
			header.Del(fields[i])
			if fields[i+1] != "" {
				header.Set(fields[i], fields[i+1])
			}
		}
		return body
	})
}

// without passes a request on that has lost a field.
func without(field string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del(field)
		if field == "Accept-Encoding" {
			r.Header.Set(field, "identity") // else the proxy asks for gzip itself
		}
		next.ServeHTTP(w, r)
	}
}

func says(status int, body string, fields ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(fields); i += 2 {
			w.Header().Set(fields[i], fields[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// aged serves the feed with another word in it, as of an earlier day.
func aged(fields ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Set("Accept-Encoding", "identity")
		passing(func(header http.Header, body []byte) []byte {
			header.Set("ETag", `"older"`)
			header.Set("Last-Modified", "Mon, 02 Jan 2023 15:04:05 GMT")
			for i := 0; i+1 < len(fields); i += 2 {
				header.Set(fields[i], fields[i+1])
			}
			return bytes.ReplaceAll(body, []byte("Lakehouse"), []byte("Swamp"))
		})(w, r, next)
	}
}

// mishap is what a proxy can do to feeds, and what the doctor calls it.
type mishap struct {
	id    string
	level level
	rule  func(http.ResponseWriter, *http.Request, http.Handler)
}

func mishaps() []mishap {
	return []mishap{
		{"unreachable", broken, func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }},
		{"not-found", broken, says(404, "no")},
		{"refused", broken, says(403, "robots stay out")},
		{"server-error", broken, says(502, "nobody there")},
		{"wrong-status", broken, says(204, "")},
		{"limited", warning, says(429, "", "Retry-After", "600")},
		{"html", broken, says(200, "<!DOCTYPE html><p>Checking your browser", "Content-Type", "text/html")},
		{"html", broken, says(200, "\n<html><body>It works!", "Content-Type", "application/xml")},
		{"not-a-feed", broken, says(200, "ok", "Content-Type", "text/plain")},
		{"wrong-encoding", broken, withHeader("Content-Encoding", "gzip")},
		{"stale", warning, aged()},
		{"stale", warning, aged("Age", "90000", "Cache-Control", "max-age=60")},
		{"stale", note, aged("Age", "10", "Cache-Control", "public, max-age=60")},
		{"rewritten", warning, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			aged("Last-Modified", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))(w, r, next)
		}},
		{"wrong-type", warning, withHeader("Content-Type", "text/xml")},
		{"no-etag", warning, withHeader("ETag", "")},
		{"no-last-modified", warning, withHeader("Last-Modified", "")},
		{"etag-ignored", warning, without("If-None-Match")},
		{"modified-ignored", warning, without("If-Modified-Since")},
		{"not-compressed", warning, without("Accept-Encoding")},
		{"compressed-differs", warning, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
				aged()(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		}},
		{"redirected", warning, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if rest, ok := strings.CutPrefix(r.URL.Path, "/moved"); ok {
				r.URL.Path = rest
				next.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusFound)
		}},
		{"clock-apart", warning, withHeader("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))},
	}
}

func TestDoctorLooksFromOutside(t *testing.T) {
	h := newHost(t)
	p := newProxy(h)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	h.url = front.URL + "/"
	h.configure(`schedule: "@change"`)
	h.must(0, "post", "add", examplePosts(t))
	h.serve()
	eventually(t, "the posts are out", func() bool { return strings.Contains(h.must(0, "feed", "show", "design"), "Lakehouse") })

	e := examine(h, 0)
	if !e.Complete || !e.Daemon || e.Result != "fine" || len(e.Unfinished) != 0 {
		t.Fatalf("a sound site: %+v", e)
	}
	e.has(t, note, "local-address")
	exits := map[level]int{broken: exitFailed, warning: exitPartly, note: exitOK}
	for _, tc := range mishaps() {
		t.Run(tc.id, func(t *testing.T) {
			p.set(tc.rule)
			e := examine(h, exits[tc.level])
			r := e.has(t, tc.level, tc.id)
			if n := len(r.Subjects); n == 0 || tc.level == broken && tc.id != "unreachable" && n != 6 {
				t.Errorf("it is about %v, want six feeds", r.Subjects)
			}
		})
	}
	p.set(nil)
	if r := h.run("doctor"); r.code != 0 || !strings.Contains(r.out, "note     config") || !strings.Contains(r.out, "→ ") || !strings.Contains(r.out, "public, clock") {
		t.Errorf("exit %d:\n%s%s", r.code, r.out, r.err)
	}
}

// Before its first publication a category has no feeds, which is as it should be.
func TestDoctorAwaitsTheFirstPublication(t *testing.T) {
	h := newHost(t, `schedule: "0 0 1 1 *"`)
	h.serve().ready()
	h.must(0, "post", "add", h.write("queued.md", "---\ntitle: Queued\ncategory: Queued\n---\ntext\n"))
	h.must(0, "post", "add", "--draft", h.write("draft.md", "---\ntitle: Draft\ncategory: Drafts\n---\ntext\n"))
	h.must(0, "post", "add", "--at", "2999-01-01", h.write("ahead.md", "---\ntitle: Ahead\ncategory: Ahead\n---\ntext\n"))
	if res, _ := get(t, h.url+"queued/atom.xml"); res.StatusCode != http.StatusNotFound {
		t.Fatalf("the feed is out already: %s", res.Status)
	}
	if e := examine(h, 0, "--all"); slices.Contains(e.Skipped, "public") {
		t.Errorf("it did not look at the site's feeds: %+v", e)
	}
}

func TestDoctorFetchesASample(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	var b strings.Builder
	for i := range 30 {
		b.WriteString(", c" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
	}
	h.must(0, "post", "add", h.write("many.md", "---\ntitle: Many\ncategories: ["+b.String()[2:]+"]\n---\ntext\n"))
	h.serve()
	eventually(t, "all feeds are out", func() bool { return strings.Contains(h.must(0, "status"), "93") })
	r := examine(h, 0).has(t, note, "feeds-sampled")
	if r.Message != "60 of 93 feeds were fetched" {
		t.Errorf("it says %q", r.Message)
	}
	for _, r := range examine(h, 0, "--all").Findings {
		if r.ID == "feeds-sampled" {
			t.Errorf("with --all it says %+v", r)
		}
	}
}

// authority signs certificates.
type certAuthority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // of its certificate
}

func newAuthority(h *host) *certAuthority {
	h.t.Helper()
	c := &certAuthority{key: newKey(h.t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := c.sign(h.t, template, template, &c.key.PublicKey)
	var err error
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		h.t.Fatal(err)
	}
	c.file = h.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return c
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (c *certAuthority) sign(t *testing.T, template, parent *x509.Certificate, key *ecdsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, c.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// issue makes a certificate for an address of this machine.
func (c *certAuthority) issue(t *testing.T, ip string, end time.Time) tls.Certificate {
	t.Helper()
	key := newKey(t)
	der := c.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end, IPAddresses: []net.IP{net.ParseIP(ip)},
	}, c.cert, &key.PublicKey)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestDoctorLooksAtCertificates(t *testing.T) {
	h := newHost(t)
	authority := newAuthority(h)
	var mu sync.Mutex
	var serving tls.Certificate
	front := httptest.NewUnstartedServer(newProxy(h))
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that go away
	front.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		return &tls.Config{Certificates: []tls.Certificate{serving}}, nil
	}}
	front.StartTLS()
	t.Cleanup(front.Close)
	h.url = front.URL + "/"
	h.configure()
	h.serve()
	plain := h.env
	h.env = append(slices.Clone(plain), "SSL_CERT_FILE="+authority.file, "SSL_CERT_DIR="+h.dir)
	for name, tc := range map[string]struct {
		ip   string
		left time.Duration
		env  []string
		id   string
		say  string
	}{
		"good":            {"127.0.0.1", 90 * 24 * time.Hour, h.env, "", ""},
		"ends soon":       {"127.0.0.1", 5*24*time.Hour + time.Hour, h.env, "certificate-ends", "in 5 days"},
		"has ended":       {"127.0.0.1", -time.Hour, h.env, "unreachable", "expired"},
		"of another name": {"127.0.0.2", time.Hour, h.env, "unreachable", "127.0.0.2"},
		"of an unknown":   {"127.0.0.1", time.Hour, plain, "unreachable", "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			mu.Lock()
			serving = authority.issue(t, tc.ip, time.Now().Add(tc.left))
			mu.Unlock()
			h.env = tc.env
			switch tc.id {
			case "":
				examine(h, 0)
			case "certificate-ends":
				if r := examine(h, exitPartly).has(t, warning, tc.id); !strings.Contains(r.Message, tc.say) {
					t.Errorf("it says %q", r.Message)
				}
			default:
				if r := examine(h, exitFailed).has(t, broken, tc.id); !strings.Contains(r.Message, tc.say) {
					t.Errorf("it says %q", r.Message)
				}
			}
		})
	}
}
