package feed

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-01-05":                    "2026-01-04T23:00:00Z",
		"2026-07-05":                    "2026-07-04T22:00:00Z",
		" 2026-01-05 15:04 ":            "2026-01-05T14:04:00Z",
		"2026-01-05 15:04:05":           "2026-01-05T14:04:05Z",
		"2026-01-05T15:04":              "2026-01-05T14:04:00Z",
		"2026-01-05T15:04:05":           "2026-01-05T14:04:05Z",
		"2026-01-05T15:04:05Z":          "2026-01-05T15:04:05Z",
		"2026-01-05T15:04:05.9+02:00":   "2026-01-05T13:04:05Z",
		"2026-01-05 15:04:05 +0200":     "2026-01-05T13:04:05Z",
		"2026-01-05T15:04Z":             "2026-01-05T15:04:00Z",
		"2026-03-29T02:30:00":           "2026-03-29T01:30:00Z", // in the hour that is skipped
		"2026-01-05T23:59:59.999-11:00": "2026-01-06T10:59:59Z",
	} {
		got, err := ParseDate(text, berlin)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("ParseDate(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "tomorrow", "05.01.2026", "2026-13-01", "2026-02-30", "2026-1-5", "20260105", "1767571200"} {
		if got, err := ParseDate(text, berlin); err == nil {
			t.Errorf("ParseDate(%q) = %v, want an error", text, got)
		}
	}
}
