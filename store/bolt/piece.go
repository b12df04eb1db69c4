package bolt

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"syndic/store"
)

const (
	pieceBytes = 8 << 20 // what one View of a compaction reads in order
	rowsAView  = 500     // and here and there
)

// place is where a compaction stands: before a key of a bucket.
type place struct {
	bucket bucket
	key    []byte
}

// passed tells whether the row lies before the place.
func (p place) passed(b bucket, key string) bool {
	return b < p.bucket || b == p.bucket && key < string(p.key)
}

// row is a row of its own memory; a nil value is one that is not there.
type row struct{ key, value []byte }

// piece is a run of rows of one bucket, in the order of keys.
type piece struct {
	bucket bucket
	rows   []row
	bytes  int
	last   bool // the bucket ends here
}

func (p *piece) add(key, value []byte) {
	own := make([]byte, len(key)+len(value))
	copy(own[copy(own, key):], value)
	p.rows = append(p.rows, row{own[:len(key):len(key)], own[len(key):]})
	p.bytes += len(own)
}

// next is the place behind the piece.
func (p *piece) next() place {
	if p.last {
		return place{bucket: p.bucket + 1}
	}
	return place{p.bucket, append(bytes.Clone(p.rows[len(p.rows)-1].key), 0)}
}

// readPiece reads the rows from a place on, through the end of the bucket or
// as many as one piece has.
func (s *Store) readPiece(ctx context.Context, from place) (p *piece, err error) {
	p = &piece{bucket: from.bucket}
	err = s.View(ctx, func(r store.Reader) error {
		for k, v := range r.(*reader).rows(from.bucket, nil, from.key) {
			if p.bytes >= pieceBytes {
				return nil
			}
			p.add(k, v)
		}
		p.last = true
		return nil
	})
	return p, err
}

// copyAll copies every row. Rows that are written while it goes on are caught
// up with now and then, so that not too many are kept in mind.
func (c *compaction) copyAll(ctx context.Context) error {
	for c.at = (place{}); c.at.bucket < bucketCount; {
		p, err := c.s.readPiece(ctx, c.at)
		if err != nil {
			return err
		}
		if err := c.write([]piece{*p}); err != nil {
			return err
		}
		c.at = p.next()
		if c.news.len() > keptInMind {
			if err := c.catchUp(ctx); err != nil {
				return err
			}
		}
		// A commit waits for all that the file system has before it: never much.
		if p.bytes >= pieceBytes {
			if err := c.copy.db.Sync(); err != nil {
				return err
			}
		}
	}
	return nil
}

// write puts rows into the copy.
func (c *compaction) write(pieces []piece) error {
	return c.copy.db.Update(func(btx *bbolt.Tx) error {
		for _, p := range pieces {
			b := btx.Bucket([]byte(p.bucket.String()))
			b.FillPercent = 0.9 // in order; a row may grow a little
			for _, r := range p.rows {
				var err error
				if r.value != nil {
					err = b.Put(r.key, r.value)
				} else {
					err = b.Delete(r.key)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// catchUp copies again what was written since it was copied. What lies ahead of
// the copy's place comes anyway.
func (c *compaction) catchUp(ctx context.Context) error {
	taken := c.news.take()
	var pieces []piece
	size := 0
	for b := range bucketCount {
		for part := range slices.Chunk(taken[b].sorted(), rowsAView) {
			p, err := c.readRows(ctx, b, part)
			if err != nil {
				return err
			}
			pieces, size = append(pieces, p), size+p.bytes
			if size < pieceBytes {
				continue
			}
			if err := c.write(pieces); err != nil {
				return err
			}
			pieces, size = nil, 0
		}
	}
	if len(pieces) == 0 {
		return nil
	}
	return c.write(pieces)
}

// readRows reads rows by their keys, those that have gone, too.
func (c *compaction) readRows(ctx context.Context, b bucket, keys []string) (piece, error) {
	p := piece{bucket: b}
	err := c.s.View(ctx, func(r store.Reader) error {
		for _, key := range keys {
			if !c.at.passed(b, key) {
				return nil
			}
			if v := r.(*reader).get(b, []byte(key)); v != nil {
				p.add([]byte(key), v)
			} else {
				p.rows = append(p.rows, row{key: []byte(key)})
			}
		}
		return nil
	})
	return p, err
}

// compareAll reads the whole copy back. A row may differ from the store's only
// if it was written since, and so is still to be caught up with.
func (c *compaction) compareAll(ctx context.Context) error {
	for at := (place{}); at.bucket < bucketCount; {
		p, err := c.s.readPiece(ctx, at)
		if err != nil {
			return err
		}
		differ, err := c.compare(p, at)
		if err != nil {
			return err
		}
		at = p.next()
		if len(differ) == 0 {
			continue
		}
		// A commit may be seen a moment before it is kept in mind.
		if err := c.s.between(func() error { return nil }); err != nil {
			return err
		}
		for _, key := range differ {
			if !c.news.has(p.bucket, key) {
				return fmt.Errorf("the copy is not as the database: row %q of %s differs: nothing was changed, try again", key, p.bucket)
			}
		}
	}
	return nil
}

// compare lists the keys from a place through the piece's end whose rows are
// not the same in the copy.
func (c *compaction) compare(p *piece, from place) (differ []string, err error) {
	end := p.next()
	err = c.copy.db.View(func(btx *bbolt.Tx) error {
		cur := btx.Bucket([]byte(p.bucket.String())).Cursor()
		k, v := cur.Seek(from.key)
		skip := func(until []byte) {
			for ; k != nil && end.passed(p.bucket, string(k)) && (until == nil || bytes.Compare(k, until) < 0); k, v = cur.Next() {
				differ = append(differ, string(k))
			}
		}
		for _, r := range p.rows {
			skip(r.key)
			if !bytes.Equal(k, r.key) {
				differ = append(differ, string(r.key))
				continue
			}
			if !bytes.Equal(v, r.value) {
				differ = append(differ, string(k))
			}
			k, v = cur.Next()
		}
		skip(nil)
		return nil
	})
	return differ, err
}
