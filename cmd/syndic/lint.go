package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/feed"
)

// maxLinted is how much of a foreign feed is read, in bytes. Readers give up
// earlier.
const maxLinted = 10 << 20

// lintRow is a finding, with the feed that it is about.
type lintRow struct {
	Feed   string `json:"feed"` // its URL, its file, or "-"
	Format string `json:"format"`
	feed.Finding
	Source string `json:"source"` // where the rule is written
}

func (a *app) feedLint() *cobra.Command {
	return &cobra.Command{
		Use:   "lint CAT|FILE|URL",
		Short: "Check feeds against the rules of their formats",
		Long: `Check feeds against the rules of their formats: a category's three as they are
published ("" is the site's own), a file ("-" is standard input), or a foreign
feed by its URL, and then how it is served as well. Errors break a
specification; warnings are what readers and validators would rather have.
Exit code 1, or 5 for a category, if there are errors.`,
		Example: `  syndic feed lint design
  syndic feed lint https://example.org/feed.xml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			switch {
			case strings.Contains(name, "://"):
				return a.lintURL(cmd.Context(), name)
			case name == "-", isFile(name):
				return a.lintInput(name)
			}
			err := a.with(reading, a.lintCategory)(cmd, args)
			if err != nil && exitCode(err) != exitRejected && strings.ContainsAny(name, "./") {
				return fmt.Errorf("there is no file %s, and as a category: %w", name, err)
			}
			return err
		},
	}
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

func (a *app) lintInput(name string) error {
	var in bytes.Buffer
	if err := a.readInput(name, maxLinted+1, &in); err != nil {
		return fmt.Errorf("lint %s: %w", name, err)
	}
	b := in.Bytes()
	if len(b) > maxLinted {
		return fail(exitFailed, "lint %s: it is larger than %d MB, which no reader takes", name, maxLinted>>20)
	}
	f, err := feed.Detect(b, "")
	if err != nil {
		return fail(exitFailed, "lint %s: %w", name, err)
	}
	return a.printFindings(lintRows(name, f, feed.Lint(f, b)), name, exitFailed)
}

func (a *app) lintURL(ctx context.Context, url string) error {
	if scheme, _, _ := strings.Cut(strings.ToLower(url), ":"); scheme != "http" && scheme != "https" {
		return fail(exitFailed, "lint %s: feeds are fetched with http:// and https:// only", url)
	}
	f, found, err := inspect(ctx, url)
	if err != nil {
		return fmt.Errorf("lint %s: %w", url, err)
	}
	return a.printFindings(lintRows(url, f, found), url, exitFailed)
}

// lintCategory checks a category's feeds, each as it is at its own URL.
func (a *app) lintCategory(c call) error {
	info, err := c.client.Category(c, c.args[0])
	if err != nil {
		return err
	}
	var rows []lintRow
	for _, f := range feed.Formats {
		b, _, err := c.client.Feed(c, c.args[0], f.String())
		if err != nil {
			return err
		}
		url := topicOf(info, f)
		rows = append(rows, lintRows(url, f, feed.LintAt(f, b, url))...)
	}
	return a.printFindings(rows, slugOf(info.Slug), exitRejected)
}

func topicOf(c control.CategoryInfo, f feed.Format) string {
	for _, info := range c.Feeds {
		if info.Format == f.String() {
			return info.URL
		}
	}
	return ""
}

func lintRows(name string, f feed.Format, found []feed.Finding) []lintRow {
	var rows []lintRow
	for _, one := range found {
		rule, ok := feed.RuleNamed(one.Rule)
		if !ok {
			rule = httpRules[one.Rule]
		}
		rows = append(rows, lintRow{Feed: name, Format: f.String(), Finding: one, Source: rule.Source})
	}
	return rows
}

// printFindings prints what was found; errors among it end the program with
// the code.
func (a *app) printFindings(rows []lintRow, name string, code int) error {
	err := list(a.printer(), rows, func(r lintRow) string { return r.Rule },
		column[lintRow]{"SEVERITY", func(r lintRow) string { return string(r.Severity) }},
		column[lintRow]{"FORMAT", func(r lintRow) string { return r.Format }},
		column[lintRow]{"RULE", func(r lintRow) string { return r.Rule }},
		column[lintRow]{"WHERE", func(r lintRow) string { return r.Where() }},
		column[lintRow]{"MESSAGE", func(r lintRow) string { return r.Message }})
	if err != nil {
		return err
	}
	number := map[feed.Severity]int{}
	for _, r := range rows {
		number[r.Severity]++
	}
	if n := number[feed.Error]; n > 0 {
		return fail(code, "lint %s: %s, %s", name, several(n, "error"), several(number[feed.Warning], "warning"))
	}
	a.tell("lint %s: no errors, %s", name, several(number[feed.Warning], "warning"))
	return nil
}

// counted writes a number with words that go with one or with many.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func several(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
