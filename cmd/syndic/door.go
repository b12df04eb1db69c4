package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"syndic/control"
	"syndic/feed"
	"syndic/web"
)

// controlTime is how long requests to the control socket have to finish at the
// end: commits take milliseconds, and what takes longer only waits for hubs.
const controlTime = 2 * time.Second

// cutTime is how long a request that was told to end has to answer.
const cutTime = 500 * time.Millisecond

// listenControl opens the control socket. Requests are answered at once.
func (d *daemon) listenControl() error {
	path, err := d.places.listenSocket()
	if err != nil {
		return err
	}
	l, err := control.Listen(path)
	if err != nil {
		return err
	}
	d.log.Info().Str("component", "control").Str("socket", path).Msg("the control socket listens")
	end := d.answer(&http.Server{Handler: control.New(d.controlConfig()), ReadHeaderTimeout: 10 * time.Second}, l)
	d.life.add(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, controlTime)
		defer cancel()
		return end(ctx)
	})
	return nil
}

// listenHTTP binds the public and the admin listener, reads what was published
// before, and serves it. At the end readers are sent off gently: with sockets of
// systemd a restart then costs no request.
func (d *daemon) listenHTTP(ctx context.Context) error {
	bound, err := bind(d.config)
	if err != nil {
		return err
	}
	public, admin := bound.public, bound.admin
	if err := d.web.Load(ctx); err != nil {
		return errors.Join(err, closeAll(append(public, admin...)))
	}
	d.web.SetFastLane(d.config.Serve.FastLane)
	server := web.NewHTTPServer(d.web.Public())
	for i, l := range public {
		public[i] = d.web.Listen(l, server, true)
	}
	shutDown := d.answer(server, public...)
	ends := []undo{func(ctx context.Context) error {
		d.web.Drain(ctx, d.config.Listen == "fd")
		return shutDown(ctx)
	}}
	d.tell("public", "serving feeds and pages", d.config.site().URL, public)
	d.warnElsewhere(public)
	if len(admin) > 0 {
		ends = append(ends, d.answer(web.NewHTTPServer(d.web.Admin()), admin...))
		d.tell("admin", "serving health, metrics and the dashboard", "http://"+admin[0].Addr().String()+"/", admin)
	}
	d.life.join(ends...) // all requests have the same time to finish
	return nil
}

func (d *daemon) tell(component, what, url string, listeners []net.Listener) {
	for _, l := range listeners {
		d.log.Info().Str("component", component).Str("listen", l.Addr().String()).Str("url", url).Msg(what)
	}
}

// warnElsewhere says so when every address that syndic writes leads to another
// port of this machine: listen was changed and site.url forgotten.
func (d *daemon) warnElsewhere(public []net.Listener) {
	site, err := url.Parse(d.config.site().URL)
	if err != nil || !feed.Loopback(site.Hostname()) {
		return
	}
	for _, l := range public {
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil || port == cmp.Or(site.Port(), "80") {
			return // a socket file has a proxy before it
		}
	}
	d.log.Warn().Str("component", "config").Str("url", site.String()).Str("listen", public[0].Addr().String()).
		Msg("site.url leads to another port of this machine than listen: feeds and pings will name the wrong address")
}

// answer serves on the listeners until the returned function ends it: running
// requests finish, and what takes too long is cut off.
func (d *daemon) answer(server *http.Server, listeners ...net.Listener) undo {
	base, cut := context.WithCancel(context.Background())
	server.ErrorLog = log.New(warner{d.log.With().Str("component", "http").Logger()}, "", 0)
	server.BaseContext = func(net.Listener) context.Context { return base }
	for _, l := range listeners {
		d.tasks.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve on %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	return func(ctx context.Context) error {
		defer cut()
		if err := server.Shutdown(ctx); err != nil {
			d.log.Warn().Str("component", "daemon").Err(err).Msg("requests that took too long were cut off")
			cut()
			// What was cut off still says so to its client.
			last, cancel := context.WithTimeout(context.Background(), cutTime)
			defer cancel()
			if server.Shutdown(last) != nil {
				return server.Close()
			}
		}
		return nil
	}
}

// warner takes the lines that net/http writes for people.
type warner struct{ log zerolog.Logger }

// Write logs one line.
func (w warner) Write(line []byte) (int, error) {
	w.log.Warn().Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}
