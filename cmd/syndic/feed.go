package main

import (
	"github.com/spf13/cobra"

	"syndic/feed"
)

func (a *app) feedCommand() *cobra.Command {
	return group("feed", "Show feeds", &cobra.Command{
		Use:   "show CAT [rss|atom|json]",
		Short: "Print a feed's bytes as they are served",
		Long:  `Print a feed's bytes as they are served. "" is the site's own feed.`,
		Args:  cobra.RangeArgs(1, 2),
		RunE: a.with(reading, func(c call) error {
			format := feed.RSS.String()
			if len(c.args) == 2 {
				format = c.args[1]
			}
			if _, err := feed.ParseFormat(format); err != nil {
				return fail(exitUsage, "%w", err)
			}
			data, _, err := c.client.Feed(c, c.args[0], format)
			if err != nil {
				return err
			}
			return a.printer().write(string(data))
		}),
	})
}
