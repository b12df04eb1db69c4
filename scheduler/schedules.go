package scheduler

import (
	"context"
	"errors"
	"time"

	"syndic/feed"
	"syndic/store"
)

// Scheduled is when one category is published.
type Scheduled struct {
	Category feed.Category // with what it leaves to the site
	Spec     string
	Next     time.Time // its next slot; for "@change" the time of asking
	Due      time.Time // when its waiting changes, or its next scheduled post, go out; zero for none
}

// Schedules lists the categories that are published, the site's first.
func (s *Scheduler) Schedules(ctx context.Context) ([]Scheduled, error) {
	var list []Scheduled
	var ahead store.Ahead
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		ahead, err = store.ReadAhead(r)
		return err
	})
	if err != nil {
		return nil, wrap("read scheduled posts", err)
	}
	for after, more := uint64(0), true; more; {
		err := s.store.View(ctx, func(r store.Reader) error {
			site, err := r.Site()
			if err != nil {
				return err
			}
			categories, err := r.Categories(after, batch)
			if err != nil {
				return err
			}
			more = len(categories) == batch
			for _, c := range categories {
				after = c.Num
				if c.State == feed.Retired {
					continue
				}
				row, err := s.scheduled(r, site, ahead, c)
				if err != nil {
					return err
				}
				list = append(list, row)
			}
			return nil
		})
		if err != nil {
			return nil, wrap("list schedules", err)
		}
	}
	return list, nil
}

func (s *Scheduler) scheduled(r store.Reader, site feed.Site, ahead store.Ahead, c feed.Category) (Scheduled, error) {
	e := s.slots.effective(site, c)
	row := Scheduled{Category: e, Spec: e.Schedule, Next: s.slots.Slot(site, c, time.Now())}
	mark, err := r.Mark(c.Num)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	row.Due = ahead.Due(c, mark)
	return row, nil
}
