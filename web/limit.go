package web

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// Limits say how often one client may ask for one feed without a condition.
type Limits struct {
	// Requests is how many it has in Per, all of them at once if it likes; 0 is
	// no limit.
	Requests int
	// Per is the time that gives all of them back.
	Per time.Duration
	// Proxies are whom X-Forwarded-For and Forwarded are believed.
	Proxies []netip.Prefix
}

// Limit puts other limits in force, for requests from now on.
func (s *Server) Limit(l Limits) {
	made := &limiter{proxies: l.Proxies, refused: s.metrics.limited, full: map[limitKey]bucket{}}
	if l.Requests > 0 && l.Per > 0 {
		made.per, made.each = l.Per, max(l.Per/time.Duration(l.Requests), 1)
	}
	s.limits.Store(made)
}

// limitedClients is how many pairs of client and feed are remembered: 8 MB.
const limitedClients = 1 << 16

// limiter refuses who asks for a feed again and again without a condition: such
// a client pays for every byte anew, and so do we. Who sends a validator is
// never refused, and nobody is for a generation that it has not had yet, as a
// hub fetches it: with each, every bucket is empty again.
//
// It is a leaky bucket that is kept as the time at which it will be empty
// (known as GCRA), so that a client costs one entry however often it asks.
type limiter struct {
	per, each time.Duration // to empty a full bucket, and by one request; 0 is no limit
	proxies   proxies
	refused   prometheus.Counter

	mu   sync.Mutex
	full map[limitKey]bucket
}

type bucket struct {
	empty      time.Time // when it will be
	generation uint64    // that the client asked for
}

type limitKey struct {
	client   netip.Addr
	category uint64
	format   feed.Format
}

// check is the fault to answer a request with, if it is one too many.
func (l *limiter) check(r *http.Request, f *servedFeed) error {
	if l.each == 0 || f == nil || r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
		return nil
	}
	if wait := l.take(l.proxies.clientOf(r), f, time.Now()); wait > 0 {
		l.refused.Inc()
		return tooManyRequests(wait)
	}
	return nil
}

// admits tells whether the lane may answer. What is one too many is left to the
// handler, which finds the same and says so.
func (l *limiter) admits(c net.Conn, p *plain) bool {
	if l.each == 0 || p.tag != nil || p.since != nil {
		return true
	}
	if p.hops.twice {
		return false
	}
	client := l.proxies.client(peer(c.RemoteAddr()), string(p.hops.list), string(p.hops.forwarded))
	return l.take(client, p.feed, time.Now()) == 0
}

// take puts a request into its client's bucket, or returns how long it will be
// until it fits. A client without an address, such as one on a pipe, has none.
func (l *limiter) take(client netip.Addr, f *servedFeed, now time.Time) (wait time.Duration) {
	if !client.IsValid() {
		return 0
	}
	key := limitKey{network(client), f.Category, f.Format}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.full[key]
	if b.empty.Before(now) || b.generation != f.Generation {
		b = bucket{now, f.Generation}
	}
	b.empty = b.empty.Add(l.each)
	if wait = b.empty.Sub(now) - l.per; wait > 0 {
		return wait
	}
	if len(l.full) >= limitedClients {
		l.forget(now)
	}
	l.full[key] = b
	return 0
}

// forget makes room: empty buckets go, and if those are few, any others. Who is
// forgotten may ask a little more often.
func (l *limiter) forget(now time.Time) {
	for key, b := range l.full {
		if !b.empty.After(now) {
			delete(l.full, key)
		}
	}
	for key := range l.full {
		if len(l.full) <= limitedClients*3/4 {
			return
		}
		delete(l.full, key)
	}
}

// network is what stands for a client: its address, of IPv6 the 64 bits that
// one customer has at least.
func network(a netip.Addr) netip.Addr {
	if a.Is4() {
		return a
	}
	p, _ := a.Prefix(64) // fails for other lengths than there are
	return p.Addr()
}
