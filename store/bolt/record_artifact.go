package bolt

import (
	"encoding/binary"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

// artifactRecord is an artifact with its entries packed: a publication reads
// and writes hundreds of them, and a general decoder takes its time for each.
type artifactRecord struct {
	feed.Artifact
	Packed []byte `cbor:"16,keyasint,omitempty"`
	// Summed are the sums, each 16 bytes of hash and a size; null for none.
	Summed []byte `cbor:"18,keyasint"`
}

// About what one entry takes: a variant, its post, and dates; a hash and a size.
const (
	packedEntry = 16 + 3 + 8
	packedSum   = 16 + 2
)

func encodeArtifact(a feed.Artifact) ([]byte, error) {
	rec := artifactRecord{Artifact: a, Packed: make([]byte, 0, len(a.Entries)*packedEntry)}
	dated := len(a.Dates) == len(a.Entries)
	for i, k := range a.Entries {
		if k.Format != a.Format {
			return nil, fmt.Errorf("an entry of post %d is in format %s, its feed in %s", k.Post, k.Format, a.Format)
		}
		rec.Packed = append(binary.AppendUvarint(rec.Packed, k.Post), k.Variant[:]...)
		if !dated {
			rec.Packed = append(rec.Packed, undated)
			continue
		}
		d := a.Dates[i]
		kind := byte(lasting)
		if d.Expired {
			kind = expired
		}
		rec.Packed = binary.AppendVarint(append(rec.Packed, kind), d.Published)
		rec.Packed = binary.AppendVarint(rec.Packed, d.Updated-d.Published)
	}
	rec.Entries, rec.Dates, rec.Summed = nil, nil, packSums(a.Sums)
	return encode(rec)
}

// packSums keeps none apart from those of a feed without entries.
func packSums(sums []feed.EntrySum) []byte {
	if sums == nil {
		return nil
	}
	packed := make([]byte, 0, len(sums)*packedSum)
	for _, s := range sums {
		packed = binary.AppendUvarint(append(packed, s.Hash[:]...), uint64(s.Size))
	}
	return packed
}

func unpackSums(packed []byte) (sums []feed.EntrySum, whole bool) {
	if packed == nil {
		return nil, true
	}
	sums = make([]feed.EntrySum, 0, len(packed)/packedSum)
	u := unpacker{data: packed}
	for len(u.data) > 0 && !u.bad {
		var s feed.EntrySum
		copy(s.Hash[:], u.bytes(len(s.Hash)))
		s.Size = int(u.unsigned())
		sums = append(sums, s)
	}
	return sums, !u.bad
}

// What an entry's dates are.
const (
	undated = iota
	lasting
	expired
)

func decodeArtifact(data []byte) (feed.Artifact, error) {
	var rec artifactRecord
	if err := decode(data, &rec); err != nil {
		return rec.Artifact, err
	}
	u := unpacker{data: rec.Packed}
	for len(u.data) > 0 && !u.bad {
		k := feed.FragmentKey{Post: u.unsigned(), Format: rec.Format}
		copy(k.Variant[:], u.bytes(len(k.Variant)))
		rec.Entries = append(rec.Entries, k)
		if kind := u.bytes(1); len(kind) == 1 && kind[0] != undated {
			d := feed.EntryDates{Published: u.signed(), Expired: kind[0] == expired}
			d.Updated = d.Published + u.signed()
			rec.Dates = append(rec.Dates, d)
		}
	}
	sums, whole := unpackSums(rec.Summed)
	rec.Sums = sums
	if u.bad || !whole || len(rec.Dates) > 0 && len(rec.Dates) != len(rec.Entries) || sums != nil && len(sums) != len(rec.Entries) {
		return rec.Artifact, fmt.Errorf("%w: the entries of a feed cannot be read", store.ErrDamaged)
	}
	return rec.Artifact, nil
}

// headerRecord is what decodeHeader takes of an artifactRecord; the decoder
// passes over the rest, which is most of it.
type headerRecord struct {
	Category    uint64        `cbor:"1,keyasint"`
	Format      feed.Format   `cbor:"2,keyasint"`
	Topic       string        `cbor:"3,keyasint"`
	Path        string        `cbor:"4,keyasint"`
	Digest      string        `cbor:"8,keyasint"`
	Size        int           `cbor:"9,keyasint"`
	Modified    time.Time     `cbor:"10,keyasint"`
	Generation  uint64        `cbor:"11,keyasint"`
	Hubs        []string      `cbor:"12,keyasint,omitempty"`
	MaxAge      time.Duration `cbor:"13,keyasint,omitempty"`
	Fingerprint string        `cbor:"14,keyasint"`
}

// decodeHeader reads an artifact without its bytes and entries.
func decodeHeader(data []byte) (feed.Artifact, error) {
	var rec headerRecord
	if err := decode(data, &rec); err != nil {
		return feed.Artifact{}, err
	}
	return feed.Artifact{
		Category: rec.Category, Format: rec.Format, Topic: rec.Topic, Path: rec.Path, Digest: rec.Digest, Size: rec.Size,
		Modified: rec.Modified, Generation: rec.Generation, Hubs: rec.Hubs, MaxAge: rec.MaxAge, Fingerprint: rec.Fingerprint,
	}, nil
}

// unpacker reads packed entries. What is not there is zero, and bad.
type unpacker struct {
	data []byte
	bad  bool
}

func (u *unpacker) bytes(n int) []byte {
	if len(u.data) < n {
		u.bad, u.data = true, nil
		return nil
	}
	b := u.data[:n]
	u.data = u.data[n:]
	return b
}

func (u *unpacker) unsigned() uint64 {
	v, n := binary.Uvarint(u.data)
	u.bytes(max(n, 0))
	u.bad = u.bad || n <= 0
	return v
}

func (u *unpacker) signed() int64 {
	v, n := binary.Varint(u.data)
	u.bytes(max(n, 0))
	u.bad = u.bad || n <= 0
	return v
}
