package scheduler

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"syndic/feed"
)

// KeyError is a value of the configuration that cannot be used. Key is its
// whole key, such as "categories.design.schedule".
type KeyError struct {
	Key    string
	Value  string
	Reason string
}

// Error names the key, the value and what would be right.
func (e *KeyError) Error() string { return fmt.Sprintf("%s: %q: %s", e.Key, e.Value, e.Reason) }

// Slots answers when a category is next due. It keeps each spec that it has
// parsed, as many categories share one. It may be used by several goroutines.
type Slots struct {
	mu     sync.Mutex
	parsed map[slotKey]Schedule
}

type slotKey struct{ spec, zone string }

// NewSlots makes an empty Slots.
func NewSlots() *Slots { return &Slots{parsed: map[slotKey]Schedule{}} }

// Slot is the category's next slot after a time; the time itself for "@change",
// and for a spec that cannot be read, so that nothing waits for ever.
func (s *Slots) Slot(site feed.Site, c feed.Category, after time.Time) time.Time {
	schedule, err := s.Schedule(site, c)
	if err != nil {
		return after
	}
	next := schedule.Next(after)
	if next.IsZero() {
		return after
	}
	return next
}

// Schedule is the category's own schedule, else the site's.
func (s *Slots) Schedule(site feed.Site, c feed.Category) (Schedule, error) {
	key := slotKey{spec: cmp.Or(c.Schedule, site.Schedule), zone: site.TimeZone}
	s.mu.Lock()
	defer s.mu.Unlock()
	if schedule, ok := s.parsed[key]; ok {
		return schedule, nil
	}
	loc, err := zone(key.zone)
	if err != nil {
		return Schedule{}, err
	}
	schedule, err := Parse(key.spec, loc)
	if err != nil {
		return Schedule{}, fmt.Errorf("read schedule %q: %w", key.spec, err)
	}
	s.parsed[key] = schedule
	return schedule, nil
}

// effective fills in what the category leaves to the site, and the schedule's
// smallest gap.
func (s *Slots) effective(site feed.Site, c feed.Category) feed.Category {
	c = site.Effective(c)
	c.Every = changeGap
	if schedule, err := s.Schedule(site, c); err == nil {
		c.Every = schedule.Every()
	}
	return c
}

// Validate checks the time zone and every schedule of a configuration. What it
// finds first is a *KeyError.
func Validate(site feed.Site) error {
	loc, err := zone(site.TimeZone)
	if err != nil {
		return &KeyError{Key: "site.time_zone", Value: site.TimeZone, Reason: err.Error()}
	}
	if _, err := Parse(site.Schedule, loc); err != nil {
		return &KeyError{Key: "schedule", Value: site.Schedule, Reason: err.Error()}
	}
	for _, c := range site.Categories {
		if c.Schedule == "" {
			continue
		}
		if _, err := Parse(c.Schedule, loc); err != nil {
			return &KeyError{Key: "categories." + c.Slug + ".schedule", Value: c.Schedule, Reason: err.Error()}
		}
	}
	return nil
}

// zone finds a time zone by its IANA name. "Local" would mean another zone on
// another machine.
func zone(name string) (*time.Location, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("no such time zone: use an IANA name such as UTC or Europe/Berlin")
	}
	return loc, nil
}
