package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindPlaces(t *testing.T) {
	for _, c := range []struct {
		data, env, want string
		given           bool
	}{
		{"/d", "STATE_DIRECTORY=/s HOME=/h", "/d", true},
		{"", "STATE_DIRECTORY=/s:/t XDG_DATA_HOME=/x HOME=/h", "/s", true},
		{"", "XDG_DATA_HOME=/x HOME=/h", "/x/syndic", false},
		{"", "XDG_DATA_HOME=relative HOME=/h", "/h/.local/share/syndic", false},
		{"", "HOME=/h", "/h/.local/share/syndic", false},
		{"", "", "", false},
	} {
		p, err := findPlaces(c.data, "", environment(c.env))
		if p.data != c.want || (err != nil) != (c.want == "") || p.given != c.given {
			t.Errorf("%+v: %+v, %v", c, p, err)
		}
	}
	p, err := findPlaces("d", "s", environment(""))
	if err != nil || !filepath.IsAbs(p.data) || !filepath.IsAbs(p.socket) {
		t.Errorf("relative: %+v, %v", p, err)
	}
}

func environment(list string) func(string) string {
	return func(key string) string {
		for pair := range strings.FieldsSeq(list) {
			if name, value, _ := strings.Cut(pair, "="); name == key {
				return value
			}
		}
		return ""
	}
}

func TestDatabasePath(t *testing.T) {
	p := places{data: "/d"}
	for configured, want := range map[string]string{"": "/d/syndic.db", "x/y.db": "/d/x/y.db", "/z//a.db": "/z/a.db"} {
		if got := p.database(configured); got != want {
			t.Errorf("%q: %s, want %s", configured, got, want)
		}
	}
}

func TestSocketPaths(t *testing.T) {
	long := "/" + strings.Repeat("x", 200)
	for _, c := range []struct {
		places places
		want   string // empty: an error
		dial   []string
	}{
		{places{data: "/d"}, "/d/syndic.sock", []string{"/d/syndic.sock", systemSocket}},
		{places{data: "/d", runtime: "/r"}, "/r/syndic.sock", []string{"/d/syndic.sock", "/r/syndic.sock", systemSocket}},
		{places{data: "/d", runtime: "/r", socket: "/s"}, "/s", []string{"/s", "/d/syndic.sock", "/r/syndic.sock", systemSocket}},
		{places{data: long, runtime: "/r"}, "/r/syndic.sock", []string{long + "/syndic.sock", "/r/syndic.sock", systemSocket}},
		{places{data: "/d", runtime: long}, "/d/syndic.sock", []string{"/d/syndic.sock", long + "/syndic.sock", systemSocket}},
		{places{data: long}, "", []string{long + "/syndic.sock", systemSocket}},
		{places{data: "/d", socket: long}, "", []string{long, "/d/syndic.sock", systemSocket}},
	} {
		got, err := c.places.listenSocket()
		if (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%+v listens at %s, %v", c.places, got, err)
		}
		if dial := c.places.dialSockets(); !slices.Equal(dial, c.dial) {
			t.Errorf("%+v dials %v", c.places, dial)
		}
	}
}

func TestCheckOwner(t *testing.T) {
	dir := t.TempDir()
	if err := checkOwner(dir); err != nil {
		t.Errorf("my own: %v", err)
	}
	if err := checkOwner(filepath.Join(dir, "none")); err != nil {
		t.Errorf("none: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkOwner(file); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("a file: %v", err)
	}
}

// At a prompt the service's user, and root, mean the service's data.
func TestSystemData(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	if !usesSystemData(dir, home) {
		t.Error("a directory of one's own is not used")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if usesSystemData(file, home) || usesSystemData(filepath.Join(dir, "none"), home) {
		t.Error("what is no directory is used")
	}
	if os.Geteuid() != 0 {
		if usesSystemData("/", home) {
			t.Error("a stranger's directory is used")
		}
		return
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if !usesSystemData(dir, home) {
		t.Error("root does not find the service's data")
	}
	if err := os.MkdirAll(filepath.Join(home, ".local/share/syndic"), 0o700); err != nil {
		t.Fatal(err)
	}
	if usesSystemData(dir, home) {
		t.Error("root's own data are passed over")
	}
}
