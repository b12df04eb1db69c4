package bolt

import (
	"bytes"
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
	packed, err := packEntries(a)
	if err != nil {
		return nil, err
	}
	return encodePacked(a, packed)
}

// encodePacked encodes an artifact whose entries are packed already.
func encodePacked(a feed.Artifact, packed []byte) ([]byte, error) {
	summed := packSums(a.Sums)
	if lasts(a.Modified) {
		b := make([]byte, 0, len(packed)+len(summed)+len(a.Head)+len(a.Tail)+512)
		return appendArtifact(append(b, recordVersion), a, packed, summed), nil
	}
	return encode(recordOfArtifact(a, packed, summed))
}

func recordOfArtifact(a feed.Artifact, packed, summed []byte) artifactRecord {
	rec := artifactRecord{Artifact: a, Packed: packed, Summed: summed}
	rec.Entries, rec.Dates = nil, nil
	return rec
}

func packEntries(a feed.Artifact) ([]byte, error) {
	packed := make([]byte, 0, len(a.Entries)*packedEntry)
	dated := len(a.Dates) == len(a.Entries)
	for i, k := range a.Entries {
		if k.Format != a.Format {
			return nil, fmt.Errorf("an entry of post %d is in format %s, its feed in %s", k.Post, k.Format, a.Format)
		}
		packed = append(binary.AppendUvarint(packed, k.Post), k.Variant[:]...)
		if !dated {
			packed = append(packed, undated)
			continue
		}
		d := a.Dates[i]
		kind := byte(lasting)
		if d.Expired {
			kind = expired
		}
		packed = binary.AppendVarint(append(packed, kind), d.Published)
		packed = binary.AppendVarint(packed, d.Updated-d.Published)
	}
	return packed, nil
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
	for u.more() {
		s := feed.EntrySum{Hash: u.hash()}
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
	rec, scanned := scanArtifact(data)
	if scanned {
		rec.Head, rec.Tail = bytes.Clone(rec.Head), bytes.Clone(rec.Tail)
	} else {
		rec = artifactRecord{}
		if err := decode(data, &rec); err != nil {
			return rec.Artifact, err
		}
	}
	entries, dates, whole := unpackEntries(rec.Packed, rec.Format)
	if rec.Packed != nil {
		rec.Entries, rec.Dates = entries, dates
	}
	sums, summed := unpackSums(rec.Summed)
	rec.Sums = sums
	if !whole || !summed || len(rec.Dates) > 0 && len(rec.Dates) != len(rec.Entries) || sums != nil && len(sums) != len(rec.Entries) {
		return rec.Artifact, fmt.Errorf("%w: the entries of a feed cannot be read", store.ErrDamaged)
	}
	return rec.Artifact, nil
}

func unpackEntries(packed []byte, f feed.Format) (entries []feed.FragmentKey, dates []feed.EntryDates, whole bool) {
	if len(packed) == 0 {
		return nil, nil, true
	}
	n := len(packed)/(packedEntry-3) + 1 // rather too many than all over again
	entries, dates = make([]feed.FragmentKey, 0, n), make([]feed.EntryDates, 0, n)
	u := unpacker{data: packed}
	for u.more() {
		entries = append(entries, u.key(f))
		if d, dated := u.dates(); dated {
			dates = append(dates, d)
		}
	}
	if len(dates) == 0 {
		dates = nil
	}
	return entries, dates, !u.bad
}

// unpackKeys is unpackEntries without the dates.
func unpackKeys(packed []byte, f feed.Format) (entries []feed.FragmentKey, whole bool) {
	entries = make([]feed.FragmentKey, 0, len(packed)/(packedEntry-3)+1)
	u := unpacker{data: packed}
	for u.more() {
		entries = append(entries, u.key(f))
		u.dates()
	}
	return entries, !u.bad
}

func (u *unpacker) key(f feed.Format) feed.FragmentKey {
	return feed.FragmentKey{Post: u.unsigned(), Format: f, Variant: u.hash()}
}

func (u *unpacker) dates() (d feed.EntryDates, dated bool) {
	if !u.more() {
		u.fail()
		return d, false
	}
	kind := u.data[u.at]
	u.at++
	if kind == undated {
		return d, false
	}
	d = feed.EntryDates{Published: u.signed(), Expired: kind == expired}
	d.Updated = d.Published + u.signed()
	return d, true
}

// entriesRecord is what decodeEntries takes of an artifactRecord.
type entriesRecord struct {
	Entries []feed.FragmentKey `cbor:"7,keyasint"`
	Packed  []byte             `cbor:"16,keyasint,omitempty"`
}

// decodeEntries reads the entries of an artifact of format f, and nothing when
// they are packed like the ones given.
func decodeEntries(data []byte, f feed.Format, like []byte) (entries []feed.FragmentKey, same bool, err error) {
	var rec entriesRecord
	if a, scanned := scanArtifact(data); scanned {
		rec.Packed = a.Packed
	} else if err := decode(data, &rec); err != nil {
		return nil, false, err
	}
	if rec.Packed == nil {
		return rec.Entries, false, nil
	}
	if bytes.Equal(rec.Packed, like) {
		return nil, true, nil
	}
	entries, whole := unpackKeys(rec.Packed, f)
	if !whole {
		return nil, false, fmt.Errorf("%w: the entries of a feed cannot be read", store.ErrDamaged)
	}
	return entries, false, nil
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
	if rec, scanned := scanArtifact(data); scanned {
		rec.Head, rec.Tail, rec.EntryFingerprint = nil, nil, ""
		return rec.Artifact, nil
	}
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
	at   int
	bad  bool
}

func (u *unpacker) more() bool { return u.at < len(u.data) }

// fail passes over the rest.
func (u *unpacker) fail() { u.at, u.bad = len(u.data), true }

func (u *unpacker) hash() (h [16]byte) {
	if len(u.data)-u.at < len(h) {
		u.fail()
		return h
	}
	h = [16]byte(u.data[u.at:])
	u.at += len(h)
	return h
}

func (u *unpacker) unsigned() uint64 {
	v, n := binary.Uvarint(u.data[u.at:])
	if n <= 0 {
		u.fail()
		return 0
	}
	u.at += n
	return v
}

func (u *unpacker) signed() int64 {
	v, n := binary.Varint(u.data[u.at:])
	if n <= 0 {
		u.fail()
		return 0
	}
	u.at += n
	return v
}
