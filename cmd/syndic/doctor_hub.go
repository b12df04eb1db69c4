package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"

	"syndic/control"
)

// lookAtHubs asks each hub for its page. It pings none: how pings went is in
// the outbox.
func (d *doctor) lookAtHubs(ctx context.Context) error {
	if len(d.hubs) == 0 {
		return errSkipped
	}
	var g errgroup.Group
	g.SetLimit(visitors)
	for _, h := range d.hubs {
		g.Go(func() error {
			if ctx.Err() == nil {
				d.lookAtHub(ctx, h)
			}
			return nil
		})
	}
	return g.Wait()
}

func (d *doctor) lookAtHub(ctx context.Context, h control.HubInfo) {
	f := d.fetcher(h.Hub)
	defer f.close()
	// A ping follows no redirect either.
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := f.get(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		d.report(warning, "hubs", "hub-unreachable", h.Hub, "does not answer: "+bare(err),
			"pings are kept and tried again; if it is gone, take it out of the configuration")
	case a.status >= 500:
		d.report(warning, "hubs", "hub-error", h.Hub, answers(a.status), "pings are kept and tried again; tell its operator if it stays so")
	case h.Delivered > 0:
		// A hub that takes pings may answer a GET as it likes.
	case a.status/100 == 3:
		d.report(warning, "hubs", "hub-redirects", h.Hub, fmt.Sprintf("%s, to %s, which pings do not follow", answers(a.status), a.header.Get("Location")),
			"set the hub's URL to where it is now")
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		d.report(warning, "hubs", "hub-not-found", h.Hub, answers(a.status)+", and took no ping yet",
			"compare its address with what its operator says: the slash at the end matters")
	}
	if err == nil {
		d.sampleClock(hostOf(h.Hub), a)
	}
}

// bare is a client's error without the address, which is said already.
func bare(err error) string {
	for {
		in, ok := err.(*url.Error)
		if !ok {
			return err.Error()
		}
		err = in.Err
	}
}
