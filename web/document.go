package web

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// encodeFrom is the size in bytes from which a document is compressed where the
// reader allows it. Text of that length always gets shorter, so the choice
// needs no look at the result; a shorter one is one packet anyway.
const encodeFrom = 300

// document is a representation that can be sent in several encodings.
type document struct {
	digest   string // of the identity; its entity tags are made from it
	modified time.Time
	size     int         // bytes of the identity
	codings  []coding    // that it is offered in, best first
	always   http.Header // of 200 and 304 alike (RFC 9110 §15.4.5)
	full     http.Header // of 200 only
	feed     *servedFeed // that it is; nil for anything else
	source   source
}

// source has a document's bytes.
type source interface {
	// asked says that somebody wants the document in this encoding.
	asked(c coding)
	// length is the number of bytes in this encoding.
	length(c coding) (int, error)
	// open returns the bytes in this encoding; done is called when they have
	// been sent.
	open(c coding) (b io.WriterTo, size int, done func(), err error)
}

// sent is what the metrics count of one answer.
type sent struct {
	status int
	coding string // empty without a body
	bytes  int
}

// send answers a GET or HEAD with the document, or with 304.
func (d *document) send(w http.ResponseWriter, r *http.Request) (sent, error) {
	c, ok := d.choose(accepted(r.Header.Values("Accept-Encoding"), d.codings))
	if !ok {
		return sent{}, errNotAcceptable
	}
	d.source.asked(c)
	if d.unchanged(r.Header) {
		maps.Copy(w.Header(), d.brief(c))
		w.WriteHeader(http.StatusNotModified)
		return sent{status: http.StatusNotModified}, nil
	}
	if r.Method == http.MethodHead {
		size, err := d.source.length(c)
		if err != nil {
			return sent{}, err
		}
		maps.Copy(w.Header(), d.whole(c, size))
		w.WriteHeader(http.StatusOK)
		return sent{status: http.StatusOK, coding: c.String()}, nil
	}
	b, size, done, err := d.source.open(c)
	if err != nil {
		return sent{}, err
	}
	defer done()
	maps.Copy(w.Header(), d.whole(c, size))
	w.WriteHeader(http.StatusOK)
	// An error means that the reader has gone: there is nobody to tell.
	n, _ := b.WriteTo(w)
	return sent{status: http.StatusOK, coding: c.String(), bytes: int(n)}, nil
}

// choose picks one of the encodings that a reader takes, best first.
func (d *document) choose(list []coding) (c coding, ok bool) {
	if len(list) == 0 {
		return 0, false
	}
	return choose(list, d.size), true
}

// choose is the first that makes a document smaller, or leaves it as it is;
// without such a one, the first.
func choose(list []coding, size int) coding {
	if size < encodeFrom && slices.Contains(list, identity) {
		return identity
	}
	return list[0]
}

// brief is the header of 304.
func (d *document) brief(c coding) http.Header {
	h := maps.Clone(d.always)
	h["Etag"] = []string{entityTag(d.digest, c)}
	h["Last-Modified"] = []string{d.modified.UTC().Format(http.TimeFormat)}
	h["Vary"] = []string{"Accept-Encoding"}
	return h
}

// whole is the header of 200 with a body of so many bytes.
func (d *document) whole(c coding, size int) http.Header {
	h := d.brief(c)
	maps.Copy(h, d.full)
	h["Accept-Ranges"] = []string{"none"}
	h["Content-Length"] = []string{strconv.Itoa(size)}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if c != identity {
		h["Content-Encoding"] = []string{c.String()}
	}
	return h
}

// wireHead is a head as net/http writes it for the public handler, up to the
// value of Date.
func wireHead(status int, h http.Header) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	allowAnyOrigin(h)
	_ = h.Write(&b) // to memory
	b.WriteString("Date: ")
	return slices.Clip(b.Bytes())
}

// ownBytes is the source of a document that is made for a request, or rarely. Each
// encoding is made at most once.
type ownBytes struct {
	identity []byte
	encoders *encoders
	encoded  [codingCount]struct {
		once  sync.Once
		bytes []byte
	}
}

func (t *ownBytes) asked(coding) {}

func (t *ownBytes) length(c coding) (int, error) { return len(t.in(c)), nil }

func (t *ownBytes) open(c coding) (io.WriterTo, int, func(), error) {
	b := &body{text: t.in(c)}
	return b, len(b.text), func() {}, nil
}

func (t *ownBytes) in(c coding) []byte {
	e := &t.encoded[c]
	e.once.Do(func() { e.bytes = t.encoders.encode(c, t.identity) })
	return e.bytes
}
