package main

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	got, err := parseStat("4242 (nginx: (worker) 1) S 41 4242 4242 0 -1 4194560 10 20 0 0 150 75 9 9 20 0 1 0 99 1000 10\n")
	if want := (stat{pid: 4242, parent: 41, cpu: 2250 * time.Millisecond}); err != nil || got != want {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "1 S 2", "1 (x) S 2 3", "x (y) S 2 3 4 5 6 7 8 9 10 11 12 13 14", "1 )x( S 2 3 4 5 6 7 8 9 10 11 12 13"} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", bad, got)
		}
	}
}

func TestParseMemory(t *testing.T) {
	got, err := parseMemory("Name:\tsyndic\nVmRSS:\t   20000 kB\nRssAnon:\t    9216 kB\nRssFile:\t   10000 kB\n")
	if err != nil || got != 9216<<10 {
		t.Errorf("got %d and %v, want %d", got, err, 9216<<10)
	}
	for _, bad := range []string{"", "Name:\tx\n", "RssAnon:\n", "RssAnon:\tmany kB\n", "RssAnon:\t1 MB\n"} {
		if got, err := parseMemory(bad); err == nil {
			t.Errorf("parseMemory(%q) = %d, want an error", bad, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("4242 (nginx: (worker) 1) S 41 4242 4242 0 -1 4194560 10 20 0 0 150 75 9 9 20 0 1 0 99 1000 10\n")
	f.Add("1 ) (")
	f.Fuzz(func(t *testing.T, line string) {
		if s, err := parseStat(line); err != nil && s != (stat{}) {
			t.Errorf("parseStat(%q) = %+v beside %v", line, s, err)
		}
	})
}
