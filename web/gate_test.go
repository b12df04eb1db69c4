package web

import (
	"math"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
)

// However many connections are allowed, the process keeps files for its work.
func TestGateLeavesFiles(t *testing.T) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	most := int64(min(uint64(files.Cur), math.MaxInt64)) - spareFiles
	for asked, want := range map[int]int64{1: 1, 0: min(defaultConnections, most), math.MaxInt32: min(math.MaxInt32, most)} {
		if g := newGate(asked, nil); g.limit != want {
			t.Errorf("asked for %d: %d, want %d", asked, g.limit, want)
		}
	}
}

// Connections that net/http keeps are large, so it keeps few: beyond those each
// answer is the last. In the lane there is room for all.
func TestFewConnectionsStayWithNetHTTP(t *testing.T) {
	const nothing = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, way := range []bool{true, false} {
		inBubble(t, 1000, func(b *bubble) {
			b.shelf.gate.most = 2
			ask := func(v *visitor, request string) *http.Response {
				v.send(request)
				res := v.receive()
				synctest.Wait()
				return res
			}
			first, second := b.visit(), b.visit()
			if ask(first, nothing).Close || ask(second, nothing).Close {
				b.Error("a connection is closed though there is room")
			}
			third := b.visit()
			if !ask(third, nothing).Close {
				b.Error("the third is not closed")
			}
			third.ends(-1, 0)
			if ask(first, nothing).Close {
				b.Error("a connection is closed though others have left")
			}
			if fourth := b.visit(); ask(fourth, getFeed).Close != !way {
				b.Errorf("lane %v: a plain request's connection is closed: %v", way, !way)
			}
		}, way)
	}
}
