package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"syndic/control"
	"syndic/feed"
)

// patient is a doctor with a made-up daemon to look at, which answers what is
// set for each path.
type patient struct {
	*doctor
	answers map[string]any
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{answers: map[string]any{
		"/status":     control.StatusInfo{Version: buildVersion().Version, Daemon: true, Ready: true, Problems: []string{}},
		"/categories": control.CategoryPage{}, "/schedules": []control.ScheduleInfo{}, "/posts": control.PostPage{},
		"/hubs": []control.HubInfo{}, "/hubs/log": []control.PingInfo{},
	}}
	p.doctor = &doctor{app: &app{messages: io.Discard}, root: t.TempDir(), started: time.Now(), config: defaultConfig(), found: true}
	p.places.data = t.TempDir()
	p.client = control.Local(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := p.answers[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(control.VersionHeader, control.APIVersion)
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]any{"error": map[string]string{"code": "not_found", "message": "no such endpoint"}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(p.client.Close)
	return p
}

// look makes looks by their names, after those that gather what they need.
func (p *patient) look(t *testing.T, looks ...func(*doctor, context.Context) error) examined {
	t.Helper()
	for _, do := range looks {
		p.make(t.Context(), look{"test", do})
	}
	p.examined.finish()
	return p.examined
}

// expect compares what was found with what was to be.
func expect(t *testing.T, e examined, l level, id, subject string) {
	t.Helper()
	if id == "" {
		if len(e.Findings) != 0 {
			t.Errorf("it finds %+v where nothing is wrong", e.Findings)
		}
		return
	}
	if r := e.has(t, l, id); subject != "" && (len(r.Subjects) != 1 || r.Subjects[0] != subject) {
		t.Errorf("%s is about %v, want %s", id, r.Subjects, subject)
	}
	if len(e.Findings) != 1 {
		t.Errorf("it finds more than %s: %+v", id, e.Findings)
	}
}

func ptr[T any](v T) *T { return &v }

func TestDoctorLooksAtPublications(t *testing.T) {
	sound := control.CategoryInfo{Slug: "design", State: feed.Active, Feeds: []control.FeedInfo{{Format: "rss", Entries: 3}}}
	for _, tc := range []struct {
		name   string
		level  level
		id     string
		change func(*control.CategoryInfo)
	}{
		{"sound", "", "", func(*control.CategoryInfo) {}},
		{"failed", broken, "publication-failed", func(c *control.CategoryInfo) { c.Run = &control.RunInfo{Error: "post x: no"} }},
		{"late", broken, "publication-late", func(c *control.CategoryInfo) { c.DirtySince = ptr(time.Now().Add(-time.Hour)) }},
		{"due", "", "", func(c *control.CategoryInfo) { c.DirtySince = ptr(time.Now().Add(time.Minute)) }},
		{"empty", note, "no-posts", func(c *control.CategoryInfo) { c.Feeds = []control.FeedInfo{{Format: "rss", Generation: 1}} }},
		{"not published yet", "", "", func(c *control.CategoryInfo) { c.Feeds = []control.FeedInfo{{Format: "rss"}} }},
		{"retired", "", "", func(c *control.CategoryInfo) { c.State, c.Run = feed.Retired, &control.RunInfo{Error: "old"} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, c := newPatient(t), sound
			tc.change(&c)
			p.answers["/categories"] = control.CategoryPage{Categories: []control.CategoryInfo{c}}
			expect(t, p.look(t, (*doctor).lookAtDaemon, (*doctor).lookAtCategories), tc.level, tc.id, map[bool]string{true: "design"}[tc.id != ""])
		})
	}
}

func TestDoctorLooksAtSchedules(t *testing.T) {
	for spec, want := range map[string]struct {
		level level
		id    string
	}{
		"*/5 * * * *": {}, "@change": {}, "@monthly": {}, "0 0 29 2 *": {note, "schedule-rare"}, "0 0 1 1 *": {note, "schedule-rare"},
		"0 0 30 2 *": {broken, "schedule-wrong"},
	} {
		t.Run(spec, func(t *testing.T) {
			p := newPatient(t)
			p.answers["/schedules"] = []control.ScheduleInfo{{Category: "design", Spec: spec}}
			expect(t, p.look(t, (*doctor).lookAtSchedules), want.level, want.id, "")
		})
	}
}

func TestDoctorLooksAtPosts(t *testing.T) {
	retired := []control.CategoryInfo{{Slug: "old", State: feed.Retired}, {Slug: "new", State: feed.Active}}
	for _, tc := range []struct {
		name  string
		level level
		id    string
		post  control.PostInfo
	}{
		{"published", "", "", control.PostInfo{State: feed.Published, Categories: []string{"old"}}},
		{"a new draft", "", "", control.PostInfo{State: feed.Draft, ID: "tag:a.example," + time.Now().Format(time.DateOnly) + ":x"}},
		{"an old draft", note, "old-draft", control.PostInfo{State: feed.Draft, ID: "tag:a.example,2020-01-01:x"}},
		{"a draft with an id of its own", "", "", control.PostInfo{State: feed.Draft, ID: "https://a.example/,2020-01-01:x"}},
		{"scheduled", "", "", control.PostInfo{State: feed.Scheduled, PublishAt: ptr(time.Now().Add(time.Hour))}},
		{"late", broken, "post-late", control.PostInfo{State: feed.Scheduled, PublishAt: ptr(time.Now().Add(-time.Hour))}},
		{"far ahead", note, "post-far-ahead", control.PostInfo{State: feed.Scheduled, PublishAt: ptr(time.Now().AddDate(10, 0, 0))}},
		{"queued", "", "", control.PostInfo{State: feed.Queued, Categories: []string{"old", "new"}}},
		{"for nobody", warning, "post-in-retired", control.PostInfo{State: feed.Queued, Categories: []string{"old"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			p.categories = retired
			tc.post.Slug = "x"
			p.answers["/posts"] = control.PostPage{Posts: []control.PostInfo{tc.post}}
			expect(t, p.look(t, (*doctor).lookAtDaemon, (*doctor).lookAtPosts), tc.level, tc.id, map[bool]string{true: "x"}[tc.id != ""])
		})
	}
}

func FuzzMinted(f *testing.F) {
	for _, id := range []string{"tag:a.example,2020-01-01:x", "tag:a,b,2020-01-01:x", "tag:,:", "https://a.example/,2020-01-01:x", ""} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		day, ok := minted(id)
		if ok && !strings.Contains(id, ","+day.Format(time.DateOnly)) || ok && !strings.HasPrefix(id, "tag:") {
			t.Errorf("%q was made on %s", id, day)
		}
	})
}

func TestDoctorLooksAtPings(t *testing.T) {
	long := ptr(time.Now().Add(-2 * time.Hour))
	for _, tc := range []struct {
		name string
		id   string
		hub  control.HubInfo
		log  []control.PingInfo
	}{
		{"delivered", "", control.HubInfo{Delivered: 3}, []control.PingInfo{{Outcome: "delivered"}}},
		{"failed", "pings-failed", control.HubInfo{Failed: 2, Error: "hub answered 400"}, nil},
		{"stuck", "pings-stuck", control.HubInfo{Retrying: 2, Oldest: long, Error: "hub not reached"}, nil},
		{"new", "", control.HubInfo{Waiting: 2, Oldest: ptr(time.Now())}, nil},
		{"behind a cache", "pings-wait", control.HubInfo{Waiting: 2, Oldest: long, Note: "waiting: older"}, nil},
		{"unverified", "sent-unverified", control.HubInfo{Delivered: 1}, []control.PingInfo{{Topic: "http://a/", Outcome: "delivered", Note: "sent unverified: no"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			tc.hub.Hub = "http://hub.example/"
			p.answers["/hubs"], p.answers["/hubs/log"] = []control.HubInfo{tc.hub}, tc.log
			expect(t, p.look(t, (*doctor).lookAtPings), warning, tc.id, "")
		})
	}
}

func TestDoctorLooksAtHubs(t *testing.T) {
	for _, tc := range []struct {
		status    int
		delivered int
		id        string
	}{
		{200, 0, ""}, {405, 0, ""}, {400, 0, ""}, {404, 3, ""},
		{404, 0, "hub-not-found"}, {502, 3, "hub-error"}, {301, 0, "hub-redirects"}, {0, 0, "hub-unreachable"},
	} {
		t.Run(strconv.Itoa(tc.status), func(t *testing.T) {
			hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					t.Error("the hub was pinged")
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
			}))
			if tc.status == 0 {
				hub.Close()
			}
			t.Cleanup(hub.Close)
			p := newPatient(t)
			p.hubs = []control.HubInfo{{Hub: hub.URL + "/", Delivered: tc.delivered}}
			expect(t, p.look(t, (*doctor).lookAtHubs), warning, tc.id, map[bool]string{true: hub.URL + "/"}[tc.id != ""])
		})
	}
}

