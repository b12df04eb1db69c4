package websub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	dialTimeout = 5 * time.Second // half of what a request has, so that a dead address shows as one
	answerLimit = 4 << 10         // bytes of an answer that are read
)

func newTransport(proxy func(*http.Request) (*url.URL, error), idle int) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        30 * time.Second, // before most hubs close it, perhaps under a request
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// body is the form that tells a hub of a topic. Every hub understands it: old
// ones read hub.url, newer ones hub.topic.
func body(topic string) string {
	t := url.QueryEscape(topic)
	return "hub.mode=publish&hub.url=" + t + "&hub.topic=" + t
}

// ping tells one hub of one topic and returns the status of its answer, 0 for
// none; without a failure the hub answered 2xx. A redirect is an answer like
// any other.
func (s *Sender) ping(ctx context.Context, hub, topic string) (int, *failure) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	req, err := s.request(ctx, hub, topic)
	if err != nil {
		return 0, &failure{kind: permanent, err: err}
	}
	res, err := s.c.Transport.RoundTrip(req)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return 0, &failure{kind: transient, err: fmt.Errorf("no answer within %s: %w", s.c.Timeout, err)}
	case err != nil:
		return 0, &failure{kind: transient, err: fmt.Errorf("hub not reached: %w", err)}
	}
	defer res.Body.Close()
	text := answer(res)
	if res.StatusCode/100 == 2 {
		return res.StatusCode, nil
	}
	return res.StatusCode, refused(res, text, time.Now())
}

// request makes the ping. Its error is one that no further attempt would mend,
// and does not repeat the URL, which may hold a password.
func (s *Sender) request(ctx context.Context, hub, topic string) (*http.Request, error) {
	u, err := url.Parse(hub)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("hub URL is not an absolute http or https URL: correct it in the configuration")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hub, strings.NewReader(body(topic)))
	if err != nil {
		return nil, fmt.Errorf("make a request to %s: %w", redact(hub), err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", s.c.UserAgent())
	if u.User != nil {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	return req, nil
}

// answer reads the beginning of a response, so that its connection can be used
// again, and returns it as one line. A page of HTML says nothing in one line.
// After 101 the body is a connection that may stay silent for ever.
func answer(res *http.Response) string {
	if res.StatusCode < 200 {
		return ""
	}
	// How much arrived does not matter: the status has been read.
	text, _ := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); media == "text/html" {
		return ""
	}
	return line(string(text))
}

// redact is the hub's URL without user information and query, which may be
// credentials.
func redact(hub string) string {
	u, err := url.Parse(hub)
	if err != nil {
		return "(not a URL)"
	}
	if u.User != nil {
		u.User = url.User("xxxxx")
	}
	if u.RawQuery != "" {
		u.RawQuery = "xxxxx"
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}
