package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"syndic/control"
)

// lines returns the log's lines with the message, as they are now.
func (j *journal) lines(message string) []map[string]any {
	var all []map[string]any
	for line := range strings.Lines(j.String()) {
		var v map[string]any
		if json.Unmarshal([]byte(line), &v) == nil && v["message"] == message {
			all = append(all, v)
		}
	}
	return all
}

const (
	notReloaded = "the configuration was not reloaded: nothing has changed"
	wasReloaded = "configuration reloaded"
)

func TestReloadAppliesEverything(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`)
	p := h.serve()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A title\n\ntext\n"))
	h.must(0, "republish")
	h.configure("  title: Another Journal", `schedule: "@change"`, "hubs: ["+hub.url+"]", "window: {posts: 7}",
		"categories: {art: {title: Art}, design: {title: The Design}}")
	out := h.must(0, "reload")
	for _, want := range []string{
		`site.title: "Example Journal" → "Another Journal"`, `schedule: "@daily" → "@change"`, "window.posts: 50 → 7",
		`hubs: [] → ["` + hub.url + `"]`, `categories.art: unset → {title: "Art"}`, `categories.design: unset → {title: "The Design"}`,
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("the answer lacks %s:\n%s", want, out)
		}
	}
	eventually(t, "every feed is of the new configuration", func() bool {
		_, site := get(t, h.url+"atom.xml")
		_, design := get(t, h.url+"design/rss.xml")
		art, _ := get(t, h.url+"art/feed.json")
		return strings.Contains(site, "Another Journal") && strings.Contains(design, "The Design") &&
			strings.Contains(design, hub.url) && art.StatusCode == 200
	})
	h.must(0, "post", "add", "--category", "Art", h.write("b.md", "# On the new schedule\n\ntext\n"))
	eventually(t, "the new schedule holds, and the hub hears of it", func() bool {
		for _, ping := range hub.got() {
			if strings.HasPrefix(ping.topic, h.url+"art/") && strings.Contains(ping.body, "On the new schedule") {
				return true
			}
		}
		return false
	})
	if again := decode[control.Reloaded](h, "reload"); len(again.Changes) != 0 || again.File != h.config {
		t.Errorf("reloading the same: %+v", again)
	}
	if n := len(p.log.lines("configuration changed")); n != 6 {
		t.Errorf("%d changes are in the log", n)
	}
}

// What a reload refuses changes nothing: not the feeds, and not what the next
// reload compares with.
func TestReloadRefuses(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	p := h.serve()
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"window: {posts: many}"}, h.config + ":7:17: window.posts: is text: must be a whole number"},
		{[]string{"windows: {}"}, h.config + `:7:1: windows: unknown key: did you mean "window"?`},
		{[]string{`schedule: "0 0 30 2 *"`}, ":7:11: schedule: "},
		{[]string{"  title: New", "store: {path: c.db}"}, `store.path: cannot change from "" to "c.db" while syndic runs: restart it, or take that back`},
		{[]string{"  title: New", "categories: {a: {title: Same}, b: {title: Same}}"}, "names the category"},
	} {
		h.configure(c.lines...)
		r := h.run("reload")
		if r.code != exitConfig || !strings.Contains(r.err, c.want) || r.out != "" {
			t.Errorf("%v: exit %d\n%s%s", c.lines, r.code, r.out, r.err)
		}
	}
	if lines := p.log.lines(notReloaded); len(lines) != 5 || lines[0]["component"] != "config" || !strings.Contains(lines[0]["error"].(string), ":7:17:") {
		t.Errorf("the log says %v", lines)
	}
	if _, body := get(t, h.url+"rss.xml"); strings.Contains(body, "New") {
		t.Errorf("a refused reload changed the feed:\n%s", body)
	}
	h.configure("  title: Good at last", `schedule: "@change"`)
	if out := h.must(0, "reload"); out != "site.title: \"Example Journal\" → \"Good at last\"\n" {
		t.Errorf("after all that: %s", out)
	}
}

// What only the store can tell is refused as well, and the former configuration
// is in force again.
func TestReloadGoesBack(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	h.serve()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A\n\ntext\n"))
	h.must(0, "category", "rename", "design", "Layout")
	h.configure("  title: New", `schedule: "@change"`, "categories: {design: {title: Design}, layout: {title: Layout}}")
	if r := h.run("reload"); r.code != exitConfig || !strings.Contains(r.err, "categories.design") || !strings.Contains(r.err, "the same category as categories.layout") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	h.must(0, "republish")
	if _, body := get(t, h.url+"layout/rss.xml"); strings.Contains(body, "New") || !strings.Contains(body, "Layout") {
		t.Errorf("after a reload that was refused:\n%s", body)
	}
	h.configure("  title: New", `schedule: "@change"`)
	if out := h.must(0, "reload"); out != "site.title: \"Example Journal\" → \"New\"\n" {
		t.Error(out)
	}
}

// The listeners stay where they are, whichever key says otherwise.
func TestReloadKeepsTheListeners(t *testing.T) {
	h := newHost(t)
	h.serve()
	moved := strings.Replace(string(readFile(t, h.config)), "listen: "+h.addr, "listen: 127.0.0.1:1", 1)
	moved = strings.Replace(moved, "admin: {listen: 127.0.0.1:0}", `admin: {listen: ""}`, 1)
	h.write("config.yaml", moved)
	r := h.run("reload")
	if r.code != exitConfig || !strings.Contains(r.err, "listen: cannot change from ") || !strings.Contains(r.err, "admin.listen: cannot change from ") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	if resp, _ := get(t, h.url+"rss.xml"); resp.StatusCode != 200 {
		t.Error(resp.Status)
	}
}

func TestReloadOfAFileThatIsGone(t *testing.T) {
	h := newHost(t, "  title: Kept")
	p := h.serve()
	if err := os.Rename(h.config, h.config+".old"); err != nil {
		t.Fatal(err)
	}
	if r := h.run("reload"); r.code != exitConfig || !strings.Contains(r.err, h.config+" is gone: put it back") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	p.signal(syscall.SIGHUP)
	eventually(t, "the signal is answered in the log", func() bool { return len(p.log.lines(notReloaded)) == 2 })
	if _, body := get(t, h.url+"rss.xml"); !strings.Contains(body, "Kept") {
		t.Errorf("the site lost its title:\n%s", body)
	}
	if err := os.Rename(h.config+".old", h.config); err != nil {
		t.Fatal(err)
	}
	h.must(0, "reload")
}

func TestReloadOfAFileThatMayNotBeRead(t *testing.T) {
	h := newHost(t)
	h.data = filepath.Join(h.dir, "own")
	h.asAnother()
	h.serve()
	if err := os.Chmod(h.config, 0); err != nil {
		t.Fatal(err)
	}
	if r := h.run("reload"); r.code != exitNotPermitted || !strings.Contains(r.err, "read configuration "+h.config+": not permitted") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
}

func TestReloadOfAnotherFile(t *testing.T) {
	h := newHost(t)
	h.serve()
	h.config = h.write("other.yaml", "{}\n")
	if r := h.run("reload"); r.code != exitConfig || !strings.Contains(r.err, "is not the file that the daemon was started with") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	h.config = filepath.Join(h.dir, "config.yaml")
	if r := h.finish(h.command(t.Context(), "reload"), ""); r.code != 0 {
		t.Errorf("its own: exit %d:\n%s", r.code, r.err)
	}
}

func TestReloadWithoutADaemon(t *testing.T) {
	h := newHost(t)
	if r := h.run("reload"); r.code != exitFailed || !strings.Contains(r.err, "no daemon runs here") {
		t.Errorf("exit %d:\n%s", r.code, r.err)
	}
	if _, err := os.Stat(h.data); !os.IsNotExist(err) {
		t.Errorf("it made the data directory: %v", err)
	}
}

// From the next line on, and back.
func TestReloadOfTheLog(t *testing.T) {
	h := newHost(t)
	p := h.serve()
	text := string(readFile(t, h.config))
	h.write("config.yaml", strings.Replace(text, "level: debug", "level: error", 1))
	h.must(0, "reload")
	before := p.log.String()
	if !strings.Contains(before, `"configuration applied"`) || strings.Contains(before, wasReloaded) {
		t.Errorf("with the level at error:\n%s", before)
	}
	h.write("config.yaml", strings.Replace(text, "format: json", "format: console", 1))
	h.must(0, "reload")
	eventually(t, "the log speaks again, to people", func() bool {
		return strings.Contains(p.log.String(), "INF "+wasReloaded)
	})
}

// The fast lane is opened and closed while readers are served.
func TestReloadOfTheFastLane(t *testing.T) {
	h := newHost(t)
	p := h.serve()
	// ask has a feed sent, and sees that it came by the lane or not: the n-th
	// that did.
	ask := func(way, n string) {
		t.Helper()
		get(t, h.url+"rss.xml")
		eventually(t, "request "+n+" by the "+way, func() bool {
			_, metrics := get(t, p.admin+"metrics")
			return strings.Contains(metrics, `syndic_http_lane_total{way="`+way+`"} `+n+"\n")
		})
	}
	ask("lane", "1")
	h.configure("serve: {fast_lane: false}")
	h.must(0, "reload")
	ask("handler", "1")
	h.configure()
	h.must(0, "reload")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // what has left the lane stays outside
	ask("lane", "2")
}

// A storm of signals and requests is worked off one by one; what is in force
// at the end is what the file said at the end.
func TestReloadsAreSerialised(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	p := h.start(h.command(context.Background(), "serve"))
	// As early as it may come: the first line is logged before anything is done.
	p.await("the control socket listens")
	p.signal(syscall.SIGHUP)
	var asking sync.WaitGroup
	for i := range 4 {
		h.configure("  title: "+strings.Repeat("x", i+1), `schedule: "@change"`)
		for range 20 {
			p.signal(syscall.SIGHUP)
		}
		for range 3 {
			asking.Go(func() {
				if r := h.run("reload"); r.code != 0 {
					t.Errorf("exit %d:\n%s", r.code, r.err)
				}
			})
		}
		asking.Wait() // a file that is half written may be read as one
	}
	p.ready()
	eventually(t, "the last file is in force", func() bool {
		_, body := get(t, h.url+"rss.xml")
		return strings.Contains(body, "<title>xxxx</title>")
	})
	if bad := p.log.lines(notReloaded); len(bad) > 0 {
		t.Errorf("refused: %v", bad)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A daemon that ends while it reloads, gently or not, leaves nothing that the
// next start does not put right.
func TestEndDuringReload(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	for i, end := range []func(*process){
		func(p *process) {
			if code := p.stop(); code != 0 {
				t.Errorf("exit %d", code)
			}
		}, (*process).kill, func(p *process) {
			eventually(t, "it is applied", func() bool { return len(p.log.lines("configuration applied")) == 2 })
			p.kill()
		},
	} {
		p := h.serve()
		title := fmt.Sprintf("Title %d", i)
		h.configure("  title: "+title, `schedule: "@change"`, fmt.Sprintf("categories: {c%d: {title: Category %d}}", i, i))
		p.signal(syscall.SIGHUP)
		end(p)
		next := h.serve()
		eventually(t, "the next daemon has the new configuration", func() bool {
			_, site := get(t, h.url+"rss.xml")
			_, category := get(t, fmt.Sprintf("%sc%d/atom.xml", h.url, i))
			return strings.Contains(site, title) && strings.Contains(category, fmt.Sprintf("Category %d", i))
		})
		h.must(0, "check")
		next.stop()
	}
}

// Ctrl-C is heeded at each stage of a start, and the next start is not the worse
// for it.
func TestInterruptedStart(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	for _, stage := range []string{"the control socket listens", "serving feeds and pages", "configuration applied"} {
		p := h.start(h.command(context.Background(), "serve"))
		p.await(stage)
		p.signal(syscall.SIGINT)
		if code := p.wait(patience); code != 0 {
			t.Errorf("at %q: exit %d", stage, code)
		}
		p.await("stopped")
	}
	if code := h.serve().stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
