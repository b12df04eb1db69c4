package control

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
)

// Config is what a Handler needs.
type Config struct {
	// Store is where everything is kept.
	Store store.Store
	// Site is used, and kept in the store with the first post, when the store
	// holds none yet.
	Site feed.Site
	// Version is the program's, for status.
	Version string
	// Daemon says that a daemon answers, not a command that has the store open.
	Daemon bool
	// Data is the data directory, for status.
	Data string
	// Started is when the daemon started; zero without one.
	Started time.Time
	// Republish publishes categories now and returns a row for each feed.
	Republish func(ctx context.Context, r Republication) ([]FeedResult, error)
	// WaitServed waits until readers of the topic get at least the generation;
	// nil without a daemon, when nobody serves and nobody pings.
	WaitServed func(ctx context.Context, topic string, generation uint64) error
	// Schedules lists when each category is published next.
	Schedules func(ctx context.Context) ([]ScheduleInfo, error)
	// Probe asks a server for a file's size in bytes and its media type: 0 and
	// "" for what it does not tell, context.DeadlineExceeded when it does not
	// answer in time. nil: attachments stay as they are written.
	Probe func(ctx context.Context, address string) (size int64, mediaType string, err error)
	// Check looks at every row of the store and returns a line for each that is
	// wrong; nil where that is not to be had.
	Check func(ctx context.Context) []string
	// Compact makes the store's file as small as it can be; nil where that is not
	// to be had.
	Compact func(ctx context.Context) (CompactInfo, error)
	// Reload reads the configuration again; nil without a daemon.
	Reload func(ctx context.Context, r ReloadRequest) (Reloaded, error)
	// Backup makes a snapshot of the store as a file and opens it; nil where that
	// is not to be had.
	Backup func(ctx context.Context) (Snapshot, error)
	// Backups tells how the scheduled backups go; nil, or nil returned, without a
	// schedule.
	Backups func() *BackupInfo
	// Configuration is the one that the daemon has in force; nil without one.
	Configuration func(ctx context.Context) (ConfigurationInfo, error)
	// Ready tells whether the first generation is served; nil means that it is not.
	Ready func() bool
	// Observe is told of each request that was answered; nil for nobody.
	Observe func(endpoint string, status int, took time.Duration)
	// Log takes what went wrong inside; the zero value takes nothing.
	Log zerolog.Logger
}

// Republication is a republish with its categories resolved to their numbers,
// the site's among them; none means all.
type Republication struct {
	Categories            []uint64
	DryRun, NoPing, Force bool
}

// Handler serves the control API. It may be used by several goroutines.
type Handler struct {
	cfg    Config
	routes map[string]map[string]endpoint // path, method
}

// New returns a handler; it starts nothing.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg}
	h.routes = map[string]map[string]endpoint{
		"/posts":           {http.MethodGet: serve(h.posts), http.MethodPost: serve(h.add)},
		"/post":            {http.MethodGet: serve(h.post), http.MethodPost: serve(h.act)},
		"/posts/remove":    {http.MethodPost: serve(h.remove)},
		"/posts/export":    {http.MethodGet: serve(h.export)},
		"/categories":      {http.MethodGet: serve(h.categories)},
		"/category":        {http.MethodGet: serve(h.category)},
		"/category/retire": {http.MethodPost: serve(h.retire)},
		"/category/rename": {http.MethodPost: serve(h.rename)},
		"/feed":            {http.MethodGet: serve(h.feed)},
		"/republish":       {http.MethodPost: serve(h.republish)},
		"/hubs":            {http.MethodGet: serve(h.hubs)},
		"/hubs/log":        {http.MethodGet: serve(h.hubLog)},
		"/hubs/ping":       {http.MethodPost: serve(h.ping)},
		"/hubs/retry":      {http.MethodPost: serve(h.retry)},
		"/schedules":       {http.MethodGet: serve(h.schedules)},
		"/status":          {http.MethodGet: serve(h.status)},
		"/reload":          {http.MethodPost: serve(h.reload)},
		"/configuration":   {http.MethodGet: serve(h.configuration)},
		"/check":           {http.MethodGet: serve(h.check)},
		"/compact":         {http.MethodPost: serve(h.compact)},
		"/backup":          {http.MethodGet: serve(h.backup)},
	}
	return h
}

// allowed lists the methods of a path, for the Allow header.
func (h *Handler) allowed(path string) string {
	return strings.Join(slices.Sorted(maps.Keys(h.routes[path])), ", ")
}

// none is the request of an endpoint that takes no parameters.
type none struct{}

func (h *Handler) schedules(ctx context.Context, _ none) ([]ScheduleInfo, error) {
	if h.cfg.Schedules == nil {
		return nil, refuse("unavailable", "schedules are not to be had here: ask the daemon")
	}
	return h.cfg.Schedules(ctx)
}

// site is the configuration that the store keeps, or the one handed in.
func (h *Handler) site(r store.Reader) (feed.Site, error) {
	s, err := r.Site()
	if isNotFound(err) {
		return h.cfg.Site, nil
	}
	return s, err
}
