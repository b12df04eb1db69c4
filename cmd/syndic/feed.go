package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"syndic/feed"
)

func (a *app) feedCommand() *cobra.Command {
	format := ""
	return group("feed", "Show and check feeds", &cobra.Command{
		Use:   "show CAT [rss|atom|json]",
		Short: "Print a feed's bytes as they are served",
		Long:  `Print a feed's bytes as they are served. "" is the site's own feed.`,
		Args:  cobra.RangeArgs(1, 2),
		PreRunE: func(_ *cobra.Command, args []string) error {
			format = cmp.Or(append(args, "")[1], feed.RSS.String())
			if _, err := feed.ParseFormat(format); err != nil {
				return fail(exitUsage, "%w", err)
			}
			return nil
		},
		RunE: a.with(reading, func(c call) error {
			data, _, err := c.client.Feed(c, c.args[0], format)
			if err != nil {
				return err
			}
			return a.printer().write(string(data))
		}),
	}, a.feedLint())
}
