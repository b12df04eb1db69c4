package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"syndic/control"
	"syndic/feed"
)

// lookAtConfig looks for settings that are valid and do not do what is meant.
func (d *doctor) lookAtConfig(context.Context) error {
	if d.invalid() {
		return errSkipped
	}
	u, err := url.Parse(d.config.site().URL)
	if err != nil {
		return nil // only a file that is invalid
	}
	local := feed.Loopback(u.Hostname())
	switch {
	case local && len(d.farHubs()) > 0:
		d.report(warning, "config", "hubs-cannot-fetch", d.config.Site.URL, "hubs are told to fetch from this machine's own address, which they cannot reach",
			"set site.url to the address that readers use")
	case local:
		d.report(note, "config", "local-address", d.config.Site.URL, "the feeds' addresses lead to this machine alone",
			"set site.url to the address that readers use, before others read the feeds")
	case u.Scheme == "http":
		d.report(note, "config", "no-tls", d.config.Site.URL, "readers come without TLS", "have a proxy with a certificate in front, and set site.url to https")
	}
	if host, _, err := net.SplitHostPort(d.config.Admin.Listen); err == nil && d.config.Admin.Listen != "" && !feed.Loopback(host) {
		d.report(warning, "config", "admin-open", d.config.Admin.Listen, "metrics and the dashboard are served to others than this machine",
			"set admin.listen to 127.0.0.1, and let a proxy decide who may come")
	}
	if !d.found && d.app.globals.config == "" {
		d.report(note, "config", "no-config", defaultConfigFile, "there is no configuration file: the defaults hold",
			"write one, or name it with --config if it is elsewhere")
	}
	return nil
}

// farHubs are those of the configuration that are not on this machine.
func (d *doctor) farHubs() []string {
	all := slices.Clone(d.config.Hubs)
	for _, c := range d.config.Categories {
		if c.Hubs != nil {
			all = append(all, *c.Hubs...)
		}
	}
	return slices.DeleteFunc(all, func(hub string) bool {
		u, err := url.Parse(hub)
		return err != nil || feed.Loopback(u.Hostname())
	})
}

// lookAtDaemon looks at whether a daemon runs, is ready, and has the
// configuration of the file.
func (d *doctor) lookAtDaemon(ctx context.Context) (err error) {
	if d.client == nil {
		return errSkipped
	}
	if d.status, err = d.client.Status(ctx); err != nil {
		return err
	}
	d.examined.Daemon = d.status.Daemon
	if a, ok := localAuthority(d.status.Problems); ok {
		d.report(warning, "config", "local-authority", "", a, "set site.authority to a name of your own; ids that exist stay as they are")
	}
	if !d.status.Daemon {
		d.report(warning, "daemon", "no-daemon", "", "no daemon runs: nothing is served, published on time or pinged",
			"start it: systemctl start syndic, or `syndic serve`")
		return nil
	}
	if mine := buildVersion().Version; d.status.Version != mine {
		d.report(warning, "daemon", "other-version", "", fmt.Sprintf("the daemon is version %s, this program %s", d.status.Version, mine), "restart the daemon")
	}
	if !d.status.Ready {
		d.report(broken, "daemon", "not-ready", "", "the daemon serves no feeds yet", "wait a moment, then look at its log")
	}
	return d.compareConfig(ctx)
}

// localAuthority finds what status says of ids that are made under a name that
// every machine has.
func localAuthority(problems []string) (string, bool) {
	for _, p := range problems {
		if strings.HasPrefix(p, "ids are made under ") {
			message, _, _ := strings.Cut(p, ": ")
			return message, true
		}
	}
	return "", false
}

// compareConfig compares the file with what the daemon has in force.
func (d *doctor) compareConfig(ctx context.Context) error {
	info, err := d.client.Configuration(ctx)
	var refused *control.Error
	if errors.As(err, &refused) && (refused.Code == "not_found" || refused.Code == "unavailable") {
		return nil // a daemon of before
	}
	if err != nil {
		return err
	}
	file, err := d.app.configFile()
	if err != nil {
		return err
	}
	if file != "" && !sameFile(file, info.File) {
		d.report(warning, "config", "other-file", file, "the daemon reads another file: "+info.File, "name that one with --config")
		return nil
	}
	running := defaultConfig()
	if err := json.Unmarshal(info.Config, &running); err != nil {
		return fmt.Errorf("read the daemon's configuration: %w", err)
	}
	if d.invalid() {
		d.config = running // the file says nothing of what there is
		return nil
	}
	for _, ch := range differences(running, d.config) {
		d.report(warning, "config", "not-in-force", ch.Key, "the file says otherwise than what the daemon has in force",
			"`syndic reload`, and a restart for keys that need one")
	}
	return nil
}

// invalid tells whether the file could not be read.
func (d *doctor) invalid() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.examined.Findings, func(r remark) bool { return r.ID == "config-invalid" })
}
