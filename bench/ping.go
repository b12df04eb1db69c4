package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"syndic/websub"
)

// pinged is 1,002 topics, the site's among them.
var pinged = size{1_000, 333}

// pinging has every topic change at once, and publishes one post while their
// pings go to a hub that answers in a millisecond.
func (b *bench) pinging(ctx context.Context) error {
	var answered atomic.Int64
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Millisecond):
		case <-r.Context().Done():
		}
		answered.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hub.Close()
	progress("filling a store with %d posts in %d categories", pinged.posts, pinged.categories)
	p, err := b.newPublisher(ctx, filepath.Join(b.dir, "pinging.db"), pinged, hub.URL)
	if err != nil {
		return err
	}
	defer p.close()
	topics := int64(3 * (pinged.categories + 1))
	quiet, busy := &change{}, &change{}
	for i := range 21 {
		if err := p.change(ctx, i, quiet); err != nil {
			return err
		}
	}
	sender := websub.New(websub.Config{Store: p.store, Served: p.web.Served, UserAgent: func() string { return "syndic-bench" }, Log: zerolog.Nop()})
	sending, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	start := time.Now()
	go func() { ended <- sender.Run(sending) }()
	for i := 0; answered.Load() < topics; i++ {
		if err := p.change(ctx, 21+i, busy); err != nil {
			stop()
			return err
		}
	}
	took := time.Since(start)
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if len(busy.publish) == 0 {
		return fmt.Errorf("%d pings were sent before a publication could be measured", topics)
	}
	b.table.head(fmt.Sprintf("%d topics changed at once, with a hub that answers in 1 ms", topics))
	b.table.row(row{measure: "until every ping was sent", ours: duration(took)})
	b.table.row(row{measure: "pings a second", ours: fmt.Sprintf("%.0f", float64(answered.Load())/took.Seconds())})
	b.table.row(row{
		measure: "a publication meanwhile, against before", ours: duration(median(busy.publish)), reference: duration(median(quiet.publish)),
		ratio: times(per(median(busy.publish), median(quiet.publish))),
	})
	return nil
}
