package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
)

const (
	lateAfter   = 5 * time.Minute     // a publication that was due before is late
	rareGap     = 32 * 24 * time.Hour // between two slots of a schedule: more than a month
	farAhead    = 366 * 24 * time.Hour
	oldDraft    = 90 * 24 * time.Hour
	stuckPings  = time.Hour        // pings that are retried for longer
	postsTime   = 15 * time.Second // for looking at posts, of which there may be a million
	loggedPings = 200              // of the hub log
)

// active lists the categories that are not retired, the site's among them.
func (d *doctor) active() (list []control.CategoryInfo) {
	for _, c := range d.categories {
		if c.State != feed.Retired {
			list = append(list, c)
		}
	}
	return list
}

// published tells whether the category was ever published: its feeds answer 404
// until then.
func published(c control.CategoryInfo) bool {
	return slices.ContainsFunc(c.Feeds, func(f control.FeedInfo) bool { return f.Generation > 0 })
}

// lookAtCategories looks at how publications went, and for feeds without posts.
func (d *doctor) lookAtCategories(ctx context.Context) (err error) {
	if d.client == nil {
		return errSkipped
	}
	if d.categories, err = d.client.Categories(ctx); err != nil {
		return err
	}
	for _, c := range d.active() {
		name := slugOf(c.Slug)
		if c.Run != nil && c.Run.Error != "" {
			d.report(broken, "categories", "publication-failed", name, "could not be published, the last good feeds are served: "+c.Run.Error,
				"correct the post that it names with `syndic post edit`; `syndic feed lint` shows more")
		}
		if c.DirtySince != nil && d.status.Daemon && time.Since(*c.DirtySince) > lateAfter {
			d.report(broken, "categories", "publication-late", name, "its changes were due "+ago(*c.DirtySince)+" and are not published",
				"look at the daemon's log; `syndic republish` tries now")
		}
		if published(c) && c.Feeds[0].Entries == 0 && c.DirtySince == nil {
			d.report(note, "categories", "no-posts", name, "its feeds hold no posts",
				"add some with `syndic post add`; a category that is not needed: `syndic category retire`")
		}
	}
	return nil
}

// lookAtFeeds reads feeds as the database has them, all or some: what readers
// still get out of a daemon's memory may be damaged there.
func (d *doctor) lookAtFeeds(ctx context.Context) error {
	if d.client == nil {
		return errSkipped
	}
	for _, v := range d.visits() {
		if _, _, err := d.client.Feed(ctx, v.category, v.info.Format); damaged(err) {
			d.report(broken, "feeds", "feed-damaged", v.info.URL, err.Error(), "`syndic republish` makes it again; `syndic check` says what else is damaged")
		}
	}
	return nil
}

func ago(t time.Time) string {
	if d := time.Since(t); d > 0 {
		return d.Round(time.Second).String() + " ago"
	}
	return "in " + time.Until(t).Round(time.Second).String()
}

// lookAtSchedules looks for schedules that hardly ever come up.
func (d *doctor) lookAtSchedules(ctx context.Context) error {
	if d.client == nil {
		return errSkipped
	}
	rows, err := d.client.Schedules(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(d.config.Site.TimeZone)
	if err != nil {
		zone = time.UTC // reported with the configuration
	}
	for _, r := range rows {
		s, err := scheduler.Parse(r.Spec, zone)
		if err != nil {
			d.report(broken, "schedules", "schedule-wrong", slugOf(r.Category), fmt.Sprintf("%q: %v", r.Spec, err), "correct the schedule in the configuration")
			continue
		}
		if s.Change() {
			continue
		}
		next := s.Next(time.Now())
		switch after := s.Next(next); {
		case next.IsZero():
			d.report(broken, "schedules", "schedule-never", slugOf(r.Category), fmt.Sprintf("%q never comes up: nothing is published", r.Spec),
				"correct the schedule in the configuration")
		case time.Until(next) > rareGap || after.Sub(next) > rareGap:
			d.report(note, "schedules", "schedule-rare", slugOf(r.Category), fmt.Sprintf("%q comes up on %s, and then on %s", r.Spec, next.Format(time.DateOnly), after.Format(time.DateOnly)),
				"if posts are to go out earlier, correct the schedule; `syndic republish` does it by hand")
		}
	}
	return nil
}

// lookAtPosts looks for posts that never go out.
func (d *doctor) lookAtPosts(ctx context.Context) error {
	if d.client == nil {
		return errSkipped
	}
	retired := map[string]bool{}
	for _, c := range d.categories {
		retired[c.Slug] = c.State == feed.Retired
	}
	within, cancel := context.WithTimeout(ctx, postsTime)
	defer cancel()
	seen := 0
	for p, err := range d.client.Posts(within, control.PostQuery{}) {
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			d.report(note, "posts", "posts-sampled", "", fmt.Sprintf("only the oldest %d posts were looked at", seen),
				"`syndic post list --state draft` and `--state scheduled` list the others")
			return nil
		}
		if err != nil {
			return err
		}
		seen++
		d.judgePost(p, retired)
	}
	return nil
}

