package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"sync/atomic"

	"syndic/control"
)

// reloader puts what the configuration file says into force, for whoever asks:
// one after the other, and none before the start's own configuration is.
type reloader struct {
	daemon   *daemon
	sections []section
	file     string                 // that --config names, absolute; empty for the default one
	found    bool                   // there was a file
	config   Config                 // in force
	shown    atomic.Pointer[Config] // the same, for whoever asks
	hangups  <-chan os.Signal
	asks     chan reloadCall
	ended    chan struct{} // closed when nobody will answer any more

	terminal  bool // the process was started in one
	uncertain bool // a failed reload could not be taken back
}

// reloadCall is somebody who waits for the answer.
type reloadCall struct {
	request control.ReloadRequest
	answer  chan reloadAnswer
}

type reloadAnswer struct {
	result control.Reloaded
	err    error
}

func newReloader(d *daemon, file string, found bool, hangups <-chan os.Signal) *reloader {
	r := &reloader{
		daemon: d, sections: sections, file: file, found: found, config: d.config, hangups: hangups,
		asks: make(chan reloadCall), ended: make(chan struct{}), terminal: hasTerminal(),
	}
	r.shown.Store(&d.config)
	return r
}

// configuration is the one in force, for whoever compares it with the file.
func (r *reloader) configuration(context.Context) (control.ConfigurationInfo, error) {
	text, err := r.shown.Load().write(formatJSON)
	return control.ConfigurationInfo{File: r.name(), Config: text}, err
}

// ask has the configuration reloaded. A reload that has begun goes on when ctx
// ends: it would leave half of each configuration.
func (r *reloader) ask(ctx context.Context, request control.ReloadRequest) (control.Reloaded, error) {
	call := reloadCall{request, make(chan reloadAnswer, 1)}
	select {
	case r.asks <- call:
	case <-r.ended:
		return control.Reloaded{}, context.Canceled
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
	select {
	case a := <-call.answer:
		return a.result, a.err
	case <-ctx.Done():
		return control.Reloaded{}, ctx.Err()
	}
}

// run reloads for whoever asks, and at each SIGHUP; those that come meanwhile
// are one. The SIGHUP of a terminal that is closed ends the daemon, as people
// expect of what they started there.
func (r *reloader) run(ctx context.Context) error {
	defer close(r.ended)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.hangups:
			if r.terminal && !hasTerminal() {
				return context.Canceled
			}
			// What came of it is in the log.
			_, _ = r.reload(ctx, control.ReloadRequest{})
		case call := <-r.asks:
			result, err := r.reload(ctx, call.request)
			call.answer <- reloadAnswer{result, err}
		}
	}
}

// hasTerminal tells whether the process belongs to a terminal that is there.
func hasTerminal() bool {
	f, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

// reload puts the file's configuration into force, all of it or nothing, and
// says what became of it.
//
// A crash on the way leaves a store with either configuration or some of both;
// the next start reads the file again and completes it.
func (r *reloader) reload(ctx context.Context, request control.ReloadRequest) (control.Reloaded, error) {
	d := r.daemon
	done := d.notify.reloading()
	// Whoever asks systemd right after it finds it there.
	defer func() { done(d.standing(ctx)) }()
	changes, err := r.replace(ctx, request)
	d.metrics.reloaded(err)
	log := d.log.With().Str("component", "config").Logger()
	if ctx.Err() != nil {
		log.Info().Msg("the reload was broken off: the next start reads the configuration")
		return control.Reloaded{}, ctx.Err()
	}
	if err != nil {
		message := "the configuration was not reloaded: nothing has changed"
		if r.uncertain {
			message = "the configuration was reloaded in part"
		}
		log.Error().Err(err).Msg(message)
		return control.Reloaded{}, refusedReload(err)
	}
	d.sink.forget("config")
	res := control.Reloaded{File: r.name(), Changes: make([]control.KeyChange, len(changes))}
	for i, ch := range changes {
		res.Changes[i] = ch.KeyChange
		log.Info().Str("key", ch.Key).Str("old", maskURLs(ch.Old)).Str("new", maskURLs(ch.New)).Msg("configuration changed")
	}
	log.Info().Int("changes", len(changes)).Msg("configuration reloaded")
	return res, nil
}

// replace reads the file and applies the sections of the configuration that
// differ.
func (r *reloader) replace(ctx context.Context, request control.ReloadRequest) ([]keyChange, error) {
	if request.File != "" && !sameFile(request.File, r.name()) {
		return nil, refuseConfig("%s is not the file that the daemon was started with, which is %s: leave --config out, or restart it with the other", request.File, r.name())
	}
	if _, err := os.Stat(r.name()); r.found && errors.Is(err, fs.ErrNotExist) {
		return nil, refuseConfig("%s is gone: put it back; an empty file is the defaults", r.name())
	}
	c, found, err := r.daemon.app.readConfig(r.file)
	if err != nil {
		return nil, err
	}
	changes := differences(r.config, c)
	if err := liveOnly(changes); err != nil {
		return nil, err
	}
	if err := r.apply(ctx, changes, c); err != nil {
		return nil, err
	}
	r.config, r.found = c, found
	r.shown.Store(&c)
	return changes, nil
}

// name is the configuration file that the daemon reads.
func (r *reloader) name() string {
	if r.file == "" {
		return defaultConfigFile
	}
	return r.file
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

// apply applies the sections that changed. When one fails, it and those before
// it get the former configuration back.
func (r *reloader) apply(ctx context.Context, changes []keyChange, c Config) error {
	var begun []section
	for _, s := range r.sections {
		if s.apply == nil || !s.touched(changes) && !r.uncertain {
			continue
		}
		begun = append(begun, s)
		err := s.apply(r.daemon, ctx, c)
		if err != nil && ctx.Err() == nil {
			err = errors.Join(err, r.goBack(ctx, begun))
		}
		if err != nil {
			return err
		}
	}
	r.uncertain = false
	return nil
}

// goBack applies the configuration in force to sections again. While it cannot,
// nobody knows which of the two is: the next reload applies everything.
func (r *reloader) goBack(ctx context.Context, begun []section) error {
	var errs []error
	for _, s := range begun {
		errs = append(errs, s.apply(r.daemon, ctx, r.config))
	}
	err := errors.Join(errs...)
	if r.uncertain = err != nil; r.uncertain {
		return fmt.Errorf("go back to the former configuration: %w: reload once more, or restart", err)
	}
	return nil
}

func refuseConfig(format string, args ...any) error {
	return &configError{lines: []string{fmt.Sprintf(format, args...)}}
}

// refusedReload is what the one who asked is told.
func refusedReload(err error) error {
	switch exitCode(err) {
	case exitConfig:
		return &control.Error{Code: "config", Status: http.StatusUnprocessableEntity, Message: err.Error()}
	case exitNotPermitted:
		return &control.Error{Code: "permission", Status: http.StatusForbidden, Message: err.Error()}
	}
	return err
}
