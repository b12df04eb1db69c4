package scheduler

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"syndic/feed"
)

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func mustParse(t testing.TB, spec, zone string) Schedule {
	t.Helper()
	s, err := Parse(spec, mustZone(t, zone))
	if err != nil {
		t.Fatalf("Parse(%q): %v", spec, err)
	}
	return s
}

// clockChanges lists, for each spec, every slot in UTC from the first time on,
// until the one that is last in the list.
var clockChanges = []struct {
	name, spec, zone, from string
	want                   string
}{
	{"Berlin, spring: a swallowed slot runs when the gap ends", "30 2 * * *", "Europe/Berlin", "2026-03-27T12:00Z",
		"2026-03-28T01:30Z 2026-03-29T01:00Z 2026-03-30T00:30Z"},
	{"Berlin, spring: slots on either side", "30 1,3 * * *", "Europe/Berlin", "2026-03-28T20:00Z",
		"2026-03-29T00:30Z 2026-03-29T01:30Z 2026-03-29T23:30Z"},
	{"Berlin, spring: two swallowed slots are one", "10,50 2 * * *", "Europe/Berlin", "2026-03-28T20:00Z",
		"2026-03-29T01:00Z 2026-03-30T00:10Z"},
	{"Berlin, autumn: a doubled slot runs first time", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z",
		"2026-10-25T00:30Z 2026-10-26T01:30Z"},
	{"Berlin, autumn: asked within the second pass", "30 2 * * *", "Europe/Berlin", "2026-10-25T01:10Z",
		"2026-10-26T01:30Z"},
	{"Berlin, spring: every hour goes by the running clock", "30 * * * *", "Europe/Berlin", "2026-03-28T23:45Z",
		"2026-03-29T00:30Z 2026-03-29T01:30Z 2026-03-29T02:30Z"},
	{"Berlin, autumn: every hour goes by the running clock", "30 * * * *", "Europe/Berlin", "2026-10-24T23:45Z",
		"2026-10-25T00:30Z 2026-10-25T01:30Z 2026-10-25T02:30Z"},
	{"Cairo, spring: midnight is in the gap, no day is lost", "0 0 * * *", "Africa/Cairo", "2026-04-22T12:00Z",
		"2026-04-22T22:00Z 2026-04-23T22:00Z 2026-04-24T21:00Z"},
	{"Cairo, spring: @daily is the same", "@daily", "Africa/Cairo", "2026-04-23T12:00Z",
		"2026-04-23T22:00Z 2026-04-24T21:00Z"},
	{"Cairo, spring: on Fridays alone", "0 0 * * fri", "Africa/Cairo", "2026-04-18T12:00Z",
		"2026-04-23T22:00Z 2026-04-30T21:00Z"},
	{"Cairo, spring: each hour of one day that has no midnight", "0 * 24 4 *", "Africa/Cairo", "2026-04-20T12:00Z",
		"2026-04-23T22:00Z 2026-04-23T23:00Z 2026-04-24T00:00Z"},
	{"Cairo, autumn: the hour before midnight comes twice", "30 23 * * *", "Africa/Cairo", "2026-10-28T22:00Z",
		"2026-10-29T20:30Z 2026-10-30T21:30Z"},
	{"Santiago, spring: midnight is in the gap", "0 0 * * *", "America/Santiago", "2026-09-04T12:00Z",
		"2026-09-05T04:00Z 2026-09-06T04:00Z 2026-09-07T03:00Z"},
	{"Santiago, autumn", "30 23 * * *", "America/Santiago", "2026-04-03T12:00Z",
		"2026-04-04T02:30Z 2026-04-05T02:30Z 2026-04-06T03:30Z"},
	{"Lord Howe, spring: half an hour is missing", "15 2 * * *", "Australia/Lord_Howe", "2026-10-02T12:00Z",
		"2026-10-02T15:45Z 2026-10-03T15:30Z 2026-10-04T15:15Z"},
	{"Lord Howe, spring: the half hour after the gap", "45 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00Z",
		"2026-10-03T15:45Z 2026-10-04T15:45Z"},
	{"Lord Howe, autumn: half an hour comes twice", "45 1 * * *", "Australia/Lord_Howe", "2026-04-03T12:00Z",
		"2026-04-03T14:45Z 2026-04-04T14:45Z 2026-04-05T15:15Z"},
	{"Lord Howe, autumn: every half hour goes by the running clock", "*/30 * * * *", "Australia/Lord_Howe", "2026-04-04T14:10Z",
		"2026-04-04T14:30Z 2026-04-04T15:00Z 2026-04-04T15:30Z 2026-04-04T16:00Z"},
	{"St. John's once put its clock back over midnight", "0 * 31 10 *", "America/St_Johns", "2010-11-07T02:40Z",
		"2011-10-31T02:30Z 2011-10-31T03:30Z"},
	{"Apia once had no 30 December", "0 8 * * *", "Pacific/Apia", "2011-12-29T12:00Z",
		"2011-12-29T18:00Z 2011-12-30T10:00Z 2011-12-30T18:00Z"},
	{"29 February, over a year that has none", "0 0 29 2 *", "UTC", "2096-03-01T00:00Z",
		"2104-02-29T00:00Z 2108-02-29T00:00Z"},
	{"either day field is enough where both are narrowed", "0 12 13 * fri", "UTC", "2026-08-08T00:00Z",
		"2026-08-13T12:00Z 2026-08-14T12:00Z 2026-08-21T12:00Z"},
	{"every delay counts from the change", "@every 90m", "UTC", "2026-01-01T00:10Z",
		"2026-01-01T01:40Z 2026-01-01T03:10Z"},
}

