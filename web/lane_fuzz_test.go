package web

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Lines that requests are put together from, well-formed ones and others. What
// stands twice comes more often.
var (
	requestLines = []string{
		"GET /rss.xml HTTP/1.1\r\n", "GET /rss.xml HTTP/1.1\r\n", "GET /design/atom.xml HTTP/1.1\r\n", "HEAD /design/feed.json HTTP/1.1\r\n",
		"GET /atom.xml?a=b HTTP/1.1\r\n", "GET /rss.xml HTTP/1.0\r\n", "GET /rss.xml HTTP/1.1\n", "GET  /rss.xml HTTP/1.1\r\n", "GET /rss.xml  HTTP/1.1\r\n",
		"get /rss.xml HTTP/1.1\r\n", "POST /rss.xml HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "GET /rss.xml HTTP/2.0\r\n", "GET /rss.xml\r\n",
		"GET http://a/rss.xml HTTP/1.1\r\n", "GET /nothing HTTP/1.1\r\n", "GET /design/ HTTP/1.1\r\n", "GET /%72ss.xml HTTP/1.1\r\n", "GET /rss.xml HTTP/1.1 \r\n",
		"\r\nGET /rss.xml HTTP/1.1\r\n", " GET /rss.xml HTTP/1.1\r\n", "GET\t/rss.xml HTTP/1.1\r\n", "GET /rss.xml?\x01 HTTP/1.1\r\n", "GET /rss.xml HTTP/1.1\r\r\n",
		"PRI * HTTP/2.0\r\n", "HEAD /rss.xml HTTP/1.1\r\n", "CONNECT /rss.xml HTTP/1.1\r\n", "GET /rss.xml HTTP/1.10\r\n", "GET /%E6%97%A5%E6%9C%AC/rss.xml HTTP/1.1\r\n",
	}
	hostLines = []string{
		"Host: a\r\n", "Host: a\r\n", "Host: a\r\n", "host:127.0.0.1:80\r\n", "HOST: [::1]:8080\t \r\n", "Host:\r\n", "", "Host: a\r\nHost: a\r\n", "Host: a b\r\n",
		"Host: a/b\r\n", "Host : a\r\n", "Host: ä\r\n", "Host: a,b\r\n", "Host\r\n", "Host: a@b\r\n",
	}
	fieldLines = []string{
		"Accept-Encoding: gzip\r\n", "Accept-Encoding: br, gzip\r\n", "accept-encoding:GZIP,deflate\r\n", "Accept-Encoding: zstd ,\tx-gzip,,\r\n", "Accept-Encoding: gzip;q=0.5\r\n",
		"Accept-Encoding: *\r\n", "Accept-Encoding: identity\r\n", "Accept-Encoding:\r\n", "Accept-Encoding: gzip br\r\n", "Accept-Encoding: \u00a0gzip\r\n", "Accept-Encoding: identity;q=0\r\n",
		"If-None-Match: TAG\r\n", "If-None-Match: W/TAG\r\n", "If-None-Match: w/TAG\r\n", "If-None-Match: TAG, \"x\"\r\n", "If-None-Match: *\r\n", "If-None-Match:\r\n", "If-None-Match: \"\"\r\n",
		"If-None-Match: \"x\"\r\n", "If-None-Match: \"a,b\"\r\n", "If-None-Match: \"x\"y\"\r\n", "If-None-Match: W/\"\r\n", "If-None-Match: x\r\n", "If-None-Match: W/W/TAG\r\n", "If-None-Match: TAG TAG\r\n",
		"If-Modified-Since: SINCE\r\n", "If-Modified-Since: SINCE\r\n", "If-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT\r\n", "If-Modified-Since: Monday, 02-Jan-36 15:04:05 GMT\r\n", "If-Modified-Since: soon\r\n",
		"If-Modified-Since:\r\n", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT \r\n", "IF-MODIFIED-SINCE: Fri Jan  1 00:00:00 2100\r\n",
		"Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: Keep-Alive\r\n", "Connection: CLOSE\r\n", "Connection: close, x\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection:\r\n",
		"Content-Length: 0\r\n", "Content-Length: 5\r\n", "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length : 5\r\n", "Content-Length\t: 5\r\n",
		"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\x0bchunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "transfer-encoding\r\n : chunked\r\n",
		"Expect: 100-continue\r\n", "Expect: x\r\n", "Range: bytes=0-1\r\n", "If-Range: \"x\"\r\n", "If-Match: \"x\"\r\n", "If-Unmodified-Since: x\r\n", "Trailer: x\r\n", "TE: trailers\r\n", "Upgrade: websocket\r\n", "HTTP2-Settings: x\r\n",
		"User-Agent: newsboat/2.38.0 (Linux)\r\n", "Accept: */*;q=0.1\r\n", "A-IM: feed\r\n", "Cookie: a=b\r\n", "Cookie: c\r\n", "Cache-Control: no-cache\r\n", "Pragma: no-cache\r\n", "X: \t \r\n", "X-Long-Name-That-Means-Nothing-Here: x\r\n",
		"X: a\r\n b\r\n", "X: a\n", "X: a\rb\r\n", "X: a\x00b\r\n", "X: a\x7fb\r\n", "X: \xff\xfe\r\n", "X : a\r\n", ": a\r\n", "X\r\n", " X: a\r\n", "X(: a\r\n", "\x00: a\r\n", "X: a\r\r\n", "Ä: a\r\n", "X-Method-Override: POST\r\n",
	}
	bodies = []string{"", "", "", "", "12345", "5\r\n12345\r\n0\r\n\r\n", "0\r\n\r\n", "0\r\n\r\nGET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n", "\n"}
)

