package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"syndic/control"
)

// removeCommand removes one post, or all of a category.
func (a *app) removeCommand() *cobra.Command {
	var r control.RemoveRequest
	yes := false
	cmd := a.postAct("rm", "Remove a post for good; its id and its path are never used again", "now")
	one, all := cmd.RunE, a.with(writing, func(c call) error { return a.removeAll(c, r) })
	cmd.Use = "rm ID | --category C --yes"
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if r.Category == "" {
			return cobra.ExactArgs(1)(cmd, args)
		}
		if len(args) > 0 {
			return fail(exitUsage, "%s takes an ID or --category, not both: name the post %q or the category alone", cmd.CommandPath(), args[0])
		}
		return nil
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if r.Category != "" && cmd.Flags().Changed("now") {
			return fail(exitUsage, "--now goes with one post: `syndic republish` takes a category's out of feeds at once")
		}
		if r.Category != "" && !yes {
			return fail(exitUsage, "this removes every post of %q for good: add --yes if you mean it", r.Category)
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if r.Category == "" {
			return one(cmd, args)
		}
		return all(cmd, args)
	}
	cmd.Flags().StringVar(&r.Category, "category", "", "every post of this category")
	cmd.Flags().BoolVar(&yes, "yes", false, "remove that many posts without a question")
	return cmd
}

// removeAll can be interrupted, and goes on when it is run again.
func (a *app) removeAll(c call, r control.RemoveRequest) error {
	removed := 0
	for n, err := range c.client.Remove(c, r) {
		if err != nil {
			return err
		}
		removed = n
	}
	return one(a.printer(), map[string]int{"removed": removed}, fmt.Sprint(removed), []field{{"removed", fmt.Sprint(removed)}})
}
