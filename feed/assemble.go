package feed

import "fmt"

// CheckParts fails when the head, the tail or the sums of the entries are not
// those that were published. It says nothing of an artifact without sums.
func (a Artifact) CheckParts() error {
	if !a.Summed() {
		return nil
	}
	if digest, size := DigestParts(a.Format, a.Head, a.Sums, a.Tail); digest != a.Digest || size != a.Size {
		return fmt.Errorf("its parts have %d bytes and digest %s, those that were published had %d and %s", size, digest, a.Size, a.Digest)
	}
	return nil
}

// Assemble appends the whole feed to an empty slice, and fails like Whole. The
// function appends the entry with that index; sure says that these bytes have
// been checked against its sum before, as those of an earlier generation have.
func (a Artifact) Assemble(to []byte, entry func(to []byte, i int) (whole []byte, sure bool, err error)) ([]byte, error) {
	if err := a.CheckParts(); err != nil {
		return to, err
	}
	r, summed := renderers[a.Format], a.Summed()
	to = append(to, a.Head...)
	for i, key := range a.Entries {
		to = append(to, r.before(i)...)
		begin := len(to)
		var sure bool
		var err error
		if to, sure, err = entry(to, i); err != nil {
			return to, err
		}
		if summed && !sure && SumOf(to[begin:]) != a.Sums[i] {
			return to, fmt.Errorf("the entry of post %d is not what was published", key.Post)
		}
	}
	if len(a.Entries) > 0 {
		to = append(to, r.end...)
	}
	to = append(to, a.Tail...)
	if digest := a.Digest; !summed && (DigestOf(to) != digest || len(to) != a.Size) {
		return to, fmt.Errorf("its %d bytes have digest %s, the %d that were published had %s", len(to), DigestOf(to), a.Size, digest)
	}
	return to, nil
}
