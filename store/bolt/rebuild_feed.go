package bolt

import (
	"bytes"

	"syndic/feed"
)

// marks has every category made again now, from nothing. What is sound comes
// out as it was, and is no change.
func (b *rebuild) marks() error {
	for _, in := range []bucket{inMark, inDueMark} {
		if err := b.empty(in); err != nil {
			return err
		}
	}
	return b.each(inCategory, func(t *tx, k, v []byte) error {
		c, err := readCategory(number(k), v)
		if err != nil {
			return err
		}
		return t.PutMark(c.Num, t.now, true)
	})
}

// artifacts keeps the feeds whose bytes are those that were published.
func (b *rebuild) artifacts() error {
	return b.each(inArtifact, func(t *tx, k, v []byte) error {
		a, err := decodeArtifact(v)
		sound := err == nil && bytes.Equal(artifactKey(a.Category, a.Format), k) && t.has(inCategory, numKey(a.Category)) && a.Generation <= b.seq
		if sound {
			c := checker{r: &t.reader, ctx: b.ctx}
			c.digest(a)
			sound = len(c.problems) == 0
		}
		if !sound {
			t.drop(inArtifact, k)
			b.mended("feed %d in format %d: it was damaged, and is made anew", a.Category, a.Format)
		}
		return nil
	})
}

// fragments keeps the entries that feeds name, and counts them.
func (b *rebuild) fragments() error {
	refs := map[string]uint64{}
	err := b.read(func(r *reader) error {
		for _, v := range r.rows(inArtifact, nil, nil) {
			a, err := decodeArtifact(v)
			if err != nil {
				return err
			}
			for _, e := range a.Entries {
				refs[string(fragmentKey(e))]++
			}
		}
		return r.fault
	})
	if err == nil {
		err = b.empty(inFragmentRef)
	}
	if err != nil {
		return err
	}
	return b.each(inFragment, func(t *tx, k, _ []byte) error {
		if n := refs[string(k)]; n > 0 {
			t.put(inFragmentRef, k, numKey(n))
			return nil
		}
		t.drop(inFragment, k)
		return nil
	})
}

// deliveries keeps the rows of the outbox that can be read.
func (b *rebuild) deliveries() error {
	if err := b.empty(inDueDelivery); err != nil {
		return err
	}
	return b.each(inDelivery, func(t *tx, k, v []byte) error {
		d, err := readDelivery(v)
		if err != nil || !bytes.Equal(deliveryKey(d.Hub, d.Topic), k) {
			t.drop(inDelivery, k)
			b.mended("a ping that could not be read was left out: %q", k)
			return nil
		}
		if due(d.Outcome) {
			t.put(inDueDelivery, dueDeliveryKey(d.Hub, d.Topic, d.Next), nil)
		}
		return nil
	})
}

// logs keeps the lines that can be read and are about what is there.
func (b *rebuild) logs() error {
	for in, sound := range map[bucket]func(t *tx, k, v []byte) bool{
		inChange: func(t *tx, k, v []byte) bool {
			var rec changeRecord
			return decode(v, &rec) == nil && number(k) <= b.seq &&
				(rec.Post == 0 || t.has(inPost, numKey(rec.Post))) && (rec.Category == 0 || t.has(inCategory, numKey(rec.Category)))
		},
		inHubLog: func(_ *tx, k, v []byte) bool {
			_, err := readDelivery(v)
			return err == nil && number(k) <= b.seq
		},
		inRun: func(t *tx, k, v []byte) bool {
			var rec runRecord
			return decode(v, &rec) == nil && t.has(inCategory, k) && number(k) >= feed.SiteNum
		},
	} {
		err := b.each(in, func(t *tx, k, v []byte) error {
			if !sound(t, k, v) {
				t.drop(in, k)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
