package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"syndic/control"
	"syndic/scheduler"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/web"
	"syndic/websub"
)

// drainTime is how long each part of the daemon has to finish. The longest
// two, requests and pings under way, finish at the same time.
const drainTime = 5 * time.Second

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon: publish on time, serve the feeds, tell the hubs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, found, err := a.readConfig(a.globals.config)
			if err != nil {
				return err
			}
			file, err := a.configFile()
			if err != nil {
				return err
			}
			p, err := findPlaces(a.globals.data, a.globals.socket, a.getenv)
			if err != nil {
				return err
			}
			sink := a.newSink(c.Log)
			log := sink.logger()
			if !found {
				log.Info().Str("component", "config").Msg("there is no configuration file: the defaults hold")
			}
			d := &daemon{
				app: a, config: c, places: p, sink: sink, log: log, notify: newNotifier(log, a.getenv("NOTIFY_SOCKET") != ""),
				metrics: newMetrics(), judge: newJudge(), started: time.Now(),
			}
			d.reloader = newReloader(d, file, found, a.hangups)
			return d.serve(cmd.Context())
		},
	}
}

// daemon is everything that serve wires together.
type daemon struct {
	app      *app
	config   Config // at the start; the reloader has the one in force
	reloader *reloader
	places   places
	sink     *sink
	log      zerolog.Logger
	notify   *notifier
	metrics  *metrics
	judge    *judge
	started  time.Time

	life  lifecycle
	tasks *errgroup.Group // all that runs beside serve

	store     store.Store
	bolt      *bolt.Store                    // the same, for what concerns its file
	check     func(context.Context) []string // every row of it
	compact   func(context.Context) (control.CompactInfo, error)
	slots     *scheduler.Slots
	scheduler *scheduler.Scheduler
	rota      *rota
	web       *web.Server
	sender    *websub.Sender
	mends     chan uint64            // damaged categories
	verify    atomic.Pointer[string] // websub.verify
}

// serve runs until ctx ends or a part of it fails, and undoes whatever it has
// begun by then.
func (d *daemon) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.tasks, ctx = errgroup.WithContext(ctx)
	err := d.begin(ctx)
	if err == nil {
		<-ctx.Done()
		d.log.Info().Str("component", "daemon").Msg("stopping")
	}
	d.notify.stopping()
	cancel()
	err = errors.Join(err, d.life.end(drainTime))
	if err == nil || errors.Is(err, context.Canceled) {
		d.log.Info().Str("component", "daemon").Msg("stopped")
		return nil
	}
	return err
}

// begin brings everything up. The order matters: the lock before the socket,
// the socket before the first feed is rendered, and nothing is rendered for
// readers who cannot come because the port is taken.
func (d *daemon) begin(ctx context.Context) error {
	if err := d.open(ctx); err != nil {
		return err
	}
	d.build()
	d.life.add(d.tasksEnded)
	if err := d.listenControl(); err != nil {
		return err
	}
	if err := d.listenHTTP(ctx); err != nil {
		return err
	}
	if err := d.apply(ctx); err != nil {
		return err
	}
	d.tasks.Go(func() error { return d.scheduler.Run(ctx) })
	d.tasks.Go(func() error { return d.web.Run(ctx) })
	d.tasks.Go(func() error { return d.sender.Run(ctx) })
	d.tasks.Go(func() error { return d.mend(ctx) })
	d.tasks.Go(func() error { return d.rota.run(ctx) })
	d.tasks.Go(func() error { return d.announce(ctx) })
	d.tasks.Go(func() error { return d.reloader.run(ctx) })
	return nil
}

