package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newsboatTitles prints what a newsboat cache holds, by date.
const newsboatTitles = `
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("select title, guid, content from rss_item where deleted = 0 order by pubDate desc")
json.dump([list(r) for r in rows], sys.stdout)
`

// newsboat is one reader with a cache of its own: newsboat tells posts by
// their ids alone, so one cache would show a post in one of two feeds only.
type newsboat struct {
	h    *host
	name string
	args []string
}

func newNewsboat(h *host, format string) *newsboat {
	dir := "newsboat-" + format
	urls := h.write(dir+"/urls", h.url+"design/"+format+".xml\n")
	config := h.write(dir+"/config", "show-read-feeds yes\nshow-read-articles yes\n")
	return &newsboat{h: h, name: filepath.Join(h.dir, dir), args: []string{"-u", urls, "-C", config, "-c", filepath.Join(h.dir, dir, "cache.db")}}
}

// reload fetches the feed and returns the rows of the cache: title, id, content.
func (n *newsboat) reload() [][3]string {
	n.h.t.Helper()
	n.tool("newsboat", append(n.args, "-x", "reload")...)
	out := n.tool("/usr/bin/python3", "-c", newsboatTitles, filepath.Join(n.name, "cache.db"))
	var rows [][3]string
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		n.h.t.Fatalf("%v: %s", err, out)
	}
	return rows
}

// shows opens the feed on a terminal and returns what stands there.
func (n *newsboat) shows(last string) (screen string) {
	n.h.t.Helper()
	tmux := func(args ...string) string {
		return n.tool("tmux", append([]string{"-S", n.name + "/tmux"}, args...)...)
	}
	n.h.t.Cleanup(func() { _ = exec.Command("tmux", "-S", n.name+"/tmux", "kill-server").Run() }) // it may have ended
	tmux("new-session", "-d", "-x", "200", "-y", "40", "newsboat "+strings.Join(n.args, " "))
	eventually(n.h.t, "newsboat lists the feed", func() bool { return strings.Contains(tmux("capture-pane", "-p"), "Design") })
	tmux("send-keys", "Enter")
	eventually(n.h.t, "newsboat lists the posts", func() bool {
		screen = tmux("capture-pane", "-p")
		return strings.Contains(screen, last)
	})
	tmux("send-keys", "q", "q")
	eventually(n.h.t, "newsboat lets go of its cache", func() bool {
		return exec.Command("tmux", "-S", n.name+"/tmux", "has-session").Run() != nil
	})
	return screen
}

func (n *newsboat) tool(name string, args ...string) string {
	n.h.t.Helper()
	cmd := exec.CommandContext(n.h.t.Context(), name, args...)
	cmd.Env = append(n.h.env, "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.h.t.Fatalf("%s (make tools installs it): %v\n%s", name, err, out)
	}
	return string(out)
}

// A reader that people use shows the ten posts, and after one edit still ten.
func TestNewsboat(t *testing.T) {
	h := newHost(t, `schedule: "@daily"`)
	h.serve()
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	_, posts := designPage(t)
	var titles []string
	for _, p := range posts {
		titles = append(titles, p.title)
	}
	readers := []*newsboat{newNewsboat(h, "rss"), newNewsboat(h, "atom")}
	var before [2][][3]string
	for i, n := range readers {
		before[i] = n.reload()
		if got := titlesOf(before[i]); !slices.Equal(got, titles) {
			t.Errorf("%s: %q", n.name, got)
		}
		inOrder(t, n.name, n.shows(titles[9]), titles...)
	}
	edit(t, h, "We stopped", "We have stopped")
	h.must(0, "republish")
	for i, n := range readers {
		after := n.reload()
		if got := titlesOf(after); !slices.Equal(got, titles) {
			t.Errorf("%s, after the edit: %q", n.name, got)
		}
		if slices.Equal(before[i], after) || !strings.Contains(after[1][2], "We have stopped") {
			t.Errorf("%s does not show the edit", n.name)
		}
	}
}

func titlesOf(rows [][3]string) (first []string) {
	for _, r := range rows {
		first = append(first, r[0])
	}
	return first
}