func TestDoctorLooksAtSettings(t *testing.T) {
	for _, tc := range []struct {
		name   string
		level  level
		id     string
		change func(*patient)
	}{
		{"sound", "", "", func(*patient) {}},
		{"hubs of this machine's address", warning, "hubs-cannot-fetch", func(p *patient) {
			p.config.Site.URL, p.config.Hubs = "http://localhost/", []string{"https://h.example/"}
		}},
		{"a category's hub", warning, "hubs-cannot-fetch", func(p *patient) {
			p.config.Site.URL, p.config.Categories = "http://[::1]:8080/", map[string]CategoryConfig{"a": {Hubs: &[]string{"https://h.example/"}}}
		}},
		{"a hub on this machine", note, "local-address", func(p *patient) {
			p.config.Site.URL, p.config.Hubs = "http://127.0.0.1/", []string{"http://localhost:8090/"}
		}},
		{"no TLS", note, "no-tls", func(p *patient) { p.config.Site.URL = "http://a.example/" }},
		{"open admin", warning, "admin-open", func(p *patient) { p.config.Admin.Listen = "0.0.0.0:8081" }},
		{"no admin", "", "", func(p *patient) { p.config.Admin.Listen = "" }},
		{"no file", note, "no-config", func(p *patient) { p.found = false }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			p.config.Site.URL = "https://a.example/"
			tc.change(p)
			expect(t, p.look(t, (*doctor).lookAtConfig), tc.level, tc.id, "")
		})
	}
}