// concoct puts requests together by chance, and damages some.
func concoct(dice *rand.Rand) []byte {
	pick := func(from []string) string { return from[dice.IntN(len(from))] }
	var b bytes.Buffer
	for range 1 + dice.IntN(4) {
		if dice.IntN(3) > 0 { // mostly well-formed, so that what follows is reached
			b.WriteString(requestLines[dice.IntN(4)] + hostLines[0])
		} else {
			b.WriteString(pick(requestLines) + pick(hostLines))
		}
		for range dice.IntN(4) {
			b.WriteString(pick(fieldLines))
		}
		b.WriteString("\r\n" + pick(bodies))
	}
	stream := b.Bytes()
	for dice.IntN(4) == 0 && len(stream) > 1 {
		i := dice.IntN(len(stream))
		switch dice.IntN(3) {
		case 0:
			stream[i] = byte(dice.Uint32())
		case 1:
			stream = slices.Delete(stream, i, i+1)
		default:
			stream = slices.Insert(stream, i, "\r\n\t :,\x00\""[dice.IntN(8)])
		}
	}
	return stream
}

// fill puts the validators in.
func (w *twins) fill(stream []byte) []byte {
	stream = bytes.ReplaceAll(stream, []byte("TAG"), []byte(w.tag))
	return bytes.ReplaceAll(stream, []byte("SINCE"), []byte(w.since))
}

// smuggled are streams that two parsers may cut differently.
var smuggled = []string{
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\n\r\nGET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\n12345GET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\n\nGET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\n\rGET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\n12345",
	"GET /rss.xml HTTP/1.1\r\n\r\nHost: a\r\n\r\n", "GET /rss.xml HTTP/1.1\r\nHost: a\r\n", "GET /rss.xml HTTP/1.1\r\nHost: a", "GET /rss.xml HTT", "G", "", "\r\n", "\x16\x03\x01\x02\x00\x01",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 10_000) + "\r\n\r\n", "GET /" + strings.Repeat("y", 10_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /rss.xml HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 50_000) + "\r\n\r\n",
	strings.Repeat("GET /rss.xml HTTP/1.1\r\nHost: a\r\n\r\n", 300), "GET /rss.xml HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 1000) + "\r\n",
}

// Every line that is known to matter, alone and behind another request.
func TestLaneAnswersAsTheHandler(t *testing.T) {
	w := newTwins(t)
	w.piece.Store(7)
	before := "GET /atom.xml HTTP/1.1\r\nHost: a\r\n\r\n"
	var streams []string
	for _, line := range requestLines {
		streams = append(streams, line+"Host: a\r\n\r\n")
	}
	for _, line := range hostLines {
		streams = append(streams, requestLines[0]+line+"\r\n")
	}
	for _, line := range fieldLines {
		streams = append(streams, requestLines[0]+"Host: a\r\n"+line+"\r\n", requestLines[0]+line+"Host: a\r\n"+line+"\r\n12345")
	}
	streams = append(streams, smuggled...)
	var all sync.WaitGroup
	for some := range slices.Chunk(streams, len(streams)/16) { // net/http takes half a second to refuse some
		all.Go(func() {
			for _, stream := range some {
				w.same(t, w.fill([]byte(before+stream)))
				w.same(t, w.fill([]byte(stream+before)))
			}
		})
	}
	all.Wait()
}

func TestLaneOnConcoctions(t *testing.T) {
	w := newTwins(t)
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 0))
		w.piece.Store(1 + int64(dice.IntN(40)))
		if !w.same(t, w.fill(concoct(dice))) {
			t.Fatalf("seed %d", seed)
		}
	}
	if lane, handler := w.ways(); lane < 100 || handler < 300 {
		t.Errorf("only %d answers by the lane, %d by the handler", lane, handler)
	}
}

// A request may be cut at every byte.
func TestLanePutsPiecesTogether(t *testing.T) {
	w := newTwins(t)
	stream := w.fill([]byte("GET /design/rss.xml HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\nHEAD /rss.xml HTTP/1.1\r\nHost: a\r\nIf-None-Match: TAG\r\n\r\n" +
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
	for piece := range int64(len(stream)) {
		w.piece.Store(piece + 1)
		if !w.same(t, stream) {
			return
		}
	}
}

func FuzzLane(f *testing.F) {
	w := newTwins(f)
	for i, s := range smuggled {
		f.Add([]byte(s), uint64(0), uint16(i))
	}
	for name, fields := range readers {
		f.Add([]byte("GET /design/rss.xml HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n"), uint64(0), uint16(len(name)))
	}
	for _, line := range slices.Concat(hostLines, fieldLines) {
		f.Add([]byte(requestLines[0]+line+"\r\n"), uint64(len(line)), uint16(3))
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64, piece uint16) {
		stream := raw
		if seed != 0 {
			dice := rand.New(rand.NewPCG(seed, 1))
			made := concoct(dice)
			at := dice.IntN(len(made) + 1)
			stream = slices.Concat(made[:at], raw, made[at:])
		}
		if len(stream) > 1<<16 {
			return
		}
		w.piece.Store(1 + int64(piece))
		if stream = w.fill(stream); !w.same(t, stream) {
			fmt.Printf("seed %d, pieces of %d\n", seed, piece+1)
		}
	})
}
