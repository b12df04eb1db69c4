package web

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// document is a representation that can be sent in several encodings. Each is
// made at most once, when it is first asked for.
type document struct {
	digest   string // of the identity; its entity tags are made from it
	modified time.Time
	identity []byte
	codings  []coding    // that it is offered in, best first
	always   http.Header // of 200 and 304 alike (RFC 9110 §15.4.5)
	full     http.Header // of 200 only
	variants [codingCount]variant
	feed     *servedFeed // that it is; nil for anything else
}

// variant is a document in one encoding with its headers.
type variant struct {
	once   sync.Once
	coding coding
	body   []byte
	full   http.Header
	brief  http.Header // of 304

	wired               sync.Once
	wireFull, wireBrief []byte
	asked               atomic.Uint32
	mirror              atomic.Pointer[mirror]
}

// sent is what the metrics count of one answer.
type sent struct {
	status int
	coding string // empty without a body
	bytes  int
}

// send answers a GET or HEAD with the document, or with 304.
func (d *document) send(w http.ResponseWriter, r *http.Request, e *encoders) (sent, error) {
	v, err := d.negotiate(r.Header.Values("Accept-Encoding"), e)
	if err != nil {
		return sent{}, err
	}
	if d.unchanged(r.Header) {
		maps.Copy(w.Header(), v.brief)
		w.WriteHeader(http.StatusNotModified)
		return sent{status: http.StatusNotModified}, nil
	}
	maps.Copy(w.Header(), v.full)
	w.WriteHeader(http.StatusOK)
	s := sent{status: http.StatusOK, coding: v.coding.String()}
	if r.Method != http.MethodHead {
		// An error means that the reader has gone: there is nobody to tell.
		s.bytes, _ = w.Write(v.body)
	}
	return s, nil
}

// negotiate picks the encoding that the reader takes.
func (d *document) negotiate(accept []string, e *encoders) (*variant, error) {
	if v := d.best(accepted(accept, d.codings), e); v != nil {
		return v, nil
	}
	return nil, errNotAcceptable
}

// best is the first that makes the document smaller, or leaves it as it is;
// without such a one, the first.
func (d *document) best(list []coding, e *encoders) *variant {
	var taken *variant
	for _, c := range list {
		v := d.variant(c, e)
		if c == identity || len(v.body) < len(d.identity) {
			return v
		}
		if taken == nil {
			taken = v
		}
	}
	return taken
}

func (d *document) variant(c coding, e *encoders) *variant {
	v := &d.variants[c]
	v.once.Do(func() {
		v.coding, v.body = c, e.encode(c, d.identity)
		v.brief = maps.Clone(d.always)
		v.brief["Etag"] = []string{entityTag(d.digest, c)}
		v.brief["Last-Modified"] = []string{d.modified.UTC().Format(http.TimeFormat)}
		v.brief["Vary"] = []string{"Accept-Encoding"}
		v.full = maps.Clone(v.brief)
		maps.Copy(v.full, d.full)
		v.full["Accept-Ranges"] = []string{"none"}
		v.full["Content-Length"] = []string{strconv.Itoa(len(v.body))}
		v.full["X-Content-Type-Options"] = []string{"nosniff"}
		if c != identity {
			v.full["Content-Encoding"] = []string{c.String()}
		}
	})
	return v
}

// known is unchanged for a plain request, whose one tag needs no list.
func (d *document) known(p *plain, v *variant) bool {
	if p.tag != nil {
		return isTagOf(p.tag, d.digest)
	}
	if p.since == nil {
		return false
	}
	return string(p.since) == v.brief["Last-Modified"][0] || d.unchangedSince(string(p.since))
}

// wire makes the heads of 200 and 304 as net/http writes them for the public
// handler, up to the value of Date.
func (v *variant) wire() {
	v.wired.Do(func() {
		v.wireFull, v.wireBrief = wireHead(http.StatusOK, v.full), wireHead(http.StatusNotModified, v.brief)
	})
}

func wireHead(status int, h http.Header) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	h = maps.Clone(h)
	allowAnyOrigin(h)
	_ = h.Write(&b) // to memory
	b.WriteString("Date: ")
	return slices.Clip(b.Bytes())
}

const (
	mirrorFrom  = 8 << 10 // bytes; fewer are copied as fast
	mirrorAfter = 16      // requests
)

// mirrored is the body's mirror, if it is large enough to have one and asked for
// often enough; nil else.
func (v *variant) mirrored(m *mirrors) *mirror {
	if f := v.mirror.Load(); f != nil {
		return f
	}
	if len(v.body) < mirrorFrom || v.asked.Add(1)%mirrorAfter != 0 {
		return nil
	}
	if f := m.add(v.body); f != nil {
		v.mirror.CompareAndSwap(nil, f)
	}
	return v.mirror.Load()
}
