package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// idlers is how many connections are open with nothing to do.
const idlers = 10_000

// idle measures what connections cost that have had their answer and are kept
// open for the next one.
func (b *bench) idle(ctx context.Context) error {
	b.table.head(fmt.Sprintf("%d idle connections, each of which was answered once", idlers), "RssAnon of the binary, over that before")
	// A quality in Accept-Encoding is what the lane leaves to net/http.
	for _, who := range []struct{ name, accept string }{{"that asked the fast lane", "gzip"}, {"that asked net/http, which keeps 3,000", "gzip;q=0.9"}} {
		cost, alive, err := b.idleCost(ctx, who.accept)
		if err != nil {
			return err
		}
		b.table.row(row{measure: who.name, ours: megabytes(cost), aim: atMost(mb(cost), 100, " MB")})
		b.table.row(row{measure: "  of them answered once more", ours: fmt.Sprint(alive)})
	}
	return nil
}

// idleCost also tells how many of the connections were still open then.
func (b *bench) idleCost(ctx context.Context, accept string) (cost int64, alive int, err error) {
	progress("opening %d connections", idlers)
	h, err := b.newHost(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := b.fillHost(ctx, h); err != nil {
		return 0, 0, err
	}
	p, _, err := h.serve(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer p.stop() //nolint:errcheck // what was measured is
	// What the first answers take is not a connection's.
	few, err := open(ctx, h, 100, accept)
	few.close()
	if err != nil {
		return 0, 0, err
	}
	before, err := used(p.pid())
	if err != nil {
		return 0, 0, err
	}
	all, err := open(ctx, h, idlers, accept)
	defer all.close()
	if err != nil {
		return 0, 0, err
	}
	after, err := used(p.pid())
	for _, conn := range all {
		if answered(conn, request(h, accept)) == nil {
			alive++
		}
	}
	return after.memory - before.memory, alive, err
}

// crew is connections that are open.
type crew []net.Conn

func (c crew) close() {
	for _, conn := range c {
		_ = conn.Close()
	}
}

// open makes n connections of which each asks once.
func open(ctx context.Context, h *host, n int, accept string) (crew, error) {
	const workers = 16
	conns, errs := make([]crew, workers), make([]error, workers)
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			for len(conns[w]) < n/workers && errs[w] == nil {
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.addr)
				if err != nil {
					errs[w] = err
					return
				}
				conns[w] = append(conns[w], conn)
				errs[w] = answered(conn, request(h, accept))
			}
		})
	}
	working.Wait()
	var all crew
	for _, some := range conns {
		all = append(all, some...)
	}
	return all, errors.Join(errs...)
}

func request(h *host, accept string) string {
	return fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: %s\r\n\r\n", servedPath, h.addr, accept)
}

// answered sends a request and reads the whole answer.
func answered(conn net.Conn, ask string) error {
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, ask); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("a connection was answered with %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
