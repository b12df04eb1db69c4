package web

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// gauges are read off the snapshot that is served at the moment.
func gauges(s *Server) []prometheus.Collector {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "syndic_build_info", Help: "Always 1; the labels say what was built.",
		ConstLabels: prometheus.Labels{"version": s.version, "goversion": runtime.Version()},
	})
	build.Set(1)
	return []prometheus.Collector{
		build,
		gauge("syndic_ready", "1 while the site's own feeds are served in every format, else 0.", func() float64 {
			if s.Ready() {
				return 1
			}
			return 0
		}),
		gauge("syndic_http_connections", "Public connections that are open.",
			func() float64 { return float64(s.gate.open.Load()) }),
		gauge("syndic_http_connections_limit", "Public connections that may be open.",
			func() float64 { return float64(s.gate.limit) }),
		gauge("syndic_feeds_served", "Feeds that are served, each format for itself.",
			func() float64 { return float64(s.Tally().Feeds) }),
		gauge("syndic_feed_bytes", "Bytes of all served feeds, not encoded.", func() float64 {
			n := 0
			for f := range s.current.Load().feedsServed() {
				n += f.Size
			}
			return float64(n)
		}),
	}
}

// feedGauges show how new the feeds are that are served: each of the busiest
// categories, and the newest of the others.
type feedGauges struct {
	server               *Server
	generation, modified *prometheus.Desc
}

func newFeedGauges(s *Server) *feedGauges {
	labels := []string{"category", "format"}
	return &feedGauges{
		server:     s,
		generation: prometheus.NewDesc("syndic_feed_generation", "Generation that is served; of other, the newest.", labels, nil),
		modified: prometheus.NewDesc("syndic_feed_modified_timestamp_seconds",
			"When the served generation was published; of other, the newest.", labels, nil),
	}
}

// Describe tells the registry what there will be.
func (g *feedGauges) Describe(to chan<- *prometheus.Desc) { to <- g.generation; to <- g.modified }

// Collect reads the snapshot.
func (g *feedGauges) Collect(to chan<- prometheus.Metric) {
	type key struct {
		category string
		format   feed.Format
	}
	newest := map[key]*servedFeed{}
	for f := range g.server.current.Load().feedsServed() {
		k := key{f.tally.category(), f.Format}
		if old := newest[k]; old == nil || f.Generation > old.Generation {
			newest[k] = f
		}
	}
	for k, f := range newest {
		labels := []string{k.category, k.format.String()}
		to <- prometheus.MustNewConstMetric(g.generation, prometheus.GaugeValue, float64(f.Generation), labels...)
		to <- prometheus.MustNewConstMetric(g.modified, prometheus.GaugeValue, float64(f.Modified.Unix()), labels...)
	}
}
