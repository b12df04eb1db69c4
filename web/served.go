package web

import (
	"context"

	"syndic/feed"
)

// Served is the generation of the feed at topic that readers get now; not ok
// when there is no such feed.
func (s *Server) Served(topic string) (generation uint64, ok bool) {
	return s.current.Load().served(topic)
}

// Published is the feed at topic as readers get it now, without its bytes.
func (s *Server) Published(topic string) (a feed.Artifact, ok bool) {
	f := s.current.Load().feedOf(topic)
	if f == nil {
		return a, false
	}
	return f.Artifact, true
}

// WaitServed returns when the feed at topic is served in that generation or in
// a newer one; with ctx's error when ctx ends before that.
func (s *Server) WaitServed(ctx context.Context, topic string, generation uint64) error {
	return s.await(ctx, func(sn *snapshot) bool {
		g, ok := sn.served(topic)
		return ok && g >= generation
	})
}

// WaitReady returns when the site's own feeds are served in every format; with
// ctx's error when ctx ends before that.
func (s *Server) WaitReady(ctx context.Context) error {
	return s.await(ctx, func(sn *snapshot) bool { return sn.unready() == "" })
}

// await returns when what is served fulfils a condition; with ctx's error when
// ctx ends before that.
func (s *Server) await(ctx context.Context, fulfilled func(*snapshot) bool) error {
	for {
		news := *s.news.Load()
		if fulfilled(s.current.Load()) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

// newBell is what rings, by being closed, when something newer is served.
func newBell() *chan struct{} {
	bell := make(chan struct{})
	return &bell
}

// Tally is what is served at one time.
type Tally struct {
	URL        string // of the site
	Categories int    // without the site's own feed
	Feeds      int
}

// Tally counts what is served now.
func (s *Server) Tally() Tally {
	sn := s.current.Load()
	t := Tally{URL: sn.site.URL}
	for range sn.feedsServed() {
		t.Feeds++
	}
	for c := range sn.published() {
		if c.Num != feed.SiteNum {
			t.Categories++
		}
	}
	return t
}

func (sn *snapshot) served(topic string) (uint64, bool) {
	f := sn.feedOf(topic)
	if f == nil {
		return 0, false
	}
	return f.Generation, true
}

// feedOf is the feed at topic, nil for none. Its slot may have moved on to
// another topic.
func (sn *snapshot) feedOf(topic string) *servedFeed {
	if f := sn.topics[topic].served(); f != nil && !f.unreadable && f.Topic == topic {
		return f
	}
	return nil
}
