package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// laneMetrics are the counters of metrics with their labels looked up.
type laneMetrics struct {
	answered prometheus.Counter
	formats  [len(feed.Formats)]laneFormat
}

// laneFormat are the counters of one kind of feed.
type laneFormat struct {
	full     [codingCount]prometheus.Counter // answers with 200
	brief    prometheus.Counter              // answers with 304
	bytes    prometheus.Counter
	duration prometheus.Observer
}

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
	for _, f := range feed.Formats {
		kind, of := f.String(), &m.lane.formats[f]
		for c := range codingCount {
			of.full[c] = m.requests.WithLabelValues(kind, strconv.Itoa(http.StatusOK), c.String())
		}
		of.brief = m.requests.WithLabelValues(kind, strconv.Itoa(http.StatusNotModified), "")
		of.bytes = m.bytes.WithLabelValues(kind)
		of.duration = m.duration.WithLabelValues(kind)
	}
}

// observe counts what metrics.observe would.
func (m *laneMetrics) observe(f feed.Format, c coding, a sent, took time.Duration) {
	m.answered.Inc()
	of := &m.formats[f]
	if a.status == http.StatusOK {
		of.full[c].Inc()
	} else {
		of.brief.Inc()
	}
	of.bytes.Add(float64(a.bytes))
	of.duration.Observe(took.Seconds())
}
