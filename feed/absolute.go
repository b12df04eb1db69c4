package feed

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// schemes are those that a link may have.
var schemes = []string{"http", "https", "mailto", "tel", "sms", "geo", "ftp", "gemini", "gopher", "irc", "ircs", "xmpp", "magnet", "news", "feed", "webcal", "doi", "urn"}

// dataImage is what a data URL must be to stay: SVG can hold scripts.
var dataImage = pattern(`^(?i:image/(?:gif|jpeg|png|webp);base64),[A-Za-z0-9+/=]+$`)

// link returns the URL as it is to stand in the content, or "" for none.
func (r rewriter) link(raw string) string {
	raw = repair(raw)
	if strings.HasPrefix(raw, "#") {
		raw = "#" + r.id(raw[1:])
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	if u.Scheme == "data" {
		if !dataImage().MatchString(u.Opaque) {
			return ""
		}
		return raw
	}
	if u.Scheme != "" && !slices.Contains(schemes, u.Scheme) {
		return ""
	}
	asciiHost(u)
	if r.base != nil {
		u = r.base.ResolveReference(u)
	}
	if u.Hostname() == "" && (u.Scheme == "http" || u.Scheme == "https") {
		return ""
	}
	return u.String()
}

// asciiHost writes a host of other letters as the name system has it (RFC
// 5891): not every feed reader does that itself.
func asciiHost(u *url.URL) {
	if !strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return
	}
	if u.Port() != "" {
		host += ":" + u.Port()
	}
	u.Host = host
}

// repair does what browsers do before they parse a URL, and percent-encodes
// what must not stand in one (RFC 3986, appendix A).
func repair(raw string) string {
	raw = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\n' || c == '\r' {
			return -1
		}
		return c
	}, strings.TrimSpace(raw))
	path := len(raw)
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		path = i
	}
	raw = strings.ReplaceAll(raw[:path], `\`, "/") + raw[path:]
	from, to := authoritySpan(raw)
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		literal := (c == '[' || c == ']') && from <= i && i < to // an IPv6 address
		escaped := c == '%' && i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2])
		if literal || escaped || mayStand(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

// authoritySpan is where in a URL its host stands; nowhere gives an empty span.
func authoritySpan(raw string) (from, to int) {
	end := len(raw)
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		end = i
	}
	i := strings.Index(raw[:end], "//")
	if i < 0 {
		return 0, 0
	}
	if slash := strings.IndexByte(raw[i+2:end], '/'); slash >= 0 {
		end = i + 2 + slash
	}
	return i + 2, end
}

// mayStand tells the characters that are reserved or unreserved in a URL, but
// for brackets.
func mayStand(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-._~:/?#@!$&'()*+,;=", c) >= 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// density is a candidate's descriptor: a width or a pixel density.
var density = pattern(`^[0-9]+w$|^[0-9]+(\.[0-9]+)?x$`)

// srcset rewrites a list of image candidates (HTML, "srcset attributes"): a
// URL may hold commas, but neither begin nor end with one.
func (r rewriter) srcset(list string) string {
	var kept []string
	for {
		list = strings.TrimLeft(list, ", \t\n\f\r")
		if list == "" {
			return strings.Join(kept, ", ")
		}
		end := strings.IndexAny(list, " \t\n\f\r")
		if end < 0 {
			end = len(list)
		}
		raw, rest := list[:end], list[end:]
		desc := ""
		if trimmed := strings.TrimRight(raw, ","); trimmed != raw {
			raw = trimmed
		} else {
			desc, rest, _ = strings.Cut(rest, ",")
			desc = strings.TrimSpace(desc)
		}
		list = rest
		if u := strings.Trim(r.link(raw), ","); u != "" && (desc == "" || density().MatchString(desc)) {
			kept = append(kept, strings.TrimSpace(u+" "+desc))
		}
	}
}
