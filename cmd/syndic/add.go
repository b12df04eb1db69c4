package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/importer"
)

// noProbeHelp describes --no-probe.
const noProbeHelp = "take attachments as they are described, without asking their servers for size and type"

// maxPostFile is more than any post may have: what is larger is not read whole.
const maxPostFile = importer.MaxBody + 1<<20

func (a *app) addCommand() *cobra.Command {
	var r control.AddRequest
	var watch bool
	cmd := &cobra.Command{
		Use:   "add FILE|DIR|-...",
		Short: "Add Markdown posts, or update those that are there already",
		Long: `Add Markdown posts with YAML front matter: files, every *.md below folders, or
standard input. A file that was added before updates its post, and changes
nothing if nothing changed. Times are read in the site's time zone.

With --watch it stays, until Ctrl-C, and adds each file of those that is
written, created or moved there, as soon as its writer has closed it; a file
that goes away changes nothing. While no daemon answers they go into the
database, which is free for others in between, and out to readers once one runs.
With --format json it then prints one object a line. Linux only.`,
		Example: `  syndic post add posts/
  syndic post add --watch --now posts/
  syndic post add --category design --at 2026-01-05T09:00:00Z essay.md`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTime(r.At); err != nil {
				return err
			}
			if r.Draft && (r.Now || r.At != "") || r.Now && r.At != "" {
				return fail(exitUsage, "give one of --at, --draft and --now")
			}
			for _, name := range r.Categories {
				if strings.Contains(name, ",") {
					a.tell("warning: --category %q is one name: give --category once for each", name)
				}
			}
			if watch && len(args) > 1 {
				return fail(exitUsage, "--watch takes one file or folder, not %d", len(args))
			}
			if watch {
				return a.watch(cmd.Context(), r, args[0])
			}
			ad := &adder{app: a, request: r}
			defer ad.close()
			err := ad.add(cmd.Context(), args)
			return ad.report(err)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&r.Categories, "category", nil, "a category in addition to the posts' own; may be repeated")
	f.StringVar(&r.At, "at", "", "publish at this time: a day, a local time, or RFC 3339")
	f.BoolVar(&r.Draft, "draft", false, "keep as drafts")
	f.BoolVar(&r.Now, "now", false, "publish at once, not at the next slot")
	f.BoolVar(&r.Update, "update", false, "a slug that a file of another name has is the same post")
	f.BoolVar(&r.NoProbe, "no-probe", false, noProbeHelp)
	f.BoolVar(&watch, "watch", false, "stay, and add each file that is written there")
	return cmd
}

// readSource reads a file, or standard input for "-", into a buffer, which it
// empties first.
func (a *app) readSource(file string, src *bytes.Buffer) ([]byte, error) {
	if err := a.readInput(file, maxPostFile, src); err != nil {
		return nil, fmt.Errorf("read post: %w", err)
	}
	return src.Bytes(), nil
}

// located is a message with the file that it is about, unless it begins with it.
func located(file, message string) string {
	if file == "-" {
		file = "standard input"
	}
	if strings.HasPrefix(message, file+":") {
		return message
	}
	return file + ": " + message
}

// report prints what became of the documents, also of those before an error.
func (ad *adder) report(failed error) error {
	results := ad.finished()
	if failed == nil || len(results) > 0 {
		if err := ad.printAdded(results); err != nil {
			return errors.Join(failed, err)
		}
	}
	number := map[control.AddStatus]int{}
	for _, r := range results {
		number[r.Status]++
	}
	bad := number[control.Rejected]
	if len(results) > 0 {
		ad.tell("%d added, %d changed, %d unchanged, %d skipped, %d rejected", number[control.Added], number[control.Changed],
			number[control.Unchanged], number[control.Skipped], bad)
	}
	switch {
	case failed != nil && exitCode(failed) == exitInterrupted && len(ad.results) > 1:
		return fail(exitInterrupted, "interrupted: %d of %d files are in: run it again to go on", len(results)-bad, len(ad.results))
	case ad.goesOn(failed):
		return fmt.Errorf("%w; %d of %d files are known to be in, and another run goes on from there", failed, len(results)-bad, len(ad.results))
	case failed != nil:
		return failed
	case bad > 0 && bad < len(results):
		return fail(exitPartly, "%d of %d posts were not added: correct them and add them again", bad, len(results))
	case bad > 0:
		return fail(exitFailed, "nothing was added")
	}
	return nil
}

// goesOn tells whether a failure ended a folder in the middle, where another run
// goes on. A daemon that went away may have taken in more than it could answer
// for, so that even without a result some files may be in.
func (ad *adder) goesOn(failed error) bool {
	var refused *control.Error
	if ad.series == nil || len(ad.results) == 1 || !errors.As(failed, &refused) {
		return false
	}
	switch refused.Code {
	case "unavailable", "timeout", "full":
		return true
	}
	return false
}

func (ad *adder) printAdded(results []control.AddResult) error {
	show, wide := list[control.AddResult], 0
	if ad.lines {
		show, wide = more[control.AddResult], len(control.Unchanged) // so that lines stand below one another
	}
	return show(ad.printer(), results, func(r control.AddResult) string { return r.ID },
		column[control.AddResult]{"STATUS", func(r control.AddResult) string { return pad(string(r.Status), wide) }},
		column[control.AddResult]{"STATE", func(r control.AddResult) string { return pad(string(r.State), wide) }},
		column[control.AddResult]{"SLUG", func(r control.AddResult) string { return r.Slug }},
		column[control.AddResult]{"FILE", func(r control.AddResult) string { return r.File }},
		column[control.AddResult]{"TITLE", func(r control.AddResult) string { return r.Title }})
}
