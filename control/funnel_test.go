package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"syndic/store"
)

// ask sends a request as it is and returns the answer's status and error.
func ask(t testing.TB, h http.Handler, method, target, body string, change ...func(*http.Request)) (int, http.Header, *Error) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set(VersionHeader, APIVersion)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer struct {
		Error *Error `json:"error"`
	}
	if w.Code != http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error == nil || answer.Error.Code == "" || answer.Error.Message == "" {
			t.Errorf("%s %s: %d with %q, %v", method, target, w.Code, w.Body, err)
		}
	}
	return w.Code, w.Header(), answer.Error
}

func TestFunnel(t *testing.T) {
	h := New(newRig(t).cfg)
	for _, c := range []struct {
		name, method, target, body string
		want                       int
		code, says                 string
	}{
		{"fine", "POST", "/posts", `{"documents": []}`, 200, "", ""},
		{"unknown path", "GET", "/nothing", "", 404, "not_found", "/nothing"},
		{"below a path", "GET", "/posts/", "", 404, "not_found", "/posts/"},
		{"wrong method", "DELETE", "/posts", "", 405, "method", "GET, POST"},
		{"head", "HEAD", "/status", "", 405, "method", "GET"},
		{"no body", "POST", "/posts", "", 400, "invalid", "no body"},
		{"no JSON", "POST", "/posts", "documents=1", 400, "invalid", "cannot be read"},
		{"half of it", "POST", "/posts", `{"documents": [`, 400, "invalid", "cannot be read"},
		{"two values", "POST", "/posts", `{} {}`, 400, "invalid", "goes on"},
		{"unknown field", "POST", "/posts", `{"document": []}`, 400, "invalid", `"document"`},
		{"unknown field deep down", "POST", "/posts", `{"documents": [{"post": {"colour": "red"}}]}`, 400, "invalid", `"colour"`},
		{"wrong type", "POST", "/posts", `{"now": "yes"}`, 400, "invalid", "now"},
		{"unknown in the query", "GET", "/posts?stat=draft", "", 400, "invalid", `"stat"`},
		{"twice in the query", "GET", "/posts?state=draft&state=queued", "", 400, "invalid", "2 times"},
		{"a query that is none", "GET", "/posts?state=%zz", "", 400, "invalid", "query"},
		{"a number that is none", "GET", "/hubs/log?limit=-1", "", 400, "invalid", `"-1" is not a number`},
		{"a state that is none", "GET", "/posts?state=lost", "", 422, "invalid", "draft, scheduled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, header, e := ask(t, h, c.method, c.target, c.body)
			if code != c.want || header.Get(VersionHeader) != APIVersion || header.Get("Content-Type") != "application/json" {
				t.Errorf("%d, %v", code, header)
			}
			if (code == 405) != (header.Get("Allow") != "") {
				t.Errorf("%d with Allow %q", code, header.Get("Allow"))
			}
			if c.want == 200 {
				return
			}
			if e.Code != c.code {
				t.Errorf("code %q, want %q", e.Code, c.code)
			}
			says(t, e.Message, c.says)
		})
	}
}

func TestVersionAndSize(t *testing.T) {
	h := New(newRig(t).cfg)
	for _, v := range []string{"", "2"} {
		code, _, e := ask(t, h, "GET", "/status", "", func(r *http.Request) { r.Header.Set(VersionHeader, v) })
		if code != 400 || e.Code != "version" || !strings.Contains(e.Message, "restart the daemon") {
			t.Errorf("version %q: %d %+v", v, code, e)
		}
	}
	code, _, e := ask(t, h, "POST", "/posts", `{"at": "`+strings.Repeat("x", maxBody)+`"}`)
	if code != http.StatusRequestEntityTooLarge || e.Code != "too_large" {
		t.Errorf("%d %+v", code, e)
	}
}

