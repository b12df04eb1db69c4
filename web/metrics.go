package web

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are counted over all categories: a label for each would make as many
// series as there are feeds.
type metrics struct {
	requests     *prometheus.CounterVec
	bytes        *prometheus.CounterVec
	duration     *prometheus.HistogramVec
	loadFailures prometheus.Counter
	handled      prometheus.Counter // requests that the lane did not answer
	lane         laneMetrics
	refused      prometheus.Counter // connections
}

func newMetrics(registry *prometheus.Registry, s *Server) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_http_requests_total",
			Help: "Public requests by kind (rss, atom, json, opml, page), status and content encoding.",
		}, []string{"kind", "status", "encoding"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "syndic_http_response_bytes_total",
			Help: "Bytes of public response bodies by kind.",
		}, []string{"kind"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "syndic_http_request_duration_seconds",
			Help:    "Time from a public request's header to the last byte handed to the connection, by kind.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"kind"}),
		loadFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_feed_load_failures_total",
			Help: "Feeds that could not be read or did not match their digest; the previous generation stayed.",
		}),
	}
	m.countLane(registry)
	registry.MustRegister(m.requests, m.bytes, m.duration, m.loadFailures)
	for _, g := range gauges(s) {
		registry.MustRegister(g)
	}
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

// gauges are read off the snapshot that is served at the moment.
func gauges(s *Server) []prometheus.Collector {
	gauge := func(name, help string, value func(*snapshot) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(s.current.Load()) })
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "syndic_build_info", Help: "Always 1; the label is the version.",
		ConstLabels: prometheus.Labels{"version": s.version},
	})
	build.Set(1)
	return []prometheus.Collector{
		build,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "syndic_http_connections", Help: "Public connections that are open.",
		}, func() float64 { return float64(s.gate.open.Load()) }),
		gauge("syndic_feeds_served", "Feeds that are served, each format for itself.",
			func(sn *snapshot) float64 { return float64(len(sn.topics)) }),
		gauge("syndic_feed_bytes", "Bytes of all served feeds, not encoded.",
			func(sn *snapshot) float64 {
				n := 0
				for _, f := range sn.topics {
					n += f.Size
				}
				return float64(n)
			}),
		gauge("syndic_feed_generation", "Newest generation of all served feeds.",
			func(sn *snapshot) float64 {
				newest := uint64(0)
				for _, f := range sn.topics {
					newest = max(newest, f.Generation)
				}
				return float64(newest)
			}),
		gauge("syndic_feed_modified_timestamp_seconds", "When the newest of all served feeds was published; 0 for none.",
			func(sn *snapshot) float64 {
				if len(sn.topics) == 0 {
					return 0
				}
				return float64(sn.feedsModified().Unix())
			}),
	}
}

func (m *metrics) observe(kind string, a sent, took time.Duration) {
	m.requests.WithLabelValues(kind, strconv.Itoa(a.status), a.coding).Inc()
	m.bytes.WithLabelValues(kind).Add(float64(a.bytes))
	m.duration.WithLabelValues(kind).Observe(took.Seconds())
}
