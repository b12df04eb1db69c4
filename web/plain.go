package web

import "bytes"

// plain is a request that the lane understands to its last byte: GET or HEAD of
// a feed, HTTP/1.1, without a body. Its slices are parts of what was read.
type plain struct {
	slot    *slot
	feed    *servedFeed // at it
	head    bool        // HEAD
	close   bool        // no request comes after it
	codings codingSet
	tag     []byte // of If-None-Match, without its quotes; nil without one
	since   []byte // If-Modified-Since; nil without one
	hops    hops   // what proxies say of whom they ask for
	seen    fieldSet
}

// hops are the fields X-Forwarded-For and Forwarded.
type hops struct {
	list, forwarded []byte
	twice           bool // one of them came again
}

func (h *hops) take(field *[]byte, value []byte) {
	h.twice = h.twice || *field != nil
	*field = value
}

// verdict is what the lane thinks of what it has read.
type verdict uint8

const (
	foreign    verdict = iota // for net/http
	partial                   // may become a plain request
	understood                // a plain request is at the front
)

// fieldSet has a bit for each field that must not come twice.
type fieldSet uint8

const (
	hostField fieldSet = 1 << iota
	connectionField
	codingsField
	tagField
	sinceField
)

// once tells whether the field has not been there before.
func (s *fieldSet) once(f fieldSet) bool {
	first := *s&f == 0
	*s |= f
	return first
}

// understand reads the request at the front of b, and returns how long it is.
// What net/http might take otherwise, or refuse, is foreign.
func (sn *snapshot) understand(b []byte, p *plain) (int, verdict) {
	*p = plain{}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return 0, beginning(b)
	}
	if !p.line(sn, b[:end]) {
		return 0, foreign
	}
	for at := end + 1; ; {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			return 0, partial
		}
		line, ok := bytes.CutSuffix(b[at:at+end], []byte{'\r'})
		at += end + 1
		switch {
		case !ok:
			return 0, foreign
		case len(line) > 0:
			if !p.field(line) {
				return 0, foreign
			}
		case p.seen&hostField == 0:
			return 0, foreign
		default:
			return at, understood
		}
	}
}

// beginning judges a request line that is not complete.
func beginning(b []byte) verdict {
	for _, method := range [...]string{"GET /", "HEAD /"} {
		n := min(len(b), len(method))
		if string(b[:n]) == method[:n] {
			return partial
		}
	}
	return foreign
}

// line reads the request line, which still has its CR.
func (p *plain) line(sn *snapshot, line []byte) bool {
	target, ok := bytes.CutSuffix(line, []byte(" HTTP/1.1\r"))
	if !ok {
		return false
	}
	if target, ok = bytes.CutPrefix(target, []byte("GET ")); !ok {
		target, p.head = bytes.CutPrefix(target, []byte("HEAD "))
		ok = p.head
	}
	if ok {
		p.slot = sn.slotAt(target)
	}
	p.feed = p.slot.served()
	return p.feed != nil && !p.feed.unreadable
}

// slotAt is the place of the feed that a request target names, in the one spelling that the
// feed's own address has; any other is left to the handler. A query does not
// matter.
func (sn *snapshot) slotAt(target []byte) *slot {
	for _, c := range target {
		if c <= ' ' || c == 0x7f {
			return nil
		}
	}
	path, _, _ := bytes.Cut(target, []byte{'?'})
	if bytes.IndexByte(path, '%') >= 0 {
		return sn.escaped[string(path)]
	}
	return sn.paths[string(path)]
}

// field reads a header field. Names that mean nothing to the handler of feeds
// mean nothing here, as long as the field is well-formed (RFC 9110 §5.1, §5.5).
func (p *plain) field(line []byte) bool {
	var name [len("if-unmodified-since")]byte
	n := 0
	for ; n < len(line) && line[n] != ':'; n++ {
		c := nameBytes[line[n]]
		if c == 0 {
			return false
		}
		if n < len(name) {
			name[n] = c
		}
	}
	if n == 0 || n == len(line) {
		return false
	}
	value, ok := fieldValue(line[n+1:])
	if !ok || n > len(name) {
		return ok
	}
	switch string(name[:n]) {
	case "host":
		return p.seen.once(hostField) && isHost(value)
	case "connection":
		p.close = foldsTo(value, "close")
		return p.seen.once(connectionField) && (p.close || foldsTo(value, "keep-alive"))
	case "accept-encoding":
		p.codings, ok = codingsOf(value)
		return p.seen.once(codingsField) && ok
	case "if-none-match":
		p.tag, ok = loneTag(value)
		return p.seen.once(tagField) && ok
	case "if-modified-since":
		p.since = value
		return p.seen.once(sinceField) && len(value) > 0
	case "x-forwarded-for":
		p.hops.take(&p.hops.list, value)
	case "forwarded":
		p.hops.take(&p.hops.forwarded, value)
	case "content-length", "transfer-encoding", "trailer", "expect", "upgrade",
		"range", "if-range", "if-match", "if-unmodified-since":
		return false
	}
	return true
}

// nameBytes maps the bytes of a token (RFC 9110 §5.6.2) to lower case, and all
// others to 0.
var nameBytes = func() (table [256]byte) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		table[c] = c
	}
	for c := byte('A'); c <= 'Z'; c++ {
		table[c] = c - 'A' + 'a'
	}
	return table
}()

// fieldValue takes off the white space around a value; not ok for one that has
// control characters in it.
func fieldValue(value []byte) ([]byte, bool) {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, false
		}
	}
	return trimmed(value), true
}

func trimmed(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// isHost tells whether it is an ordinary name or address with or without a port.
func isHost(value []byte) bool {
	for _, c := range value {
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z'; !letter && (c < '0' || c > ':') && c != '.' && c != '-' && c != '_' && c != '[' && c != ']' {
			return false
		}
	}
	return len(value) > 0
}

// foldsTo tells whether b is the lower-case token, in whatever case.
func foldsTo(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if nameBytes[c] != lower[i] {
			return false
		}
	}
	return true
}

// loneTag is what stands between the quotes of a field with one entity tag,
// strong or weak.
func loneTag(value []byte) ([]byte, bool) {
	if len(value) > 2 && value[0]|0x20 == 'w' && value[1] == '/' {
		value = value[2:]
	}
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return nil, false
	}
	tag := value[1 : len(value)-1]
	return tag, bytes.IndexByte(tag, '"') < 0
}

// codingSet has a bit for each coding.
type codingSet uint8

// list is the set in the order of preference, with identity, which nobody can
// refuse without a weight.
func (s codingSet) list() []coding { return codingLists[s] }

var codingLists = func() (lists [1 << codingCount][]coding) {
	for set := range lists {
		for _, c := range preference {
			if c == identity || set&(1<<c) != 0 {
				lists[set] = append(lists[set], c)
			}
		}
	}
	return lists
}()

// codingsOf reads an Accept-Encoding field without weights and wildcards.
func codingsOf(value []byte) (set codingSet, ok bool) {
	for len(value) > 0 {
		var member []byte
		member, value, _ = bytes.Cut(value, []byte{','})
		member = trimmed(member)
		for _, c := range member {
			if nameBytes[c] == 0 || c == '*' {
				return 0, false
			}
		}
		if len(member) > 2 && member[0]|0x20 == 'x' && member[1] == '-' {
			member = member[2:]
		}
		for c, name := range codingNames {
			if foldsTo(member, name) {
				set |= 1 << c
			}
		}
	}
	return set, true
}
