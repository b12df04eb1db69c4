package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"syndic/control"
)

func (a *app) doctorCommand() *cobra.Command {
	d := &doctor{app: a, root: "/"}
	timeout := time.Duration(0)
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the whole installation, from the outside too, and say what to do",
		Long: `Look at the whole installation: the configuration, the files, the disk, the
clock, the backups, the public address as readers see it, the hubs, the
schedules, and posts that never go out. It changes nothing, pings nobody, and
works without a daemon, too. Of many feeds it looks at some, unless told
otherwise.

Exit code 0 when all is well, notes aside; 3 when something works partly
(warnings); 1 when something is broken; 130 when interrupted, after printing what
was found until then.`,
		Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error {
			if timeout <= 0 {
				return fail(exitUsage, "--timeout is how long to look around at most, such as 60s")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context(), timeout) },
	}
	cmd.Flags().BoolVar(&d.all, "all", false, "fetch every feed, however many there are")
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long to look around at most")
	return cmd
}

// doctor is one examination. What it finds may be added by several goroutines.
type doctor struct {
	app  *app
	all  bool
	root string // of the machine's own files: /

	started    time.Time
	config     Config // of the file; the defaults where it cannot be read
	found      bool   // there is a file
	places     places
	client     *control.Client // nil when neither a daemon nor the store can be asked
	status     control.StatusInfo
	categories []control.CategoryInfo
	hubs       []control.HubInfo

	mu       sync.Mutex
	examined examined
	clocks   []clockSample
}

// look is one part of an examination. Its error says why it could not be made.
type look struct {
	name string
	do   func(*doctor, context.Context) error
}

// The looks in their order. The later ones go out to the network, and are made
// at the same time.
var (
	nearLooks = []look{
		{"config", (*doctor).lookAtConfig}, {"daemon", (*doctor).lookAtDaemon}, {"files", (*doctor).lookAtFiles},
		{"disk", (*doctor).lookAtDisk}, {"service", (*doctor).lookAtService}, {"categories", (*doctor).lookAtCategories},
		{"feeds", (*doctor).lookAtFeeds}, {"schedules", (*doctor).lookAtSchedules}, {"posts", (*doctor).lookAtPosts}, {"pings", (*doctor).lookAtPings},
		{"backups", (*doctor).lookAtBackups},
	}
	farLooks  = []look{{"public", (*doctor).lookAtPublic}, {"hubs", (*doctor).lookAtHubs}}
	lastLooks = []look{{"clock", (*doctor).lookAtClock}}
)

// errSkipped is a look that makes no sense here.
var errSkipped = errors.New("there is nothing to look at")

// run looks around and prints what it finds.
func (d *doctor) run(ctx context.Context, timeout time.Duration) error {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	end, err := d.begin(within)
	if err != nil {
		return err
	}
	defer func() { end() }()
	for _, l := range nearLooks {
		d.make(within, l)
	}
	if !d.status.Daemon {
		// A daemon that is started meanwhile needs the store.
		end()
		end, d.client = func() {}, nil
	}
	var g errgroup.Group
	for _, l := range farLooks {
		g.Go(func() error {
			d.make(within, l)
			return nil
		})
	}
	_ = g.Wait() // what goes wrong is a finding
	for _, l := range lastLooks {
		d.make(within, l)
	}
	d.progress("")
	d.examined.finish()
	if err := d.print(); err != nil {
		return err
	}
	return d.verdict(ctx)
}

// begin finds the configuration and whom to ask. What it cannot find is a
// finding.
func (d *doctor) begin(ctx context.Context) (end func(), err error) {
	a := d.app
	d.started = time.Now()
	if d.places, err = findPlaces(a.globals.data, a.globals.socket, a.getenv); err != nil {
		return nil, err
	}
	d.config, d.found, err = a.readConfig(a.globals.config)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		d.examined.add(broken, "config", "config-invalid", d.configName(), strings.Join(strings.Split(err.Error(), "\n"), "; "),
			"correct the file; `syndic config validate` shows each line")
		d.config = defaultConfig()
	}
	configured := err == nil
	client, denied := dial(ctx, d.places)
	switch {
	case client != nil:
		d.client = client
		return client.Close, nil
	case denied != "":
		d.examined.add(broken, "daemon", "socket-denied", denied, "you may not use the daemon's socket", "run this as its user: sudo -u USER syndic doctor")
	case configured:
		s, err := a.open(ctx, d.places, reading)
		if err == nil {
			d.client = s.client
			return s.close, nil
		}
		d.examined.add(broken, "files", "store-unreadable", d.places.database(d.config.Store.Path), err.Error(), storeRemedy(err))
	}
	return func() {}, nil
}

func storeRemedy(err error) string {
	switch exitCode(err) {
	case exitNoDatabase:
		return "`syndic serve` or `syndic post add` makes one; or name the right directory with --data"
	case exitLocked:
		return "find out who has it open (fuser on the file): a daemon whose socket is elsewhere is named with --socket"
	case exitNotPermitted:
		return "run this as the user that the data directory belongs to: sudo -u USER syndic doctor"
	}
	return "`syndic check` says more; then restore a backup"
}

// configName is the configuration file as messages name it.
func (d *doctor) configName() string {
	if d.app.globals.config != "" {
		return d.app.globals.config
	}
	return defaultConfigFile
}

// make makes one look, unless the time is over.
func (d *doctor) make(ctx context.Context, l look) {
	d.progress("looking at " + l.name + " …")
	err := ctx.Err()
	if err == nil {
		err = l.do(d, ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case errors.Is(err, errSkipped):
		d.examined.Skipped = append(d.examined.Skipped, l.name)
	case ctx.Err() != nil:
		d.examined.Unfinished = append(d.examined.Unfinished, l.name)
	case damaged(err):
		d.examined.Unfinished = append(d.examined.Unfinished, l.name)
		d.examined.add(broken, l.name, "store-damaged", "", err.Error(), storeRemedy(err))
	case err != nil:
		d.examined.Unfinished = append(d.examined.Unfinished, l.name)
		d.examined.add(warning, l.name, "not-examined", "", "could not be looked at: "+err.Error(), "see to that first, then run this again")
	}
}

// damaged tells whether the store's answer was that it is damaged.
func damaged(err error) bool {
	var refused *control.Error
	return errors.As(err, &refused) && refused.Code == "damaged"
}

// report adds a finding.
func (d *doctor) report(level level, check, id, subject, message, remedy string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.examined.add(level, check, id, subject, message, remedy)
}

// progress shows on a terminal what is being looked at; "" clears that.
func (d *doctor) progress(text string) {
	if !terminal(d.app.messages) || d.app.globals.quiet {
		return
	}
	fmt.Fprintf(d.app.messages, "\r\x1b[K%s", text)
}

// verdict is the error that the exit code comes from.
func (d *doctor) verdict(ctx context.Context) error {
	e := &d.examined
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case e.count(broken) > 0:
		return fail(exitFailed, "doctor: %s", e.counts())
	case e.count(warning) > 0:
		return fail(exitPartly, "doctor: %s", e.counts())
	}
	d.app.tell("doctor: all is well")
	return nil
}

// path is a file of the machine.
func (d *doctor) path(name string) string {
	if d.root == "/" {
		return name
	}
	return d.root + name
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
