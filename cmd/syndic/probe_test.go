package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"syndic/control"
)

// asked is what a file server was asked for.
type asked struct {
	mu    sync.Mutex
	lines []string
}

func (a *asked) add(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
}

// take returns what was asked since the last time.
func (a *asked) take() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := slices.Sorted(slices.Values(a.lines))
	a.lines = nil
	return strings.Join(lines, ", ")
}

// files is a server of 1234 bytes that behaves as the path says.
func files(w http.ResponseWriter, r *http.Request) {
	head, h := r.Method == http.MethodHead, w.Header()
	h.Set("Content-Type", "audio/mpeg")
	hops := 0
	switch kind := strings.Trim(r.URL.Path, "/"); {
	case kind == "405.mp3" && head:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case kind == "501.mp3" && head:
		w.WriteHeader(http.StatusNotImplemented)
	case kind == "signed.mp3" && head, kind == "closed.mp3":
		w.WriteHeader(http.StatusForbidden)
	case kind == "404.mp3":
		w.WriteHeader(http.StatusNotFound)
	case kind == "500.mp3":
		w.WriteHeader(http.StatusInternalServerError)
	case kind == "chunked.mp3", kind == "lazy.mp3" && head:
		if !head {
			_, _ = w.Write(make([]byte, 1000))
		}
		w.(http.Flusher).Flush() // so that no length can be known
	case kind == "whole.mp3" && !head, kind == "plain.bin", kind == "head.mp3":
		h.Set("Content-Length", "1234")
		if kind == "plain.bin" {
			h["Content-Type"] = nil
		}
		_, _ = w.Write(make([]byte, 1234))
	case kind == "whole.mp3", kind == "zero.mp3":
		h.Set("Content-Length", "0")
	case kind == "packed.mp3":
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", "99")
	case kind == "star.mp3" && !head:
		h.Set("Content-Range", "bytes 0-0/*")
		w.WriteHeader(http.StatusPartialContent)
	case kind == "star.mp3":
		w.(http.Flusher).Flush()
	case strings.HasPrefix(kind, "hop"):
		_, _ = fmt.Sscanf(kind, "hop%d", &hops)
		to := "/head.mp3"
		if hops > 1 {
			to = fmt.Sprintf("/hop%d", hops-1)
		}
		http.Redirect(w, r, to, http.StatusFound)
	case kind == "away":
		http.Redirect(w, r, "ftp://files.example/a.mp3", http.StatusFound)
	default:
		h.Set("Content-Type", `Audio/Ogg; codecs="opus"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.Repeat("x", 1234)))
	}
}

func TestProbe(t *testing.T) {
	var log asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		if r.UserAgent() != "syndic/1.2.3" || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("header %v", r.Header)
		}
		files(w, r)
	}))
	defer server.Close()
	p := newProber("1.2.3")
	defer p.client.CloseIdleConnections()
	const ranged = " bytes=0-0"
	for _, c := range []struct {
		path, kind string
		size       int64
		fails      string
		asked      string
	}{
		{"/head.mp3", "audio/mpeg", 1234, "", "HEAD /head.mp3"},
		{"/file", "audio/ogg", 1234, "", "HEAD /file"},
		{"/plain.bin", "", 1234, "", "HEAD /plain.bin"},
		{"/405.mp3", "audio/ogg", 1234, "", "GET /405.mp3" + ranged + ", HEAD /405.mp3"},
		{"/501.mp3", "audio/ogg", 1234, "", "GET /501.mp3" + ranged + ", HEAD /501.mp3"},
		{"/signed.mp3", "audio/ogg", 1234, "", "GET /signed.mp3" + ranged + ", HEAD /signed.mp3"},
		{"/lazy.mp3", "audio/ogg", 1234, "", "GET /lazy.mp3" + ranged + ", HEAD /lazy.mp3"},
		{"/whole.mp3", "audio/mpeg", 1234, "", "GET /whole.mp3" + ranged + ", HEAD /whole.mp3"},
		{"/chunked.mp3", "audio/mpeg", 0, "", "GET /chunked.mp3" + ranged + ", HEAD /chunked.mp3"},
		{"/packed.mp3", "audio/mpeg", 0, "", "GET /packed.mp3" + ranged + ", HEAD /packed.mp3"},
		{"/star.mp3", "audio/mpeg", 0, "", "GET /star.mp3" + ranged + ", HEAD /star.mp3"},
		{"/zero.mp3", "audio/mpeg", 0, "", "GET /zero.mp3" + ranged + ", HEAD /zero.mp3"},
		{"/hop1", "audio/mpeg", 1234, "", "HEAD /head.mp3, HEAD /hop1"},
		{"/hop5", "audio/mpeg", 1234, "", "HEAD /head.mp3, HEAD /hop1, HEAD /hop2, HEAD /hop3, HEAD /hop4, HEAD /hop5"},
		{"/hop6", "", 0, "redirected more than 5 times", "HEAD /hop1, HEAD /hop2, HEAD /hop3, HEAD /hop4, HEAD /hop5, HEAD /hop6"},
		{"/away", "", 0, `unsupported protocol scheme "ftp"`, "HEAD /away"},
		{"/404.mp3", "", 0, "HEAD answered 404", "HEAD /404.mp3"},
		{"/500.mp3", "", 0, "HEAD answered 500", "HEAD /500.mp3"},
		{"/closed.mp3", "", 0, "GET answered 403", "GET /closed.mp3" + ranged + ", HEAD /closed.mp3"},
	} {
		size, kind, err := p.probe(t.Context(), server.URL+c.path)
		if size != c.size || kind != c.kind || (err == nil) != (c.fails == "") || err != nil && err.Error() != c.fails {
			t.Errorf("%s: %d, %q, %v", c.path, size, kind, err)
		}
		if got := log.take(); got != c.asked {
			t.Errorf("%s: asked %q, want %q", c.path, got, c.asked)
		}
	}
}

func TestProbeOfNobody(t *testing.T) {
	p := newProber("1.2.3")
	if _, _, err := p.probe(t.Context(), "http://"+freeAddress(t)+"/a.mp3"); err == nil || !strings.HasSuffix(err.Error(), "connection refused") {
		t.Errorf("nobody listens: %v", err)
	}
	if _, _, err := p.probe(t.Context(), "http://[::1"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("no address: %v", err)
	}
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	p.limit = 50 * time.Millisecond
	if _, _, err := p.probe(t.Context(), server.URL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent server: %v", err)
	}
	p.limit = probeTime
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.probe(ctx, server.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("a probe that is not wanted: %v", err)
	}
}

// radio is a host with posts, of which the attachments are on a file server.
type radio struct {
	*host
	files string // URL of the file server
	log   *asked
}

func newRadio(t *testing.T, online bool) *radio {
	log := &asked{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.add(r)
		files(w, r)
	}))
	t.Cleanup(server.Close)
	r := &radio{newHost(t), server.URL, log}
	if online {
		r.serve()
	}
	return r
}

// post writes a post with one attachment.
func (r *radio) post(name, file string) string {
	return r.write("posts/"+name+".md", "---\ntitle: "+name+"\ncategory: Radio\nattachments:\n  - url: "+r.files+file+"\n---\nListen.\n")
}

// Attachments from the command line to the feeds, with a daemon and without.
func TestAttachments(t *testing.T) {
	for _, online := range []bool{false, true} {
		h := newRadio(t, online)
		h.post("good", "/head.mp3")
		h.post("odd", "/file")
		h.post("bad", "/404.mp3")
		r := h.run("post", "add", h.dir+"/posts")
		if want := "bad.md: attachment " + h.files + "/404.mp3: HEAD answered 404: write size in the front matter, or add it with --no-probe\n"; r.code != exitPartly || !strings.Contains(r.err, want) {
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
		if got := h.log.take(); got != "HEAD /404.mp3, HEAD /file, HEAD /head.mp3" {
			t.Errorf("asked %q", got)
		}
		r = h.run("post", "add", "--no-probe", h.dir+"/posts")
		if want := "/404.mp3: it goes out without size: write size in the front matter"; r.code != exitOK || !strings.Contains(r.err, want) || strings.Count(r.out, "unchanged") != 2 {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
		if got := h.log.take(); got != "" {
			t.Errorf("asked %q", got)
		}
		h.must(exitOK, "republish", "radio", "--no-ping")
		rss, atom := h.must(exitOK, "feed", "show", "radio", "rss"), h.must(exitOK, "feed", "show", "radio", "atom")
		for _, want := range []string{
			`<enclosure url="` + h.files + `/head.mp3" length="1234" type="audio/mpeg">`,
			`<enclosure url="` + h.files + `/file" length="1234" type="audio/ogg">`,
			`<enclosure url="` + h.files + `/404.mp3" length="0" type="audio/mpeg">`,
		} {
			if !strings.Contains(rss, want) {
				t.Errorf("no %s in\n%s", want, rss)
			}
		}
		if !strings.Contains(atom, h.files+"/404.mp3") {
			t.Errorf("the attachment of no known size is lost:\n%s", atom)
		}
	}
}

// An edit asks only about what is new, and not at all when told so.
func TestEditedAttachments(t *testing.T) {
	h := newRadio(t, false)
	h.must(exitOK, "post", "add", h.post("a", "/head.mp3"))
	h.log.take()
	for _, step := range []struct {
		file, flag string
		code       int
		asked      string
	}{
		{"/head.mp3", "--no-probe=false", exitOK, ""},
		{"/file", "--no-probe=false", exitOK, "HEAD /file"},
		{"/file", "--no-probe=false", exitOK, ""},
		{"/500.mp3", "--no-probe=false", exitFailed, "HEAD /500.mp3"},
		{"/500.mp3", "--no-probe", exitOK, ""},
	} {
		r := h.run("post", "edit", "a", "--file", h.post("b", step.file), step.flag)
		if got := h.log.take(); r.code != step.code || got != step.asked {
			t.Errorf("%s %s: exit %d, asked %q, want %q\n%s", step.file, step.flag, r.code, got, step.asked, r.err)
		}
	}
	if p := decode[control.PostInfo](h.host, "post", "show", "a"); len(p.Attachments) != 1 || p.Attachments[0].Size != 0 || p.Attachments[0].Type != "audio/mpeg" {
		t.Errorf("%+v", p.Attachments)
	}
}
