package feed

import (
	"fmt"
	"strings"
	"time"
)

// dateLayouts are the forms in which a date is written, the precise first.
// Those without a zone are in the site's.
var dateLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly,
}

// ParseDate reads a date as an author writes it: RFC 3339, a local time or a
// bare day, which is 00:00 in zone. The result is in UTC and whole seconds.
func ParseDate(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date: write 2026-01-05, 2026-01-05 15:04 or 2026-01-05T15:04:00Z", text)
}
