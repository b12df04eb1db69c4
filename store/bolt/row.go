package bolt

import (
	"bytes"
	"iter"
	"slices"
	"sort"

	"go.etcd.io/bbolt"

	"syndic/store"
)

// reader reads one snapshot, and over it what an Update has written so far.
type reader struct {
	btx     *bbolt.Tx
	buckets [bucketCount]*bbolt.Bucket
	cursors [bucketCount]*bbolt.Cursor // for get: a new one for each row takes twice as long as the look
	over    *overlay                   // nil in a View
	seq     store.Seq
	sites   *siteCache
	// fault is the first damage that was met. It outlives a function that does
	// not look at its errors: the View or Update that met it fails.
	fault error
}

var _ store.Reader = (*reader)(nil)

// Seq is the snapshot's, or the one that this Update's commit will have.
func (r *reader) Seq() store.Seq { return r.seq }

// guard turns a panic of bbolt, or a fault in the mapped file, into the
// reader's fault. Only calls into bbolt run under it, never a caller's code.
func (r *reader) guard() {
	if p := recover(); p != nil {
		r.fail(damaged("%v", p))
	}
}

func (r *reader) fail(err error) {
	if r.fault == nil {
		r.fault = err
	}
}

// in opens a bucket, nil after a fault.
func (r *reader) in(b bucket) *bbolt.Bucket {
	if r.buckets[b] == nil && r.fault == nil {
		if r.buckets[b] = r.btx.Bucket([]byte(bucketNames[b])); r.buckets[b] == nil {
			r.fail(damaged("bucket %s is missing", b))
		}
	}
	return r.buckets[b]
}

// get returns the row's value, nil when there is none. It is valid as long as
// the transaction and must not be changed.
func (r *reader) get(b bucket, key []byte) []byte {
	if r.over != nil {
		if v, known := r.over.layers[b].rows[string(key)]; known {
			return v
		}
	}
	return r.getFile(b, key)
}

// copied appends a value to a slice. The value may lie in a damaged mapping.
func (r *reader) copied(to, value []byte) []byte {
	defer r.guard()
	return append(to, value...)
}

func (r *reader) getFile(b bucket, key []byte) (v []byte) {
	defer r.guard()
	if r.cursors[b] == nil {
		in := r.in(b)
		if in == nil {
			return nil
		}
		r.cursors[b] = in.Cursor()
	}
	if k, value := r.cursors[b].Seek(key); bytes.Equal(k, key) {
		return value
	}
	return nil
}

// find is get for a row that must be there: ErrNotFound, or the fault.
func (r *reader) find(b bucket, key []byte) ([]byte, error) {
	if v := r.get(b, key); v != nil {
		return v, nil
	}
	if r.fault != nil {
		return nil, r.fault
	}
	return nil, store.ErrNotFound
}

func (r *reader) has(b bucket, key []byte) bool { return r.get(b, key) != nil }

// rows walks the rows whose keys begin with prefix, from the first that is not
// before from. It ends early at a fault; the caller then returns r.fault.
// Nobody writes to the bucket meanwhile.
func (r *reader) rows(b bucket, prefix, from []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		if bytes.Compare(from, prefix) < 0 {
			from = prefix
		}
		c := fileCursor{r: r}
		c.seek(b, from)
		rows, names := r.written(b, from)
		for c.key != nil || len(names) > 0 {
			k, v := c.key, c.value
			if len(names) > 0 && (k == nil || names[0] <= string(k)) {
				if k != nil && names[0] == string(k) {
					c.next()
				}
				k, v = []byte(names[0]), rows[names[0]]
				names = names[1:]
			} else {
				c.next()
			}
			if !bytes.HasPrefix(k, prefix) {
				return
			}
			if v != nil && !yield(k, v) {
				return
			}
		}
	}
}

// written lists what the Update wrote in the bucket, from the key on.
func (r *reader) written(b bucket, from []byte) (rows map[string][]byte, names []string) {
	if r.over == nil || len(r.over.layers[b].rows) == 0 {
		return nil, nil
	}
	names = r.over.layers[b].sorted()
	return r.over.layers[b].rows, names[sort.SearchStrings(names, string(from)):]
}

// fileCursor walks a bucket of the file. key is nil at the end and after a
// fault; it is never nil before.
type fileCursor struct {
	r          *reader
	c          *bbolt.Cursor
	key, value []byte
}

func (c *fileCursor) seek(b bucket, from []byte) {
	defer c.r.guard()
	if in := c.r.in(b); in != nil {
		c.c = in.Cursor()
		c.set(c.c.Seek(from))
	}
}

func (c *fileCursor) next() {
	key := c.key
	c.key, c.value = nil, nil
	defer c.r.guard()
	if key != nil {
		c.set(c.c.Next())
	}
}

// set keeps a row. bbolt gives a bucket no value, and there are none within
// the buckets: it is a row whose flags were damaged.
func (c *fileCursor) set(k, v []byte) {
	if k != nil && v == nil {
		c.r.fail(damaged("%q is marked as a bucket of its own", k))
		return
	}
	c.key, c.value = k, v
}

// rowsBack walks a log from its newest line. What an Update wrote to a log is
// newer than all that the file holds of it.
func (r *reader) rowsBack(b bucket) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		rows, names := r.written(b, nil)
		for _, name := range slices.Backward(names) {
			if v := rows[name]; v != nil && !yield([]byte(name), v) {
				return
			}
		}
		c := fileCursor{r: r}
		for c.last(b); c.key != nil; c.previous() {
			if _, seen := rows[string(c.key)]; !seen && !yield(c.key, c.value) {
				return
			}
		}
	}
}

func (c *fileCursor) last(b bucket) {
	defer c.r.guard()
	if in := c.r.in(b); in != nil {
		c.c = in.Cursor()
		c.set(c.c.Last())
	}
}

func (c *fileCursor) previous() {
	c.key, c.value = nil, nil
	defer c.r.guard()
	c.set(c.c.Prev())
}
