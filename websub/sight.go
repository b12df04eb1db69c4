package websub

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"syndic/store"
)

// view is what a topic's public URL serves.
type view int

const (
	unseen    view = iota
	fresh          // the generation that is served here, or a newer one
	stale          // an older one: a cache stands in front
	elsewhere      // nothing that can be reached from here, or nothing of ours
)

const (
	letGo      = time.Minute           // how long pings wait for a URL that cannot be verified
	lookMin    = time.Second           // between two looks at one topic, at first
	lookMax    = 30 * time.Second      // and at last
	spacing    = 10 * time.Millisecond // between two requests to whatever host
	lookers    = 4                     // requests at the same time
	pastPrints = 4                     // generations of a topic that are known again
)

// sights remembers what the public URLs of topics serve, for all hubs. Nothing
// of it is kept: after a restart the rows that still wait have it looked up
// again.
type sights struct {
	*drain
	mu     sync.Mutex
	topics map[string]*sight
	hosts  map[string]*place // that gave no answer lately
	slots  chan struct{}     // a value for each request under way
	free   time.Time         // of the next request
}

// sight is what is known of one topic.
type sight struct {
	wanted  uint64        // newest generation that a ping waited for
	seen    uint64        // newest generation that was served, or that pings went out for without
	excuse  string        // why they did; empty when it was served
	view    view          // of the latest look
	reason  string        // why pings wait
	since   time.Time     // the view is so since then
	tries   int           // looks in a row that did not end in fresh
	next    time.Time     // no look before this
	running chan struct{} // closed when the look under way ends; nil for none
	past    []print       // what was served here, the newest last
}

// print tells the bytes of one generation.
type print struct {
	digest     string
	sum        [32]byte // SHA-256 of the bytes; zero when they were not needed
	generation uint64
}

// place is a host that gave no answer.
type place struct {
	tries  int
	next   time.Time // no request before this
	reason string
}

func newSights(d *drain) *sights {
	return &sights{drain: d, topics: map[string]*sight{}, hosts: map[string]*place{}, slots: make(chan struct{}, lookers)}
}

// ask tells whether a delivery may go out, with a note if it was not verified;
// else why it waits and until when. It waits a second for a look, so that one
// slow topic holds up no other.
func (s *sights) ask(row store.Delivery) (clear bool, note string, next time.Time) {
	ctx, cancel := context.WithTimeout(s.begin, patience)
	defer cancel()
	for range 2 { // the look under way may be for an earlier generation
		running := s.start(row.Topic, row.Generation)
		if running == nil {
			break
		}
		select {
		case <-running:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[row.Topic]
	switch {
	case t.seen >= row.Generation:
		return true, t.excuse, next
	case t.running != nil:
		return false, row.Topic + " is being asked for what it serves", time.Now().Add(patience)
	}
	return false, t.reason, t.next
}

// start begins a look at the topic, unless one is under way, was just made, or
// is not needed. It returns what is closed when the look ends.
func (s *sights) start(topic string, generation uint64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[topic]
	if t == nil {
		t = &sight{}
		s.topics[topic] = t
	}
	if t.running != nil || t.seen >= generation {
		return t.running
	}
	if generation > t.wanted {
		t.wanted, t.next, t.tries = generation, time.Time{}, 0 // news is looked for at once
	}
	if time.Now().Before(t.next) {
		return nil
	}
	t.running = make(chan struct{})
	s.hubsDone.Go(func() { s.look(topic, t) })
	return t.running
}

// look finds out what the topic's URL serves and keeps it.
func (s *sights) look(topic string, t *sight) {
	began := time.Now()
	f := s.find(s.begin, topic, t)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(t.running)
	t.running = nil
	if f.view == unseen { // the Run ends
		return
	}
	if t.view != f.view || t.since.IsZero() {
		t.since = began
		s.tell(topic, t, f)
	}
	t.view, t.reason = f.view, f.reason
	if f.view == fresh {
		t.seen, t.excuse, t.tries = max(t.seen, f.generation), "", 0
		return
	}
	t.tries++
	t.next = time.Now().Add(pause(t.tries))
	if f.view == stale {
		return
	}
	end := t.since.Add(letGo)
	if time.Now().Before(end) {
		t.next = minTime(t.next, end)
		return
	}
	s.c.Log.Warn().Str("feed", s.path(topic)).Uint64("generation", t.wanted).Str("error", f.reason).
		Msg("pings go out unverified: if this address cannot be reached from here, set websub.verify to off")
	t.seen, t.excuse, t.since, t.tries = t.wanted, "sent unverified: "+f.reason, time.Time{}, 0
}

// tell logs that pings begin to wait.
func (s *sights) tell(topic string, t *sight, f finding) {
	if f.view != fresh {
		s.c.Log.Info().Str("feed", s.path(topic)).Uint64("generation", t.wanted).Str("error", f.reason).Msg("pings wait for the public address")
	}
}

// foresee starts the look that a claimed delivery will ask for, once its
// generation is served here.
func (s *sights) foresee(row store.Delivery) {
	if !s.c.Verify(row.Topic) {
		return
	}
	if a, ok := s.c.Published(row.Topic); ok && a.Generation >= row.Generation {
		s.start(row.Topic, row.Generation)
	}
}

// pause is how long to wait after n looks.
func pause(n int) time.Duration {
	if n > 10 {
		return lookMax
	}
	return min(lookMin<<(n-1), lookMax)
}

// turn waits until another request may be made, and returns what ends it; nil
// when the Run ends.
func (s *sights) turn(ctx context.Context) (done func()) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	s.mu.Lock()
	now := time.Now()
	if s.free.Before(now) {
		s.free = now
	}
	wait := s.free.Sub(now)
	s.free = s.free.Add(spacing)
	s.mu.Unlock()
	if !sleep(ctx, wait, nil) {
		<-s.slots
		return nil
	}
	return func() { <-s.slots }
}

// silent tells whether the host gave no answer a moment ago, and why.
func (s *sights) silent(host string) (reason string, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.hosts[host]
	if p == nil || !time.Now().Before(p.next) {
		return "", false
	}
	return p.reason, true
}

// answered keeps whether a host gave an answer; reason is empty if it did.
func (s *sights) answered(host, reason string, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reason == "" {
		delete(s.hosts, host)
		return
	}
	p := s.hosts[host]
	if p == nil {
		p = &place{}
		s.hosts[host] = p
	}
	if now := time.Now(); !now.Before(p.next) { // else another request of the same moment
		p.tries++
		p.next = now.Add(max(pause(p.tries), min(after, letGo)))
	}
	p.reason = reason
}

// path is a topic as the log names feeds: its path below the site's URL.
func (d *drain) path(topic string) string {
	if d.c.Published != nil {
		if a, ok := d.c.Published(topic); ok {
			return a.Path
		}
	}
	u, err := url.Parse(topic)
	if err != nil {
		return topic
	}
	return strings.TrimPrefix(u.Path, "/")
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
