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
	return appendText(b, t.UTC().Format(time.RFC3339Nano))
}

// lasts tells whether RFC 3339 has the year of the time.
func lasts(t time.Time) bool {
	year := t.UTC().Year()
	return 0 <= year && year <= 9999
}

// appendArtifact appends an artifact's record as the encoder has it, in a
// quarter of the time.
func appendArtifact(b []byte, a feed.Artifact, packed, summed []byte) []byte {
	fields := uint64(13)
	for _, there := range []bool{len(a.Hubs) > 0, a.MaxAge != 0, len(packed) > 0, a.EntryFingerprint != ""} {
		if there {
			fields++
		}
	}
	b = appendHead(b, cborMap, fields)
	b = appendHead(append(b, 1), cborNumber, a.Category)
	b = appendHead(append(b, 2), cborNumber, uint64(a.Format))
	b = appendText(append(b, 3), a.Topic)
	b = appendText(append(b, 4), a.Path)
	b = appendBytes(append(b, 5), a.Head)
	b = appendBytes(append(b, 6), a.Tail)
	b = append(b, 7, cborNull) // the entries are packed
	b = appendText(append(b, 8), a.Digest)
	b = appendSigned(append(b, 9), int64(a.Size))
	b = appendTime(append(b, 10), a.Modified)
	b = appendHead(append(b, 11), cborNumber, a.Generation)
	if len(a.Hubs) > 0 {
		b = appendHead(append(b, 12), cborArray, uint64(len(a.Hubs)))
		for _, hub := range a.Hubs {
			b = appendText(b, hub)
		}
	}
	if a.MaxAge != 0 {
		b = appendSigned(append(b, 13), int64(a.MaxAge))
	}
	b = appendText(append(b, 14), a.Fingerprint)
	if len(packed) > 0 {
		b = appendBytes(append(b, 16), packed)
	}
	if a.EntryFingerprint != "" {
		b = appendText(append(b, 17), a.EntryFingerprint)
	}
	return appendBytes(append(b, 18), summed)
}

// appendDelivery appends a delivery's record as the encoder has it.
func appendDelivery(b []byte, rec deliveryRecord) []byte {
	fields := uint64(7)
	for _, there := range []bool{rec.Outcome != "", rec.Status != 0, rec.Error != "", rec.Note != ""} {
		if there {
			fields++
		}
	}
	b = appendHead(b, cborMap, fields)
	b = appendText(append(b, 1), rec.Hub)
	b = appendText(append(b, 2), rec.Topic)
	b = appendHead(append(b, 3), cborNumber, rec.Generation)
	b = appendSigned(append(b, 4), int64(rec.Attempt))
	b = appendTime(append(b, 5), rec.Next)
	b = appendTime(append(b, 6), rec.First)
	if rec.Outcome != "" {
		b = appendText(append(b, 7), rec.Outcome)
	}
	if rec.Status != 0 {
		b = appendSigned(append(b, 8), int64(rec.Status))
	}
	if rec.Error != "" {
		b = appendText(append(b, 9), rec.Error)
	}
	b = appendTime(append(b, 10), rec.Settled)
	if rec.Note != "" {
		b = appendText(append(b, 11), rec.Note)
	}
	return b
}
