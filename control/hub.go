package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// waiting is how the wire calls a ping that had no outcome yet.
const waiting = "waiting"

// How many lines the hub log gives when not told, and at most.
const (
	logLines    = 100
	maxLogLines = 10_000
)

type logQuery struct {
	Limit number `json:"limit"`
}

func pingInfo(d store.Delivery) PingInfo {
	p := PingInfo{
		Hub: d.Hub, Topic: d.Topic, Generation: d.Generation, Outcome: string(d.Outcome), Attempt: d.Attempt,
		Status: d.Status, Error: d.Error, Note: d.Note, At: timeOrNil(d.Settled),
	}
	if d.Outcome == store.Waiting {
		p.Outcome = waiting
	}
	if d.Outcome == store.Waiting || d.Outcome == store.Retrying {
		p.Next = timeOrNil(d.Next)
	}
	return p
}

// hubs sums up the outbox; a configured hub without a row is there as well.
func (h *Handler) hubs(ctx context.Context, _ none) (list []HubInfo, err error) {
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		sums, err := h.sumUp(r)
		list = []HubInfo{}
		for _, hub := range slices.Sorted(maps.Keys(sums)) {
			list = append(list, *sums[hub])
		}
		return err
	})
	return list, wrap("list hubs", err)
}

func (h *Handler) sumUp(r store.Reader) (map[string]*HubInfo, error) {
	site, err := h.site(r)
	if err != nil {
		return nil, err
	}
	sums := map[string]*HubInfo{}
	for c, err := range eachCategory(r) {
		if err != nil {
			return nil, err
		}
		for _, hub := range *site.Effective(c).Hubs {
			sums[hub] = &HubInfo{Hub: hub}
		}
	}
	rows, err := r.Deliveries("")
	for _, d := range rows {
		if sums[d.Hub] == nil {
			sums[d.Hub] = &HubInfo{Hub: d.Hub}
		}
		sums[d.Hub].count(d)
	}
	return sums, err
}

// count takes a row into the sum.
func (s *HubInfo) count(d store.Delivery) {
	s.Topics++
	switch d.Outcome {
	case store.Waiting:
		s.Waiting++
	case store.Retrying:
		s.Retrying++
	case store.Failed:
		s.Failed++
	case store.Delivered:
		s.Delivered++
	}
	open := d.Outcome == store.Waiting || d.Outcome == store.Retrying
	if open && (s.Oldest == nil || d.Since.Before(*s.Oldest)) {
		s.Oldest, s.Note = timeOrNil(d.Since), d.Note
	}
	if !d.Settled.IsZero() && (s.Last == nil || d.Settled.After(*s.Last)) {
		s.Last, s.Error = timeOrNil(d.Settled), d.Error
	}
}

func (h *Handler) hubLog(ctx context.Context, q logQuery) (list []PingInfo, err error) {
	limit := int(min(q.Limit, maxLogLines))
	if limit == 0 {
		limit = logLines
	}
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		lines, err := r.Attempts(limit)
		list = []PingInfo{}
		for _, l := range lines {
			list = append(list, pingInfo(l.Delivery))
		}
		return err
	})
	return list, wrap("read the hub log", err)
}

// ping tells the hubs of a category's feeds as they are published.
func (h *Handler) ping(ctx context.Context, r CategoryAction) (list []PingInfo, err error) {
	err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		_, c, err := h.siteAndCategory(tx, r.Name)
		if err != nil {
			return err
		}
		arts, err := tx.Artifacts(c.Num)
		if err != nil {
			return err
		}
		if len(arts) == 0 {
			return unpublished(c)
		}
		rows := pings(arts)
		if len(rows) == 0 {
			return refuse("invalid", "category %q has no hubs: add some as hubs in the configuration", c.Title)
		}
		list, err = enqueue(tx, rows)
		return err
	})
	return list, wrap(fmt.Sprintf("ping the hubs of %q", r.Name), err)
}

// pings are the rows that announce feeds to their hubs.
func pings(arts []feed.Artifact) []store.Delivery {
	var rows []store.Delivery
	for _, a := range arts {
		for _, hub := range a.Hubs {
			rows = append(rows, store.Delivery{Hub: hub, Topic: a.Topic, Generation: a.Generation})
		}
	}
	return rows
}

// enqueue makes rows due now and returns them as they are then.
func enqueue(tx store.Tx, rows []store.Delivery) ([]PingInfo, error) {
	list := []PingInfo{}
	for _, d := range rows {
		if err := tx.Enqueue(d.Hub, d.Topic, d.Generation, true); err != nil {
			return nil, err
		}
		now, err := tx.Delivery(d.Hub, d.Topic)
		if err != nil {
			return nil, err
		}
		list = append(list, pingInfo(now))
	}
	return list, nil
}

// retry makes what failed, or waits for another attempt, due now. What has no
// outcome yet goes out by itself, unless the hub is left alone.
func (h *Handler) retry(ctx context.Context, r HubAction) (list []PingInfo, err error) {
	err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := h.knownHub(tx, r.Hub); err != nil {
			return err
		}
		rows, err := tx.Deliveries(r.Hub)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(d store.Delivery) bool {
			return d.Outcome == store.Delivered || d.Outcome == store.Waiting && !d.Held.After(tx.Now())
		})
		list, err = enqueue(tx, rows)
		return err
	})
	return list, wrap("retry pings", err)
}

func (h *Handler) knownHub(r store.Reader, hub string) error {
	if hub == "" {
		return nil
	}
	sums, err := h.sumUp(r)
	if err == nil && sums[hub] == nil {
		err = refuse("not_found", "no hub %q%s", hub, nearest(hub, slices.Sorted(maps.Keys(sums)), "hub"))
	}
	return err
}