// Each error of the store has one status and one code.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{store.ErrNotFound, 404, "not_found"}, {store.ErrTaken, 409, "conflict"}, {store.ErrConflict, 409, "conflict"},
		{store.ErrFull, 507, "full"}, {store.ErrLocked, 423, "locked"}, {store.ErrPermission, 403, "permission"},
		{store.ErrNoDatabase, 503, "no_database"}, {store.ErrDamaged, 500, "damaged"}, {store.ErrNewer, 500, "damaged"},
		{store.ErrClosed, 503, "unavailable"}, {store.ErrFenced, 503, "unavailable"},
		{context.Canceled, 499, "canceled"}, {context.DeadlineExceeded, 504, "timeout"},
		{refuse("gone", "x"), 410, "gone"}, {errors.New("x"), 500, "internal"},
	} {
		e := describe(fmt.Errorf("read it: %w", c.err))
		if e.Status != c.status || e.Code != c.code || e.Message == "" {
			t.Errorf("%v: %+v", c.err, e)
		}
	}
	for _, c := range codes {
		if statuses[c.code] == 0 {
			t.Errorf("the code %q has no status", c.code)
		}
	}
}

// A panic is one request's, is logged, and says nothing of the inside.
func TestPanic(t *testing.T) {
	var log strings.Builder
	var seen []string
	r := newRig(t, func(c *Config) {
		c.Log = zerolog.New(&log)
		c.Schedules = func(context.Context) ([]ScheduleInfo, error) { panic("secret") }
		c.Observe = func(endpoint string, status int, took time.Duration) {
			seen = append(seen, fmt.Sprint(endpoint, " ", status))
		}
	})
	_, err := r.Schedules(t.Context())
	refused(t, err, "internal", "its log")
	if strings.Contains(err.Error(), "secret") || !strings.Contains(log.String(), `"error":"secret"`) || !strings.Contains(log.String(), `"component":"control"`) {
		t.Errorf("%v; log %s", err, log.String())
	}
	if _, err = r.Status(t.Context()); err != nil {
		t.Error(err)
	}
	ask(t, New(r.cfg), "GET", "/etc/passwd", "")
	if fmt.Sprint(seen) != "[/schedules 500 /status 200 unknown 404]" {
		t.Errorf("observed %v", seen)
	}
}

// Whatever comes in is answered, in JSON, and never with a panic.
func FuzzRequest(f *testing.F) {
	r := newRig(f)
	r.mustAdd(md("a.md", "A", "text"))
	var log strings.Builder
	r.cfg.Log = zerolog.New(&log)
	h := New(r.cfg)
	full, err := json.Marshal(AddRequest{Documents: []Document{md("b.md", "B", "b", links("x.png"))}, Categories: []string{"C"}, At: "2026-01-01", Now: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/posts", full)
	f.Add("/posts", []byte(`{"documents": [{"post": {"body": "x", "id": "%%%"}, "links": ["://", "%zz", "//[::1"]}]}`))
	f.Add("/posts", []byte(`null`))
	f.Add("/posts", []byte(`[]`))
	f.Add("/post", []byte(`{"name": "a", "action": "edit", "edit": {"post": {"title": "\ud800", "slug": "\u0000"}, "categories": ["\n"]}}`))
	f.Add("/post", []byte(`{"name": "a", "action": "schedule", "at": "9999-12-31T23:59:59-12:00"}`))
	f.Add("/category/rename", []byte(`{"name": "design", "title": "\u202e"}`))
	f.Add("/category/retire", []byte(`{"name": ""}`))
	f.Add("/hubs/ping", []byte(`{"name": "design"}`))
	f.Add("/hubs/retry", []byte(`{"hub": "\u0000"}`))
	f.Add("/republish", []byte(`{"timeout": -1}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		req.URL.Path = path
		req.Header.Set(VersionHeader, APIVersion)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if !json.Valid(w.Body.Bytes()) || log.Len() > 0 {
			t.Errorf("%s %q: %d %q; log %s", path, body, w.Code, w.Body, log.String())
		}
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%s %q: %q", path, body, w.Body)
		}
	})
}
