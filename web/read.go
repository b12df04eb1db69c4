package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"syndic/feed"
	"syndic/store"
)

// moment is when a Seq was first seen.
type moment struct {
	seq store.Seq
	at  time.Time
}

// view reads the store in a short View, and returns since when what it saw has
// been there at the latest: the Last-Modified of a page made of it.
func (s *Server) view(ctx context.Context, what string, fn func(store.Reader) error) (since time.Time, err error) {
	var seq store.Seq
	err = s.store.View(ctx, func(r store.Reader) error {
		seq = r.Seq()
		return fn(r)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", what, err)
	}
	for {
		last := s.newest.Load()
		if last != nil && last.seq >= seq {
			return last.at, nil
		}
		now := &moment{seq, time.Now().UTC().Truncate(time.Second)}
		if s.newest.CompareAndSwap(last, now) {
			return now.at, nil
		}
	}
}

// since is when a page that was made of the snapshot and of the store last
// changed.
func (sn *snapshot) since(read time.Time) time.Time {
	if at := sn.modified(); at.After(read) {
		return at
	}
	return read
}

// timeline is one page's part of a category's timeline.
type timeline struct {
	posts []feed.Post
	older bool         // there are more after them
	after store.Cursor // where it begins; zero at the newest
	read  time.Time    // as view returns it
}

// readTimeline reads the part that the request's "?before=" asks for.
func (s *Server) readTimeline(r *http.Request, num uint64) (t timeline, err error) {
	if t.after, err = cursorOf(r.URL.Query()); err != nil {
		return t, err
	}
	t.read, err = s.view(r.Context(), "a timeline", func(r store.Reader) (err error) {
		if t.posts, err = r.Timeline(num, t.after, pageSize+1); err != nil {
			return err
		}
		if t.older = len(t.posts) > pageSize; t.older {
			t.posts = t.posts[:pageSize]
		}
		return fillLabels(r, t.posts)
	})
	return t, err
}
