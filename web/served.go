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
	f := s.current.Load().topics[topic]
	if f == nil {
		return a, false
	}
	return f.Artifact, true
}

// WaitServed returns when the feed at topic is served in that generation or in
// a newer one; with ctx's error when ctx ends before that.
func (s *Server) WaitServed(ctx context.Context, topic string, generation uint64) error {
	for {
		sn := s.current.Load()
		if g, ok := sn.served(topic); ok && g >= generation {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-sn.replaced:
		}
	}
}

// WaitReady returns when the site's own feeds are served in every format; with
// ctx's error when ctx ends before that.
func (s *Server) WaitReady(ctx context.Context) error {
	for {
		sn := s.current.Load()
		if sn.unready() == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-sn.replaced:
		}
	}
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
	t := Tally{URL: sn.site.URL, Feeds: len(sn.topics)}
	for _, c := range sn.categories {
		if c.Num != feed.SiteNum {
			t.Categories++
		}
	}
	return t
}

func (sn *snapshot) served(topic string) (uint64, bool) {
	f := sn.topics[topic]
	if f == nil {
		return 0, false
	}
	return f.Generation, true
}
