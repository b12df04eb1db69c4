package scheduler

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"
	_ "time/tzdata" // zones where the machine has none

	"github.com/robfig/cron/v3"
)

// changeGap is what Every says of "@change": feeds may change at any moment, so
// readers are asked to look once a minute.
const changeGap = time.Minute

// starBit is the one that cron sets in a field that was written as "*".
const starBit = 1 << 63

// hint ends the message of a spec that could not be read.
const hint = `use five fields (minute hour day-of-month month day-of-week) such as "*/5 * * * *", or @hourly, @daily, @weekly, @monthly, @yearly, "@every 10m" or @change`

// Schedule is a parsed cron spec in its time zone. The zero value never fires.
type Schedule struct {
	change bool
	delay  time.Duration      // of "@every"
	spec   *cron.SpecSchedule // of everything else
	every  time.Duration
}

// Parse reads five cron fields, a descriptor such as "@daily", "@every D", or
// "@change"; a nil zone is UTC. Errors say what would be right; nothing that it accepts panics,
// fires each second by mistake, or never fires.
func Parse(spec string, loc *time.Location) (s Schedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = Schedule{}, fmt.Errorf("it cannot be read (%v): %s", r, hint)
		}
	}()
	if loc == nil {
		loc = time.UTC
	}
	spec = strings.Join(strings.Fields(spec), " ")
	name, rest, _ := strings.Cut(spec, " ")
	switch {
	case spec == "":
		return Schedule{}, errors.New("it is empty: " + hint)
	case strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ="):
		return Schedule{}, errors.New("a spec names no time zone: set site.time_zone, in which every schedule is read")
	case spec == "@change":
		return Schedule{change: true, every: changeGap}, nil
	case spec == "@reboot":
		return Schedule{}, errors.New("@reboot is not a time: a slot that was missed while the daemon was down runs at its start anyway; " + hint)
	case name == "@every":
		return parseEvery(rest)
	}
	return parseFields(spec, loc)
}

// parseEvery refuses what the library takes for "each second": a delay that is
// not positive, or below a second.
func parseEvery(delay string) (Schedule, error) {
	d, err := time.ParseDuration(delay)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is not a duration: use hours, minutes and seconds, such as @every 90m or @every 24h", delay)
	}
	if d < time.Second {
		return Schedule{}, errors.New("@every takes one second or more, such as @every 10m")
	}
	d = d.Truncate(time.Second)
	return Schedule{delay: d, every: d}, nil
}

// parseFields hands the spec to the library and refuses what would never fire.
func parseFields(spec string, loc *time.Location) (Schedule, error) {
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %s", err, advice(spec))
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Schedule{}, errors.New("it cannot be read: " + hint)
	}
	fields.Location = loc
	s := Schedule{spec: fields}
	if s.every = s.smallestGap(); s.every == 0 {
		return Schedule{}, errors.New("it never fires: no such day is in any year")
	}
	return s, nil
}

// advice adds what people most often get wrong to the general hint.
func advice(spec string) string {
	fields := strings.Fields(spec)
	switch {
	case len(fields) == 6:
		return "seconds are not taken; " + hint
	case len(fields) == 5 && strings.Contains(fields[4], "7"):
		return "Sunday is 0 or sun; " + hint
	}
	return hint
}

// Change tells whether the spec is "@change": due as soon as anything changes.
func (s Schedule) Change() bool { return s.change }

// Every is the smallest gap between two slots, from which ttl and max-age come.
// It is taken from the calendar of two fixed years without clock changes,
// so it is the same whenever it is asked for; a minute for "@change".
func (s Schedule) Every() time.Duration { return s.every }

// Next is the first slot later than after, or after itself for "@change". A
// slot of fixed hours that a clock change swallows runs when the gap ends; one
// that the clock shows twice runs the first time.
func (s Schedule) Next(after time.Time) time.Time {
	switch {
	case s.change:
		return after
	case s.delay > 0:
		return cron.Every(s.delay).Next(after)
	case s.spec == nil:
		return time.Time{}
	case s.allHours() && s.allDays():
		return s.spec.Next(after)
	case s.allHours():
		return s.nextMinute(after)
	}
	return s.nextWall(after)
}

