package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/importer"
)

// One request holds no more than this, so that a large folder shows progress
// and is never in memory as a whole.
const (
	batchPosts = 200
	batchBytes = 8 << 20
)

// noProbeHelp describes --no-probe.
const noProbeHelp = "take attachments as they are described, without asking their servers for size and type"

// maxPostFile is more than any post may have: what is larger is not read whole.
const maxPostFile = importer.MaxBody + 1<<20

func (a *app) addCommand() *cobra.Command {
	var r control.AddRequest
	cmd := &cobra.Command{
		Use:   "add FILE|DIR|-",
		Short: "Add Markdown posts, or update those that are there already",
		Long: `Add Markdown posts with YAML front matter: a file, every *.md below a folder,
or standard input. A file that was added before updates its post, and changes
nothing if nothing changed. Times are read in the site's time zone.`,
		Example: `  syndic post add posts/
  syndic post add --category design --at 2026-01-05T09:00:00Z essay.md`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkTime(r.At); err != nil {
				return err
			}
			if r.Draft && (r.Now || r.At != "") || r.Now && r.At != "" {
				return fail(exitUsage, "give one of --at, --draft and --now")
			}
			ad := &adder{app: a, request: r}
			defer ad.close()
			err := ad.add(cmd.Context(), args[0])
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
	return cmd
}

// adder adds the documents of one command, batch by batch.
type adder struct {
	*app
	request control.AddRequest
	files   []string // of the request's documents
	session *session // opened with the first batch: bad input alone makes no database
	bytes   int
	results []control.AddResult
}

func (ad *adder) close() {
	if ad.session != nil {
		ad.session.close()
	}
}

func (ad *adder) add(ctx context.Context, source string) error {
	files := []string{source}
	if source != "-" {
		var err error
		if files, err = importer.Files(source); err != nil {
			return fail(exitFailed, "%w", err)
		}
	}
	if len(files) == 0 {
		ad.tell("there is no *.md file in %s", source)
	}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		doc, size, err := ad.read(file)
		if err != nil {
			ad.results = append(ad.results, control.AddResult{File: file, Status: control.Rejected, Error: err.Error()})
			ad.say("%v", err)
			continue
		}
		if len(ad.request.Documents) == batchPosts || ad.bytes+size > batchBytes {
			if err := ad.flush(ctx); err != nil {
				return err
			}
		}
		ad.request.Documents = append(ad.request.Documents, control.Document(doc))
		ad.files = append(ad.files, file)
		ad.bytes += size
	}
	return ad.flush(ctx)
}

func (ad *adder) read(file string) (importer.Document, int, error) {
	src, err := ad.readSource(file)
	if err != nil {
		return importer.Document{}, 0, err
	}
	doc, err := importer.Markdown(file, src)
	return doc, len(src), err
}

// readSource reads a file, or standard input for "-".
func (a *app) readSource(file string) ([]byte, error) {
	in := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read post: %w", err)
		}
		defer f.Close()
		in = f
	}
	src, err := io.ReadAll(io.LimitReader(in, maxPostFile))
	if err != nil {
		return nil, fmt.Errorf("read post: %w", err)
	}
	return src, nil
}

// flush sends what was read.
func (ad *adder) flush(ctx context.Context) error {
	if len(ad.request.Documents) == 0 {
		return nil
	}
	if ad.session == nil {
		s, err := ad.connect(ctx, creating)
		if err != nil {
			return err
		}
		ad.session = s
	}
	results, err := ad.session.client.Add(ctx, ad.request)
	for i, r := range results {
		// A post remembers its file's name alone, the user knows its path.
		results[i].File = ad.files[i]
		for _, w := range r.Warnings {
			ad.tell("warning: %s", located(ad.files[i], w))
		}
		if r.Status == control.Rejected {
			ad.say("%s", located(ad.files[i], r.Error))
		}
	}
	ad.results = append(ad.results, results...)
	ad.request.Documents, ad.files, ad.bytes = nil, nil, 0
	if len(ad.results) >= batchPosts && err == nil && terminal(ad.messages) {
		ad.tell("%d posts so far", len(ad.results))
	}
	return err
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
	if failed == nil || len(ad.results) > 0 {
		if err := ad.printAdded(); err != nil {
			return errors.Join(failed, err)
		}
	}
	number := map[control.AddStatus]int{}
	for _, r := range ad.results {
		number[r.Status]++
	}
	bad := number[control.Rejected]
	if len(ad.results) > 0 {
		ad.tell("%d added, %d changed, %d unchanged, %d skipped, %d rejected", number[control.Added], number[control.Changed],
			number[control.Unchanged], number[control.Skipped], bad)
	}
	switch {
	case failed != nil:
		return failed
	case bad > 0 && bad < len(ad.results):
		return fail(exitPartly, "%d of %d posts were not added: correct them and add them again", bad, len(ad.results))
	case bad > 0:
		return fail(exitFailed, "nothing was added")
	}
	return nil
}

func (ad *adder) printAdded() error {
	return list(ad.printer(), ad.results, func(r control.AddResult) string { return r.ID },
		column[control.AddResult]{"STATUS", func(r control.AddResult) string { return string(r.Status) }},
		column[control.AddResult]{"STATE", func(r control.AddResult) string { return string(r.State) }},
		column[control.AddResult]{"SLUG", func(r control.AddResult) string { return r.Slug }},
		column[control.AddResult]{"FILE", func(r control.AddResult) string { return r.File }},
		column[control.AddResult]{"TITLE", func(r control.AddResult) string { return r.Title }})
}
