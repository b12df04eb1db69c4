package bolt

import (
	"errors"
	"fmt"
	"time"

	"syndic/store"
)

// log appends a line to the history.
func (t *tx) log(kind store.ChangeKind, post, category uint64) error {
	data, err := encodeChange(changeRecord{At: t.now, Kind: string(kind), Post: post, Category: category})
	if err != nil {
		return fmt.Errorf("log change: %w", err)
	}
	t.put(inChange, t.line(), data)
	return t.fault
}

// line is the key of the next line of a log.
func (t *tx) line() []byte {
	t.lines++
	return lineKey(uint64(t.seq), t.lines)
}

// Changes lists the history after the cursor. It does not break off between
// the changes of one commit, which a cursor could not resume.
func (r *reader) Changes(after store.Seq, limit int) ([]store.Change, error) {
	var list []store.Change
	for k, v := range r.rows(inChange, nil, numKey(uint64(after)+1)) {
		seq := store.Seq(number(k))
		if len(list) >= limit && (limit <= 0 || list[len(list)-1].Seq != seq) {
			break
		}
		var rec changeRecord
		if err := decode(v, &rec); err != nil {
			return nil, fmt.Errorf("read changes: %w", err)
		}
		list = append(list, store.Change{Seq: seq, At: rec.At, Kind: store.ChangeKind(rec.Kind), Post: rec.Post, Category: rec.Category})
	}
	return list, r.fault
}

// Attempts lists the newest lines of the hub log.
func (r *reader) Attempts(limit int) ([]store.Attempt, error) {
	var list []store.Attempt
	for k, v := range r.rowsBack(inHubLog) {
		if len(list) >= limit {
			break
		}
		var rec deliveryRecord
		if err := decode(v, &rec); err != nil {
			return nil, fmt.Errorf("read hub log: %w", err)
		}
		list = append(list, store.Attempt{Seq: store.Seq(number(k)), Delivery: rec.delivery()})
	}
	return list, r.fault
}

// Prune removes old lines from both logs, which lie in the order of time.
func (t *tx) Prune(before time.Time, limit int) (bool, error) {
	more, n, err := t.prune(inChange, before, limit, func(v []byte) (time.Time, error) {
		var rec changeRecord
		err := decode(v, &rec)
		return rec.At, err
	})
	if err != nil || more {
		return more, err
	}
	more, _, err = t.prune(inHubLog, before, limit-n, func(v []byte) (time.Time, error) {
		var rec deliveryRecord
		err := decode(v, &rec)
		return rec.Settled, err
	})
	return more, err
}

// prune removes at most limit lines of a log that are older than before.
func (t *tx) prune(b bucket, before time.Time, limit int, age func([]byte) (time.Time, error)) (more bool, n int, err error) {
	var old [][]byte
	for k, v := range t.rows(b, nil, nil) {
		at, err := age(v)
		if err != nil {
			return false, 0, fmt.Errorf("prune %s: %w", b, err)
		}
		if !at.Before(before) {
			break
		}
		if more = len(old) >= limit; more {
			break
		}
		old = append(old, k)
	}
	for _, k := range old {
		t.drop(b, k)
	}
	return more, len(old), t.fault
}

// Run is how the category's latest publication went.
func (r *reader) Run(category uint64) (store.Run, error) {
	var rec runRecord
	data, err := r.find(inRun, numKey(category))
	if err == nil {
		err = decode(data, &rec)
	}
	if err != nil {
		return store.Run{}, fmt.Errorf("read run of category %d: %w", category, err)
	}
	return store.Run{Category: category, At: rec.At, Duration: rec.Duration, Error: rec.Error, Good: rec.Good}, nil
}

// PutRun keeps how a publication went, and of a failed one when it last went
// well.
func (t *tx) PutRun(run store.Run) error {
	if run.Good.IsZero() && run.Error == "" {
		run.Good = run.At
	} else if run.Good.IsZero() {
		last, err := t.Run(run.Category)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		run.Good = last.Good
	}
	data, err := encode(runRecord{At: run.At, Duration: run.Duration, Error: run.Error, Good: run.Good})
	if err != nil {
		return fmt.Errorf("put run of category %d: %w", run.Category, err)
	}
	t.put(inRun, numKey(run.Category), data)
	return t.fault
}