func TestNextOverClockChanges(t *testing.T) {
	const layout = "2006-01-02T15:04Z"
	for _, test := range clockChanges {
		t.Run(test.name, func(t *testing.T) {
			s := mustParse(t, test.spec, test.zone)
			at, err := time.Parse(layout, test.from)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for range strings.Fields(test.want) {
				at = s.Next(at)
				got = append(got, at.Format(layout))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s in %s\n got %v\nwant %v", test.spec, test.zone, got, test.want)
			}
		})
	}
}

// A whole year of each zone: one slot each day, strictly upward.
func TestNextLosesNoDay(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe", "America/St_Johns", "UTC"} {
		for _, spec := range []string{"0 0 * * *", "30 0 * * *", "45 1 * * *", "15 2 * * *", "30 23 * * *"} {
			s := mustParse(t, spec, zone)
			start := time.Date(2026, 1, 1, 12, 0, 0, 0, mustZone(t, zone))
			at, slots := start, 0
			for {
				next := s.Next(at)
				if gap := next.Sub(at); gap <= 0 || gap > 26*time.Hour {
					t.Fatalf("%s in %s: %v is followed by %v", spec, zone, at, next)
				}
				if at = next; at.After(start.AddDate(1, 0, 0)) {
					break
				}
				slots++
			}
			if slots != 365 {
				t.Errorf("%s in %s: %d slots in a year, want 365", spec, zone, slots)
			}
		}
	}
}

