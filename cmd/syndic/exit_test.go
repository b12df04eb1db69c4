package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"syndic/control"
	"syndic/scheduler"
	"syndic/store"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("any"), 1},
		{fail(exitPartly, "partly"), 3},
		{fmt.Errorf("wrapped: %w", fail(exitRejected, "%w", context.Canceled)), 5},
		{&configError{lines: []string{"x"}}, 13},
		{&scheduler.KeyError{Key: "schedule"}, 13},
		{fmt.Errorf("x: %w", context.Canceled), 130},
		{fmt.Errorf("x: %w", store.ErrNoDatabase), 10},
		{fmt.Errorf("x: %w", store.ErrLocked), 11},
		{fmt.Errorf("x: %w", store.ErrPermission), 12},
		{fmt.Errorf("x: %w", fs.ErrPermission), 12},
		{fmt.Errorf("x: %w", syscall.EROFS), 12},
		{fmt.Errorf("x: %w", store.ErrNotFound), 4},
		{fmt.Errorf("x: %w", store.ErrFull), 1},
		{&control.Error{Code: "not_found"}, 4},
		{&control.Error{Code: "gone"}, 4},
		{&control.Error{Code: "locked"}, 11},
		{&control.Error{Code: "permission"}, 12},
		{&control.Error{Code: "no_database"}, 10},
		{&control.Error{Code: "invalid"}, 1},
		{&control.Error{Code: "canceled"}, 1},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.want)
		}
	}
}

func TestRepublished(t *testing.T) {
	row := func(status string, outcomes ...string) control.FeedResult {
		r := control.FeedResult{Format: "rss", Status: status, Error: "why"}
		for _, o := range outcomes {
			r.Pings = append(r.Pings, control.PingInfo{Outcome: o})
		}
		return r
	}
	for _, c := range []struct {
		rows    []control.FeedResult
		request control.RepublishRequest
		want    int
		pings   string // of the last row
	}{
		{[]control.FeedResult{row("changed")}, control.RepublishRequest{}, 0, "-"},
		{[]control.FeedResult{row("changed", "delivered", "delivered")}, control.RepublishRequest{}, 0, "2 delivered"},
		{[]control.FeedResult{row("changed", "delivered", "waiting")}, control.RepublishRequest{}, 3, "1 delivered, 1 waiting"},
		{[]control.FeedResult{row("changed", "retrying")}, control.RepublishRequest{}, 3, "retrying"},
		{[]control.FeedResult{row("changed", "failed")}, control.RepublishRequest{}, 3, "failed"},
		{[]control.FeedResult{row("changed", "waiting")}, control.RepublishRequest{NoWait: true}, 0, "waiting"},
		{[]control.FeedResult{row("failed"), row("changed", "waiting")}, control.RepublishRequest{NoWait: true}, 5, "waiting"},
	} {
		if got := exitCode(republished(c.rows, c.request)); got != c.want {
			t.Errorf("%+v: exit %d, want %d", c.rows, got, c.want)
		}
		if got := pings(c.rows[len(c.rows)-1].Pings); got != c.pings {
			t.Errorf("pings: %q, want %q", got, c.pings)
		}
	}
}
