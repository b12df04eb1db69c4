package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks whose word on whom they ask for is believed.
type proxies []netip.Prefix

func (p proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(a) })
}

// clientOf is whom a request comes from; no address for a pipe.
func (p proxies) clientOf(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr) // the zero address if it has none
	return p.client(at.Addr().WithZone("").Unmap(),
		strings.Join(r.Header.Values("X-Forwarded-For"), ","), strings.Join(r.Header.Values("Forwarded"), ","))
}

// client is whom a request comes from: its peer, or the last address before a
// chain of trusted proxies. Where both fields are there and differ, one of them
// is the client's own invention and nobody can tell which: then it is the peer.
func (p proxies) client(from netip.Addr, list, forwarded string) netip.Addr {
	if !p.trusted(from) {
		return from
	}
	one := p.walk(from, strings.Split(list, ","))
	other := p.walk(from, forwardedFor(forwarded))
	switch {
	case forwarded == "" || one == other:
		return one
	case list == "":
		return other
	}
	return from
}

// walk goes from the nearest hop to the farthest, as far as those who wrote
// them are trusted.
func (p proxies) walk(from netip.Addr, hops []string) netip.Addr {
	for _, hop := range slices.Backward(hops) {
		a, ok := hopAddress(hop)
		if !ok {
			return from
		}
		if from = a; !p.trusted(a) {
			return a
		}
	}
	return from
}

// hopAddress reads an address, which some proxies write with a port.
func hopAddress(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	if err != nil {
		var at netip.AddrPort
		at, err = netip.ParseAddrPort(hop)
		a = at.Addr()
	}
	return a.WithZone("").Unmap(), err == nil
}

// forwardedFor are the "for" of each hop of a Forwarded field (RFC 7239 §4),
// empty where a hop has none.
func forwardedFor(field string) []string {
	var hops []string
	for hop := range splitQuoted(field, ',') {
		name := ""
		for pair := range splitQuoted(hop, ';') {
			key, value, _ := strings.Cut(pair, "=")
			if strings.EqualFold(strings.TrimSpace(key), "for") {
				name = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		hops = append(hops, name)
	}
	return hops
}

// splitQuoted cuts at separators outside of quotes.
func splitQuoted(text string, separator byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		begin, quoted := 0, false
		for i := range len(text) {
			switch {
			case text[i] == '"':
				quoted = !quoted
			case text[i] == separator && !quoted:
				if !yield(text[begin:i]) {
					return
				}
				begin = i + 1
			}
		}
		yield(text[begin:])
	}
}

// peer is the address at the other end of a connection.
func peer(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().WithZone("").Unmap()
	}
	return netip.Addr{}
}
