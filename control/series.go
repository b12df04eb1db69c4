package control

import (
	"cmp"
	"context"
	"io"
	"net/http"
)

// Series adds posts by several requests that are on their way at the same time
// and yet are done one after another. It is used by one goroutine.
type Series struct {
	client *Client
	ctx    context.Context
	last   *turn
}

// Series begins a series. Once the context has ended, no request is begun that
// waits for another one.
func (c *Client) Series(ctx context.Context) *Series { return &Series{client: c, ctx: ctx} }

// Add sends a request and does not wait for it; the function does. Nothing of the
// request is done before the one before it was done as a whole.
func (s *Series) Add(ctx context.Context, r AddRequest) func() ([]AddResult, error) {
	t := &turn{done: make(chan struct{}), known: make(chan struct{})}
	g := gate{leave: func() { close(t.done) }}
	if last := s.last; last != nil {
		g.enter = func() error { return last.wait(ctx, s.ctx) }
	}
	s.last = t
	go func() {
		defer close(t.known)
		t.results, t.err = s.client.add(ctx, r, g)
	}()
	return func() ([]AddResult, error) {
		<-t.known
		return t.results, t.err
	}
}

// turn is one request of a series.
type turn struct {
	done    chan struct{} // closed when it was granted, before all of the answer was read
	known   chan struct{} // closed when its outcome is
	results []AddResult
	err     error
}

// wait returns when the turn is over; an error says that the one after it, with
// its own context and the series', does not come.
func (t *turn) wait(own, all context.Context) error {
	select {
	case <-t.done:
		return all.Err()
	case <-t.known:
		return cmp.Or(t.err, all.Err())
	case <-own.Done():
		return own.Err()
	}
}

// gate lets requests through one after another.
type gate struct {
	enter func() error // returns when the request may be done; nil: at once
	leave func()       // called when it was granted; nil for nobody
}

// guard holds the last byte of the body back until the request may enter: a
// handler takes in all but that, and does nothing yet.
func (g gate) guard(req *http.Request, body []byte) {
	if g.enter == nil {
		return
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(&guarded{body, g.enter}), nil }
	req.Body, _ = req.GetBody() // that never fails
}

func (g gate) left() {
	if g.leave != nil {
		g.leave()
	}
}

// guarded is a body behind a gate.
type guarded struct {
	data  []byte // what was not read yet
	enter func() error
}

// Read gives all but the last byte at once.
func (b *guarded) Read(p []byte) (int, error) {
	end := len(b.data) - 1
	switch {
	case end < 0:
		return 0, io.EOF
	case end == 0:
		if err := b.enter(); err != nil {
			return 0, err
		}
		end = 1
	}
	n := copy(p, b.data[:end])
	b.data = b.data[n:]
	return n, nil
}
