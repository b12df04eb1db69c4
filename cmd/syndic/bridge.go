package main

import (
	"context"

	"syndic/control"
	"syndic/scheduler"
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

// scheduleLister lists each active category's schedule.
func scheduleLister(s *scheduler.Scheduler) func(context.Context) ([]control.ScheduleInfo, error) {
	return func(ctx context.Context) ([]control.ScheduleInfo, error) {
		list, err := s.Schedules(ctx)
		rows := make([]control.ScheduleInfo, len(list))
		for i, r := range list {
			rows[i] = control.ScheduleInfo{Category: r.Category.Slug, Title: r.Category.Title, Spec: r.Spec, Next: r.Next.UTC()}
			if !r.Due.IsZero() {
				rows[i].Due = &r.Due
			}
		}
		return rows, err
	}
}
