package web

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// requestLog writes a line for some requests, chosen by chance: all of them
// would be the most of the log, and the metrics count them anyway.
type requestLog struct {
	log    zerolog.Logger
	below  atomic.Uint64 // of a random number, for a line; 0 is never
	limits *atomic.Pointer[limiter]
}

// LogRequests logs that share of all public requests, from 0 for none to 1,
// from now on.
func (s *Server) LogRequests(share float64) {
	below := uint64(0)
	switch {
	case share >= 1:
		below = math.MaxUint64
	case share > 0:
		below = uint64(share * math.MaxUint64)
	}
	s.requests.below.Store(below)
}

// chosen tells whether to write a line now.
func (l *requestLog) chosen() bool {
	below := l.below.Load()
	return below > 0 && rand.Uint64() <= below
}

// handled logs what the handler has answered. A query is left out: it may hold
// what only the reader should know.
func (l *requestLog) handled(r *http.Request, f *servedFeed, a sent, took time.Duration) {
	if l.chosen() {
		l.write(r.Method, r.URL.Path, l.limits.Load().proxies.clientOf(r), f, a, took)
	}
}

// laned logs what the lane has answered.
func (l *requestLog) laned(c *laneConn, p *plain, a sent, took time.Duration) {
	if !l.chosen() {
		return
	}
	method := http.MethodGet
	if p.head {
		method = http.MethodHead
	}
	client := l.limits.Load().proxies.client(peer(c.conn.RemoteAddr()), string(p.hops.list), string(p.hops.forwarded))
	l.write(method, "", client, p.feed, a, took)
}

func (l *requestLog) write(method, path string, client netip.Addr, f *servedFeed, a sent, took time.Duration) {
	line := l.log.Info().Str("method", method)
	if f != nil {
		line = line.Str("feed", f.Path)
	} else {
		line = line.Str("path", path)
	}
	if client.IsValid() {
		line = line.Stringer("client", client)
	}
	line.Int("status", a.status).Str("encoding", a.coding).Int("bytes", a.bytes).Int64("duration_ms", took.Milliseconds()).Msg("request")
}
