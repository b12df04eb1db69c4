package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are what is counted of the public's requests, the same on both ways.
type metrics struct {
	requests     *prometheus.CounterVec
	tallies      *tallies
	size         *prometheus.HistogramVec
	duration     *prometheus.HistogramVec
	loadFailures prometheus.Counter
	limited      prometheus.Counter
	handled      prometheus.Counter // requests that the lane did not answer
	lane         laneMetrics
	refused      prometheus.Counter // connections
}

func newMetrics(registry *prometheus.Registry, s *Server) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_http_requests_total",
			Help: "Public requests by category (empty for the site's own feeds and pages, other beyond the busiest 200), format (rss, atom, json, opml, page), status and content encoding.",
		}, []string{"category", "format", "status", "encoding"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "syndic_http_response_size_bytes",
			Help:    "Bytes of public response bodies as they were sent, by format; answers without a body are not in it.",
			Buckets: prometheus.ExponentialBuckets(1<<10, 4, 7),
		}, []string{"format"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "syndic_http_request_duration_seconds",
			Help:    "Time from a public request's header to the last byte handed to the connection, by format.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"format"}),
		loadFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_feed_load_failures_total",
			Help: "Feeds that could not be read or did not match their digest; the previous generation stayed.",
		}),
		limited: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_http_rate_limited_total",
			Help: "Requests for feeds that were answered with 429, because their client asks too often and without a condition.",
		}),
	}
	m.tallies = newTallies(m.requests)
	m.countLane(registry)
	registry.MustRegister(m.requests, m.size, m.duration, m.loadFailures, m.limited)
	registry.MustRegister(gauges(s)...)
	registry.MustRegister(newFeedGauges(s))
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		// The registry's owner may have these already.
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &already) {
			panic(err)
		}
	}
	return m
}

// observe counts an answer of the handler: with the feed f, or with something
// else.
func (m *metrics) observe(format string, f *servedFeed, a sent, took time.Duration) {
	m.handled.Inc()
	switch {
	case f != nil && a.status == http.StatusNotModified:
		m.tallies.series(f).brief.Inc()
	case f != nil && a.status == http.StatusOK:
		m.tallies.series(f).full[slices.Index(codingNames[:], a.coding)].Inc()
	default:
		m.requests.WithLabelValues(categoryLabel(format, f), format, strconv.Itoa(a.status), a.coding).Inc()
	}
	if a.bytes > 0 {
		m.size.WithLabelValues(format).Observe(float64(a.bytes))
	}
	m.duration.WithLabelValues(format).Observe(took.Seconds())
}

// categoryLabel is for an answer that is no feed. What asked for a feed that
// there is not counts as another category's.
func categoryLabel(format string, f *servedFeed) string {
	switch {
	case f != nil:
		return f.tally.category()
	case format == opmlFormat || format == pageFormat:
		return ""
	}
	return otherCategory
}
