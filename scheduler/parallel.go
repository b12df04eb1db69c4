package scheduler

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// parallel calls fn for each number below n, on as many cores as there are; one
// alone is called in place. It returns the error of the lowest number that has
// one. A panic is an error, as nobody else could catch it.
func parallel(n int, fn func(i int) error) error {
	if n == 1 {
		return fn(0)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var working sync.WaitGroup
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			errs[i] = caught(i, fn)
		}
	}
	for range min(n, runtime.GOMAXPROCS(0)) - 1 {
		working.Go(work)
	}
	work()
	working.Wait()
	return cmp.Or(errs...)
}

// inTurn is parallel for what is not worth it.
func inTurn(n int, fn func(i int) error) error {
	for i := range n {
		if err := fn(i); err != nil {
			return err
		}
	}
	return nil
}

func caught(i int, fn func(i int) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	return fn(i)
}
