package main

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/store"
)

// namedHubs is how many hubs have a label of their own; the rest is "other".
const namedHubs = 100

// metrics counts what the rooms report that have no metrics of their own.
type metrics struct {
	registry     *prometheus.Registry
	publications *prometheus.CounterVec
	publishing   prometheus.Histogram
	lateness     prometheus.Histogram
	missed       prometheus.Counter
	pings        *prometheus.CounterVec
	pinging      prometheus.Histogram
	requests     *prometheus.CounterVec
	committing   prometheus.Histogram
	reloads      *prometheus.CounterVec
	stepped      atomic.Int64 // the scheduler's latest sign of life, in nanoseconds since 1970; 0 before the first

	mu      sync.Mutex
	failing map[uint64]bool // categories whose latest publication failed
	hubs    []string        // that have a label
}

func newMetrics() *metrics {
	m := &metrics{
		registry:     prometheus.NewRegistry(),
		failing:      map[uint64]bool{},
		publications: counters("syndic_publications_total", "Publications of a category by result (ok, failed).", "result"),
		publishing: histogram("syndic_publication_duration_seconds", "Time to publish one category.",
			.001, .005, .01, .05, .1, .5, 1, 5, 30),
		lateness: histogram("syndic_publication_lateness_seconds", "How long after its due time a publication was out.",
			.1, 1, 5, 30, 60, 300, 900, 3600, 21600, 86400),
		missed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_slots_missed_total", Help: "Slots at which a category that was due was not published before its next slot.",
		}),
		pings: counters("syndic_pings_total", "Attempts to ping a hub by hub and outcome (delivered, retrying, failed).", "hub", "outcome"),
		pinging: histogram("syndic_ping_duration_seconds", "Time for one attempt to ping a hub.",
			.01, .05, .1, .5, 1, 5, 10),
		requests: counters("syndic_control_requests_total", "Requests to the control socket by endpoint and status.", "endpoint", "status"),
		committing: histogram("syndic_store_commit_duration_seconds", "Time for one transaction of the store to be durable, which others share and all wait for.",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5),
		reloads: counters("syndic_config_reloads_total", "Reloads of the configuration by result (ok, refused).", "result"),
	}
	for _, result := range []string{"ok", "failed"} {
		m.publications.WithLabelValues(result)
	}
	for _, result := range []string{"ok", "refused"} {
		m.reloads.WithLabelValues(result)
	}
	m.registry.MustRegister(m.publications, m.publishing, m.lateness, m.missed, m.pings, m.pinging, m.requests, m.committing, m.reloads)
	m.registry.MustRegister(gaugeOf("syndic_publications_failing", "Categories whose latest publication failed; their last good feeds are served.", func() float64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		return float64(len(m.failing))
	}), gaugeOf("syndic_scheduler_last_step_timestamp_seconds", "When the scheduler's loop last got on; it does at least once a minute.", func() float64 {
		return float64(m.stepped.Load()) / 1e9
	}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func gaugeOf(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

func (m *metrics) published(r store.Run) {
	result := "ok"
	if r.Error != "" {
		result = "failed"
	}
	m.publications.WithLabelValues(result).Inc()
	m.publishing.Observe(r.Duration.Seconds())
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Error != "" {
		m.failing[r.Category] = true
	} else {
		delete(m.failing, r.Category)
	}
}

// late takes in how long after its due time a publication was out.
func (m *metrics) late(by time.Duration, missed bool) {
	m.lateness.Observe(by.Seconds())
	if missed {
		m.missed.Inc()
	}
}

// beat takes in that the scheduler's loop got on.
func (m *metrics) beat() { m.stepped.Store(time.Now().UnixNano()) }

func (m *metrics) pinged(hub, outcome string, took time.Duration) {
	m.pings.WithLabelValues(m.hub(hub), outcome).Inc()
	m.pinging.Observe(took.Seconds())
}

// hub is the label of a hub: the first ones keep theirs for the process's life,
// so that no counter ever falls.
func (m *metrics) hub(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case slices.Contains(m.hubs, name):
		return name
	case len(m.hubs) < namedHubs:
		m.hubs = append(m.hubs, name)
		return name
	}
	return "other"
}

func (m *metrics) controlled(endpoint string, status int, _ time.Duration) {
	m.requests.WithLabelValues(endpoint, strconv.Itoa(status)).Inc()
}

// committed takes in how long a transaction took to be durable.
func (m *metrics) committed(took time.Duration) { m.committing.Observe(took.Seconds()) }

// reloaded takes in how a reload of the configuration went.
func (m *metrics) reloaded(err error) {
	result := "ok"
	if err != nil {
		result = "refused"
	}
	m.reloads.WithLabelValues(result).Inc()
}
