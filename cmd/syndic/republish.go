package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/store"
)

func (a *app) republishCommand() *cobra.Command {
	var r control.RepublishRequest
	all := false
	cmd := &cobra.Command{
		Use:   "republish [CAT…|--all]",
		Short: "Make feeds again at once and tell the hubs of those that changed",
		Long: `Make feeds again at once and tell the hubs of those that changed. Without a
category it means all. Queued posts go out, drafts and scheduled ones do not; a
category that has nothing else and was never published stays unpublished.
With a daemon it waits until the feeds are served and each ping had its first
outcome; without one the pings are sent at the next start.`,
		Example: `  syndic republish design news
  syndic --republish=design,news`,
		PreRunE: func(_ *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return fail(exitUsage, "name categories or give --all, not both")
			}
			if r.Timeout <= 0 {
				return fail(exitUsage, "--timeout is how long to wait, such as 60s")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m := publishing
			if r.DryRun {
				m = comparing
			}
			return a.with(m, func(c call) error { return a.republish(c, r) })(cmd, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "all categories, as without any name")
	f.BoolVar(&r.DryRun, "dry-run", false, "show what would change, and change nothing")
	f.BoolVar(&r.NoPing, "no-ping", false, "tell no hub")
	f.BoolVar(&r.Force, "force", false, "ping all the named even if unchanged; hubs skip unchanged content")
	f.BoolVar(&r.NoWait, "no-wait", false, "do not wait for readers and hubs")
	f.DurationVar(&r.Timeout, "timeout", time.Minute, "how long to wait")
	return cmd
}

func (a *app) republish(c call, r control.RepublishRequest) error {
	r.Categories = c.args
	if r.Force && !r.DryRun && !r.NoPing {
		a.tell("hubs that are pinged without a change skip what they know")
	}
	silence := a.narrate(c)
	rows, err := c.client.Republish(c, r)
	silence()
	if err != nil {
		return err
	}
	a.tellUnpublished(rows)
	if err := a.printFeeds(rows); err != nil {
		return err
	}
	return republished(rows, r)
}

// tellUnpublished says why there is nothing to see of categories that have no
// feeds yet.
func (a *app) tellUnpublished(rows []control.FeedResult) {
	var names []string
	for _, r := range rows {
		if r.Status == "unchanged" && r.Generation == 0 {
			names = append(names, r.Category)
		}
	}
	if names = slices.Compact(names); len(names) == 0 { // a category's rows follow each other
		return
	}
	who := names[0]
	if n := len(names); n > 1 {
		who += " and " + several(n-1, "other")
	}
	a.tell("%s: never published, and no post of it is queued: it stays unpublished", who)
}

// narrateEvery is how often a command that waits looks for what it waits for.
const narrateEvery = time.Second

// narrate says once why pings wait, until the returned function is called.
func (a *app) narrate(c call) (silence func()) {
	ctx, cancel := context.WithCancel(c)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		said := map[string]bool{}
		for rest(ctx, narrateEvery) {
			hubs, err := c.client.Hubs(ctx)
			if err != nil {
				return // the request itself tells what is wrong
			}
			for _, h := range hubs {
				if h.Note != "" && !said[h.Note] {
					a.tell("%s", h.Note)
				}
				said[h.Note] = true
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func (a *app) printFeeds(rows []control.FeedResult) error {
	return list(a.printer(), rows, func(r control.FeedResult) string { return r.URL },
		column[control.FeedResult]{"CATEGORY", func(r control.FeedResult) string { return slugOf(r.Category) }},
		column[control.FeedResult]{"FORMAT", func(r control.FeedResult) string { return r.Format }},
		column[control.FeedResult]{"STATUS", func(r control.FeedResult) string { return r.Status }},
		column[control.FeedResult]{"BYTES", func(r control.FeedResult) string { return fmt.Sprint(r.Bytes) }},
		column[control.FeedResult]{"DIGEST", func(r control.FeedResult) string { return short(r.Digest) }},
		column[control.FeedResult]{"PINGS", func(r control.FeedResult) string { return pings(r.Pings) }})
}

// pings sums up a feed's pings: one for one hub, else how many of each outcome.
func pings(list []control.PingInfo) string {
	var order []string
	number := map[string]int{}
	for _, p := range list {
		if number[p.Outcome] == 0 {
			order = append(order, p.Outcome)
		}
		number[p.Outcome]++
	}
	for i, outcome := range order {
		if len(list) > 1 {
			order[i] = fmt.Sprintf("%d %s", number[outcome], outcome)
		}
	}
	if len(order) == 0 {
		return "-"
	}
	return strings.Join(order, ", ")
}

// republished turns what a republish did into the error that the exit code
// comes from.
func republished(rows []control.FeedResult, r control.RepublishRequest) error {
	var rejected []string
	queued, failed, why := 0, 0, ""
	for _, row := range rows {
		if row.Status == "failed" {
			rejected = append(rejected, fmt.Sprintf("%s %s: %s", slugOf(row.Category), row.Format, row.Error))
		}
		for _, p := range row.Pings {
			switch p.Outcome {
			case string(store.Delivered):
			case string(store.Failed):
				failed++
			default:
				queued++
				why = cmp.Or(why, p.Error, p.Note)
			}
		}
	}
	switch {
	case len(rejected) > 0:
		return fail(exitRejected, "a feed was rejected, the last good one is still served: %s", strings.Join(rejected, "; "))
	case r.NoWait || r.DryRun:
		return nil
	case failed > 0:
		return fail(exitPartly, "the feeds are out, but %s refused for good: see `syndic hub log`", counted(failed, "ping was", "pings were"))
	case queued > 0:
		if why != "" {
			why = " (" + why + ")"
		}
		return fail(exitPartly, "the feeds are out, %s still queued%s: see `syndic hub list`", counted(queued, "ping is", "pings are"), why)
	}
	return nil
}
