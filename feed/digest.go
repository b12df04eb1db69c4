package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// DigestOf is the SHA-256 of some bytes in lower-case hex.
func DigestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// EntrySum is what a feed has to know of an entry's bytes to be put together
// without them.
type EntrySum struct {
	Hash [16]byte // the first half of the SHA-256 of its bytes
	Size int      // bytes
}

// SumOf is an entry's.
func SumOf(entry []byte) EntrySum {
	sum := sha256.Sum256(entry)
	return EntrySum{Hash: [16]byte(sum[:16]), Size: len(entry)}
}

// DigestParts is the digest of the feed that Join would make, as
// Artifact.Digest holds it, and the feed's size. It is made of its parts'
// digests, so that one changed post costs one entry and not the whole feed:
// the SHA-256 of the format (1 byte), the SHA-256 of the head and of the tail
// (32 bytes each), and the entries' hashes in order (16 bytes each). Equal
// bytes give equal digests, whatever their entries are called.
func DigestParts(f Format, head []byte, entries []EntrySum, tail []byte) (digest string, size int) {
	r := renderers[f]
	parts := make([]byte, 0, 1+2*sha256.Size+len(entries)*len(EntrySum{}.Hash))
	first, last := sha256.Sum256(head), sha256.Sum256(tail)
	parts = append(append(append(parts, byte(f)), first[:]...), last[:]...)
	size = len(head) + len(tail)
	for i, e := range entries {
		parts = append(parts, e.Hash[:]...)
		size += e.Size + len(r.before(i))
	}
	if len(entries) > 0 {
		size += len(r.end)
	}
	return DigestOf(parts), size
}

// Whole joins the artifact's entries, and fails when they are not those that
// were published. Before Sums came to be kept, Digest was of the joined bytes.
func (a Artifact) Whole(entries [][]byte) ([]byte, error) {
	if len(entries) != len(a.Entries) {
		return nil, fmt.Errorf("%d entries were found of the %d that were published", len(entries), len(a.Entries))
	}
	whole := Join(a.Format, a.Head, entries, a.Tail)
	if !a.Summed() {
		if digest := DigestOf(whole); digest != a.Digest || len(whole) != a.Size {
			return nil, fmt.Errorf("its %d bytes have digest %s, the %d that were published had %s", len(whole), digest, a.Size, a.Digest)
		}
		return whole, nil
	}
	for i, entry := range entries {
		if SumOf(entry) != a.Sums[i] {
			return nil, fmt.Errorf("the entry of post %d is not what was published", a.Entries[i].Post)
		}
	}
	if digest, size := DigestParts(a.Format, a.Head, a.Sums, a.Tail); digest != a.Digest || size != a.Size {
		return nil, fmt.Errorf("its parts have %d bytes and digest %s, those that were published had %d and %s", size, digest, a.Size, a.Digest)
	}
	return whole, nil
}

// Summed tells whether the artifact's digest is made of its entries' sums. An
// artifact of before then has to be read whole once more.
func (a Artifact) Summed() bool { return a.Sums != nil && len(a.Sums) == len(a.Entries) }
