package main

import (
	"sync"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// slowestBeat is how long the scheduler's loop may be silent while all is well.
const slowestBeat = 2 * time.Minute

// notifier speaks to systemd (sd_notify(3)). Without systemd it says nothing.
type notifier struct {
	log      zerolog.Logger
	watchdog bool

	mu     sync.Mutex
	last   time.Time // of the latest beat that was passed on
	failed bool      // said so once
}

func newNotifier(log zerolog.Logger) *notifier {
	n := &notifier{log: log}
	limit, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn().Err(err).Msg("the watchdog's settings cannot be read")
	}
	if n.watchdog = limit > 0; n.watchdog && limit < slowestBeat {
		log.Warn().Stringer("watchdog", limit).Msg("WatchdogSec is shorter than two minutes: systemd may stop a daemon that is well")
	}
	return n
}

func (n *notifier) send(state string) {
	_, err := systemd.SdNotify(false, state)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil && !n.failed {
		n.failed = true
		n.log.Warn().Err(err).Msg("systemd cannot be notified")
	}
}

func (n *notifier) status(text string) { n.send("STATUS=" + text) }

func (n *notifier) ready(text string) { n.send(systemd.SdNotifyReady + "\nSTATUS=" + text) }

func (n *notifier) stopping() { n.send(systemd.SdNotifyStopping + "\nSTATUS=stopping") }

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
