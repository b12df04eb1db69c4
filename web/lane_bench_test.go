package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// BenchmarkServe is the lane against net/http, over loopback with 64
// connections for each core. The client is in the same process, so that only
// the ratio says something.
func BenchmarkServe(b *testing.B) {
	s := shelf(62_000)
	digest := s.feedAt("/rss.xml").Digest
	for _, way := range []bool{true, false} {
		server := NewHTTPServer(s.Public())
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		go func() { _ = server.Serve(s.Listen(l, server, way)) }()
		b.Cleanup(func() { _ = server.Close() })
		for _, kind := range []struct{ name, fields string }{
			{"304", "Accept-Encoding: gzip\r\nIf-None-Match: " + entityTag(digest, gzipCoding) + "\r\n"},
			{"gzip", "Accept-Encoding: gzip\r\n"}, {"identity", ""},
		} {
			request := "GET /rss.xml HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n" + kind.fields + "\r\n"
			b.Run(kind.name+"/lane="+strconv.FormatBool(way), func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(64)
				b.RunParallel(func(pb *testing.PB) { ask(b, pb, l.Addr().String(), request) })
			})
		}
	}
}

// ask sends one request again and again on a connection, and reads the answers,
// which are all of the size of the first.
func ask(b *testing.B, pb *testing.PB, address, request string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Error(err)
		return
	}
	defer c.Close()
	text := []byte(request)
	answer := make([]byte, answerSize(b, c, text))
	for pb.Next() {
		if _, err := c.Write(text); err != nil {
			b.Error(err)
			return
		}
		if _, err := io.ReadFull(c, answer); err != nil {
			b.Error(err)
			return
		}
	}
}

func answerSize(b *testing.B, c net.Conn, request []byte) int {
	counted := &counter{Reader: c}
	r := bufio.NewReader(counted)
	_, err := c.Write(request)
	if err == nil {
		var res *http.Response
		if res, err = http.ReadResponse(r, nil); err == nil {
			_, err = io.Copy(io.Discard, res.Body)
		}
	}
	if err != nil {
		b.Error(err)
	}
	return counted.n
}

// counter counts what is read.
type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}
