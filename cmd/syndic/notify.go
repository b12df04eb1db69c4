package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// slowestBeat is how long the scheduler's loop may be silent while all is well.
const slowestBeat = 2 * time.Minute

// notifier speaks to systemd (sd_notify(3)). Without systemd it says nothing.
type notifier struct {
	log      zerolog.Logger
	heard    bool // somebody listens
	watchdog bool

	mu     sync.Mutex
	isUp   bool      // READY=1 has been said
	last   time.Time // of the latest beat that was passed on
	failed bool      // said so once
}

func newNotifier(log zerolog.Logger, heard bool) *notifier {
	n := &notifier{log: log.With().Str("component", "systemd").Logger(), heard: heard}
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		n.log.Warn().Err(err).Msg("the watchdog's settings cannot be read")
	}
	if n.watchdog = limit > 0; n.watchdog && limit < slowestBeat {
		n.log.Warn().Stringer("watchdog", limit).Msg("WatchdogSec is shorter than two minutes: systemd may stop a daemon that is well")
	}
	return n
}

func (n *notifier) send(lines ...string) {
	_, err := systemd.SdNotify(false, strings.Join(lines, "\n"))
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil && !n.failed {
		n.failed = true
		n.log.Warn().Err(err).Msg("systemd cannot be notified")
	}
}

func (n *notifier) status(text string) { n.send("STATUS=" + text) }

// ready ends the start.
func (n *notifier) ready(text string) {
	n.send(systemd.SdNotifyReady, "STATUS="+text)
	n.mu.Lock()
	n.isUp = true
	n.mu.Unlock()
}

func (n *notifier) up() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.isUp
}

// reloading begins a reload and returns what ends it, with how things stand
// then. A reload while the daemon starts is part of the start: its READY=1 would
// be taken for that one. The time is what Type=notify-reload wants, which
// systemd knows since 253.
func (n *notifier) reloading() (done func(text string)) {
	if !n.up() {
		return func(string) {}
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		n.log.Warn().Err(err).Msg("the monotonic clock cannot be read")
	}
	n.send(systemd.SdNotifyReloading, fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/int64(time.Microsecond)))
	return func(text string) { n.send(systemd.SdNotifyReady, "STATUS="+text) }
}

func (n *notifier) stopping() { n.send(systemd.SdNotifyStopping, "STATUS=stopping") }

// beat keeps the watchdog content, at most once a second.
func (n *notifier) beat() {
	if !n.watchdog {
		return
	}
	n.mu.Lock()
	due := time.Since(n.last) >= time.Second
	if due {
		n.last = time.Now()
	}
	n.mu.Unlock()
	if due {
		n.send(systemd.SdNotifyWatchdog)
	}
}