func TestEvery(t *testing.T) {
	tests := map[string]time.Duration{
		"* * * * *":         time.Minute,
		"*/5 * * * *":       5 * time.Minute,
		"0,50 * * * *":      10 * time.Minute,
		"0 * * * *":         time.Hour,
		"@hourly":           time.Hour,
		"30 2 * * *":        24 * time.Hour,
		"0 9,17 * * *":      8 * time.Hour,
		"0 9 * * mon-fri":   24 * time.Hour,
		"0 1,23 * * *":      2 * time.Hour,
		"@weekly":           7 * 24 * time.Hour,
		"0 3 * * mon":       7 * 24 * time.Hour,
		"@monthly":          28 * 24 * time.Hour,
		"@yearly":           365 * 24 * time.Hour,
		"0 0 29 2 *":        366 * 24 * time.Hour,
		"@every 90m":        90 * time.Minute,
		"@every 1m0.9s":     time.Minute,
		"@change":           time.Minute,
		"  */10  * * * *\t": 10 * time.Minute,
	}
	for spec, want := range tests {
		// Berlin's clock changes must not shorten a day.
		if got := mustParse(t, spec, "Europe/Berlin").Every(); got != want {
			t.Errorf("%q: Every() = %v, want %v", spec, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]string{
		"":                               "five fields",
		"   ":                            "five fields",
		"TZ=UTC":                         "set site.time_zone",
		"CRON_TZ=":                       "set site.time_zone",
		"TZ=UTC 0 0 * * *":               "set site.time_zone",
		"@every -5m":                     "one second or more",
		"@every 0":                       "one second or more",
		"@every 0s":                      "one second or more",
		"@every 900ms":                   "one second or more",
		"@every 1d":                      "not a duration",
		"@every":                         "not a duration",
		"@reboot":                        "at its start anyway",
		"@Change":                        "five fields",
		"@fortnightly":                   "five fields",
		"0 0 30 2 *":                     "never fires",
		"0 0 31 4,6,9,11 *":              "never fires",
		", * * * *":                      "never fires",
		"* , * * *":                      "never fires",
		"* * , * ,":                      "never fires",
		"* * * , *":                      "never fires",
		"61 * * * *":                     "five fields",
		"* * * *":                        "five fields",
		"0 * * * * *":                    "seconds are not taken",
		"0 0 * * 7":                      "Sunday is 0",
		"*/0 * * * *":                    "five fields",
		"-5 * * * *":                     "five fields",
		"5/99999999999999999999 * * * *": "five fields",
	}
	for spec, want := range tests {
		_, err := Parse(spec, time.UTC)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want an error with %q", spec, err, want)
		}
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	good := feed.Site{TimeZone: "Europe/Berlin", Schedule: "@change", Categories: []feed.Configured{{Slug: "design"}}}
	if err := Validate(good); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	tests := map[string]func(s *feed.Site){
		"site.time_zone":             func(s *feed.Site) { s.TimeZone = "Berlin" },
		"schedule":                   func(s *feed.Site) { s.Schedule = "" },
		"categories.design.schedule": func(s *feed.Site) { s.Categories[0].Schedule = "0 0 30 2 *" },
	}
	for key, spoil := range tests {
		site := good
		site.Categories = []feed.Configured{{Slug: "design"}}
		spoil(&site)
		var got *KeyError
		if err := Validate(site); !errors.As(err, &got) || got.Key != key || !strings.Contains(err.Error(), key) {
			t.Errorf("Validate: %v, want a KeyError of %s", err, key)
		}
	}
	local := good
	local.TimeZone = "Local"
	if Validate(local) == nil {
		t.Error("the zone Local is another one on another machine, and was taken")
	}
}

func TestSlot(t *testing.T) {
	slots := NewSlots()
	site := feed.Site{TimeZone: "Europe/Berlin", Schedule: "0 6 * * *"}
	at := time.Date(2026, 7, 1, 12, 0, 0, 500, time.UTC)
	tests := []struct {
		schedule string
		want     time.Time
	}{
		{"", time.Date(2026, 7, 2, 4, 0, 0, 0, time.UTC)},
		{"0 * * * *", time.Date(2026, 7, 1, 13, 0, 0, 0, time.UTC)},
		{"@change", at},
		{"nonsense", at},
	}
	for range 2 { // the second time from what is kept
		for _, test := range tests {
			c := feed.Category{Settings: feed.Settings{Schedule: test.schedule}}
			if got := slots.Slot(site, c, at); !got.Equal(test.want) {
				t.Errorf("Slot with %q = %v, want %v", test.schedule, got, test.want)
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { slots.Slot(site, feed.Category{}, at) }); n > 4 {
		t.Errorf("Slot allocates %v times: it parses again", n)
	}
}

// A slot that is kept in mind is what the schedule says, also where clocks
// change and where a time comes before the last one that was asked for.
func TestSlotKeptInMind(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, place := range []string{"Europe/Berlin", "Africa/Cairo", "America/Santiago"} {
		slots, site := NewSlots(), feed.Site{TimeZone: place}
		for _, spec := range []string{"0 6 * * *", "30 2 * * *", "0 0 * * *", "*/20 * * * *", "15 * * * sun", "0 0 29 2 *", "@every 90m", "@change"} {
			s, err := Parse(spec, mustZone(t, place))
			if err != nil {
				t.Fatal(err)
			}
			at, c := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), feed.Category{Settings: feed.Settings{Schedule: spec}}
			for range 400 {
				at = at.Add(time.Duration(rnd.Int64N(int64(5*time.Hour))) - time.Hour)
				if got, want := slots.Slot(site, c, at), s.Next(at); got != want {
					t.Fatalf("%q in %s after %v: got %v, want %v", spec, place, at, got, want)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, spec := range []string{"*/5 * * * *", "@every 1h", "TZ=", "0 0 30 2 *", "@change", "0 0 1,15 * mon", "1-5/2,7 0-23 ? jan-mar sun"} {
		f.Add(spec)
	}
	loc := mustZone(f, "Africa/Cairo")
	at := time.Date(2026, 4, 23, 21, 59, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := Parse(spec, loc)
		if err != nil {
			return
		}
		if s.Every() < time.Second {
			t.Errorf("%q: Every() = %v", spec, s.Every())
		}
		if next := s.Next(at); !next.After(at) && !s.Change() {
			t.Errorf("%q: %v is followed by %v", spec, at, next)
		}
	})
}
