package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
	"syndic/store/bolt"
)

// mode is what a command means to do with the store when no daemon answers.
type mode int

const (
	reading    mode = iota
	comparing       // looks at what publishing would do
	writing         // changes rows
	publishing      // applies the configuration and publishes
	creating        // makes a database if there is none
)

// lockWait is how long a command waits for another one that has the store open.
const lockWait = time.Second

// call is a command under way: its context, its arguments, and whom to ask.
type call struct {
	context.Context
	client *control.Client
	args   []string
}

// with makes a command's function of one that speaks to a daemon, or to the
// store when there is none.
func (a *app) with(m mode, fn func(call) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := a.connect(cmd.Context(), m)
		if err != nil {
			return err
		}
		defer s.close()
		return interrupted(cmd.Context(), fn(call{cmd.Context(), s.client, args}))
	}
}

// interrupted tells a daemon that stops from a user who does.
func interrupted(ctx context.Context, err error) error {
	var refused *control.Error
	if errors.As(err, &refused) && refused.Code == "canceled" && ctx.Err() == nil {
		return fail(exitFailed, "the daemon stopped meanwhile: nothing that it did is lost, ask again once it runs")
	}
	return err
}

// session is a connection: to the daemon, or to the store opened here.
type session struct {
	client *control.Client
	store  *bolt.Store // opened here; nil where a daemon answers
	close  func()      // may be called again
}

// connect finds a daemon that answers, else opens the store.
func (a *app) connect(ctx context.Context, m mode) (*session, error) {
	p, err := findPlaces(a.globals.data, a.globals.socket, a.getenv)
	if err != nil {
		return nil, err
	}
	// A configuration that is named must be right, even where it is not needed.
	if a.globals.config != "" {
		if _, _, err := a.readConfig(a.globals.config); err != nil {
			return nil, err
		}
	}
	client, denied := dial(ctx, p)
	if client != nil {
		return &session{client: client, close: client.Close}, nil
	}
	s, err := a.open(ctx, p, m)
	if errors.Is(err, store.ErrLocked) {
		// A daemon that just starts has the lock before it listens.
		if client, _ := dial(ctx, p); client != nil {
			return &session{client: client, close: client.Close}, nil
		}
	}
	if denied != "" && errors.Is(err, store.ErrNoDatabase) {
		return nil, fail(exitNotPermitted, "not permitted to use the daemon's socket %s: run as its user: sudo -u USER syndic …", denied)
	}
	return s, err
}

// dial returns a client of the first daemon that answers; nil and the first
// socket that may not be used, if there was one.
func dial(ctx context.Context, p places) (client *control.Client, denied string) {
	for _, socket := range p.dialSockets() {
		if fits(socket) != nil {
			continue
		}
		err := knock(ctx, socket)
		if errors.Is(err, fs.ErrPermission) && denied == "" {
			denied = socket
		}
		if err != nil {
			continue
		}
		client := control.Dial(socket)
		if p.ours(ctx, socket, client) {
			return client, ""
		}
		client.Close()
	}
	return nil, denied
}

// knock tells whether somebody listens.
func knock(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}

// ours tells whether a daemon works on the data that the user means. One found
// elsewhere may be another site's when a data directory was named.
func (p places) ours(ctx context.Context, socket string, client *control.Client) bool {
	if !p.given || socket == p.socket || filepath.Dir(socket) == p.data {
		return true
	}
	s, err := client.Status(ctx)
	return err == nil && sameFile(s.Data, p.data)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return a == b
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// open opens the store and serves the control API to this process alone.
func (a *app) open(ctx context.Context, p places, m mode) (*session, error) {
	c, found, err := a.readConfig(a.globals.config)
	if err != nil {
		return nil, err
	}
	db := p.database(c.Store.Path)
	if err := checkOwner(filepath.Dir(db)); err != nil {
		return nil, err
	}
	log := a.offlineLogger(c.Log)
	if err := a.examineSuspect(ctx, db, log); err != nil {
		return nil, err
	}
	slots := scheduler.NewSlots()
	st, err := bolt.Open(db, bolt.Options{Create: m == creating, Wait: lockWait, Slot: slots.Slot, Log: log})
	if err != nil {
		return nil, err
	}
	sched := scheduler.New(scheduler.Config{Store: st, Slots: slots, Log: log, Check: checkFeed})
	if err := a.prepare(ctx, st, sched, c.site(), found, m); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	client := control.Local(control.New(control.Config{
		Store: st, Site: c.site(), Version: buildVersion().Version, Data: p.data, Log: log, Check: st.Check, Compact: compactor(st),
		Republish: republisher(sched), Schedules: scheduleLister(sched), Probe: newProber(buildVersion().Version).probe,
	}))
	return &session{client: client, store: st, close: func() {
		client.Close()
		if err := st.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			a.say("close the store: %v", err)
		}
	}}, nil
}

// prepare makes the configuration the one in force, where a command needs one:
// that of the file if there is one, else what the last daemon kept, else the
// defaults.
func (a *app) prepare(ctx context.Context, st store.Store, sched *scheduler.Scheduler, site feed.Site, found bool, m mode) error {
	if m != comparing && m != publishing && m != creating {
		return nil
	}
	kept, err := keptSite(ctx, st)
	if m == comparing {
		if err == nil && found && !scheduler.SameSite(kept, site) {
			a.tell("the configuration file says otherwise than the one in force, which this compares with: `syndic serve` and `syndic republish` apply it")
		}
		return nil
	}
	if err == nil && !found {
		site = kept
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	ch, err := sched.Apply(ctx, site)
	if err != nil {
		return err
	}
	if kept.URL == "" && feed.Loopback(ch.Authority) {
		a.tell("%s", loopbackWarning(ch.Authority))
	}
	return nil
}

func keptSite(ctx context.Context, st store.Store) (site feed.Site, err error) {
	err = st.View(ctx, func(r store.Reader) error {
		site, err = r.Site()
		return err
	})
	return site, err
}

func loopbackWarning(authority string) string {
	return fmt.Sprintf("ids are made under %s, which every machine has, and never change: set site.authority or site.url before others read the feeds", authority)
}

// offlineLogger is silent unless something is wrong: a command's own messages
// say what it did.
func (a *app) offlineLogger(c LogConfig) zerolog.Logger {
	log := a.logger(c)
	if a.globals.verbose {
		return log
	}
	return log.Level(zerolog.ErrorLevel)
}
