package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fakeSections are three sections that note what they are told, and fail when
// the schedule, or the title, says so.
func fakeSections(told *[]string) []section {
	apply := func(name string, fails func(Config) bool) func(*daemon, context.Context, Config) error {
		return func(_ *daemon, _ context.Context, c Config) error {
			*told = append(*told, name+"="+c.Schedule)
			if fails(c) {
				return fmt.Errorf("%s is broken", name)
			}
			return nil
		}
	}
	return []section{
		{apply: apply("first", func(Config) bool { return false }), keys: []string{"schedule"}},
		{apply: apply("second", func(c Config) bool { return c.Schedule == c.Site.Title || c.Schedule == "bad" }), keys: []string{"schedule"}},
		{apply: apply("other", func(Config) bool { return false }), keys: []string{"window.posts"}},
	}
}

// A section that fails takes those before it along, and the next reload applies
// everything if even that failed.
func TestReloaderGoesBack(t *testing.T) {
	var told []string
	step := func(r *reloader, schedule string) error {
		told = nil
		c := r.config
		c.Schedule = schedule
		err := r.apply(t.Context(), differences(r.config, c), c)
		if err == nil {
			r.config = c
		}
		return err
	}
	expect := func(err error, message string, want ...string) {
		t.Helper()
		if !slices.Equal(told, want) || (err == nil) != (message == "") || err != nil && !strings.Contains(err.Error(), message) {
			t.Errorf("%v\n got %v\nwant %v", err, told, want)
		}
	}
	r := &reloader{sections: fakeSections(&told), config: Config{Schedule: "old", Site: SiteConfig{Title: "none"}}}
	expect(step(r, "good"), "", "first=good", "second=good")
	expect(step(r, "good"), "")
	expect(step(r, "bad"), "second is broken", "first=bad", "second=bad", "first=good", "second=good")
	if r.uncertain {
		t.Error("uncertain, though it went back")
	}
	r.config.Site.Title = "good" // now not even the former one can be applied
	expect(step(r, "bad"), "go back to the former configuration: second is broken: reload once more, or restart",
		"first=bad", "second=bad", "first=good", "second=good")
	r.config.Site.Title = "none"
	expect(step(r, "good"), "", "first=good", "second=good", "other=good")
	expect(step(r, "good"), "")
}

// What is broken off by the end of the daemon is not taken back: there is no
// time, and the next start applies the file.
func TestReloaderBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	r := &reloader{sections: []section{{keys: []string{"schedule"}, apply: func(_ *daemon, ctx context.Context, _ Config) error {
		calls++
		cancel()
		return ctx.Err()
	}}}}
	c := Config{Schedule: "new"}
	if err := r.apply(ctx, differences(r.config, c), c); !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
