package main

import (
	"github.com/spf13/cobra"

	"syndic/control"
)

func (a *app) scheduleCommand() *cobra.Command {
	return group("schedule", "Show when categories are published", &cobra.Command{
		Use:   "list",
		Short: "List each category's schedule and next slot",
		Args:  cobra.NoArgs,
		RunE: a.with(reading, func(c call) error {
			rows, err := c.client.Schedules(c)
			if err != nil {
				return err
			}
			return list(a.printer(), rows, func(r control.ScheduleInfo) string { return r.Category },
				column[control.ScheduleInfo]{"CATEGORY", func(r control.ScheduleInfo) string { return slugOf(r.Category) }},
				column[control.ScheduleInfo]{"SCHEDULE", func(r control.ScheduleInfo) string { return r.Spec }},
				column[control.ScheduleInfo]{"NEXT", func(r control.ScheduleInfo) string { return when(&r.Next) }},
				column[control.ScheduleInfo]{"CHANGES GO OUT", func(r control.ScheduleInfo) string { return when(r.Due) }})
		}),
	})
}
