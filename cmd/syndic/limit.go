package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"syndic/web"
)

// RateLimitConfig says how often one client may ask for one feed without a
// condition.
type RateLimitConfig struct {
	Requests int    `yaml:"requests" json:"requests"` // 0 is no limit
	Per      string `yaml:"per" json:"per"`           // a duration
}

// What a limit may be.
const (
	maxRequests = 1_000_000
	minPer      = time.Second
	maxPer      = 31 * 24 * time.Hour
)

// limits checks serve.rate_limit, serve.trusted_proxies and log.requests.
func (ch checker) limits() {
	if n := ch.Serve.RateLimit.Requests; n < 0 || n > maxRequests {
		ch.bad("serve.rate_limit.requests", "%d is out of range: use 0 (for no limit) to %d", n, maxRequests)
	}
	if per, err := time.ParseDuration(ch.Serve.RateLimit.Per); err != nil || per < minPer || per > maxPer {
		ch.bad("serve.rate_limit.per", "%q is no duration from 1s to 744h: use one such as 1h or 30m", ch.Serve.RateLimit.Per)
	}
	for i, text := range ch.Serve.TrustedProxies {
		if _, err := parseNetwork(text); err != nil {
			ch.bad(fmt.Sprintf("serve.trusted_proxies[%d]", i), "%v", err)
		}
	}
	if share := ch.Log.Requests; !(share >= 0 && share <= 1) {
		ch.bad("log.requests", "%v is out of range: use a share of all requests from 0 (for none) to 1", share)
	}
}

// parseNetwork reads an address or a network in CIDR form.
func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network: use one such as 127.0.0.1 or 10.0.0.0/8", text)
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("%q is an address in a network: use %s for the network, or %s for the address", text, p.Masked(), p.Addr())
	}
	return p, nil
}

// limits are the limits of a checked configuration.
func (c Config) limits() web.Limits {
	l := web.Limits{Requests: c.Serve.RateLimit.Requests}
	l.Per, _ = time.ParseDuration(c.Serve.RateLimit.Per)
	for _, text := range c.Serve.TrustedProxies {
		if p, err := parseNetwork(text); err == nil {
			l.Proxies = append(l.Proxies, p)
		}
	}
	return l
}

// applyLimits limits clients by the configuration, from the next request on.
func (d *daemon) applyLimits(_ context.Context, c Config) error {
	d.web.Limit(c.limits())
	return nil
}
