package bolt

import (
	"cmp"
	"runtime"
	"time"

	"go.etcd.io/bbolt"

	"syndic/store"
)

// joinTime is how long after its start a transaction takes further calls. Many
// come just after a commit, from those whom it was told: left to the next
// transaction they would wait for two commits instead of one.
const joinTime = 2 * time.Millisecond

// batch is the Updates of one transaction of bbolt. Whoever has it hands it on:
// the writer to the first caller, each caller to the next, and the last one
// back to the writer.
type batch struct {
	btx    *bbolt.Tx
	start  time.Time
	calls  []*call
	ran    int              // of the calls
	failed map[*call]error  // the calls' own errors, which undo nothing but them
	lost   error            // with which the whole transaction is
	ended  chan struct{}    // closed when the writer has it back
	seq    store.Seq        // of the newest of them that wrote
	leases map[string]lease // as they are once it has committed
	wrote  []*overlay
}

// commit runs the calls one after another in one transaction, with those that
// come meanwhile, and tells each how it ended. A crash before the sync of the
// meta page leaves none of them, one after it all.
func (s *Store) commit(calls []*call) {
	if len(calls) == 0 {
		return
	}
	b, err := s.openBatch(calls)
	if err != nil {
		tell(calls, nil, err)
		return
	}
	s.handOn(b)
	s.settle(b)
}

// settle commits the batch once everybody has handed it on.
func (s *Store) settle(b *batch) {
	<-b.ended
	s.told = len(b.calls)
	if b.lost != nil {
		_ = s.rollback(b.btx) // the store says so itself if it fails
		tell(b.calls, nil, b.lost)
		return
	}
	// Even a failure is told after the sync: what it saw may be what the
	// others wrote.
	if err := s.seal(b); err != nil {
		tell(b.calls, nil, err)
		return
	}
	tell(b.calls, b.failed, nil)
}

func (s *Store) openBatch(calls []*call) (*batch, error) {
	btx, err := s.begin(true)
	if err != nil {
		return nil, err
	}
	r := reader{btx: btx}
	b := &batch{
		btx: btx, start: time.Now(), calls: calls, failed: make(map[*call]error), ended: make(chan struct{}),
		leases: s.leases, seq: store.Seq(number(r.get(inMeta, []byte("seq")))),
	}
	if r.fault != nil {
		_ = s.rollback(btx) // the store says so itself if it fails
		return nil, fault(s.path, r.fault)
	}
	return b, nil
}

// handOn gives the batch to the next call, or back to the writer.
func (s *Store) handOn(b *batch) {
	if b.ran == len(b.calls) && time.Since(b.start) < joinTime {
		if len(b.calls) < s.told {
			runtime.Gosched() // some of those who were told last may be on their way
		}
		b.calls = append(b.calls, s.joining()...)
	}
	if b.ran == len(b.calls) || b.lost != nil {
		close(b.ended)
		return
	}
	next := b.calls[b.ran]
	b.ran++
	next.turn <- b
}

// newTurn begins one call's part of the transaction.
func (s *Store) newTurn(b *batch) *tx {
	t := newTx(b.btx, b.seq+1)
	t.sites = &s.sites
	t.slot, t.leases = s.o.Slot, b.leases
	t.over.room = s.room
	return t
}

// keep writes what the call's function wrote, or notes why not.
func (s *Store) keep(b *batch, c *call, t *tx) {
	if t.fault != nil {
		s.hurt(t.fault)
		t.fault = fault(s.path, t.fault)
	}
	if err := cmp.Or(t.fault, t.err, t.broken); err != nil {
		b.failed[c] = err
		return
	}
	b.leases = t.leases
	if t.over.empty() {
		return
	}
	if err := t.over.put(inMeta, []byte("seq"), numKey(uint64(t.seq))); err != nil {
		b.failed[c] = err
		return
	}
	if err := guarded(func() error { return t.over.apply(b.btx) }); err != nil {
		b.lost = fault(s.path, err)
		return
	}
	b.seq, b.wrote, s.room = t.seq, append(b.wrote, t.over), t.over.sizes()
}

// seal commits the batch, if there is anything to commit.
func (s *Store) seal(b *batch) error {
	if len(b.wrote) == 0 {
		s.leases = b.leases
		return s.rollback(b.btx)
	}
	start := time.Now()
	err := s.commitFile(b.btx)
	if s.o.Committed != nil && err == nil {
		s.o.Committed(time.Since(start))
	}
	// After the commit, or a compaction could read a row just before it and
	// not learn of the new one; also after a failed one, which may be on disk.
	if n := s.news.Load(); n != nil {
		n.add(b.wrote)
	}
	if err != nil {
		return err
	}
	s.leases = b.leases
	s.announce(b.seq)
	return nil
}

// commitFile syncs the transaction. After an error of the system bbolt has
// rolled it back and goes on; after a panic nothing can be trusted.
func (s *Store) commitFile(btx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakOff(damaged("%v", p))
		}
	}()
	return fault(s.path, btx.Commit())
}

func (s *Store) rollback(btx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = s.breakOff(damaged("%v", p))
		}
	}()
	return fault(s.path, btx.Rollback())
}
