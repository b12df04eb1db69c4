package main

import "github.com/spf13/cobra"

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Look at every row of the database, and say what is wrong",
		Args:  cobra.NoArgs,
		RunE: a.with(reading, func(c call) error {
			info, err := c.client.Check(c)
			if err != nil {
				return err
			}
			err = list(a.printer(), info.Problems, itself, column[string]{"PROBLEM", itself})
			if n := len(info.Problems); err == nil && n > 0 {
				return fail(exitFailed, "the database has %d problems: stop the daemon, keep a copy of the file, and restore a backup", n)
			}
			a.tell("the database is sound")
			return err
		}),
	}
}

func itself(s string) string { return s }
