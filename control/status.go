package control

import (
	"context"
	"fmt"
	"os"
	"time"

	"syndic/feed"
	"syndic/store"
)

// Status counts no more posts than this, and no longer: it reads each, and in a
// large store most are not in memory.
const (
	countedPosts = 50_000
	countedFor   = time.Second / 2
)

// maxMarks is more than there are categories.
const maxMarks = 1_000_000

// status gathers the state of everything. Each of its reads is a short View,
// so the parts may be of moments that are milliseconds apart.
func (h *Handler) status(ctx context.Context, _ none) (StatusInfo, error) {
	s := StatusInfo{Version: h.cfg.Version, Daemon: h.cfg.Daemon, Data: h.cfg.Data, Started: timeOrNil(h.cfg.Started)}
	s.Ready = h.cfg.Ready != nil && h.cfg.Ready()
	if s.Daemon {
		s.PID = os.Getpid()
	}
	for _, part := range []func(*statusReader) error{
		(*statusReader).site, (*statusReader).categories, (*statusReader).marks, (*statusReader).pings,
	} {
		err := h.cfg.Store.View(ctx, func(r store.Reader) error {
			return part(&statusReader{h, r, &s})
		})
		if err != nil {
			return s, wrap("read status", err)
		}
	}
	if h.cfg.Backups != nil {
		s.Backup = h.cfg.Backups()
	}
	if s.Backup != nil && s.Backup.Error != "" {
		s.problem("the latest scheduled backup failed, the older ones are kept: %s", s.Backup.Error)
	}
	if s.Daemon && !s.Ready {
		s.problem("the first feeds are not served yet: wait, or look at the log")
	}
	return s, wrap("count posts", h.countPosts(ctx, &s))
}

// statusReader fills in the part of a status that one snapshot gives.
type statusReader struct {
	h *Handler
	r store.Reader
	s *StatusInfo
}

func (s *StatusInfo) problem(format string, args ...any) {
	s.Problems = append(s.Problems, fmt.Sprintf(format, args...))
}

func (sr *statusReader) site() error {
	sr.s.Problems, sr.s.Seq = []string{}, uint64(sr.r.Seq())
	site, err := sr.h.site(sr.r)
	sr.s.URL = site.URL
	if a := sr.r.Authority(); a != "" && feed.Loopback(a) {
		sr.s.problem("ids are made under %s, which every machine has: set site.authority before others read the feeds", a)
	}
	return err
}

// categories counts them and their feeds, and finds those that failed.
func (sr *statusReader) categories() error {
	sr.s.Categories, sr.s.Feeds = 0, 0
	for c, err := range eachCategory(sr.r) {
		if err != nil {
			return err
		}
		if c.Num != feed.SiteNum {
			sr.s.Categories++
		}
		run, err := sr.r.Run(c.Num)
		if err != nil && !isNotFound(err) {
			return err
		}
		if run.Error != "" {
			sr.s.problem("%s could not be published, its last good feeds are still served: %s", categoryName(c), run.Error)
		}
	}
	return sr.feeds()
}

// feeds counts them.
func (sr *statusReader) feeds() error {
	for after := uint64(0); ; {
		some, err := sr.r.Headers(after, categoryPage)
		sr.s.Feeds += len(some)
		if err != nil || len(some) < categoryPage {
			return err
		}
		after = some[len(some)-1].Category
	}
}

func categoryName(c feed.Category) string {
	if c.Num == feed.SiteNum {
		return "the site's feed"
	}
	return "category " + c.Slug
}

// marks counts what is to be published, and when that is due next.
func (sr *statusReader) marks() error {
	marks, err := sr.r.DueMarks(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), maxMarks)
	sr.s.Dirty = len(marks)
	next := sr.r.NextMark()
	if at := sr.r.NextPost(); next.IsZero() || !at.IsZero() && at.Before(next) {
		next = at
	}
	sr.s.NextDue = timeOrNil(next)
	return err
}

func (sr *statusReader) pings() error {
	rows, err := sr.r.Deliveries("")
	sr.s.PingsWaiting, sr.s.PingsFailed = 0, 0
	for _, d := range rows {
		switch d.Outcome {
		case store.Waiting, store.Retrying:
			sr.s.PingsWaiting++
		case store.Failed:
			sr.s.PingsFailed++
		}
	}
	if n := sr.s.PingsFailed; n > 0 {
		sr.s.problem("%d pings failed for good: `syndic hub log` says why, `syndic hub retry` tries again", n)
	}
	return err
}

// countPosts counts posts by state, page by page, up to a bound.
func (h *Handler) countPosts(ctx context.Context, s *StatusInfo) error {
	s.Posts = map[string]int{}
	after, seen, began := uint64(0), 0, time.Now()
	for {
		var posts []feed.Post
		err := h.cfg.Store.View(ctx, func(r store.Reader) (err error) {
			posts, err = r.Posts(after, postPage)
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range posts {
			s.Posts[string(p.State)]++
			after = p.Num
		}
		if seen += len(posts); len(posts) < postPage {
			return nil
		}
		if seen >= countedPosts || time.Since(began) >= countedFor {
			s.PostsAtLeast = true
			return nil
		}
	}
}