func (d *doctor) judgePost(p control.PostInfo, retired map[string]bool) {
	at := time.Time{}
	if p.PublishAt != nil {
		at = *p.PublishAt
	}
	switch p.State {
	case feed.Draft:
		if made, ok := minted(p.ID); ok && time.Since(made) > oldDraft {
			d.report(note, "posts", "old-draft", p.Slug, "a draft since "+made.Format(time.DateOnly)+", or longer", "`syndic post publish` or `syndic post rm` it")
		}
		return
	case feed.Scheduled:
		switch {
		case d.status.Daemon && time.Since(at) > lateAfter:
			d.report(broken, "posts", "post-late", p.Slug, "was to go out "+ago(at)+" and did not",
				"look at the daemon's log; `syndic post publish "+p.Slug+"` does it now")
		case time.Until(at) > farAhead:
			d.report(note, "posts", "post-far-ahead", p.Slug, "goes out on "+at.Format(time.DateOnly), "if that is a slip: `syndic post schedule "+p.Slug+" --at TIME`")
		}
	case feed.Queued:
	default:
		return
	}
	for _, c := range p.Categories {
		if !retired[c] {
			return
		}
	}
	if len(p.Categories) > 0 {
		d.report(warning, "posts", "post-in-retired", p.Slug, "waits for "+strings.Join(p.Categories, ", ")+" alone, which is retired: it appears in the site's feed only",
			"`syndic post edit "+p.Slug+"` gives it another category")
	}
}

// minted is the day in an id that syndic made (RFC 4151 §2.1).
func minted(id string) (time.Time, bool) {
	_, rest, _ := strings.Cut(id, ",")
	day, _, _ := strings.Cut(rest, ":")
	t, err := time.Parse(time.DateOnly, day)
	return t, err == nil && strings.HasPrefix(id, "tag:")
}

// lookAtPings looks at what the hubs were told, and were not.
func (d *doctor) lookAtPings(ctx context.Context) (err error) {
	if d.client == nil {
		return errSkipped
	}
	if d.hubs, err = d.client.Hubs(ctx); err != nil {
		return err
	}
	for _, h := range d.hubs {
		if h.Failed > 0 {
			d.report(warning, "pings", "pings-failed", h.Hub, fmt.Sprintf("%d pings failed for good, the latest outcome is: %s", h.Failed, oneOf(h.Error, "delivered")),
				"`syndic hub log` says why; once that is mended, `syndic hub retry`")
		}
		if h.Oldest == nil || time.Since(*h.Oldest) < stuckPings {
			continue
		}
		if h.Note != "" {
			d.report(warning, "pings", "pings-wait", h.Hub, fmt.Sprintf("%d pings wait, the oldest since %s: %s", h.Waiting+h.Retrying, ago(*h.Oldest), h.Note),
				"purge the cache in front of syndic, or have it heed Cache-Control")
		} else {
			d.report(warning, "pings", "pings-stuck", h.Hub, fmt.Sprintf("%d pings wait, the oldest since %s: %s", h.Waiting+h.Retrying, ago(*h.Oldest), oneOf(h.Error, "not tried yet")),
				"they are tried for 3 days; if the hub is gone, take it out of the configuration")
		}
	}
	return d.lookForUnverified(ctx)
}

// lookForUnverified looks whether pings went out although nobody could see what
// hubs would get.
func (d *doctor) lookForUnverified(ctx context.Context) error {
	log, err := d.client.HubLog(ctx, loggedPings)
	if err != nil {
		return err
	}
	for _, p := range log {
		if p.Outcome == string(store.Delivered) && p.Note != "" {
			d.report(warning, "pings", "sent-unverified", p.Topic, p.Note,
				"let this machine reach its own public address; where it cannot, set websub.verify to off, which saves each ping a minute")
		}
	}
	return nil
}

func oneOf(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
