package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	probeTime      = 10 * time.Second // for one file, with redirects and a second question
	probeRedirects = 5
)

// prober asks servers for the size and the media type of attached files. It
// asks private addresses like any other: they come from an author, whom the
// control socket's mode lets in, and who could ask them without syndic.
type prober struct {
	client    *http.Client
	userAgent string
	limit     time.Duration
}

func newProber(version string) *prober {
	follow := func(_ *http.Request, via []*http.Request) error {
		if len(via) > probeRedirects {
			return fmt.Errorf("redirected more than %d times", probeRedirects)
		}
		return nil
	}
	// DisableCompression: a packed file's length is not the file's.
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableCompression: true,
		IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	return &prober{&http.Client{Transport: transport, CheckRedirect: follow}, "syndic/" + version, probeTime}
}

// probe is control.Config.Probe. It asks with HEAD, and for the first byte of
// the file where a server refuses that or does not say how long the file is.
func (p *prober) probe(ctx context.Context, address string) (size int64, mediaType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	size, mediaType, err = p.ask(ctx, http.MethodHead, address)
	var refused statusError
	if err == nil && size == 0 || errors.As(err, &refused) && refused.ofMethod() {
		return p.ask(ctx, http.MethodGet, address)
	}
	return size, mediaType, err
}

// statusError is an answer other than 2xx.
type statusError struct {
	method string
	status int
}

// Error is one line for the author.
func (e statusError) Error() string { return e.method + " answered " + strconv.Itoa(e.status) }

// ofMethod tells whether a GET may be granted where this was refused: some
// servers know no HEAD, and signed addresses are signed for GET.
func (e statusError) ofMethod() bool {
	switch e.status {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

func (p *prober) ask(ctx context.Context, method, address string) (size int64, mediaType string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return 0, "", reason(err)
	}
	req.Header.Set("User-Agent", p.userAgent)
	if method == http.MethodGet {
		req.Header.Set("Range", "bytes=0-0")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, "", reason(err)
	}
	defer resp.Body.Close() // unread: whoever sends the whole file is cut off
	if resp.StatusCode/100 != 2 {
		return 0, "", statusError{method, resp.StatusCode}
	}
	return fileSize(resp), fileType(resp), nil
}

// reason is an error without the address, which the message has already.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// fileSize is the length of the whole file; 0 when the answer does not say.
func fileSize(resp *http.Response) int64 {
	if resp.Header.Get("Content-Encoding") != "" {
		return 0
	}
	if resp.StatusCode != http.StatusPartialContent {
		return max(resp.ContentLength, 0)
	}
	_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/") // RFC 9110 §14.4
	n, err := strconv.ParseUint(total, 10, 63)
	if err != nil {
		return 0
	}
	return int64(n)
}

// fileType is the media type without parameters; empty when there is none.
func fileType(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || !strings.Contains(kind, "/") {
		return ""
	}
	return kind
}
