package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syndic/control"
)

const (
	completionTime  = time.Second // a shell waits for it at each press of the key
	completionLimit = 200
)

// offer finds what may stand in a place of the command line.
type offer func(ctx context.Context, c *control.Client, begun string) ([]string, error)

// completing tells whether a shell asks what may come next: all else goes
// without what complete prepares.
func completing(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, cobra.ShellCompRequestCmd) })
}

// complete has every command below root offer values where its usage or its
// flags name a kind of thing.
func (a *app) complete(root *cobra.Command) {
	for _, c := range root.Commands() {
		a.complete(c)
	}
	words := strings.Fields(root.Use)
	switch {
	case root.HasSubCommands() || root.ValidArgsFunction != nil:
	case len(words) == 1:
		root.ValidArgsFunction = cobra.NoFileCompletions
	default:
		root.ValidArgsFunction = a.argumentsOf(words[1:])
	}
	fixed := map[string][]string{
		"format": {formatTable, formatJSON, formatIDs},
		"state":  {"draft", "scheduled", "queued", "published", "recalled", "removed"},
	}
	for name, values := range fixed {
		if root.Flag(name) != nil && (name != "format" || !root.HasParent()) {
			_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that there is not
		}
	}
	if root.Flag("category") != nil {
		_ = root.RegisterFlagCompletionFunc("category", a.asking(categorySlugs))
	}
}

// argumentsOf completes a command's arguments by the words of its usage.
func (a *app) argumentsOf(usage []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		at := min(len(args), len(usage)-1)
		if word := usage[at]; len(args) >= len(usage) && !strings.Contains(word, "…") {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		word := strings.Trim(usage[at], "[]")
		switch {
		case word == "CAT|FILE|URL":
			values, _ := a.asking(categorySlugs)(cmd, args, begun)
			return values, cobra.ShellCompDirectiveDefault
		case strings.Contains(word, "FILE") || strings.Contains(word, "DIR"):
			return nil, cobra.ShellCompDirectiveDefault
		case strings.HasPrefix(word, "CAT"):
			return a.asking(categorySlugs)(cmd, args, begun)
		case word == "ID":
			return a.asking(postSlugs)(cmd, args, begun)
		case word == "HUB":
			return a.asking(hubURLs)(cmd, args, begun)
		case word == strings.ToLower(word) && !strings.HasPrefix(word, "-"):
			return strings.Split(word, "|"), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// asking offers what the daemon or the store has. Where neither can be asked
// it offers nothing, and says nothing: the line under way is no place for it.
func (a *app) asking(find offer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		a.messages = io.Discard
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		s, err := a.connect(ctx, reading)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer s.close()
		values, err := find(ctx, s.client, begun)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		values = slices.DeleteFunc(values, func(v string) bool {
			name, _, _ := strings.Cut(v, "\t")
			return slices.Contains(args, name)
		})
		slices.Sort(values)
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}

func categorySlugs(ctx context.Context, c *control.Client, begun string) (values []string, err error) {
	rows, err := c.Categories(ctx)
	for _, r := range rows {
		if r.Slug != "" && strings.HasPrefix(r.Slug, begun) {
			values = append(values, cobra.CompletionWithDesc(r.Slug, clean(r.Title)))
		}
	}
	return values, err
}

func postSlugs(ctx context.Context, c *control.Client, begun string) (values []string, err error) {
	for p, err := range c.Posts(ctx, control.PostQuery{}) {
		if err != nil || len(values) == completionLimit {
			break // what was found in time is better than nothing
		}
		if strings.HasPrefix(p.Slug, begun) {
			values = append(values, cobra.CompletionWithDesc(p.Slug, clean(p.Title)))
		}
	}
	return values, nil
}

func hubURLs(ctx context.Context, c *control.Client, begun string) (values []string, err error) {
	rows, err := c.Hubs(ctx)
	for _, r := range rows {
		if strings.HasPrefix(r.Hub, begun) {
			values = append(values, r.Hub)
		}
	}
	return values, err
}