func TestDoctorLooksAtTheDaemon(t *testing.T) {
	for _, tc := range []struct {
		name   string
		level  level
		id     string
		status control.StatusInfo
	}{
		{"none", warning, "no-daemon", control.StatusInfo{}},
		{"not ready", broken, "not-ready", control.StatusInfo{Daemon: true, Version: buildVersion().Version}},
		{"another version", warning, "other-version", control.StatusInfo{Daemon: true, Ready: true, Version: "0.0.1"}},
		{"ids of nobody", warning, "local-authority", control.StatusInfo{Daemon: true, Ready: true, Version: buildVersion().Version, Problems: []string{"ids are made under localhost, which every machine has: set it"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			p.answers["/status"] = tc.status
			expect(t, p.look(t, (*doctor).lookAtDaemon), tc.level, tc.id, "")
		})
	}
}

func TestDoctorComparesConfigurations(t *testing.T) {
	p := newPatient(t)
	running := defaultConfig()
	running.Schedule, running.Hubs = "@daily", []string{"https://h.example/"}
	text, err := running.write(formatJSON)
	if err != nil {
		t.Fatal(err)
	}
	p.answers["/configuration"] = control.ConfigurationInfo{File: "/etc/a.yaml", Config: text}
	expect(t, p.look(t, (*doctor).lookAtDaemon), warning, "not-in-force", "")
	if r := p.examined.Findings[0]; strings.Join(r.Subjects, " ") != "schedule hubs" {
		t.Errorf("it is about %v", r.Subjects)
	}

	p = newPatient(t)
	p.app.globals.config = filepath.Join(t.TempDir(), "b.yaml")
	p.answers["/configuration"] = control.ConfigurationInfo{File: "/etc/a.yaml", Config: text}
	expect(t, p.look(t, (*doctor).lookAtDaemon), warning, "other-file", p.app.globals.config)
}

func TestDoctorGroupsFindings(t *testing.T) {
	var e examined
	for _, subject := range []string{"a", "b", "a"} {
		e.add(note, "x", "one", subject, "first "+subject, "do")
	}
	e.add(broken, "x", "two", "", "bad", "do")
	e.finish()
	if len(e.Findings) != 2 || e.Findings[0].ID != "two" || e.Result != "broken" || e.Findings[1].sentence() != "a and 1 other: first a" {
		t.Errorf("it is %+v", e)
	}
	if got := e.counts(); got != "1 broken, 1 note" {
		t.Errorf("counts are %q", got)
	}
}

func TestDoctorWithoutADaemon(t *testing.T) {
	h := newHost(t)
	e := examine(h, exitFailed)
	e.has(t, broken, "store-unreadable")
	if e.Daemon {
		t.Error("it found a daemon")
	}
	h.must(0, "post", "add", h.write("one.md", "# One\n"))
	e = examine(h, exitPartly)
	e.has(t, warning, "no-daemon")
	if !e.Complete || strings.Join(e.Skipped, " ") != "hubs public service" {
		t.Errorf("it skipped %v", e.Skipped)
	}
	h.write("config.yaml", "nonsense: 1\nlisten: 8080\n")
	r := examine(h, exitFailed).has(t, broken, "config-invalid")
	if !strings.Contains(r.Message, "nonsense") || !strings.Contains(r.Message, "listen") {
		t.Errorf("it says %q", r.Message)
	}
	if r := h.run("doctor", "--timeout", "0s"); r.code != exitUsage {
		t.Errorf("--timeout 0s: exit %d", r.code)
	}
}

// Damage that a look comes upon is no matter of a warning: check fails for it.
func TestDoctorSeesDamage(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	overwrite(t, filepath.Join(h.data, "syndic.db"), "\x78\x28tag:journal.example,", "\x7b\x28tag:journal.example,") // longer than it is
	h.must(exitFailed, "check")
	r := examine(h, exitFailed).has(t, broken, "store-damaged")
	if !strings.Contains(r.Message, "database is damaged") || !strings.Contains(r.Remedy, "syndic check") {
		t.Errorf("it says %+v", r)
	}
}

// A feed is damaged, too, that readers still get out of memory.
func TestDoctorSeesDamagedFeeds(t *testing.T) {
	for _, daemon := range []bool{true, false} {
		h := newHost(t)
		h.must(0, "post", "add", examplePosts(t))
		h.must(0, "republish")
		if daemon {
			h.serve().ready()
			for _, u := range h.feedsOf("", "design") {
				get(t, u)
			}
		}
		overwrite(t, filepath.Join(h.data, "syndic.db"), "<title>The Complete Checklist", "<title>The Complete Chocklist")
		if r := examine(h, exitFailed).has(t, broken, "feed-damaged"); !slices.Contains(r.Subjects, h.url+"design/rss.xml") {
			t.Errorf("it is about %q", r.Subjects)
		}
		h.must(0, "republish")
		for _, r := range examine(h, map[bool]int{true: exitOK, false: exitPartly}[daemon]).Findings {
			if r.Level == broken {
				t.Errorf("republished, it still finds %+v", r)
			}
		}
	}
}

// overwrite writes other bytes over each occurrence of some in a file that may be
// in use.
func overwrite(t *testing.T, path, was, is string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for at := bytes.Index(data, []byte(was)); at >= 0; at = bytes.Index(data, []byte(was)) {
		copy(data[at:], is)
		if _, err := f.WriteAt([]byte(is), int64(at)); err != nil {
			t.Fatal(err)
		}
		found++
	}
	if err := f.Close(); err != nil || found == 0 {
		t.Fatalf("%d places, %v", found, err)
	}
}

func TestDoctorSeesAChangedFile(t *testing.T) {
	h := newHost(t)
	h.serve()
	h.configure("schedule: \"@daily\"")
	r := examine(h, exitPartly).has(t, warning, "not-in-force")
	if !strings.Contains(strings.Join(r.Subjects, ""), "schedule") {
		t.Errorf("it is about %v", r.Subjects)
	}
	h.write("config.yaml", "nonsense: 1\n")
	if e := examine(h, exitFailed); !e.Daemon {
		t.Errorf("a bad file hides the daemon: %+v", e)
	}
}

// tarpit takes connections, never answers, and tells of the first.
func tarpit(t *testing.T) (url string, caught <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	first, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(done)
		_ = l.Close()
	})
	go func() {
		for told := false; ; told = true {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !told {
				close(first)
			}
			go func() {
				<-done
				_ = c.Close()
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/", first
}

func TestDoctorIsInterrupted(t *testing.T) {
	hub, caught := tarpit(t)
	h := newHost(t, "hubs: [\""+hub+"\"]")
	h.must(0, "post", "add", h.write("one.md", "# One\n"))
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	cmd := h.command(ctx, "--format", "json", "doctor")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	go func() {
		<-caught
		interrupt()
	}()
	r := h.finish(cmd, "")
	var e examined
	if err := json.Unmarshal([]byte(r.out), &e); err != nil || r.code != exitInterrupted {
		t.Fatalf("exit %d, %v in\n%s%s", r.code, err, r.out, r.err)
	}
	if e.Complete || strings.Join(e.Unfinished, " ") != "clock hubs" {
		t.Errorf("it is %+v", e)
	}
	e.has(t, warning, "no-daemon")
}

func TestDoctorRunsOutOfTime(t *testing.T) {
	hub, _ := tarpit(t)
	h := newHost(t, "hubs: [\""+hub+"\"]")
	h.must(0, "post", "add", h.write("one.md", "# One\n"))
	e := examine(h, exitPartly, "--timeout", "2s")
	if r := e.has(t, warning, "incomplete"); e.Complete || !slices.Contains(r.Subjects, "hubs") || !slices.Contains(r.Subjects, "clock") {
		t.Errorf("it is %+v", e)
	}
}
