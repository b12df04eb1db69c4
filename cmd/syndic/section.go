package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"syndic/feed"
)

// section is a piece of the configuration that takes effect as a whole.
type section struct {
	// keys are the whole key paths, * for a name that the user chose. Each key
	// of the configuration is in exactly one section, which a test sees to.
	keys []string
	// apply makes the configuration's values the ones in force. When it fails, it
	// is called again with the former configuration, as are the sections before it.
	// nil: only a start reads these keys.
	apply func(d *daemon, ctx context.Context, c Config) error
}

// sections are the whole configuration, in the order in which a reload applies
// them: those first that may fail.
var sections = []section{
	{keys: []string{"listen", "admin.listen", "store.path"}},
	{apply: (*daemon).applyFeeds, keys: []string{
		"site.title", "site.url", "site.authority", "site.description", "site.language", "site.time_zone",
		"site.author.name", "site.author.email", "site.author.url",
		"site.copyright", "site.icon", "site.favicon", "site.logo",
		"schedule", "window.posts", "window.hours", "hubs", "redirects", "content.iframes",
		"categories.*.title", "categories.*.description", "categories.*.language", "categories.*.image",
		"categories.*.schedule", "categories.*.window.posts", "categories.*.window.hours", "categories.*.hubs",
	}},
	{apply: (*daemon).applyVerify, keys: []string{"websub.verify"}},
	{apply: (*daemon).applyBackup, keys: []string{"backup.schedule", "backup.keep", "backup.directory"}},
	{apply: (*daemon).applyMemory, keys: []string{"serve.memory"}},
	{apply: (*daemon).applyLimits, keys: []string{"serve.rate_limit.requests", "serve.rate_limit.per", "serve.trusted_proxies"}},
	{apply: (*daemon).applyLane, keys: []string{"serve.fast_lane"}},
	{apply: (*daemon).applyLog, keys: []string{"log.level", "log.format", "log.requests"}},
}

// holds tells whether the section has the key, or keys below it.
func (s section) holds(pattern string) bool {
	return slices.ContainsFunc(s.keys, func(key string) bool {
		return key == pattern || strings.HasPrefix(key, pattern+".")
	})
}

// touched tells whether any of the changes is of the section.
func (s section) touched(changes []keyChange) bool {
	return slices.ContainsFunc(changes, func(ch keyChange) bool { return s.holds(ch.pattern) })
}

// applyFeeds hands over what shapes feeds. The scheduler keeps it in the store
// and marks what looks otherwise now as due; each publication and each answer
// reads it from there, so nothing else has to be told.
func (d *daemon) applyFeeds(ctx context.Context, c Config) error {
	ch, err := d.scheduler.Apply(ctx, c.site())
	if err != nil {
		return err
	}
	d.log.Info().Str("component", "config").Str("authority", ch.Authority).
		Strs("added", ch.Added).Strs("updated", ch.Updated).Strs("cleared", ch.Cleared).
		Int("due", ch.Marked).Msg("configuration applied")
	if a := c.site().Authority; a != "" && a != ch.Authority {
		d.log.Warn().Str("component", "config").Str("authority", ch.Authority).
			Msg("site.authority names another than the one that ids are made under, which never changes: the new value has no effect")
	}
	if feed.Loopback(ch.Authority) {
		d.log.Warn().Str("component", "config").Str("authority", ch.Authority).Msg(loopbackWarning(ch.Authority))
	}
	return d.applyBackup(ctx, c) // its schedule is in the site's time zone
}

// applyVerify says whether pings wait for public URLs, from the next one on.
func (d *daemon) applyVerify(_ context.Context, c Config) error {
	d.verify.Store(&c.WebSub.Verify)
	return nil
}

// verifies tells whether a ping waits for its topic's public URL. Unless told,
// it does where readers come by another way than to this machine itself.
func (d *daemon) verifies(topic string) bool {
	switch mode := d.verify.Load(); {
	case mode == nil || *mode == "off":
		return false
	case *mode == "on":
		return true
	}
	u, err := url.Parse(topic)
	return err == nil && !feed.Loopback(u.Hostname())
}

// applyLane opens or closes the fast lane, from each connection's next request
// on.
func (d *daemon) applyLane(_ context.Context, c Config) error {
	d.web.SetFastLane(c.Serve.FastLane)
	return nil
}

// applyLog changes how much is logged and in which form, from the next line on.
func (d *daemon) applyLog(_ context.Context, c Config) error {
	d.sink.set(c.Log)
	d.web.LogRequests(c.Log.Requests)
	return nil
}

// applyBackup changes when the database is copied, from the next copy on.
func (d *daemon) applyBackup(_ context.Context, c Config) error {
	d.rota.follow(planOf(c, d.places))
	return nil
}
