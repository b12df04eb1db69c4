package web

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// drainAside drains in the background; the channel says when it is over.
func (b *bubble) drainAside(shared bool) <-chan time.Duration {
	over, start := make(chan time.Duration, 1), time.Now()
	go func() {
		b.shelf.Drain(context.Background(), shared)
		over <- time.Since(start)
	}()
	synctest.Wait()
	return over
}

// Each connection gets the answer to one more request, whichever way that goes,
// and is told that it is the last.
func TestDrainAnswersOnceMore(t *testing.T) {
	const getPage = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
	inBubble(t, 1000, func(b *bubble) {
		fresh, kept, paged, foreign := b.visit(), b.visit(), b.visit(), b.visit()
		kept.send(getFeed)
		paged.send(getPage)
		foreign.send(getFeed)
		for _, v := range []*visitor{kept, paged, foreign} {
			if res := v.receive(); res.Close {
				b.Errorf("closed before the drain: %v", res)
			}
		}
		over := b.drainAside(true)
		pass(300 * time.Millisecond)
		for v, request := range map[*visitor]string{fresh: getFeed, kept: getFeed, paged: getPage, foreign: getPage} {
			v.send(request)
			if res := v.receive(); !res.Close || request == getFeed && res.StatusCode != http.StatusOK {
				b.Errorf("%q: %v", request, res)
			}
			v.ends(-1, 0)
		}
		if took := <-over; took != 300*time.Millisecond {
			b.Errorf("the drain took %v", took)
		}
	}, true, false)
}

// What was sent along with the last request is not lost.
func TestDrainAnswersWhatCameAlong(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		v := b.visit()
		synctest.Wait()
		over := b.drainAside(true)
		v.send(getFeed + getFeed + getFeed)
		for i := range 3 {
			if res := v.receive(); res.Close != (i == 2) {
				b.Errorf("answer %d: %v", i, res)
			}
		}
		v.ends(-1, 0)
		<-over
	}, true)
}

// Idle connections do not hold up the end, and Shutdown ends them.
func TestDrainDoesNotWaitForTheIdle(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		idle := b.visit()
		idle.send(getFeed)
		idle.receive()
		over := b.drainAside(true)
		if took := <-over; took != lastWords {
			b.Errorf("the drain took %v", took)
		}
		down := make(chan error, 1)
		go func() { down <- b.server.Shutdown(context.Background()) }()
		idle.ends(-1, 10*time.Millisecond)
		if err := <-down; err != nil {
			b.Error(err)
		}
	}, true, false)
}

// While the last answers are given, a socket of our own turns nobody away.
func TestDrainOfOurOwnSocket(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		idle := b.visit()
		idle.send(getFeed)
		idle.receive()
		over := b.drainAside(false)
		pass(lastWords / 2)
		late := b.visit()
		late.send(getFeed)
		if res := late.receive(); !res.Close || res.StatusCode != http.StatusOK {
			b.Errorf("%v", res)
		}
		late.ends(-1, 0)
		if took := <-over; took != lastWords {
			b.Errorf("the drain took %v", took)
		}
		<-b.done // the listener is closed
	}, true, false)
}

// Of a shared socket nothing is accepted from the moment on in which the drain
// begins: that is for who has it next.
func TestDrainAcceptsNothing(t *testing.T) {
	inBubble(t, 1000, func(b *bubble) {
		idle := b.visit()
		synctest.Wait()
		over := b.drainAside(true)
		select {
		case <-b.done:
		default:
			b.Error("the listener is still open")
		}
		<-over
		_ = idle.Close()
		b.shelf.Drain(context.Background(), true) // once more does nothing
	}, true, false)
}
