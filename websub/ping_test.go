package websub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

// awaitPings waits until a real hub was told n times.
func awaitPings(t *testing.T, h *fakeHub, n int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for range n {
		select {
		case <-h.arrived:
		case <-late:
			t.Fatalf("hub was told of %d topics, want %d", len(h.requests()), n)
		}
	}
}

func TestPingOverRealHTTP(t *testing.T) {
	h := newFakeHub(nil)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s := openStore(t)
	enqueue(t, s, server.URL+"/publish", 7, "https://example.org/é/rss.xml?a=1&b=2")
	start(t, Config{Store: s, Served: everything, UserAgent: func() string { return "syndic/1.2 (+https://example.org/)" }, Log: zerolog.New(zerolog.NewTestWriter(t))})
	awaitPings(t, h, 1)
	got := h.requests()[0]
	const topic = "https%3A%2F%2Fexample.org%2F%C3%A9%2Frss.xml%3Fa%3D1%26b%3D2"
	if want := "hub.mode=publish&hub.url=" + topic + "&hub.topic=" + topic; got.body != want {
		t.Errorf("body is %q, want %q", got.body, want)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded",
		"User-Agent":   "syndic/1.2 (+https://example.org/)",
	} {
		if got.head.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.head.Get(name), value)
		}
	}
}

func TestOneRequestAtATimeToEachHub(t *testing.T) {
	const topics = 60
	together := make(chan struct{}) // proof that the two hubs are told at the same time
	meet := func(i int, _ string, _ http.ResponseWriter, _ *http.Request) {
		if i == 0 {
			select {
			case together <- struct{}{}:
			case <-together:
			case <-time.After(20 * time.Second):
				t.Error("one hub waited for the other")
			}
		}
	}
	hubs := []*fakeHub{newFakeHub(meet), newFakeHub(meet)}
	s := openStore(t)
	for _, h := range hubs {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		enqueue(t, s, server.URL, 7, topicNames(topics)...)
	}
	start(t, Config{Store: s, Served: everything})
	for i, h := range hubs {
		awaitPings(t, h, topics)
		if h.most != 1 {
			t.Errorf("hub %d had %d requests at the same time", i, h.most)
		}
	}
}

func TestFailureUnwraps(t *testing.T) {
	s := New(Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })})
	_, f := s.ping(t.Context(), "http://hub.test/", topicA)
	var err error = f
	if !errors.Is(err, io.ErrUnexpectedEOF) || f.kind != transient || !f.wide() {
		t.Errorf("failure is %+v", f)
	}
	for status, want := range map[int]kind{
		408: transient, 425: transient, 500: transient, 599: transient, 429: throttled,
		301: permanent, 404: permanent, 410: permanent, 451: permanent, 600: permanent,
	} {
		if got := kindOf(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// endless is the body of a hub that talks for ever.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { return nil }

func TestAnswerIsReadNoFurtherThanNeeded(t *testing.T) {
	talk := &endless{}
	s := New(Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusAccepted, Body: talk, Header: http.Header{}}, nil
	})})
	status, f := s.ping(context.Background(), "http://hub.test/", topicA)
	if f != nil || status != http.StatusAccepted || talk.read > 2*answerLimit {
		t.Errorf("%d, %v, read %d bytes", status, f, talk.read)
	}
}

func TestRedact(t *testing.T) {
	for hub, want := range map[string]string{
		"https://hub.example/":                  "https://hub.example/",
		"https://user:pass@hub.example/p?t=s#f": "https://xxxxx@hub.example/p?xxxxx",
		"https://token@hub.example/":            "https://xxxxx@hub.example/",
		"https://u:p%zz@hub.example/":           "(not a URL)",
	} {
		if got := redact(hub); got != want {
			t.Errorf("redact(%q) is %q, want %q", hub, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, seed := range []string{"", "0", "-1", "120", "99999999999999999999", "4294967295", " 7 ", "Mon, 23 Nov 2026 09:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := retryAfter(value, now); got < 0 {
			t.Errorf("retryAfter(%q) is %s", value, got)
		}
	})
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "a\r\nb", "\x00\x1b[0m", "\xff\xfe", strings.Repeat("é ", 500), "\u2028\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := line(text)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > lineLength+1 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x2028 || r == 0x202e }) {
			t.Errorf("line(%q) is %q", text, got)
		}
	})
}
