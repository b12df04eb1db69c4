package feed

import (
	"slices"
	"strings"
	"testing"
)

// sumsOf are of entries in their order.
func sumsOf(entries [][]byte) []EntrySum {
	sums := []EntrySum{}
	for _, e := range entries {
		sums = append(sums, SumOf(e))
	}
	return sums
}

// ofParts is an artifact of those parts.
func ofParts(f Format, head string, entries [][]byte, tail string) Artifact {
	a := Artifact{Format: f, Head: []byte(head), Tail: []byte(tail), Entries: make([]FragmentKey, len(entries)), Sums: sumsOf(entries)}
	a.Digest, a.Size = DigestParts(f, a.Head, a.Sums, a.Tail)
	return a
}

// The size is that of the joined bytes, and no two feeds have one digest,
// however their bytes are divided.
func TestDigestParts(t *testing.T) {
	seen := map[string]string{}
	for _, parts := range []string{"|", "h|", "|t", "h|t", "h|a|t", "h||t", "h|a|b|t", "h|b|a|t", "h|ab|t", "h|a||b|t", "ha|b|t", "h|a|bt", "h|a|b|"} {
		list := strings.Split(parts, "|")
		var entries [][]byte
		for _, e := range list[1 : len(list)-1] {
			entries = append(entries, []byte(e))
		}
		for _, f := range Formats {
			a := ofParts(f, list[0], entries, list[len(list)-1])
			if whole, err := a.Whole(entries); err != nil || len(whole) != a.Size {
				t.Errorf("%s as %s: %d bytes, want %d (%v)", parts, f, len(whole), a.Size, err)
			}
			if other := seen[a.Digest]; other != "" {
				t.Errorf("%s as %s has the digest of %s", parts, f, other)
			}
			seen[a.Digest] = parts + " as " + f.String()
		}
	}
}

// Whatever became of a feed's parts is found, and told of the entry where it is.
func TestWholeDamaged(t *testing.T) {
	entries := [][]byte{[]byte("one"), []byte("two")}
	for what, damage := range map[string]func(a *Artifact, entries *[][]byte){
		"post 7":    func(a *Artifact, entries *[][]byte) { (*entries)[1] = []byte("twi"); a.Entries[1].Post = 7 },
		"1 entries": func(_ *Artifact, entries *[][]byte) { *entries = (*entries)[:1] },
		"its parts": func(a *Artifact, _ *[][]byte) { a.Head[0] ^= 1 },
		"digest":    func(a *Artifact, _ *[][]byte) { a.Digest = DigestOf(nil) },
		"bytes":     func(a *Artifact, _ *[][]byte) { a.Size++ },
		"had":       func(a *Artifact, _ *[][]byte) { a.Sums = nil },
	} {
		a, found := ofParts(RSS, "head", entries, "tail"), slices.Clone(entries)
		damage(&a, &found)
		if whole, err := a.Whole(found); err == nil || whole != nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: gives %q and error %v", what, whole, err)
		}
	}
}

// An artifact that is older than the sums has the digest of its joined bytes.
func TestWholeUnsummed(t *testing.T) {
	for _, entries := range [][][]byte{nil, {[]byte("one"), []byte("two")}} {
		a := ofParts(Atom, "head", entries, "tail")
		joined := Join(Atom, a.Head, entries, a.Tail)
		a.Sums, a.Digest = nil, DigestOf(joined)
		if whole, err := a.Whole(entries); err != nil || string(whole) != string(joined) {
			t.Errorf("gives %q and error %v, want %q", whole, err, joined)
		}
	}
}
