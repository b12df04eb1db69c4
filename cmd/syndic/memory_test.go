package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"64MB": 64_000_000, "1GB": 1_000_000_000, "2GiB": 2 << 30, "512KiB": 512 << 10, "7kB": 7000, "7KB": 7000, "16MiB": 16 << 20,
	} {
		if got, err := parseSize(text); got != want || err != nil {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "64", "64 MB", "64mb", "0MB", "-1MB", "1.5GB", "064MB", "1e3MB", "64M", "MB", "64MB ", "1000000000MB", "٣MB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func FuzzSize(f *testing.F) {
	for _, text := range []string{"64MB", "1GiB", "999999999GiB", "0kB", "9", "1.5GB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseSize(text)
		if err != nil {
			return
		}
		digits := strings.TrimRight(text, "kKMGiB")
		if unit := sizeUnits[text[len(digits):]]; n <= 0 || fmt.Sprint(n/unit) != digits {
			t.Fatalf("%q is read as %d", text, n)
		}
	})
}
