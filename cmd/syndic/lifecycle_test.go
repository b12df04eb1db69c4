package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLifecycleUndoesTheLastFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lifecycle
		var mu sync.Mutex
		var order []string
		step := func(name string, takes time.Duration, err error) undo {
			return func(ctx context.Context) error {
				select {
				case <-time.After(takes):
				case <-ctx.Done():
					err = ctx.Err()
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return err
			}
		}
		broken := errors.New("broken")
		l.add(step("store", 0, nil))
		l.add(step("socket", 2*time.Second, broken))
		l.join(step("public", time.Second, nil), step("hung", time.Hour, nil))
		start := time.Now()
		err := l.end(3 * time.Second)
		if got := strings.Join(order, " "); got != "public socket hung store" {
			t.Errorf("undone in the order %s", got)
		}
		if !errors.Is(err, broken) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error: %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		if err := l.end(time.Second); err != nil || len(order) != 4 {
			t.Errorf("a second end: %v, %v", err, order)
		}
	})
}
