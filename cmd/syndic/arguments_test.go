package main

import (
	"slices"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	for line, want := range map[string]string{
		"--republish":                               "republish",
		"--republish design":                        "republish design",
		"--republish=design":                        "republish design",
		"--republish=design,news,,":                 "republish design news",
		"--republish=design --force news":           "republish design --force news",
		"--republish --force":                       "republish --force",
		"--republish=":                              "republish",
		"--republish=a --republish=b":               "republish a b",
		"--config x.yaml --republish design":        "republish --config x.yaml design",
		"--config=x.yaml -q --republish --dry-run":  "republish --config=x.yaml -q --dry-run",
		"--data republish --republish":              "republish --data republish",
		"--no-color --republish=a -- --republish=b": "republish --no-color a -- --republish=b",
		"republish --force":                         "republish --force",
		"post list --republish":                     "post list --republish",
		"-- --republish":                            "-- --republish",
		"--format --republish":                      "--format --republish",
		"":                                          "",
	} {
		if got := rewrite(strings.Fields(line)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q became %q, want %q", line, strings.Join(got, " "), want)
		}
	}
}
