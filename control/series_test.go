package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// doorman is a handler that tells of each request that comes, and lets the first
// one in only when it is told to.
type doorman struct {
	http.Handler
	came   chan struct{}
	let    chan struct{}
	number atomic.Int32
	refuse bool // the first one
}

func newDoorman(h http.Handler) *doorman {
	return &doorman{Handler: h, came: make(chan struct{}, 10), let: make(chan struct{})}
}

func (d *doorman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := d.number.Add(1) == 1
	d.came <- struct{}{}
	if first {
		<-d.let
		if d.refuse {
			r.Header.Set(VersionHeader, "0")
		}
	}
	d.Handler.ServeHTTP(w, r)
}

// both runs a test with a client behind a socket, and with one in process.
func both(t *testing.T, test func(t *testing.T, r *rig, d *doorman, c *Client)) {
	t.Run("socket", func(t *testing.T) {
		r := newRig(t)
		d := newDoorman(New(r.cfg))
		c := Dial(serveSocket(t, d))
		defer c.Close()
		test(t, r, d, c)
	})
	t.Run("in process", func(t *testing.T) {
		r := newRig(t)
		d := newDoorman(New(r.cfg))
		test(t, r, d, Local(d))
	})
}

// numbered are some documents that all have one date.
func numbered(part, n int) AddRequest {
	var req AddRequest
	for i := range n {
		req.Documents = append(req.Documents, md(fmt.Sprintf("p%d-%03d.md", part, i), "T", "text"))
	}
	return req
}

// files are those of the posts in the store, in the order of their numbers.
func (r *rig) files() (list []string) {
	r.t.Helper()
	for p, err := range r.Posts(context.Background(), PostQuery{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, p.File)
	}
	return list
}

// Requests are under way together and done one after another, whichever could
// be done first.
func TestSeriesKeepsTheOrder(t *testing.T) {
	both(t, func(t *testing.T, r *rig, d *doorman, c *Client) {
		s := c.Series(t.Context())
		var waits []func() ([]AddResult, error)
		var want []string
		for part := range 3 {
			req := numbered(part, 300-100*part) // the later, the sooner it is there
			for _, doc := range req.Documents {
				want = append(want, doc.Post.File)
			}
			waits = append(waits, s.Add(t.Context(), req))
			<-d.came // all before the first is let in
		}
		if got := r.files(); len(got) != 0 {
			t.Errorf("%d posts are in before the first request is done", len(got))
		}
		close(d.let)
		for part, wait := range waits {
			res, err := wait()
			if err != nil || len(res) != 300-100*part || res[0].File != fmt.Sprintf("p%d-000.md", part) || res[0].Status != Added {
				t.Fatalf("request %d: %d results, %v", part, len(res), err)
			}
		}
		if got := r.files(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the posts are in the order %v", got)
		}
	})
}

// Nothing comes after a request that failed.
func TestSeriesEndsWithAFailure(t *testing.T) {
	both(t, func(t *testing.T, r *rig, d *doorman, c *Client) {
		d.refuse = true
		s := c.Series(t.Context())
		first := s.Add(t.Context(), numbered(0, 3))
		<-d.came
		second := s.Add(t.Context(), numbered(1, 3))
		<-d.came
		third := s.Add(t.Context(), numbered(2, 3))
		close(d.let)
		_, err := first()
		refused(t, err, "version")
		for _, wait := range []func() ([]AddResult, error){second, third} {
			if res, err := wait(); err == nil || len(res) > 0 {
				t.Errorf("after it: %v, %v", res, err)
			}
		}
		if got := r.files(); len(got) != 0 {
			t.Errorf("in are %v", got)
		}
	})
}

// What the store has already taken on when somebody interrupts is told; what
// waits is not begun.
func TestSeriesInterrupted(t *testing.T) {
	both(t, func(t *testing.T, r *rig, d *doorman, c *Client) {
		ctx, interrupt := context.WithCancel(t.Context())
		s := c.Series(ctx)
		first := s.Add(t.Context(), numbered(0, 3))
		<-d.came
		second := s.Add(t.Context(), numbered(1, 3))
		<-d.came
		interrupt()
		close(d.let)
		if res, err := first(); err != nil || len(res) != 3 {
			t.Errorf("the one under way: %v, %v", res, err)
		}
		if res, err := second(); err == nil || len(res) > 0 {
			t.Errorf("the one that waits: %v, %v", res, err)
		}
		if got := r.files(); len(got) != 3 {
			t.Errorf("in are %v", got)
		}
	})
}

// Whoever gives up a request that waits does not wait for those before it.
func TestSeriesGivenUp(t *testing.T) {
	r := newRig(t)
	d := newDoorman(New(r.cfg))
	c := Dial(serveSocket(t, d))
	defer c.Close()
	s := c.Series(t.Context())
	first := s.Add(t.Context(), numbered(0, 3))
	<-d.came
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := s.Add(ctx, numbered(1, 3))()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(d.let)
	if res, err := first(); err != nil || len(res) != 3 {
		t.Errorf("the first: %v, %v", res, err)
	}
	if got := r.files(); len(got) != 3 {
		t.Errorf("in are %v", got)
	}
}
