package bolt

import (
	"encoding/binary"
	"time"

	"syndic/feed"
)

// appendHead appends the first part of an item in its shortest form (RFC 8949
// §4.2.1).
func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}

func appendSigned(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, cborNegative, uint64(-1-n))
	}
	return appendHead(b, cborNumber, uint64(n))
}

func appendText(b []byte, s string) []byte {
	return append(appendHead(b, cborText, uint64(len(s))), s...)
}

// appendBytes keeps none apart from those that are empty.
func appendBytes(b, data []byte) []byte {
	if data == nil {
		return append(b, cborNull)
	}
	return append(appendHead(b, cborBytes, uint64(len(data))), data...)
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, cborNull)
	}
	var room [len(time.RFC3339Nano)]byte
	text := t.UTC().AppendFormat(room[:0], time.RFC3339Nano)
	return append(appendHead(b, cborText, uint64(len(text))), text...)
}

// lasts tells whether RFC 3339 has the year of the time.
func lasts(t time.Time) bool {
	year := t.UTC().Year()
	return 0 <= year && year <= 9999
}

// mostFields is how many fields the first byte of a map can count.
const mostFields = 23

// recorder writes a record as the general encoder does, which takes several
// times as long. What is called some is left out where there is none.
type recorder struct {
	data   []byte
	begin  int // where the map's first byte is
	fields int
}

// newRecorder begins a record behind b.
func newRecorder(b []byte) recorder { return recorder{data: append(b, 0), begin: len(b)} }

// end is what was written, with its fields counted.
func (r *recorder) end() []byte {
	r.data[r.begin] = cborMap<<5 | byte(r.fields)
	return r.data
}

func (r *recorder) key(key uint64) {
	r.data = appendHead(r.data, cborNumber, key)
	r.fields++
}

func (r *recorder) number(key, n uint64) {
	r.key(key)
	r.data = appendHead(r.data, cborNumber, n)
}

func (r *recorder) signed(key uint64, n int64) {
	r.key(key)
	r.data = appendSigned(r.data, n)
}

func (r *recorder) text(key uint64, s string) {
	r.key(key)
	r.data = appendText(r.data, s)
}

func (r *recorder) bytes(key uint64, b []byte) {
	r.key(key)
	r.data = appendBytes(r.data, b)
}

// time takes one that lasts.
func (r *recorder) time(key uint64, t time.Time) {
	r.key(key)
	r.data = appendTime(r.data, t)
}

// someTime takes one that lasts.
func (r *recorder) someTime(key uint64, t time.Time) {
	if !t.IsZero() {
		r.time(key, t)
	}
}

func (r *recorder) someNumber(key, n uint64) {
	if n != 0 {
		r.number(key, n)
	}
}

func (r *recorder) someSigned(key uint64, n int64) {
	if n != 0 {
		r.signed(key, n)
	}
}

func (r *recorder) someText(key uint64, s string) {
	if s != "" {
		r.text(key, s)
	}
}

func (r *recorder) someTexts(key uint64, list []string) {
	if len(list) == 0 {
		return
	}
	r.key(key)
	r.data = appendHead(r.data, cborArray, uint64(len(list)))
	for _, s := range list {
		r.data = appendText(r.data, s)
	}
}

func (r *recorder) somePeople(key uint64, list []feed.Person) {
	if len(list) == 0 {
		return
	}
	r.key(key)
	r.data = appendHead(r.data, cborArray, uint64(len(list)))
	for _, p := range list {
		person := newRecorder(r.data)
		person.someText(1, p.Name)
		person.someText(2, p.Email)
		person.someText(3, p.URL)
		r.data = person.end()
	}
}

// appendArtifact appends an artifact's record as the encoder has it, in a
// quarter of the time.
func appendArtifact(b []byte, a feed.Artifact, packed, summed []byte) []byte {
	r := newRecorder(b)
	r.number(1, a.Category)
	r.number(2, uint64(a.Format))
	r.text(3, a.Topic)
	r.text(4, a.Path)
	r.bytes(5, a.Head)
	r.bytes(6, a.Tail)
	r.bytes(7, nil) // the entries are packed
	r.text(8, a.Digest)
	r.signed(9, int64(a.Size))
	r.time(10, a.Modified)
	r.number(11, a.Generation)
	r.someTexts(12, a.Hubs)
	r.someSigned(13, int64(a.MaxAge))
	r.text(14, a.Fingerprint)
	if len(packed) > 0 {
		r.bytes(16, packed)
	}
	r.someText(17, a.EntryFingerprint)
	r.bytes(18, summed)
	return r.end()
}

// appendDelivery appends a delivery's record as the encoder has it.
func appendDelivery(b []byte, rec deliveryRecord) []byte {
	r := newRecorder(b)
	r.text(1, rec.Hub)
	r.text(2, rec.Topic)
	r.number(3, rec.Generation)
	r.signed(4, int64(rec.Attempt))
	r.time(5, rec.Next)
	r.time(6, rec.First)
	r.someText(7, rec.Outcome)
	r.someSigned(8, int64(rec.Status))
	r.someText(9, rec.Error)
	r.time(10, rec.Settled)
	r.someText(11, rec.Note)
	r.someTime(12, rec.Since)
	r.someTime(13, rec.Held)
	r.someTime(14, rec.Asked)
	return r.end()
}

// appendChange appends a change's record as the encoder has it.
func appendChange(b []byte, rec changeRecord) []byte {
	r := newRecorder(b)
	r.time(1, rec.At)
	r.text(2, rec.Kind)
	r.someNumber(3, rec.Post)
	r.someNumber(4, rec.Category)
	return r.end()
}
