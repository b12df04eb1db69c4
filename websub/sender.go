// Package websub is TELL: it drains the outbox and pings WebSub hubs, as the
// publisher (W3C WebSub §4). The rows of the outbox are the truth and are made
// by whoever publishes; this package alone sends them and settles them.
//
// A delivery arrives at least once, and once where neither its request nor the
// writing of its outcome was under way when the process died.
//
// It may import store and feed.
package websub

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
)

// Config is what a Sender works with. Store and Served are required.
type Config struct {
	// Store holds the outbox.
	Store store.Store
	// Served tells which generation of a topic readers get at this moment; ok
	// is false while the topic is not served. It must be quick, as it is asked
	// every few milliseconds while a new generation is awaited, and may be
	// called from several goroutines.
	Served func(topic string) (generation uint64, ok bool)
	// Verify tells whether a ping waits until its topic, which is a public URL,
	// serves the generation that it announces; nil means that none does. It is
	// asked before each ping, perhaps from several goroutines.
	Verify func(topic string) bool
	// Published is the feed of a topic as readers of this process get it, without
	// its bytes. Verify needs it.
	Published func(topic string) (a feed.Artifact, ok bool)
	// Reach carries the requests for public URLs; nil means a transport of our own.
	Reach http.RoundTripper
	// UserAgent is sent to hubs and public URLs: "syndic/VERSION (+URL)", which may change; nil
	// sends none. It may be called from several goroutines.
	UserAgent func() string
	// Transport carries the requests; nil means one of our own, which keeps one
	// connection a hub and knows no proxy but Proxy.
	Transport http.RoundTripper
	// Proxy chooses the proxy of our own transports; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// Timeout bounds one request from dial to the end of the answer; zero means
	// 10 s.
	Timeout time.Duration
	// MinBackoff and MaxBackoff bound the wait before another attempt; zero
	// means 1 s and 1 h. MaxBackoff also caps what a hub asks for in
	// Retry-After, so that one odd header cannot silence it for days.
	MinBackoff, MaxBackoff time.Duration
	// GiveUp is the age at which a delivery that fails once more has failed for
	// good; zero means 3 days.
	GiveUp time.Duration
	// Jitter returns a random duration in [0, n), n > 0; nil means math/rand/v2.
	Jitter func(n time.Duration) time.Duration
	// Log takes the package's log.
	Log zerolog.Logger
	// Observe, when it is set, is told of each attempt: the hub without its
	// secrets, the outcome as in store.Outcome, and how long it took. It may be
	// called from several goroutines.
	Observe func(hub, outcome string, took time.Duration)
}

// Redact is a hub's URL as logs and metrics show it: without what may be a
// credential in it.
func Redact(hub string) string { return redact(hub) }

// Sender sends what the outbox holds.
type Sender struct{ c Config }

// New builds a Sender with the defaults filled in and starts nothing.
func New(c Config) *Sender {
	or(&c.Timeout, 10*time.Second)
	or(&c.MinBackoff, time.Second)
	or(&c.MaxBackoff, time.Hour)
	or(&c.GiveUp, 72*time.Hour)
	if c.Jitter == nil {
		c.Jitter = rand.N[time.Duration]
	}
	if c.Observe == nil {
		c.Observe = func(string, string, time.Duration) {}
	}
	if c.UserAgent == nil {
		c.UserAgent = func() string { return "" }
	}
	if c.Transport == nil {
		c.Transport = newTransport(c.Proxy, 1) // one request at a time to a hub
	}
	if c.Verify == nil {
		c.Verify = func(string) bool { return false }
	}
	if c.Reach == nil {
		c.Reach = newTransport(c.Proxy, lookers)
	}
	c.Log = c.Log.With().Str("component", "websub").Logger()
	return &Sender{c: c}
}

func or(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// How a Run ends: requests under way have grace to finish, and what they came
// to has margin to be written. Together they leave a second of the 5 s that a
// daemon gives its parts.
const (
	grace  = 3500 * time.Millisecond
	margin = 500 * time.Millisecond
)

// Run sends until ctx ends, and then returns nil within 4 s: nothing new is
// begun, a request under way has 3.5 s to finish and is settled. It returns
// earlier, with the error, when the store was closed under it.
//
// A kill at any moment leaves rows that the next Run sends.
func (s *Sender) Run(ctx context.Context) error {
	d, end := newDrain(ctx, s)
	err := d.watch()
	end.begin()
	done := make(chan struct{})
	go func() {
		d.hubsDone.Wait()
		close(done)
	}()
	for _, step := range []struct {
		wait time.Duration
		next context.CancelFunc
	}{{grace, end.send}, {margin, end.save}} {
		select {
		case <-done:
		case <-time.After(step.wait):
		}
		step.next()
	}
	for _, transport := range []http.RoundTripper{s.c.Transport, s.c.Reach} {
		if t, ok := transport.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}
	return err
}
