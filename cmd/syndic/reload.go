package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"syndic/control"
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

// reload makes what the configuration file says now the configuration in
// force, all of it or nothing. Who comes while another reload runs, or before
// the first configuration is in force, waits.
//
// A crash on the way leaves a store with either configuration or some of both;
// the next start reads the file again and completes it.
func (d *daemon) reload(ctx context.Context, r control.ReloadRequest) (control.Reloaded, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
	done := d.notify.reloading()
	changes, err := d.replace(ctx, r)
	done()
	d.metrics.reloaded(err)
	if err != nil {
		d.log.Error().Str("component", "config").Err(err).Msg("the configuration was not reloaded: nothing has changed")
		return control.Reloaded{}, refusedReload(err)
	}
	d.sink.forget("config")
	res := control.Reloaded{File: d.file(), Changes: make([]control.KeyChange, len(changes))}
	for i, ch := range changes {
		res.Changes[i] = ch.KeyChange
		d.log.Info().Str("component", "config").Str("key", ch.Key).Str("old", ch.Old).Str("new", ch.New).Msg("configuration changed")
	}
	d.log.Info().Str("component", "config").Int("changes", len(changes)).Msg("configuration reloaded")
	return res, nil
}

// replace reads the file and applies the sections of the configuration that differ.
func (d *daemon) replace(ctx context.Context, r control.ReloadRequest) ([]keyChange, error) {
	if r.File != "" && !sameFile(r.File, d.file()) {
		return nil, &configError{lines: []string{fmt.Sprintf("%s is not the file that the daemon was started with, which is %s: leave --config out, or restart it with the other", r.File, d.file())}}
	}
	c, found, err := readConfig(d.configFile)
	if err != nil {
		return nil, err
	}
	if d.found && !found {
		return nil, &configError{lines: []string{d.file() + " is gone: put it back; an empty file is the defaults"}}
	}
	changes := differences(d.config, c)
	if err := liveOnly(changes); err != nil {
		return nil, err
	}
	if err := d.applySections(ctx, changes, c); err != nil {
		return nil, err
	}
	d.config, d.found = c, found
	return changes, nil
}

// liveOnly refuses changes that only a start can make.
func liveOnly(changes []keyChange) error {
	var lines []string
	for _, s := range sections {
		for _, ch := range changes {
			if s.apply == nil && s.holds(ch.pattern) {
				lines = append(lines, fmt.Sprintf("%s: cannot change from %s to %s while syndic runs: restart it, or take that back", ch.Key, ch.Old, ch.New))
			}
		}
	}
	if lines == nil {
		return nil
	}
	return &configError{lines: lines}
}

// applySections applies the sections that changed. When one fails, it and those
// before it get the former configuration back.
func (d *daemon) applySections(ctx context.Context, changes []keyChange, c Config) error {
	var begun []section
	for _, s := range sections {
		if s.apply == nil || !s.touched(changes) && !d.uncertain {
			continue
		}
		begun = append(begun, s)
		if err := s.apply(d, ctx, c); err != nil {
			return errors.Join(err, d.goBack(ctx, begun))
		}
	}
	d.uncertain = false
	return nil
}

// goBack applies the configuration in force to sections again. While it cannot,
// nobody knows which of the two is: the next reload applies everything.
func (d *daemon) goBack(ctx context.Context, begun []section) error {
	var errs []error
	for _, s := range begun {
		errs = append(errs, s.apply(d, ctx, d.config))
	}
	err := errors.Join(errs...)
	if d.uncertain = err != nil; d.uncertain {
		return fmt.Errorf("go back to the former configuration: %w: reload once more, or restart", err)
	}
	return nil
}

// file is the configuration file that the daemon reads.
func (d *daemon) file() string {
	if d.configFile == "" {
		return defaultConfigFile
	}
	return d.configFile
}

// refusedReload is what the one who asked is told.
func refusedReload(err error) error {
	if exitCode(err) != exitConfig {
		return err
	}
	return &control.Error{Code: "config", Status: http.StatusUnprocessableEntity, Message: err.Error()}
}

// heedHangups reloads whenever a SIGHUP came. Those that come meanwhile are
// one.
func (d *daemon) heedHangups(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.hangups:
		}
		// What came of it is in the log.
		_, _ = d.reload(ctx, control.ReloadRequest{})
	}
}
