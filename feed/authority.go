package feed

import (
	"net/netip"
	"net/url"
	"strings"
)

// FirstAuthority is the tagging entity (RFC 4151 §2.1) of a store that has
// none yet: the site's own setting, else the host of its URL.
func (s Site) FirstAuthority() string {
	if s.Authority != "" {
		return strings.ToLower(s.Authority)
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	// A tagging entity has no colon, so an IPv6 address cannot be one as it is.
	return strings.ReplaceAll(strings.ToLower(u.Hostname()), ":", "-")
}

// Loopback tells whether an authority names no more than the machine it is
// on, so that another site's ids could be the same.
func Loopback(authority string) bool {
	// FirstAuthority writes the colons of an IPv6 address as "-".
	for _, host := range []string{authority, strings.ReplaceAll(authority, "-", ":")} {
		if a, err := netip.ParseAddr(host); err == nil && a.IsLoopback() {
			return true
		}
	}
	return authority == "localhost" || strings.HasSuffix(authority, ".localhost")
}
