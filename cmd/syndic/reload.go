package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/store"
)

func (a *app) reloadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read its configuration file again",
		Long: `Have the daemon read its configuration file again. A file that is not right in
every key changes nothing, and neither does one that changes a key which only a
start reads: exit code 13, and the messages say what to do.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.daemon(cmd.Context())
			if err != nil {
				return err
			}
			defer client.Close()
			file, err := a.configFile()
			if err != nil {
				return err
			}
			res, err := client.Reload(cmd.Context(), control.ReloadRequest{File: file})
			if err != nil {
				return interrupted(cmd.Context(), err)
			}
			return a.reloaded(res)
		},
	}
}

// daemon finds the daemon, for what nobody else can do.
func (a *app) daemon(ctx context.Context) (*control.Client, error) {
	p, err := findPlaces(a.globals.data, a.globals.socket, a.getenv)
	if err != nil {
		return nil, err
	}
	client, denied := dial(ctx, p)
	switch {
	case client != nil:
		return client, nil
	case denied != "":
		return nil, fail(exitNotPermitted, "not permitted to use the daemon's socket %s: run as its user: sudo -u USER syndic …", denied)
	}
	h, err := a.seize(ctx)
	if errors.Is(err, store.ErrLocked) {
		return nil, fmt.Errorf("no daemon answers, but one may run: %w, or give its socket with --socket", err)
	}
	if err == nil {
		err = h.Close()
	}
	if err != nil {
		return nil, err
	}
	return nil, fail(exitFailed, "no daemon runs here: nothing was done; `syndic serve` reads the configuration when it starts")
}

// configFile is the file that --config names, as the daemon would name it.
func (a *app) configFile() (string, error) {
	if a.globals.config == "" {
		return "", nil
	}
	file, err := filepath.Abs(a.globals.config)
	if err != nil {
		return "", fmt.Errorf("find the configuration file: %w", err)
	}
	return file, nil
}

func (a *app) reloaded(res control.Reloaded) error {
	if len(res.Changes) == 0 {
		a.tell("%s says nothing new: nothing has changed", res.File)
	}
	if a.globals.format != formatTable {
		return one(a.printer(), res, res.File, nil)
	}
	var b strings.Builder
	for _, ch := range res.Changes {
		fmt.Fprintln(&b, clean(ch.Key+": "+ch.Old+" → "+ch.New))
	}
	return a.printer().write(b.String())
}
