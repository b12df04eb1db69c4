package bolt

import (
	"bytes"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"syndic/feed"
)

// migrations bring a file from one schema version to the next: the first one
// from version 1 to 2. Each runs in a transaction with the new version.
var migrations = []func(*bbolt.Tx) error{listCategories}

// listCategories makes the list of each category's posts.
func listCategories(btx *bbolt.Tx) error {
	b, err := btx.CreateBucketIfNotExists([]byte(inCategoryPost.String()))
	if err != nil {
		return err
	}
	r := reader{btx: btx, sites: new(siteCache)}
	var keys [][]byte
	for k, v := range r.rows(inPost, nil, nil) {
		p, err := readPost(number(k), v)
		if err != nil {
			return err
		}
		for _, id := range p.Categories {
			category, err := r.find(inCategoryID, []byte(id))
			if err != nil {
				return fmt.Errorf("category %q of post %d: %w", id, p.Num, err)
			}
			keys = append(keys, pairKey(number(category), p.Num))
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, k := range keys {
		if err := b.Put(k, []byte{}); err != nil {
			return err
		}
	}
	return r.fault
}

// migrate makes the schema of a new file, or brings an older one up to date.
func (s *Store) migrate(steps []func(*bbolt.Tx) error) error {
	newest := uint64(len(steps)) + 1
	version, empty, err := s.known(newest)
	switch {
	case err != nil:
		return err
	case s.o.readOnly && empty:
		return damaged("%s is an empty bbolt file", s.path)
	case s.o.readOnly:
		return nil
	case empty:
		return s.change(func(btx *bbolt.Tx) error { return createSchema(btx, newest) })
	case version < newest:
		if err := s.keepBefore(version + 1); err != nil {
			return err
		}
	}
	for v := version; v < newest; v++ {
		err := s.change(func(btx *bbolt.Tx) error {
			if err := steps[v-1](btx); err != nil {
				return err
			}
			return btx.Bucket([]byte(inMeta.String())).Put([]byte("version"), numKey(v+1))
		})
		if err != nil {
			return fmt.Errorf("migrate %s to schema version %d: %w", s.path, v+1, err)
		}
	}
	return nil
}

// version reads the schema version, and whether the file has no schema at all,
// as after a crash in the moment of its making.
func (s *Store) version() (version uint64, empty bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged("%v", p)
		}
	}()
	err = s.db.View(func(btx *bbolt.Tx) error {
		if meta := btx.Bucket([]byte(inMeta.String())); meta != nil {
			version = number(meta.Get([]byte("version")))
			return nil
		}
		k, _ := btx.Cursor().First()
		empty = k == nil
		return nil
	})
	return version, empty, fault(s.path, err)
}

// change is one transaction of bbolt before the writer runs.
func (s *Store) change(fn func(*bbolt.Tx) error) error {
	btx, err := s.begin(true)
	if err != nil {
		return err
	}
	if err := guarded(func() error { return fn(btx) }); err != nil {
		_ = s.rollback(btx) // the store says so itself if it fails
		return fault(s.path, err)
	}
	return s.commitFile(btx)
}

// guarded turns a panic of bbolt into an error.
func guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged("%v", p)
		}
	}()
	return fn()
}

// createSchema makes the buckets and the site's category, which every store has.
func createSchema(btx *bbolt.Tx, version uint64) error {
	for _, name := range bucketNames {
		if _, err := btx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	t := newTx(btx, 0)
	site, err := encode(feed.Category{Num: feed.SiteNum, State: feed.Active, Created: wholeSecond(t.now)})
	if err != nil {
		return err
	}
	t.put(inMeta, []byte("version"), numKey(version))
	t.put(inMeta, []byte("category"), numKey(feed.SiteNum))
	t.put(inCategory, numKey(feed.SiteNum), site)
	return t.over.apply(btx)
}