// open takes the store's lock, making the database if there is none.
func (d *daemon) open(ctx context.Context) error {
	db := d.places.database(d.config.Store.Path)
	for _, dir := range []string{d.places.data, filepath.Dir(db)} {
		if err := checkOwner(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.places.data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w: name another with --data", err)
	}
	if err := d.app.examineSuspect(ctx, db, d.log); err != nil {
		return err
	}
	d.slots = scheduler.NewSlots()
	st, err := bolt.Open(db, bolt.Options{Create: true, Wait: lockWait, Slot: d.slots.Slot, Committed: d.metrics.committed, Log: d.log})
	if err != nil {
		return err
	}
	d.store, d.bolt, d.check, d.compact = st, st, st.Check, compactor(st)
	d.metrics.registry.MustRegister(newFile(st.Stats), newRows(st, d.metrics))
	d.life.add(func(context.Context) error { return st.Close() })
	if err := clearParts(filepath.Dir(db)); err != nil {
		d.log.Warn().Str("component", "backup").Err(err).Msg("what a crash left of a copy could not be removed")
	}
	return nil
}

// build makes the parts; none does anything yet.
func (d *daemon) build() {
	version := buildVersion().Version
	d.verify.Store(&d.config.WebSub.Verify)
	d.metrics.registry.MustRegister(d.judge.gauges()...)
	d.scheduler = scheduler.New(scheduler.Config{
		Store: d.store, Slots: d.slots, Log: d.log, Beat: d.beat, Late: d.metrics.late, Check: d.judge.check,
		Observe: func(r store.Run) {
			d.judge.published(r)
			d.metrics.published(r)
		},
	})
	d.rota = &rota{copy: d.bolt.Copy, inspect: d.app.sound, log: d.log, changed: make(chan struct{}, 1)}
	d.rota.follow(planOf(d.config, d.places))
	d.metrics.registry.MustRegister(newBackups(d.rota.info))
	d.mends = make(chan uint64, mendQueue)
	d.web = web.New(web.Config{
		Store: d.store, Log: d.log, Version: version, Registry: d.metrics.registry,
		Memory: d.config.memory(), Damaged: d.damaged,
		Status: func() []web.Fact {
			return []web.Fact{{Name: "Running since", Value: d.started.UTC().Format(time.DateTime) + " UTC"}, {Name: "Data", Value: d.places.data}}
		},
	})
	d.web.Limit(d.config.limits())
	d.web.LogRequests(d.config.Log.Requests)
	d.sender = websub.New(websub.Config{
		Store: d.store, Served: d.web.Served, Published: d.web.Published, Verify: d.verifies, Log: d.log, Observe: d.metrics.pinged,
		UserAgent: func() string { return fmt.Sprintf("syndic/%s (+%s)", version, d.web.Tally().URL) },
	})
}

// beat passes on that the scheduler's loop got on.
func (d *daemon) beat() {
	d.notify.beat()
	d.metrics.beat()
}

// tasksEnded waits for all that runs beside serve, whose context has ended.
func (d *daemon) tasksEnded(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- d.tasks.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return errors.New("stop: something is still running: what it did is safe, but look at the log")
	}
}

// controlConfig is what the control socket works with.
func (d *daemon) controlConfig() control.Config {
	return control.Config{
		Store: d.store, Site: d.config.site(), Version: buildVersion().Version, Daemon: true, Data: d.places.data, Started: d.started,
		Republish: republisher(d.scheduler), WaitServed: d.web.WaitServed, Schedules: scheduleLister(d.scheduler),
		Reload: d.reloader.ask, Configuration: d.reloader.configuration, Ready: d.web.Ready, Observe: d.metrics.controlled, Probe: newProber(buildVersion().Version).probe, Check: d.check, Compact: d.compact, Log: d.log,
		Backup: func(ctx context.Context) (control.Snapshot, error) { return openSnapshot(ctx, d.bolt) }, Backups: d.rota.info,
	}
}

// apply makes the first configuration the one in force.
func (d *daemon) apply(ctx context.Context) error {
	d.notify.status("applying the configuration")
	if err := d.applyFeeds(ctx, d.config); err != nil {
		return err
	}
	d.notify.status("publishing the first feeds")
	return nil
}

// announce tells when the first generation is served, and from then on what is.
func (d *daemon) announce(ctx context.Context) error {
	if d.web.WaitReady(ctx) != nil {
		return nil // asked to stop before
	}
	d.log.Info().Str("component", "daemon").Str("url", d.web.Tally().URL).
		Int64("duration_ms", time.Since(d.started).Milliseconds()).Msg("ready")
	d.notify.ready(d.standing(ctx))
	return d.report(ctx)
}
