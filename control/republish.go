package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// defaultTimeout bounds how long a republish waits unless told otherwise.
const defaultTimeout = 60 * time.Second

// republish makes feeds again, then waits until readers get them and each ping
// had its first outcome. What is still open after the timeout is reported as
// it is: the feeds are out, and nothing of it is lost.
func (h *Handler) republish(ctx context.Context, r RepublishRequest) ([]FeedResult, error) {
	if h.cfg.Republish == nil {
		return nil, refuse("unavailable", "republishing is not to be had here: ask the daemon")
	}
	nums, err := h.numbers(ctx, r.Categories)
	if err != nil {
		return nil, err
	}
	results, err := h.cfg.Republish(ctx, Republication{Categories: nums, DryRun: r.DryRun, NoPing: r.NoPing, Force: r.Force})
	if err != nil {
		return nil, wrap("republish", err)
	}
	for i := range results {
		results[i].Pings = []PingInfo{}
	}
	if r.DryRun {
		return results, nil
	}
	if r.Timeout <= 0 {
		r.Timeout = defaultTimeout
	}
	wait, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	if r.NoWait || h.cfg.WaitServed == nil {
		cancel()
	}
	if err := h.settle(ctx, wait, r, results); err != nil {
		return nil, wrap("republish", err)
	}
	return results, nil
}

// numbers resolves names of categories; the site's feed goes along.
func (h *Handler) numbers(ctx context.Context, names []string) (nums []uint64, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		nums = []uint64{feed.SiteNum}
		for _, name := range names {
			_, c, err := h.siteAndCategory(r, name)
			if err != nil {
				return err
			}
			if c.State == feed.Retired {
				return refuse("gone", "category %q is retired: it has no feeds any more", c.Title)
			}
			if !slices.Contains(nums, c.Num) {
				nums = append(nums, c.Num)
			}
		}
		return nil
	})
	return nums, wrap("republish", err)
}

// settle fills in what became of each feed. It waits no longer than wait.
func (h *Handler) settle(ctx, wait context.Context, r RepublishRequest, results []FeedResult) error {
	if h.cfg.WaitServed != nil && !r.NoWait {
		for i, f := range results {
			// A feed without a generation is not published, and nobody waits for it.
			results[i].Served = f.Status != "failed" && f.Generation > 0 && h.cfg.WaitServed(wait, f.URL, f.Generation) == nil
		}
	}
	if r.NoPing {
		return ctx.Err()
	}
	for {
		var seq store.Seq
		err := h.cfg.Store.View(ctx, func(rd store.Reader) (err error) {
			seq = rd.Seq()
			return fillPings(rd, r.Force, results)
		})
		if err != nil || !slices.ContainsFunc(results, untold) {
			return err
		}
		if _, err := h.cfg.Store.Wait(wait, seq); err != nil {
			if ctx.Err() == nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
				return nil
			}
			return err
		}
	}
}

// fillPings reads the outbox for feeds that changed, or were forced.
func fillPings(r store.Reader, force bool, results []FeedResult) error {
	rows, err := r.Deliveries("")
	if err != nil {
		return err
	}
	for i := range results {
		f := &results[i]
		f.Pings = []PingInfo{}
		if f.Status == "failed" || f.Status != "changed" && !force {
			continue
		}
		for _, d := range rows {
			if d.Topic == f.URL && d.Generation >= f.Generation {
				f.Pings = append(f.Pings, pingInfo(d))
			}
		}
	}
	return nil
}

// untold tells whether a ping of the feed had no outcome yet.
func untold(f FeedResult) bool {
	return slices.ContainsFunc(f.Pings, func(p PingInfo) bool { return p.Outcome == waiting })
}
