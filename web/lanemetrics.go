package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// laneMetrics are the counters of metrics with their labels looked up.
type laneMetrics struct {
	answered prometheus.Counter
	tallies  *tallies
	formats  [len(feed.Formats)]laneFormat
}

// laneFormat is what is measured of one kind of feed.
type laneFormat struct{ size, duration prometheus.Observer }

// countLane makes the metrics that tell the lane and the handler apart.
func (m *metrics) countLane(registry *prometheus.Registry) {
	ways := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "syndic_http_lane_total",
		Help: "Public requests by who answered: the fast lane or the handler of all others.",
	}, []string{"way"})
	m.refused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "syndic_http_connections_refused_total",
		Help: "Public connections that were closed at once because too many were open.",
	})
	registry.MustRegister(ways, m.refused)
	m.handled, m.lane.answered = ways.WithLabelValues("handler"), ways.WithLabelValues("lane")
	m.lane.tallies = m.tallies
	for _, f := range feed.Formats {
		m.lane.formats[f] = laneFormat{size: m.size.WithLabelValues(f.String()), duration: m.duration.WithLabelValues(f.String())}
	}
}

// observe counts what metrics.observe would.
func (m *laneMetrics) observe(f *servedFeed, c coding, a sent, took time.Duration) {
	m.answered.Inc()
	series, of := m.tallies.series(f), &m.formats[f.Format]
	if a.status == http.StatusOK {
		series.full[c].Inc()
	} else {
		series.brief.Inc()
	}
	if a.bytes > 0 {
		of.size.Observe(float64(a.bytes))
	}
	of.duration.Observe(took.Seconds())
}
