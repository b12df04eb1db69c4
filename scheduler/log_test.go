package scheduler

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"syndic/store"
)

// published is a line of the log that tells of a feed.
type published struct {
	Feed     string `json:"feed"`
	Run      uint64 `json:"run"`
	Duration *int64 `json:"duration_ms"`
	Message  string `json:"message"`
}

func TestLogNumbersRuns(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, siteWith("@daily"), func(c *Config) { c.Log = zerolog.New(zerolog.SyncWriter(&log)) })
	lines := func() (list []published) {
		for line := range strings.Lines(log.String()) {
			var p published
			w.must(json.Unmarshal([]byte(line), &p))
			if p.Message == "published" {
				list = append(list, p)
			}
		}
		log.Reset()
		return list
	}
	w.republish(Request{})
	lines()
	run := uint64(0)
	for range 2 {
		w.add(nil, store.PutOptions{}, "design")
		w.republish(Request{})
		got := lines()
		if len(got) != 6 || got[0].Run <= run {
			t.Fatalf("the log has %+v", got)
		}
		run = got[0].Run
		for _, p := range got {
			if p.Run != run || p.Duration == nil || strings.Contains(p.Feed, ":") || !strings.Contains(p.Feed, ".") {
				t.Errorf("a line of run %d is %+v", run, p)
			}
		}
	}
}
