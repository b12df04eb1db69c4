package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// fetchTime is how long one request for a foreign feed may take.
const fetchTime = 10 * time.Second

// fetcher asks for one URL again and again.
type fetcher struct {
	client *http.Client
	url    string
	who    string // asks, for the log at the other end
	hops   []hop  // the redirects of the latest answer
}

// hop is one redirect.
type hop struct {
	status int
	to     string
}

// answer is a response with its whole body, as it was sent.
type answer struct {
	status int
	header http.Header
	url    string // where it came from in the end
	body   []byte
	tls    *tls.ConnectionState // nil without TLS
}

func newFetcher(url string) *fetcher {
	f := &fetcher{url: url, who: "feed lint"}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // it is looked at here
	f.client = &http.Client{Transport: transport, Timeout: fetchTime, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return errors.New("it redirects in a circle")
		}
		f.hops = append(f.hops, hop{req.Response.StatusCode, req.URL.String()})
		return nil
	}}
	return f
}

func (f *fetcher) close() { f.client.CloseIdleConnections() }

// get asks with the given header fields, each a name and a value.
func (f *fetcher) get(ctx context.Context, fields ...string) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "syndic/"+buildVersion().Version+" ("+f.who+")")
	req.Header.Set("Accept", "application/rss+xml, application/atom+xml, application/feed+json, */*;q=0.1")
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	f.hops = nil
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := readBounded(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.url, err)
	}
	return &answer{resp.StatusCode, resp.Header, resp.Request.URL.String(), body, resp.TLS}, nil
}

func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxLinted+1))
	if err == nil && len(b) > maxLinted {
		err = fmt.Errorf("it is larger than %d MB, which no reader takes", maxLinted>>20)
	}
	return b, err
}

// encoding is the answer's Content-Encoding, "" for none.
func (a *answer) encoding() string {
	if e := strings.ToLower(strings.TrimSpace(a.header.Get("Content-Encoding"))); e != "identity" {
		return e
	}
	return ""
}

// decoded is the body without its encoding.
func (a *answer) decoded() ([]byte, error) {
	switch e := a.encoding(); e {
	case "":
		return a.body, nil
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(bytes.NewReader(a.body))
		if err != nil {
			return nil, err
		}
		return readBounded(r)
	case "br":
		return readBounded(brotli.NewReader(bytes.NewReader(a.body)))
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(a.body), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readBounded(r)
	default:
		return nil, fmt.Errorf("nobody asked for the encoding %q", e)
	}
}
