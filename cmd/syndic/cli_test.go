package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"syndic/control"
)

const goodPost = "---\ntitle: A good title\ndate: 2026-01-05\ncategory: Design\n---\n\nSome text.\n"

func TestUsageErrors(t *testing.T) {
	h := newHost(t)
	for line, want := range map[string]string{
		"pots":                           `unknown command "pots" for syndic: did you mean "post"?`,
		"nonsense list":                  "use backup, category, check",
		"--no-such-flag --data x":        "unknown flag: --no-such-flag",
		"help pots":                      `did you mean "post"?`,
		"help post lsit":                 `did you mean "list"?`,
		"completion":                     "needs a command: bash, fish",
		"completion fsh":                 `did you mean "fish"?`,
		"post":                           "add, edit, list",
		"post lsit":                      `did you mean "list"?`,
		"post list --stat draft":         "unknown flag: --stat",
		"post list x":                    `syndic post list takes no arguments, not "x"`,
		"post list --state new":          "draft, scheduled",
		"post show":                      "syndic post show takes one ID, not 0: syndic post show ID\n",
		"post schedule a":                "--at",
		"post schedule a --at soon":      "2026-01-05",
		"post add x --at soon":           "is not a date",
		"post add x --draft --now":       "one of",
		"post list --format xml":         "table, json or ids",
		"republish --all design":         "not both",
		"republish --timeout x":          "invalid argument",
		"feed show design xml":           "rss, atom or json",
		"--format":                       "needs an argument",
		"config":                         "validate",
		"category rename a":              "syndic category rename takes 2 arguments, not 1: syndic category rename CAT NEW\n",
		"--republish --no-such-flag":     "unknown flag",
		"hub ping":                       "takes one CAT, not 0",
		"post show a b":                  "takes one ID, not 2",
		"post schedule a b --at x":       "takes one ID, not 2: syndic post schedule ID --at TIME",
		"post add":                       "takes at least one FILE|DIR|-, not 0: syndic post add FILE|DIR|-...",
		"post rm":                        "takes one ID, not 0: syndic post rm ID | --category C --yes",
		"post rm a --category News":      "takes an ID or --category, not both",
		"feed show":                      "takes 1 to 2 arguments, not 0: syndic feed show CAT [rss|atom|json]",
		"hub retry a b":                  "takes no more than one HUB, not 2: syndic hub retry [HUB]",
		"completion bash x":              `takes no arguments, not "x"`,
		"hub log --limit -1":             "not -1",
		"serve now":                      `takes no arguments, not "now"`,
		"version please":                 `takes no arguments, not "please"`,
		"schedule list --republish":      "unknown flag",
		"republish --timeout -5s design": "--timeout",
	} {
		r := h.run(strings.Fields(line)...)
		if r.code != exitUsage || !strings.Contains(r.err, want) || r.out != "" {
			t.Errorf("%q: exit %d, want %s in\n%s%s", line, r.code, want, r.out, r.err)
		}
		for l := range strings.Lines(r.err) {
			if !strings.HasPrefix(l, "syndic: ") {
				t.Errorf("%q prints %q", line, l)
			}
		}
		if !strings.Contains(r.err, "--help") {
			t.Errorf("%q does not say where to look:\n%s", line, r.err)
		}
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("wrong usage made a data directory: %v", err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	h := newHost(t)
	for line, want := range map[string]string{
		"":                  "Available Commands",
		"--help":            "Exit codes",
		"post add --help":   "--category",
		"republish --help":  "--no-ping",
		"version":           "syndic 1.2.3-test (go",
		"--version":         "syndic 1.2.3-test",
		"completion bash":   "bash completion",
		"completion fish":   "fish completion",
		"help hub":          "retry",
		"--republish -h":    "republish [CAT…|--all]",
		"config show":       "authority: journal.example",
		"config validate":   "ok",
		"config show -q -v": "listen:",
	} {
		if r := h.run(strings.Fields(line)...); r.code != 0 || !strings.Contains(r.out, want) || r.err != "" {
			t.Errorf("%q: exit %d, want %q in\n%s\n%s", line, r.code, want, r.out, r.err)
		}
	}
	v := decode[versionInfo](h, "version")
	if v.Version != "1.2.3-test" || v.Go == "" || v.OS == "" || v.Arch == "" {
		t.Errorf("version: %+v", v)
	}
}

func TestWithoutDatabase(t *testing.T) {
	h := newHost(t)
	for _, line := range []string{
		"post list", "post show a", "post edit a --file x", "post publish a", "post schedule a --at 2026-01-05", "post recall a", "post rm a",
		"category list", "category show a", "category retire a", "category rename a b", "feed show a", "republish", "--republish", "--republish=a",
		"hub list", "hub log", "hub ping a", "hub retry", "schedule list", "status",
	} {
		r := h.run(strings.Fields(line)...)
		if r.code != exitNoDatabase || !oneMessage(r.err) || r.out != "" {
			t.Errorf("%q: exit %d\n%s%s", line, r.code, r.out, r.err)
		}
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("a data directory was made: %v", err)
	}
}

// Every listing and showing command decodes, with and without a daemon, and
// both say the same.
func TestJSONOnlineAndOffline(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "0 0 1 1 *"`, "hubs: ["+hub.url+"]")
	h.must(0, "post", "add", h.write("a.md", goodPost))
	for _, daemon := range []bool{false, true} {
		want := exitPartly // the pings wait for a daemon
		if daemon {
			h.serve()
			want = 0
		}
		h.must(want, "republish", "--force")
		posts := decode[[]control.PostInfo](h, "post", "list")
		if len(posts) != 1 || posts[0].Slug != "a" || posts[0].State != "published" {
			t.Fatalf("daemon %v: posts %+v", daemon, posts)
		}
		if p := decode[control.PostInfo](h, "post", "show", "a"); p.Body != "Some text." || p.ID != posts[0].ID {
			t.Errorf("daemon %v: post %+v", daemon, p)
		}
		if c := decode[[]control.CategoryInfo](h, "category", "list"); len(c) != 2 || c[1].Slug != "design" || len(c[1].Feeds) != 3 {
			t.Errorf("daemon %v: categories %+v", daemon, c)
		}
		if c := decode[control.CategoryInfo](h, "category", "show", "Design"); c.Slug != "design" {
			t.Errorf("daemon %v: category %+v", daemon, c)
		}
		if hubs := decode[[]control.HubInfo](h, "hub", "list"); len(hubs) != 1 || hubs[0].Topics != 6 {
			t.Errorf("daemon %v: hubs %+v", daemon, hubs)
		}
		if log := decode[[]control.PingInfo](h, "hub", "log"); (len(log) > 0) != daemon {
			t.Errorf("daemon %v: hub log %+v", daemon, log)
		}
		if pings := decode[[]control.PingInfo](h, "hub", "ping", "design"); len(pings) != 3 {
			t.Errorf("daemon %v: ping %+v", daemon, pings)
		}
		decode[[]control.PingInfo](h, "hub", "retry")
		if s := decode[[]control.ScheduleInfo](h, "schedule", "list"); len(s) != 2 || s[1].Spec != "0 0 1 1 *" {
			t.Errorf("daemon %v: schedules %+v", daemon, s)
		}
		if s := decode[control.StatusInfo](h, "status"); s.Daemon != daemon || s.Posts["published"] != 1 || s.Data != h.data {
			t.Errorf("daemon %v: status %+v", daemon, s)
		}
		if f := decode[[]control.FeedResult](h, "republish", "--dry-run"); len(f) != 6 || f[0].Status != "unchanged" {
			t.Errorf("daemon %v: dry run %+v", daemon, f)
		}
		if r := decode[[]control.AddResult](h, "post", "add", filepath.Join(h.dir, "a.md")); len(r) != 1 || r[0].Status != control.Unchanged {
			t.Errorf("daemon %v: add %+v", daemon, r)
		}
		for _, format := range []string{"rss", "atom", "json"} {
			if out := h.must(0, "feed", "show", "design", format); !strings.Contains(out, "A good title") {
				t.Errorf("daemon %v: %s feed:\n%s", daemon, format, out)
			}
		}
	}
	if _, body := get(t, h.url+"design/rss.xml"); h.must(0, "feed", "show", "design") != body {
		t.Error("feed show prints other bytes than are served")
	}
}

func TestTableAndIDs(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	id := strings.TrimSpace(h.must(0, "post", "list", "--format", "ids"))
	if id != "tag:journal.example,2026-01-05:a" {
		t.Errorf("ids: %q", id)
	}
	if out := h.must(0, "post", "list"); !strings.Contains(out, "STATE") || !strings.Contains(out, "A good title") || strings.Contains(out, "\x1b") {
		t.Errorf("table:\n%s", out)
	}
	out := h.must(0, "post", "show", id)
	if !strings.Contains(out, "\ntitle") && !strings.HasPrefix(out, "title") || !strings.HasSuffix(out, "\n\nSome text.\n") {
		t.Errorf("show:\n%s", out)
	}
}

func TestUnknownNames(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	for _, daemon := range []bool{false, true} {
		if daemon {
			h.serve()
		}
		for line, want := range map[string]string{
			"republish desing":            "design",
			"--republish=desing":          "design",
			"category show nothing":       "nothing",
			"category retire nothing":     "nothing",
			"category rename nothing x":   "nothing",
			"post show nothing":           "nothing",
			"post recall nothing":         "nothing",
			"post edit nothing --file x":  "nothing",
			"feed show nothing":           "nothing",
			"hub ping nothing":            "nothing",
			"post list --category desing": "desing",
		} {
			if r := h.run(strings.Fields(line)...); r.code != exitUnknown || !strings.Contains(r.err, want) || !oneMessage(r.err) {
				t.Errorf("daemon %v: %q: exit %d\n%s", daemon, line, r.code, r.err)
			}
		}
	}
}

func TestBadConfiguration(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	h.write("config.yaml", "shedule: x\nwindow: {posts: \"50\"}\n")
	for _, line := range []string{"serve", "config validate", "config show", "republish", "post list", "status"} {
		r := h.run(strings.Fields(line)...)
		want := "syndic: " + h.config + ":1:1: shedule: unknown key: did you mean \"schedule\"?\nsyndic: " + h.config + ":2:17: window.posts: is text: must be a whole number, without quotes, such as 50\n"
		if r.code != exitConfig || r.err != want {
			t.Errorf("%q: exit %d\n%s", line, r.code, r.err)
		}
	}
	var v validity
	if r := h.run("--format", "json", "config", "validate"); r.code != exitConfig || json.Unmarshal([]byte(r.out), &v) != nil ||
		v.OK || v.File != h.config || len(v.Problems) != 2 || strings.Count(r.err, "\n") != 2 {
		t.Errorf("as JSON: exit %d\n%s%s", r.code, r.out, r.err)
	}
	h.config = filepath.Join(h.dir, "missing.yaml")
	for _, line := range []string{"serve", "config validate", "status"} {
		if r := h.run(strings.Fields(line)...); r.code != exitConfig || !strings.Contains(r.err, "missing.yaml") || !oneMessage(r.err) {
			t.Errorf("%q: exit %d\n%s", line, r.code, r.err)
		}
	}
	if r := h.run("config", "validate", h.write("good.yaml", "listen: fd\n")); r.code != 0 || !strings.HasSuffix(r.out, "good.yaml: ok\n") {
		t.Errorf("validate FILE: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// A category's title that the store knows as another's is found when the
// configuration is applied.
func TestConfigurationAgainstTheStore(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", "--category", "Design", "--category", "News", h.write("a.md", goodPost))
	h.configure("categories:", "  news: {title: Design}")
	r := h.run("serve")
	if r.code != exitConfig || !strings.Contains(r.err, "categories.news") || !oneMessage(r.err) {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
}

// nobody is a user that the data directory does not belong to.
const nobody = 65534

func TestOtherUser(t *testing.T) {
	h := newHost(t)
	if os.Geteuid() != 0 {
		h.data = "/usr" // root's
		if r := h.run("post", "add", h.write("a.md", goodPost)); r.code != exitNotPermitted || !strings.Contains(r.err, "run as root") {
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
		return
	}
	h.must(0, "post", "add", h.write("a.md", goodPost))
	h.uid = nobody
	for _, line := range []string{"post list", "republish", "post add a.md", "serve", "status"} {
		r := h.run(strings.Fields(line)...)
		if r.code != exitNotPermitted || !oneMessage(r.err) || !strings.Contains(r.err, "run as root: sudo -u root syndic") {
			t.Errorf("%q: exit %d\n%s", line, r.code, r.err)
		}
	}
	h.uid = 0
	h.serve()
	h.uid = nobody
	if r := h.run("post", "list"); r.code != exitNotPermitted || !oneMessage(r.err) {
		t.Errorf("beside a daemon: exit %d\n%s", r.code, r.err)
	}
	// Root must not write into another user's store either.
	other := newHost(t)
	if err := os.Mkdir(other.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(other.data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	r := other.run("post", "add", other.write("a.md", goodPost))
	if r.code != exitNotPermitted || !oneMessage(r.err) {
		t.Errorf("root: exit %d\n%s", r.code, r.err)
	}
	if list, err := os.ReadDir(other.data); err != nil || len(list) > 0 {
		t.Errorf("root left %v, %v", list, err)
	}
}

func TestReadOnlyDataDirectory(t *testing.T) {
	h := newHost(t)
	if err := os.Mkdir(h.data, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // whom no mode keeps out
		if err := os.Chown(h.data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		h.uid = nobody
	}
	post := h.write("a.md", goodPost)
	for _, args := range [][]string{{"serve"}, {"post", "add", post}} {
		r := h.run(args...)
		if r.code != exitNotPermitted || !oneMessage(r.err) || !strings.Contains(r.err, "writable") {
			t.Errorf("%v: exit %d\n%s", args, r.code, r.err)
		}
	}
	if list, err := os.ReadDir(h.data); err != nil || len(list) > 0 {
		t.Errorf("something is left: %v, %v", list, err)
	}
}

// A file that nothing was ever written to is no database.
func TestEmptyDatabase(t *testing.T) {
	h := newHost(t)
	h.write("data/syndic.db", "")
	for _, line := range []string{"status", "check", "check --repair", "compact", "post list"} {
		if r := h.run(strings.Fields(line)...); r.code != exitNoDatabase || !oneMessage(r.err) {
			t.Errorf("%q: exit %d\n%s", line, r.code, r.err)
		}
	}
}

// A store that is locked by somebody who has no socket.
func TestLockedWithoutSocket(t *testing.T) {
	h := newHost(t)
	h.must(0, "post", "add", h.write("a.md", goodPost))
	f, err := os.OpenFile(filepath.Join(h.data, databaseName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"republish", "post list", "serve", "reload"} {
		r := h.run(strings.Fields(line)...)
		if r.code != exitLocked || !strings.Contains(r.err, f.Name()) || !oneMessage(r.err) {
			t.Errorf("%q: exit %d\n%s", line, r.code, r.err)
		}
	}
}

func TestInterruptedRepublish(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+silentHub(t)+"]")
	h.serve()
	h.must(0, "post", "add", h.write("a.md", goodPost))
	p := h.start(h.command(context.Background(), "republish"))
	eventually(t, "the republish waits", func() bool {
		return decode[control.StatusInfo](h, "status").PingsWaiting > 0
	})
	p.signal(syscall.SIGINT)
	if code := p.wait(patience); code != exitInterrupted || p.log.String() != "syndic: interrupted\n" {
		t.Errorf("exit %d\n%s", code, p.log)
	}
	// What was asked for are rows by now: the daemon goes on without the caller.
	eventually(t, "what was asked for is out", func() bool {
		_, body := get(t, h.url+"design/rss.xml")
		return strings.Contains(body, "A good title")
	})
}
