package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show how things stand, and what to do about problems",
		Args:  cobra.NoArgs,
		RunE: a.with(reading, func(c call) error {
			s, err := c.client.Status(c)
			if err != nil {
				return err
			}
			return one(a.printer(), s, s.URL, statusFields(s))
		}),
	}
}

func statusFields(s control.StatusInfo) []field {
	daemon := "not running"
	if s.Daemon {
		daemon = fmt.Sprintf("running since %s, process %d, version %s", when(s.Started), s.PID, s.Version)
		if !s.Ready {
			daemon += ", not ready yet"
		}
	}
	var posts []string
	for _, state := range slices.Sorted(maps.Keys(s.Posts)) {
		posts = append(posts, fmt.Sprintf("%d %s", s.Posts[state], state))
	}
	fields := []field{
		{"daemon", daemon}, {"site", s.URL}, {"data", s.Data}, {"posts", strings.Join(posts, ", ")},
		{"categories", fmt.Sprint(s.Categories)}, {"feeds", fmt.Sprint(s.Feeds)},
		{"waiting to go out", count(s.Dirty)}, {"next publication", when(s.NextDue)},
		{"pings waiting", fmt.Sprint(s.PingsWaiting)}, {"pings failed", count(s.PingsFailed)},
	}
	if b := s.Backup; b != nil {
		text := fmt.Sprintf("%d in %s", b.Kept, b.Directory)
		if b.Last != nil {
			text += ", the newest of " + when(b.Last)
		}
		fields = append(fields, field{"backups", text + ", the next at " + when(b.Next)})
	}
	for _, p := range s.Problems {
		fields = append(fields, field{"problem", p})
	}
	return fields
}
