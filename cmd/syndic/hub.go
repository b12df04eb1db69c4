package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"syndic/control"
)

func (a *app) hubCommand() *cobra.Command {
	return group("hub", "See and repeat the pings of WebSub hubs", a.hubList(), a.hubLog(), a.hubPing(), a.hubRetry())
}

func (a *app) hubList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Sum up the outbox by hub",
		Args:  cobra.NoArgs,
		RunE: a.with(reading, func(c call) error {
			rows, err := c.client.Hubs(c)
			if err != nil {
				return err
			}
			return list(a.printer(), rows, func(r control.HubInfo) string { return r.Hub },
				column[control.HubInfo]{"HUB", func(r control.HubInfo) string { return r.Hub }},
				column[control.HubInfo]{"TOPICS", func(r control.HubInfo) string { return fmt.Sprint(r.Topics) }},
				column[control.HubInfo]{"DELIVERED", func(r control.HubInfo) string { return fmt.Sprint(r.Delivered) }},
				column[control.HubInfo]{"WAITING", func(r control.HubInfo) string { return fmt.Sprint(r.Waiting) }},
				column[control.HubInfo]{"RETRYING", func(r control.HubInfo) string { return fmt.Sprint(r.Retrying) }},
				column[control.HubInfo]{"FAILED", func(r control.HubInfo) string { return fmt.Sprint(r.Failed) }},
				column[control.HubInfo]{"LAST", func(r control.HubInfo) string { return when(r.Last) }},
				column[control.HubInfo]{"REASON", func(r control.HubInfo) string { return because(r.Error, r.Note) }})
		}),
	}
}

func (a *app) hubLog() *cobra.Command {
	limit := 0
	cmd := &cobra.Command{
		Use:   "log",
		Short: "List how pings went, newest first",
		Args:  cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			if limit < 0 {
				return fail(exitUsage, "--limit is a number of lines, such as 20, not %d", limit)
			}
			return nil
		},
		RunE: a.with(reading, func(c call) error {
			rows, err := c.client.HubLog(c, limit)
			if err != nil {
				return err
			}
			return a.printPings(rows)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "how many lines (0: as many as are usual)")
	return cmd
}

func (a *app) hubPing() *cobra.Command {
	return &cobra.Command{
		Use:   "ping CAT",
		Short: "Tell a category's hubs of its feeds although nothing changed",
		Long: `Tell a category's hubs of its feeds although nothing changed, even those that
asked to be left alone. "" is the site's own feed.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(writing, func(c call) error {
			rows, err := c.client.Ping(c, c.args[0])
			if err != nil {
				return err
			}
			return a.printPings(rows)
		}),
	}
}

func (a *app) hubRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry [HUB]",
		Short: "Try the failed and waiting pings again now",
		Long: `Try the failed and waiting pings again now, of all hubs or of one, even those
that asked to be left alone. A hub that asks for time again, at the first of
them, has it. Without a daemon they go out when it starts.`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.with(writing, func(c call) error {
			hub := ""
			if len(c.args) == 1 {
				hub = c.args[0]
			}
			rows, err := c.client.Retry(c, hub)
			if err != nil {
				return err
			}
			return a.printPings(rows)
		}),
	}
}

func (a *app) printPings(rows []control.PingInfo) error {
	return list(a.printer(), rows, func(r control.PingInfo) string { return r.Hub + " " + r.Topic },
		column[control.PingInfo]{"AT", func(r control.PingInfo) string { return when(r.At) }},
		column[control.PingInfo]{"OUTCOME", func(r control.PingInfo) string { return r.Outcome }},
		column[control.PingInfo]{"STATUS", func(r control.PingInfo) string { return count(r.Status) }},
		column[control.PingInfo]{"ATTEMPT", func(r control.PingInfo) string { return count(r.Attempt) }},
		column[control.PingInfo]{"NEXT", func(r control.PingInfo) string { return when(r.Next) }},
		column[control.PingInfo]{"HUB", func(r control.PingInfo) string { return r.Hub }},
		column[control.PingInfo]{"TOPIC", func(r control.PingInfo) string { return r.Topic }},
		column[control.PingInfo]{"REASON", func(r control.PingInfo) string { return because(r.Error, r.Note) }})
}

// because is all that is to say of why a ping went as it did.
func because(failed, note string) string {
	if failed == "" || note == "" {
		return failed + note
	}
	return failed + "; " + note
}
