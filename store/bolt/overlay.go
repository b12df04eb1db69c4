package bolt

import (
	"errors"
	"slices"

	"go.etcd.io/bbolt"
)

// overlay holds what one Update wrote until its function has returned: a
// failed function is undone by forgetting it, without a second run of those
// that share its transaction, and a bulk goes into the file in key order,
// which random keys do not by a factor of six.
type overlay struct {
	layers [bucketCount]layer
	room   sizes
}

// sizes is how many rows an Update wrote to each bucket. The next one gets as
// much room: those of a bulk are alike, and a map that grows is filled twice.
type sizes [bucketCount]int

type layer struct {
	rows  map[string][]byte // nil: deleted
	keys  []string          // of rows
	stale bool              // keys are not in order
}

var errKeySize = errors.New("a name is longer than the store takes, or empty")

func (o *overlay) put(b bucket, key, value []byte) error {
	if len(key) == 0 || len(key) > bbolt.MaxKeySize {
		return errKeySize
	}
	l := &o.layers[b]
	if l.rows == nil {
		l.rows, l.keys = make(map[string][]byte, o.room[b]), make([]string, 0, o.room[b])
	}
	name := string(key)
	if _, known := l.rows[name]; !known {
		if last := len(l.keys) - 1; last >= 0 && name < l.keys[last] {
			l.stale = true
		}
		l.keys = append(l.keys, name)
	}
	l.rows[name] = value
	return nil
}

// sorted lists the layer's keys in order. The slice is not changed later.
func (l *layer) sorted() []string {
	if l.stale {
		l.keys = slices.Clone(l.keys)
		slices.Sort(l.keys)
		l.stale = false
	}
	return l.keys
}

func (o *overlay) sizes() (n sizes) {
	for i := range o.layers {
		n[i] = len(o.layers[i].rows)
	}
	return n
}

func (o *overlay) empty() bool {
	for i := range o.layers {
		if len(o.layers[i].rows) > 0 {
			return false
		}
	}
	return true
}

// apply writes everything into the transaction, bucket by bucket in key order.
func (o *overlay) apply(btx *bbolt.Tx) error {
	var key []byte // bbolt takes its own copy
	for i := range o.layers {
		l := &o.layers[i]
		if len(l.rows) == 0 {
			continue
		}
		b := btx.Bucket([]byte(bucketNames[i]))
		if b == nil {
			return damaged("bucket %s is missing", bucketNames[i])
		}
		b.FillPercent = bucket(i).fill()
		for _, k := range l.sorted() {
			var err error
			key = append(key[:0], k...)
			if v := l.rows[k]; v != nil {
				err = b.Put(key, v)
			} else {
				err = b.Delete(key)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
