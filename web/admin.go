package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"syndic/store"
)

// probeTimeout bounds how long a probe waits for the store.
const probeTimeout = 5 * time.Second

// Admin is the handler of the admin listener: /healthz, /readyz, /metrics and
// the dashboard. It is not for the public: it shows errors and hubs.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { probe(w, "") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { probe(w, s.probeReady(r.Context())) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry}))
	mux.Handle("/{$}", s.handler(s.dashboard, false))
	return mux
}

// probe answers 200 "ok", or 503 with the reason.
func probe(w http.ResponseWriter, reason string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if reason == "" {
		_, _ = io.WriteString(w, "ok\n")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, reason)
}

// probeReady is why the daemon is not ready; empty when it is.
func (s *Server) probeReady(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := s.store.View(ctx, func(store.Reader) error { return nil }); err != nil {
		return "the store cannot be read: " + err.Error()
	}
	return s.unready()
}
