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
	parsed map[slotKey]*parsed
}

// parsed is a schedule and the slot that was asked for last: it is the next one
// for every time since then, and each post that is added asks for it again.
type parsed struct {
	schedule   Schedule
	since, due time.Time
}

func (p *parsed) next(after time.Time) time.Time {
	if p.schedule.spec == nil {
		return p.schedule.Next(after) // it counts from the time that is asked
	}
	if after.Before(p.since) || !after.Before(p.due) {
		p.since, p.due = after, p.schedule.Next(after)
	}
	return p.due.In(after.Location())
}

type slotKey struct{ spec, zone string }

// NewSlots makes an empty Slots.
func NewSlots() *Slots { return &Slots{parsed: map[slotKey]*parsed{}} }

// Slot is the category's next slot after a time; the time itself for "@change",
// and for a spec that cannot be read, so that nothing waits for ever.
func (s *Slots) Slot(site feed.Site, c feed.Category, after time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.parse(site, c)
	if err != nil {
		return after
	}
	next := p.next(after)
	if next.IsZero() {
		return after
	}
	return next
}

// Schedule is the category's own schedule, else the site's.
func (s *Slots) Schedule(site feed.Site, c feed.Category) (Schedule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.parse(site, c)
	if err != nil {
		return Schedule{}, err
	}
	return p.schedule, nil
}

func (s *Slots) parse(site feed.Site, c feed.Category) (*parsed, error) {
	key := slotKey{spec: cmp.Or(c.Schedule, site.Schedule), zone: site.TimeZone}
	if p, ok := s.parsed[key]; ok {
		return p, nil
	}
	loc, err := zone(key.zone)
	if err != nil {
		return nil, err
	}
	schedule, err := Parse(key.spec, loc)
	if err != nil {
		return nil, fmt.Errorf("read schedule %q: %w", key.spec, err)
	}
	p := &parsed{schedule: schedule}
	s.parsed[key] = p
	return p, nil
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
