package main

import (
	"slices"
	"strings"
	"testing"
)

// completions are what a shell would offer, without descriptions, and whether
// it would offer files.
func (h *host) completions(args ...string) (values []string, files bool) {
	h.t.Helper()
	r := h.run(append([]string{"__complete"}, args...)...)
	if r.code != 0 || strings.Count(r.err, "\n") > 1 {
		h.t.Fatalf("complete %q: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	for line := range strings.Lines(r.out) {
		value, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if directive, ok := strings.CutPrefix(value, ":"); ok {
			return values, directive == "0"
		}
		values = append(values, value)
	}
	h.t.Fatalf("complete %q: no directive in %q", args, r.out)
	return nil, false
}

func TestCompletion(t *testing.T) {
	hub := newHub(t)
	h := newHost(t, `schedule: "@daily"`, "hubs: ["+hub.url+"]")
	h.must(0, "post", "add", "--category", "Design", "--category", "Deep water", h.write("first-light.md", "# First light\n\ntext\n"))
	check := func() {
		t.Helper()
		for _, c := range []struct {
			line  string
			want  string
			files bool
		}{
			{"category show |", "deep-water design", false},
			{"category show des|", "design", false},
			{"category rename design |", "", false},
			{"republish |", "deep-water design", false},
			{"republish design |", "deep-water", false},
			{"post list --category |", "deep-water design", false},
			{"post rm --category d|", "deep-water design", false},
			{"post list --state |", "draft scheduled queued published recalled removed", false},
			{"post show |", "first-light", false},
			{"post recall x|", "", false},
			{"post show first-light |", "", false},
			{"post add |", "", true},
			{"feed show design |", "rss atom json", false},
			{"feed lint |", "deep-water design", true},
			{"--format |", "table json ids", false},
			{"post list --format |", "table json ids", false},
			{"config validate |", "", true},
			{"schedule |", "list", false},
			{"status |", "", false},
		} {
			got, files := h.completions(strings.Split(strings.TrimSuffix(c.line, "|"), " ")...)
			if strings.Join(got, " ") != c.want || files != c.files {
				t.Errorf("%s offers %v, files %v", c.line, got, files)
			}
		}
	}
	check()
	h.serve()
	check()
	h.must(0, "republish")
	if got, _ := h.completions("hub", "retry", ""); !slices.Equal(got, []string{hub.url}) {
		t.Errorf("hub retry offers %v", got)
	}
}

// What cannot be asked offers nothing, and does not write over the command line.
func TestCompletionWithoutAStore(t *testing.T) {
	h := newHost(t)
	for _, args := range [][]string{{"category", "show", ""}, {"post", "show", ""}, {"hub", "retry", "x"}} {
		if got, files := h.completions(args...); len(got) > 0 || files {
			t.Errorf("%v offers %v, files %v", args, got, files)
		}
	}
	if r := h.run("status"); r.code != exitNoDatabase {
		t.Errorf("completing made a database: exit %d", r.code)
	}
}
