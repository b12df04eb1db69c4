package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// leaves lists the key paths that hold a value, * for a name that the user
// chose.
func leaves(t reflect.Type, above string) []string {
	switch {
	case t.Kind() == reflect.Struct:
		var all []string
		for i, key := range keys(t) {
			all = append(all, leaves(t.Field(i).Type, join(above, key))...)
		}
		return all
	case inner(t):
		return leaves(t.Elem(), above)
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct:
		return leaves(t.Elem(), join(above, "*"))
	}
	return []string{above}
}

// Whoever adds a key says what a reload does with it.
func TestEveryKeyIsInOneSection(t *testing.T) {
	known := leaves(reflect.TypeFor[Config](), "")
	if len(known) < 30 {
		t.Fatalf("only %d keys: %v", len(known), known)
	}
	var listed []string
	for _, s := range sections {
		listed = append(listed, s.keys...)
	}
	for _, key := range known {
		if n := len(slices.DeleteFunc(slices.Clone(listed), func(k string) bool { return k != key })); n != 1 {
			t.Errorf("%s is in %d of the sections in section.go, and must be in 1", key, n)
		}
	}
	for _, key := range listed {
		if !slices.Contains(known, key) {
			t.Errorf("section.go lists %s, which is no key", key)
		}
	}
}

// The example says of each key that only a start reads it, and of no other.
func TestExampleNamesWhatNeedsARestart(t *testing.T) {
	comments := exampleComments(t)
	for _, s := range sections {
		for _, key := range s.keys {
			if strings.Contains(key, "*") {
				continue // in the example of a category, which is all live
			}
			if says := strings.Contains(comments[key], "Needs a restart."); says != (s.apply == nil) {
				t.Errorf("%s needs a restart: %v; config.example.yaml says: %q", key, s.apply == nil, comments[key])
			}
		}
	}
}

// The handbook has every key, by its name or by that of what it belongs to, in
// the row that is right.
func TestOperatingNamesEveryKey(t *testing.T) {
	named := map[string]bool{} // to whether it needs a restart
	for line := range strings.Lines(string(readFile(t, "../../docs/operating.md"))) {
		first, effect, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | at ")
		if !ok {
			continue
		}
		for key := range strings.SplitSeq(first, ", ") {
			named[strings.Trim(key, "`")] = strings.HasPrefix(effect, "a restart")
		}
	}
	for _, s := range sections {
		for _, key := range s.keys {
			restart, found := false, false
			for up := key; up != "" && !found; up = parent(up) {
				restart, found = named[up]
			}
			if !found || restart != (s.apply == nil) {
				t.Errorf("docs/operating.md names %s: %v; needs a restart there: %v, here: %v", key, found, restart, s.apply == nil)
			}
		}
	}
}

// exampleComments are what the example says above each key, its own comment or
// that of the keys right before it.
func exampleComments(t *testing.T) map[string]string {
	t.Helper()
	comments, path, comment, commented := map[string]string{}, []string{}, "", false
	for line := range strings.Lines(string(readFile(t, "../../config.example.yaml"))) {
		text := strings.TrimSpace(line)
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		switch {
		case strings.HasPrefix(text, "#"):
			if !commented {
				comment = ""
			}
			comment, commented = comment+" "+strings.TrimSpace(text[1:]), true
		case text == "":
			comment, commented = "", false
		default:
			key, _, _ := strings.Cut(text, ":")
			path = append(path[:depth], key)
			comments[strings.Join(path, ".")], commented = strings.TrimSpace(comment), false
		}
	}
	return comments
}

func TestDifferences(t *testing.T) {
	parse := func(src string) Config {
		c, err := parseConfig("config.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct{ old, now, want string }{
		{"", "{}", ""},
		{"", "hubs: []\nwindow: {posts: 50}", ""},
		{"", `schedule: "@change"`, `schedule: "*/5 * * * *" → "@change"`},
		{"", "site: {title: A <b>}", `site.title: "Example Journal" → "A <b>"`},
		{"", `hubs: ["https://hub.example/"]`, `hubs: [] → ["https://hub.example/"]`},
		{"redirects: {/a: /b, /c: /d}", "redirects: {/a: /e, /f: /d}", `redirects./a: "/b" → "/e"; redirects./c: "/d" → unset; redirects./f: unset → "/d"`},
		{"", "categories: {a: {title: A, hubs: []}}", `categories.a: unset → {title: "A", hubs: []}`},
		{"categories: {a: {}}", "", `categories.a: {} → unset`},
		{"categories: {a: {window: {posts: 3}}}", "categories: {a: {window: {posts: 4}}}", `categories.a.window.posts: 3 → 4`},
		{"categories: {a: {}}", "categories: {a: {window: {hours: 4}, hubs: []}}", `categories.a.window.hours: unset → 4; categories.a.hubs: unset → []`},
		{"serve: {fast_lane: true}", "serve: {fast_lane: false}\nlisten: fd", `listen: "127.0.0.1:8080" → "fd"; serve.fast_lane: true → false`},
	} {
		var got []string
		for _, ch := range differences(parse(c.old), parse(c.now)) {
			got = append(got, ch.Key+": "+ch.Old+" → "+ch.New)
			if !slices.ContainsFunc(sections, func(s section) bool { return s.holds(ch.pattern) }) {
				t.Errorf("no section holds %s", ch.pattern)
			}
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("from %q to %q:\n got %s\nwant %s", c.old, c.now, text, c.want)
		}
	}
}
