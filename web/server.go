package web

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
)

// Config is what a Server needs.
type Config struct {
	// Store is read and never written.
	Store store.Store
	// Log takes what goes wrong while loading and answering.
	Log zerolog.Logger
	// Version is shown on the dashboard and in the metrics.
	Version string
	// Registry takes the metrics and is what /metrics shows; nil makes one.
	Registry *prometheus.Registry
	// Connections is how many public connections may be open at the same time,
	// as far as the process may have that many files; 0 is 20,000.
	Connections int
	// Memory is how many bytes of feeds may be held, over all feeds and encodings;
	// 0 is 256 MB. What is asked for least is read from the store again.
	Memory int64
	// Damaged is told of a category with a damaged feed, which has to be rendered
	// again; nil tells nobody. It must return at once.
	Damaged func(category uint64)
	// Status adds lines to the dashboard, such as when the next slot is; nil
	// adds none. It must answer at once.
	Status func() []Fact
}

// Fact is one line of the dashboard's head.
type Fact struct{ Name, Value string }

// Server serves what the store holds. Its handlers may be called before Load:
// until then they answer 503.
type Server struct {
	store   store.Store
	log     zerolog.Logger
	version string
	status  func() []Fact
	damaged func(category uint64)

	registry *prometheus.Registry
	metrics  *metrics
	pages    *pages
	content  *contentCache
	encoders *encoders
	gate     *gate
	bypass   atomic.Bool // the lanes are closed
	memory   *memory
	fetching *fetching
	ahead    *aheadQueue
	scratch  sync.Pool // of *[]byte, to put feeds together in
	opml     opmlCache
	limits   atomic.Pointer[limiter]
	requests requestLog

	current atomic.Pointer[snapshot]
	serial  atomic.Uint64                 // counts what was newly served
	news    atomic.Pointer[chan struct{}] // closed when something newer is served
	newest  atomic.Pointer[moment]

	loading sync.Mutex // held while what follows is read or replaced
	head    head
	feeds   map[uint64]*categoryFeeds
	seen    store.Seq // every change up to it is in the snapshot
	looked  time.Time // when seen was last brought up to date
}

// New returns a Server that serves nothing yet: Load reads what there is, Run
// keeps up with it.
func New(c Config) *Server {
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	s := &Server{
		store:    c.Store,
		log:      c.Log.With().Str("component", "web").Logger(),
		version:  c.Version,
		status:   c.Status,
		registry: c.Registry,
		content:  newContentCache(cacheEntries, cacheBytes),
		damaged:  c.Damaged,
		encoders: newEncoders(),
		memory:   newMemory(c.Memory, c.Registry),
		fetching: newFetching(),
		ahead:    newAheadQueue(),
		scratch:  sync.Pool{New: func() any { return new([]byte) }},
		feeds:    map[uint64]*categoryFeeds{},
	}
	s.pages = newPages(s.encoders)
	s.news.Store(newBell())
	s.current.Store(newSnapshot(head{}, nil))
	s.metrics = newMetrics(c.Registry, s)
	s.gate = newGate(c.Connections, s.metrics.refused)
	s.requests.log, s.requests.limits = s.log, &s.limits
	s.Limit(Limits{})
	return s
}

// Memory bounds the bytes of feeds that are held from now on; 0 is as in
// Config.
func (s *Server) Memory(bytes int64) { s.memory.bound(bytes) }

// Ready tells whether the site's own feeds are being served in every format.
func (s *Server) Ready() bool { return s.unready() == "" }

// unready is why the server is not ready; empty when it is.
func (s *Server) unready() string { return s.current.Load().unready() }

func (sn *snapshot) unready() string {
	switch site := sn.byNum[feed.SiteNum]; {
	case !sn.loaded:
		return "the feeds have not been read yet"
	case !sn.configured:
		return "the site has not been configured yet"
	case site == nil:
		return "the site's feeds have not been published yet"
	default:
		for _, f := range feed.Formats {
			if served := site.served(f); served == nil || served.unreadable {
				return "the site's " + f.String() + " feed has not been published yet"
			}
		}
		return ""
	}
}

// NewHTTPServer returns an http.Server for one of the handlers with limits that
// suit a public listener. Its Shutdown drains: running requests finish, and
// connections that are kept alive are closed after their next answer.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // a large feed over a slow line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
