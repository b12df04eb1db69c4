package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syndic/store/bolt"
)

// restored is what restore has to say.
type restored struct {
	From     string `json:"from"`
	Database string `json:"database"`
	Kept     string `json:"kept,omitempty"` // the database before; empty for none
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the database, while no daemon runs",
		Long: `Put a backup in the place of the database. FILE is looked at as a whole first,
and the database as it was is kept beside the new one, whatever state it is in.
Stop the daemon before, and start it afterwards.`,
		Example: `  systemctl stop syndic
  sudo -u syndic syndic restore /srv/backup/syndic-monday.db
  systemctl start syndic`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.seize(cmd.Context())
			if err != nil {
				return err
			}
			defer h.Close()
			r, err := a.restore(cmd.Context(), h, args[0])
			if err != nil {
				return err
			}
			return one(a.printer(), r, r.Database, []field{{"restored from", r.From}, {"database", r.Database}, {"kept as it was", r.Kept}})
		},
	}
}

// seize keeps everybody from the database, for what cannot be done while a
// daemon works on it.
func (a *app) seize(ctx context.Context) (*bolt.Hold, error) {
	p, err := findPlaces(a.globals.data, a.globals.socket, a.getenv)
	if err != nil {
		return nil, err
	}
	c, _, err := a.readConfig(a.globals.config)
	if err != nil {
		return nil, err
	}
	db := p.database(c.Store.Path)
	if err := checkOwner(filepath.Dir(db)); err != nil {
		return nil, err
	}
	if client, _ := dial(ctx, p); client != nil {
		client.Close()
		return nil, fail(exitLocked, "a daemon works on %s: stop it first (systemctl stop syndic), then run this again, and start it afterwards", db)
	}
	h, err := bolt.Seize(db, lockWait)
	if err != nil {
		return nil, err
	}
	if dir := filepath.Dir(h.Path()); dir != filepath.Dir(db) {
		if err := checkOwner(dir); err != nil {
			return nil, errors.Join(err, h.Close())
		}
	}
	return h, nil
}

// restore copies the file beside the database, has the copy looked at, so that
// what is looked at is what is used, and puts it in place. Up to then nothing
// has changed, and a crash leaves a file whose name begins with a dot.
func (a *app) restore(ctx context.Context, h *bolt.Hold, file string) (r restored, err error) {
	dir := filepath.Dir(h.Path())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, fmt.Errorf("make the data directory: %w", err)
	}
	part, err := copyBeside(ctx, file, h.Path())
	if err != nil {
		return r, fmt.Errorf("restore %s: %w", file, err)
	}
	defer os.Remove(part) //nolint:errcheck // by now it is the database
	a.tell("looking at the whole of %s", file)
	e, err := a.examine(ctx, part, true)
	if err != nil {
		return r, err
	}
	if e.Error != "" {
		return r, fail(exitFailed, "%s cannot be restored, and nothing was changed: %s", file, strings.ReplaceAll(e.Error, part, file))
	}
	if len(e.Problems) > 0 {
		return r, fail(exitFailed, "%s is damaged, and nothing was changed: %s: use another backup", file, e.first())
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	kept, err := h.Replace(part, "before-restore", time.Now())
	return restored{From: file, Database: h.Path(), Kept: kept}, err
}

// copyBeside copies a file to one beside the database, and syncs it.
func copyBeside(ctx context.Context, file, db string) (part string, err error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("there is no such file")
	case err != nil:
		return "", err
	case !info.Mode().IsRegular(): // opening a pipe waits for its writer
		return "", errors.New("it is not a file")
	}
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if sameFile(file, db) {
		return "", errors.New("it is the database itself: name a backup")
	}
	if err := roomFor(filepath.Dir(db), info.Size()); err != nil {
		return "", err
	}
	out, err := os.CreateTemp(filepath.Dir(db), partPrefix+"*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, heedful{ctx, in})
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, os.Remove(out.Name()))
	}
	return out.Name(), nil
}
