package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
)

func (a *app) categoryCommand() *cobra.Command {
	return group("category", "List and change categories", a.categoryList(), a.categoryShow(), a.categoryRetire(), a.categoryRename())
}

func (a *app) categoryList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all categories, the site's own feed first",
		Args:  cobra.NoArgs,
		RunE: a.with(reading, func(c call) error {
			rows, err := c.client.Categories(c)
			if err != nil {
				return err
			}
			return list(a.printer(), rows, func(r control.CategoryInfo) string { return r.ID },
				column[control.CategoryInfo]{"CATEGORY", func(r control.CategoryInfo) string { return slugOf(r.Slug) }},
				column[control.CategoryInfo]{"TITLE", func(r control.CategoryInfo) string { return r.Title }},
				column[control.CategoryInfo]{"STATE", func(r control.CategoryInfo) string { return string(r.State) }},
				column[control.CategoryInfo]{"ENTRIES", func(r control.CategoryInfo) string { return entries(r) }},
				column[control.CategoryInfo]{"SCHEDULE", func(r control.CategoryInfo) string { return r.Schedule }},
				column[control.CategoryInfo]{"DUE", func(r control.CategoryInfo) string { return when(r.DirtySince) }},
				column[control.CategoryInfo]{"PAGE", func(r control.CategoryInfo) string { return r.Page }})
		}),
	}
}

// slugOf is how a table names a category: the site's own has no slug.
func slugOf(slug string) string {
	if slug == "" {
		return "(site)"
	}
	return slug
}

func entries(c control.CategoryInfo) string {
	if len(c.Feeds) == 0 {
		return "-"
	}
	return fmt.Sprint(c.Feeds[0].Entries)
}

func (a *app) categoryShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show CAT",
		Short: "Show a category and its feeds",
		Long: `Show a category and its feeds. It is named, as in every command, by its slug,
its title, a former one of either or its id; "" is the site's own.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(reading, func(c call) error {
			info, err := c.client.Category(c, c.args[0])
			if err != nil {
				return err
			}
			return a.printCategory(info)
		}),
	}
}

func (a *app) categoryRetire() *cobra.Command {
	return &cobra.Command{
		Use:   "retire CAT",
		Short: "End a category: its feeds and its page answer 410 Gone",
		Args:  cobra.ExactArgs(1),
		RunE: a.with(writing, func(c call) error {
			info, err := c.client.Retire(c, c.args[0])
			if err != nil {
				return err
			}
			return a.printCategory(info)
		}),
	}
}

func (a *app) categoryRename() *cobra.Command {
	return &cobra.Command{
		Use:   "rename CAT NEW",
		Short: "Give a category a new title; the old address leads to the new one",
		Args:  cobra.ExactArgs(2),
		RunE: a.with(writing, func(c call) error {
			info, err := c.client.Rename(c, c.args[0], c.args[1])
			if err != nil {
				return err
			}
			return a.printCategory(info)
		}),
	}
}

func (a *app) printCategory(c control.CategoryInfo) error {
	a.warn(c.Warnings)
	fields := []field{
		{"category", slugOf(c.Slug)}, {"title", c.Title}, {"id", c.ID}, {"state", string(c.State)},
		{"formerly", strings.Join(c.Aliases, ", ")}, {"description", c.Description}, {"language", c.Language},
		{"schedule", c.Schedule}, {"window", fmt.Sprintf("%d posts, %d hours", c.Window.Posts, c.Window.Hours)},
		{"hubs", strings.Join(c.Hubs, ", ")}, {"page", c.Page}, {"due", when(c.DirtySince)},
	}
	for _, f := range c.Feeds {
		state := "not published yet"
		if f.Generation > 0 {
			state = fmt.Sprintf("%s, %d bytes, %s, %s", counted(f.Entries, "entry", "entries"), f.Bytes, short(f.Digest), when(&f.Modified))
		}
		fields = append(fields, field{f.Format, f.URL + " (" + state + ")"})
	}
	if r := c.Run; r != nil {
		fields = append(fields, field{"last run", when(&r.At)}, field{"error", r.Error})
	}
	return one(a.printer(), c, c.ID, fields)
}

// short is as much of a digest as tells two apart.
func short(digest string) string { return digest[:min(12, len(digest))] }
