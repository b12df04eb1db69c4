package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/store"
)

// metrics counts what the rooms report that have no metrics of their own.
type metrics struct {
	registry     *prometheus.Registry
	publications *prometheus.CounterVec
	publishing   prometheus.Histogram
	pings        *prometheus.CounterVec
	pinging      prometheus.Histogram
	requests     *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		publications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_publications_total", Help: "Publications of a category by result (ok, failed).",
		}, []string{"result"}),
		publishing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "syndic_publication_duration_seconds", Help: "Time to publish one category.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 30},
		}),
		pings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_pings_total", Help: "Attempts to ping a hub by hub and outcome.",
		}, []string{"hub", "outcome"}),
		pinging: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "syndic_ping_duration_seconds", Help: "Time for one attempt to ping a hub.",
			Buckets: []float64{.01, .05, .1, .5, 1, 5, 10},
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_control_requests_total", Help: "Requests to the control socket by endpoint and status.",
		}, []string{"endpoint", "status"}),
	}
	m.registry.MustRegister(m.publications, m.publishing, m.pings, m.pinging, m.requests)
	return m
}

func (m *metrics) published(r store.Run) {
	result := "ok"
	if r.Error != "" {
		result = "failed"
	}
	m.publications.WithLabelValues(result).Inc()
	m.publishing.Observe(r.Duration.Seconds())
}

func (m *metrics) pinged(hub, outcome string, took time.Duration) {
	m.pings.WithLabelValues(hub, outcome).Inc()
	m.pinging.Observe(took.Seconds())
}

func (m *metrics) controlled(endpoint string, status int, _ time.Duration) {
	m.requests.WithLabelValues(endpoint, strconv.Itoa(status)).Inc()
}
