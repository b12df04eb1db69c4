package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"syndic/store"
	"syndic/store/bolt"
)

func (a *app) checkCommand() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at every row of the database, and say what is wrong",
		Long: `Look at every page and every row of the database, and say what is wrong. With
--repair, and no daemon, what can be read goes into a new database, all that
follows from the posts is made anew, and the damaged file is kept.

Exit codes: 0 sound, or repaired with every post; 1 damaged, and nothing was
changed; 3 repaired, but posts are lost or held back, which are listed;
10 no database; 11 a daemon works on it; 12 not permitted.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if repair {
				return a.repair(cmd.Context())
			}
			return a.check(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "make a sound database of what can be read; needs the daemon to be stopped")
	return cmd
}

func (a *app) check(ctx context.Context) error {
	problems, err := a.problems(ctx)
	if err != nil {
		return err
	}
	err = list(a.printer(), problems, itself, column[string]{"PROBLEM", itself})
	if n := len(problems); err == nil && n > 0 {
		return fail(exitFailed, "the database is damaged, in %s at least: stop the daemon and run `syndic check --repair`, or restore a backup with `syndic restore`", counted(n, "place", "places"))
	}
	a.tell("the database is sound")
	return err
}

func itself(s string) string { return s }

// problems asks the daemon to look, or has a process of its own do it.
func (a *app) problems(ctx context.Context) ([]string, error) {
	p, err := findPlaces(a.globals.data, a.globals.socket, a.getenv)
	if err != nil {
		return nil, err
	}
	if client, _ := dial(ctx, p); client != nil {
		defer client.Close()
		info, err := client.Check(ctx)
		return info.Problems, interrupted(ctx, err)
	}
	h, err := a.seize(ctx)
	if err != nil {
		return nil, err
	}
	return a.problemsOf(ctx, h)
}

// problemsOf has a database looked at and gives the hold up, which the process
// that looks needs.
func (a *app) problemsOf(ctx context.Context, h *bolt.Hold) ([]string, error) {
	if err := h.Close(); err != nil {
		return nil, err
	}
	if h.Missing() {
		return nil, fmt.Errorf("%w at %s: add a post or start the daemon to make one, or restore a backup", store.ErrNoDatabase, h.Path())
	}
	e, err := a.examine(ctx, h.Path(), true)
	if err == nil && e.Error != "" {
		err = errors.New(e.Error)
	}
	return e.Problems, err
}

// repaired is what a repair has to say.
type repaired struct {
	Database string   `json:"database"`
	Kept     string   `json:"kept"`            // the damaged file; empty where there was nothing to repair
	Posts    *int     `json:"posts,omitempty"` // in the new database
	Problems []string `json:"problems"`        // found before
	Lost     []string `json:"lost"`
	Held     []string `json:"held"`
	Mended   []string `json:"mended"`
}

// finding is a line of it.
type finding struct{ what, text string }

func (a *app) repair(ctx context.Context) error {
	h, err := a.seize(ctx)
	if err != nil {
		return err
	}
	problems, err := a.problemsOf(ctx, h)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		a.tell("the database is sound: there is nothing to repair")
		return a.printRepair(repaired{Database: h.Path()})
	}
	if h, err = a.seize(ctx); err != nil {
		return err
	}
	defer h.Close()
	a.tell("%s is damaged: %s", h.Path(), examination{Problems: problems}.first())
	r, err := a.salvage(ctx, h)
	if err != nil {
		return err
	}
	r.Problems = problems
	return a.reportRepair(r)
}

// salvage makes a sound database of what can be read, has it looked at as a
// whole, and puts it in place. Up to then nothing has changed; a crash leaves a
// file whose name begins with a dot.
func (a *app) salvage(ctx context.Context, h *bolt.Hold) (r repaired, err error) {
	dir := filepath.Dir(h.Path())
	info, err := os.Stat(h.Path())
	if err != nil {
		return r, err
	}
	if err := roomFor(dir, info.Size()); err != nil {
		return r, err
	}
	part, err := partName(dir)
	if err != nil {
		return r, err
	}
	defer os.Remove(part) //nolint:errcheck // by now it is the database
	found, err := bolt.Salvage(ctx, h.Path(), part)
	if err != nil {
		return r, fmt.Errorf("repair %s, which was not changed: %w", h.Path(), err)
	}
	if err := a.sound(ctx, part); err != nil {
		return r, fail(exitFailed, "%s cannot be repaired and was not changed: restore a backup with `syndic restore`: %w", h.Path(), err)
	}
	kept, err := h.Replace(part, "damaged", time.Now())
	return repaired{Database: h.Path(), Kept: kept, Posts: &found.Posts, Lost: found.Lost, Held: found.Held, Mended: found.Mended}, err
}

func (a *app) reportRepair(r repaired) error {
	if err := a.printRepair(r); err != nil {
		return err
	}
	a.tell("repaired: %s in %s, the damaged file is kept as %s; the next start makes every feed again", counted(*r.Posts, "post is", "posts are"), r.Database, r.Kept)
	if n := len(r.Lost) + len(r.Held); n > 0 {
		return fail(exitPartly, "%s lost and %d held back as drafts: add them again from their files, or from a backup", counted(len(r.Lost), "post is", "posts are"), len(r.Held))
	}
	return nil
}

func (a *app) printRepair(r repaired) error {
	if a.globals.format == formatJSON {
		for _, list := range []*[]string{&r.Problems, &r.Lost, &r.Held, &r.Mended} {
			*list = append([]string{}, *list...) // an empty list is one
		}
		return a.printer().json(r)
	}
	var rows []finding
	for _, kind := range []struct {
		what  string
		texts []string
	}{{"lost", r.Lost}, {"held back", r.Held}, {"mended", r.Mended}} {
		for _, text := range kind.texts {
			rows = append(rows, finding{kind.what, text})
		}
	}
	return list(a.printer(), rows, func(f finding) string { return f.text },
		column[finding]{"WHAT", func(f finding) string { return f.what }}, column[finding]{"WHICH", func(f finding) string { return f.text }})
}