// daysAhead covers the longest wait that a spec can have: 29 February on either
// side of a year such as 2100, which has none.
const daysAhead = 9 * 366

// nextWall looks through the calendar, day by day, for specs of fixed hours.
// The day before counts too: a gap over midnight ends in this one.
func (s Schedule) nextWall(after time.Time) time.Time {
	y, m, d := after.In(s.spec.Location).Date()
	for i := -1; i < daysAhead; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, time.UTC)
		if !s.onDay(day) {
			continue
		}
		for minute := range s.minutesOfDay() {
			if t := instant(day, minute, s.spec.Location); t.After(after) {
				return t.In(after.Location())
			}
		}
	}
	return time.Time{}
}

// nextMinute looks minute by minute, by the running clock, for specs of every
// hour on certain days. The library's own schedule would leave out a day that
// begins with a gap.
func (s Schedule) nextMinute(after time.Time) time.Time {
	t := after.In(s.spec.Location)
	t = t.Add(time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	for last := t.AddDate(0, 0, daysAhead); t.Before(last); {
		y, m, d := t.Date()
		switch {
		case !s.onDay(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)):
			// Where a clock is put back over midnight, the next day has begun before.
			next := instant(time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC), 0, s.spec.Location)
			t = latest(next, t.Add(time.Minute))
		case s.spec.Minute&(1<<t.Minute()) == 0:
			t = t.Add(time.Minute)
		default:
			return t.In(after.Location())
		}
	}
	return time.Time{}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// instant is when the clock in loc first shows that minute of the day, or when
// the gap ends in which it would have.
func instant(day time.Time, minute int, loc *time.Location) time.Time {
	y, m, d := day.Date()
	t := time.Date(y, m, d, 0, minute, 0, 0, loc)
	wanted := day.Add(time.Duration(minute) * time.Minute)
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	switch shown := t.Unix() + int64(offset); {
	case shown > wanted.Unix():
		return start // t was read by the clock before the gap
	case shown < wanted.Unix():
		return end // by the clock after it
	case start.IsZero():
		return t
	}
	_, before := start.Add(-time.Second).Zone()
	first := t.Add(time.Duration(offset-before) * time.Second)
	if before > offset && first.Before(start) {
		return first
	}
	return t
}

// onDay tells whether the spec has slots on a day, by cron's rule: where both
// day fields are narrowed, either is enough.
func (s Schedule) onDay(day time.Time) bool {
	if s.spec.Month&(1<<day.Month()) == 0 {
		return false
	}
	date := s.spec.Dom&(1<<day.Day()) != 0
	weekday := s.spec.Dow&(1<<day.Weekday()) != 0
	if s.spec.Dom&starBit != 0 || s.spec.Dow&starBit != 0 {
		return date && weekday
	}
	return date || weekday
}

func (s Schedule) allHours() bool { return s.spec.Hour&(1<<24-1) == 1<<24-1 }

func (s Schedule) allDays() bool {
	return s.spec.Dom&starBit != 0 && s.spec.Dow&starBit != 0 && bits.OnesCount64(s.spec.Month&^starBit) == 12
}

// minutesOfDay yields the day's slots in order, as minutes since 00:00.
func (s Schedule) minutesOfDay() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for h := range 24 {
			if s.spec.Hour&(1<<h) == 0 {
				continue
			}
			for m := range 60 {
				if s.spec.Minute&(1<<m) != 0 && !yield(h*60+m) {
					return
				}
			}
		}
	}
}

// smallestGap walks a year of 365 days and the leap year after it, which have
// every day that any year has; 0 when there is no slot in them, a year when
// there is one.
func (s Schedule) smallestGap() time.Duration {
	first, last, gap := -1, -1, 366*24*60
	for m := range s.minutesOfDay() {
		if last >= 0 {
			gap = min(gap, m-last)
		} else {
			first = m
		}
		last = m
	}
	if first < 0 {
		return 0
	}
	newYear := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	previous := -1
	for d := range 365 + 366 {
		if !s.onDay(newYear.AddDate(0, 0, d)) {
			continue
		}
		if previous >= 0 {
			gap = min(gap, (d-previous)*24*60+first-last)
		}
		previous = d
	}
	if previous < 0 {
		return 0
	}
	return time.Duration(gap) * time.Minute
}
