package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
)

// republisher lets the control API publish: rooms of one level do not know
// each other, so one's request and rows are turned into the other's here.
func republisher(s *scheduler.Scheduler) func(context.Context, control.Republication) ([]control.FeedResult, error) {
	return func(ctx context.Context, r control.Republication) ([]control.FeedResult, error) {
		rows, err := s.Republish(ctx, scheduler.Request{Categories: r.Categories, DryRun: r.DryRun, NoPing: r.NoPing, Force: r.Force})
		out := make([]control.FeedResult, len(rows))
		for i, row := range rows {
			out[i] = control.FeedResult{
				Category: row.Category, Title: row.Title, Format: row.Format.String(), URL: row.Topic,
				Status: string(row.Status), Error: row.Error, Bytes: row.Bytes, Digest: row.Digest, Generation: row.Generation,
			}
		}
		return out, err
	}
}

// listPage is how many categories one look into the store takes.
const listPage = 500

// scheduleLister lists each active category's schedule.
func scheduleLister(st store.Store, slots *scheduler.Slots) func(context.Context) ([]control.ScheduleInfo, error) {
	return func(ctx context.Context) ([]control.ScheduleInfo, error) {
		var rows []control.ScheduleInfo
		for after, more := uint64(0), true; more; {
			err := st.View(ctx, func(r store.Reader) error {
				list, err := r.Categories(after, listPage)
				if err != nil {
					return err
				}
				for _, c := range list {
					after = c.Num
					row, err := scheduleOf(r, slots, c)
					if err != nil {
						return err
					}
					if c.State != feed.Retired {
						rows = append(rows, row)
					}
				}
				more = len(list) == listPage
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("list schedules: %w", err)
			}
		}
		return rows, nil
	}
}

func scheduleOf(r store.Reader, slots *scheduler.Slots, c feed.Category) (control.ScheduleInfo, error) {
	site, err := r.Site()
	if err != nil {
		return control.ScheduleInfo{}, fmt.Errorf("read configuration: %w", err)
	}
	c = site.Effective(c)
	row := control.ScheduleInfo{Category: c.Slug, Title: c.Title, Spec: c.Schedule, Next: slots.Slot(site, c, time.Now()).UTC()}
	mark, err := r.Mark(c.Num)
	if errors.Is(err, store.ErrNotFound) {
		return row, nil
	}
	row.Due = &mark.Due
	return row, err
}
