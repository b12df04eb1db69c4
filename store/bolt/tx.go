package bolt

import (
	"fmt"
	"maps"
	"time"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
)

// tx is one Update: it reads the file and what it wrote itself.
type tx struct {
	reader
	err    error // the function's, or the first of a write
	now    time.Time
	slot   func(site feed.Site, c feed.Category, after time.Time) time.Time
	slots  map[uint64]time.Time  // next slot by category, as far as asked for
	marks  map[uint64]store.Mark // that this Update has set
	leases map[string]lease
	lines  uint32 // written to the logs so far
	broken error  // of a write that cannot be kept
}

var _ store.Tx = (*tx)(nil)

func newTx(btx *bbolt.Tx, seq store.Seq) *tx {
	return &tx{
		reader: reader{btx: btx, over: new(overlay), seq: seq, sites: new(siteCache)},
		now:    time.Now().UTC().Round(0), slots: make(map[uint64]time.Time), marks: make(map[uint64]store.Mark),
	}
}

// Now is the time at which the Update's turn came.
func (t *tx) Now() time.Time { return t.now }

// put writes a row. A key that cannot be kept fails the Update at its end.
func (t *tx) put(b bucket, key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	t.write(b, key, value)
}

func (t *tx) drop(b bucket, key []byte) { t.write(b, key, nil) }

func (t *tx) write(b bucket, key, value []byte) {
	if err := t.over.put(b, key, value); err != nil && t.broken == nil {
		t.broken = fmt.Errorf("write to %s: %w", b, err)
	}
}

// next gives out the next number of a counter in meta.
func (t *tx) next(counter string) uint64 {
	n := number(t.get(inMeta, []byte(counter))) + 1
	t.put(inMeta, []byte(counter), numKey(n))
	return n
}

// Fence fails when a newer leadership was granted.
func (t *tx) Fence(l store.Lease) error {
	if newest := number(t.get(inMeta, fenceKey(l.Name))); newest != l.Token {
		return fmt.Errorf("fence %s: %w: token %d, newest %d", l.Name, store.ErrFenced, l.Token, newest)
	}
	return t.fault
}

// lend changes the leases as this Update sees them; they count for others once
// it has committed.
func (t *tx) lend(change func(map[string]lease)) {
	if t.leases = maps.Clone(t.leases); t.leases == nil {
		t.leases = make(map[string]lease)
	}
	change(t.leases)
}
