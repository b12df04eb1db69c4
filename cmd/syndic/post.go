package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/feed"
)

func (a *app) postCommand() *cobra.Command {
	schedule := a.postAct("schedule", "Publish a post at a time to come", "at")
	schedule.Use = "schedule ID --at TIME"
	return group("post", "Add, list and change posts",
		a.addCommand(), a.postList(), a.postShow(), a.editCommand(),
		a.postAct("publish", "Publish a draft, scheduled, queued or recalled post at once"),
		schedule,
		a.postAct("recall", "Take a post back: it leaves its feeds, its page answers 410 Gone", "now"),
		a.removeCommand())
}

func (a *app) postList() *cobra.Command {
	var q control.PostQuery
	state := ""
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List posts in the order in which they were added",
		Args:  cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			q.State = feed.State(state)
			if state != "" && !q.State.Valid() {
				return fail(exitUsage, "unknown state %q: use draft, scheduled, queued, published, recalled or removed", state)
			}
			return nil
		},
		RunE: a.with(reading, func(c call) error {
			var rows []control.PostInfo
			for p, err := range c.client.Posts(c, q) {
				if err != nil {
					return err
				}
				rows = append(rows, p)
			}
			return a.printPosts(rows)
		}),
	}
	cmd.Flags().StringVar(&q.Category, "category", "", "only posts in this category")
	cmd.Flags().StringVar(&state, "state", "", "only posts in this state")
	return cmd
}

func (a *app) printPosts(rows []control.PostInfo) error {
	return list(a.printer(), rows, func(r control.PostInfo) string { return r.ID },
		column[control.PostInfo]{"STATE", func(r control.PostInfo) string { return string(r.State) }},
		column[control.PostInfo]{"DATE", func(r control.PostInfo) string { return when(cmp.Or(r.Published, r.PublishAt)) }},
		column[control.PostInfo]{"SLUG", func(r control.PostInfo) string { return r.Slug }},
		column[control.PostInfo]{"CATEGORIES", func(r control.PostInfo) string { return strings.Join(r.Categories, ", ") }},
		column[control.PostInfo]{"TITLE", func(r control.PostInfo) string { return r.Title }})
}

func (a *app) postShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a post, named by its id, its slug, or a beginning of its id",
		Args:  cobra.ExactArgs(1),
		RunE: a.with(reading, func(c call) error {
			p, err := c.client.Post(c, c.args[0])
			if err != nil {
				return err
			}
			if err := one(a.printer(), p, p.ID, postFields(p)); err != nil || a.globals.format != formatTable || p.Body == "" {
				return err
			}
			return a.printer().write("\n" + printable(p.Body) + "\n")
		}),
	}
}

// printable keeps a text's lines and tabs, and a terminal's control codes out.
func printable(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\t")
		for j := range parts {
			parts[j] = clean(parts[j])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}

func postFields(p control.PostInfo) []field {
	var authors []string
	for _, one := range p.Authors {
		authors = append(authors, cmp.Or(one.Name, one.Email, one.URL))
	}
	fields := []field{
		{"title", p.Title}, {"slug", p.Slug}, {"id", p.ID}, {"state", string(p.State)},
		{"goes out", when(p.PublishAt)}, {"published", when(p.Published)}, {"updated", when(p.Updated)},
		{"page", p.Page}, {"categories", strings.Join(p.Categories, ", ")}, {"tags", strings.Join(p.Tags, ", ")},
		{"authors", strings.Join(authors, ", ")}, {"language", p.Language}, {"summary", p.Summary}, {"file", p.File},
		{"revision", fmt.Sprintf("%d (live: %d)", p.Revision, p.Live)},
	}
	for _, at := range p.Attachments {
		fields = append(fields, field{"attachment", fmt.Sprintf("%s (%s, %d bytes)", at.URL, at.Type, at.Size)})
	}
	return fields
}

// postAct is a command that does one thing to one post, with those of the
// flags --at and --now that it takes.
func (a *app) postAct(action, short string, flags ...string) *cobra.Command {
	act := control.PostAction{Action: action}
	cmd := &cobra.Command{
		Use:   action + " ID",
		Short: short,
		Args:  cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if action == "schedule" && act.At == "" {
				return fail(exitUsage, "say when with --at, such as --at 2026-01-05T15:04:00Z")
			}
			return checkTime(act.At)
		},
		RunE: a.with(writing, func(c call) error {
			act.Name = c.args[0]
			res, err := c.client.Act(c, act)
			if err != nil {
				return err
			}
			return a.acted(res)
		}),
	}
	for _, f := range flags {
		switch f {
		case "at":
			cmd.Flags().StringVar(&act.At, "at", "", "when: a day, a local time in the site's zone, or RFC 3339")
		case "now":
			cmd.Flags().BoolVar(&act.Now, "now", false, "at once, not at the next slot")
		}
	}
	return cmd
}

// checkTime tells whether a --at can be read; the daemon knows the zone.
func checkTime(at string) error {
	if at == "" {
		return nil
	}
	if _, err := feed.ParseDate(at, time.UTC); err != nil {
		return fail(exitUsage, "--at: %w", err)
	}
	return nil
}

// acted prints what became of one post.
func (a *app) acted(res control.AddResult) error {
	a.warn(res.Warnings)
	if res.Status == control.Rejected {
		return fail(exitFailed, "%s", cmp.Or(res.Error, "the post was rejected"))
	}
	return one(a.printer(), res, res.ID, []field{
		{"post", res.Slug}, {"title", res.Title}, {"id", res.ID}, {"state", string(res.State)}, {"goes out", when(res.PublishAt)}, {"result", string(res.Status)},
	})
}
