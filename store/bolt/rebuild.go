package bolt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
)

// rebuild makes a database whole of the rows that were salvaged: records that
// cannot be used go, and what follows from the others is made anew. Each step
// leaves sound what it is about, given that the steps before have been made.
type rebuild struct {
	*salvage
	seq      uint64            // of the one commit that all of it is
	category map[string]uint64 // number by ID
	named    map[uint64]string // what the indexes of names say of posts that are lost
	ids      map[uint64]string // of posts, in their index; nil before they are asked for
}

func (b *rebuild) run() error {
	b.category, b.named = map[string]uint64{}, map[uint64]string{}
	for _, step := range []func() error{
		b.meta, b.categories, b.posts, b.postNames, b.lists, b.authority, b.pending, b.places, b.marks, b.artifacts, b.fragments, b.deliveries, b.logs, b.count,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *rebuild) mended(format string, args ...any) { say(&b.found.Mended, format, args...) }

// read runs fn on what the new file holds.
func (v *salvage) read(fn func(*reader) error) error {
	btx, err := v.s.begin(false)
	if err != nil {
		return err
	}
	defer btx.Rollback() //nolint:errcheck // of a read transaction: it only ends it
	return fn(&reader{btx: btx})
}

// write runs fn in a transaction that writes.
func (b *rebuild) write(fn func(t *tx) error) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	return b.s.change(func(btx *bbolt.Tx) error {
		t := newTx(btx, store.Seq(b.seq))
		if err := fn(t); err != nil {
			return err
		}
		if t.fault != nil {
			return t.fault
		}
		if t.broken != nil {
			return t.broken
		}
		return t.over.apply(btx)
	})
}

// each calls fn for every row of a bucket, a part of them a transaction. The
// rows are valid in the call. fn may write to any bucket.
func (b *rebuild) each(in bucket, fn func(t *tx, k, v []byte) error) error {
	for from := []byte(nil); ; {
		n := 0
		err := b.write(func(t *tx) error {
			type row struct{ k, v []byte }
			rows := make([]row, 0, salvageRows)
			for k, v := range t.rows(in, nil, from) {
				if rows = append(rows, row{k, v}); len(rows) == salvageRows {
					break
				}
			}
			n = len(rows)
			for _, r := range rows {
				if err := fn(t, r.k, r.v); err != nil {
					return err
				}
			}
			if n > 0 {
				from = append(bytes.Clone(rows[n-1].k), 0)
			}
			return nil
		})
		if err != nil || n < salvageRows {
			return err
		}
	}
}

// empty takes all rows out of a bucket that is made anew.
func (b *rebuild) empty(in bucket) error {
	return b.s.change(func(btx *bbolt.Tx) error {
		if err := btx.DeleteBucket([]byte(in.String())); err != nil {
			return err
		}
		_, err := btx.CreateBucket([]byte(in.String()))
		return err
	})
}

// meta finds where the commits and the numbers stand, which may be further
// than the row says that was salvaged.
func (b *rebuild) meta() error {
	newest := map[bucket]uint64{}
	err := b.read(func(r *reader) error {
		b.seq = number(r.get(inMeta, []byte("seq")))
		for in, at := range map[bucket]func(k, v []byte) uint64{
			inChange: func(k, _ []byte) uint64 { return number(k) }, inHubLog: func(k, _ []byte) uint64 { return number(k) },
			inPending: func(_, v []byte) uint64 { return number(v) }, inTimeline: func(_, v []byte) uint64 { return number(v) },
			inArtifact: func(_, v []byte) uint64 { a, _ := decodeArtifact(v); return a.Generation },
			inPostSlug: func(_, v []byte) uint64 { return number(v) }, inPostID: func(_, v []byte) uint64 { return number(v) },
			inPost: func(k, _ []byte) uint64 { return number(k) }, inCategory: func(k, _ []byte) uint64 { return number(k) },
		} {
			for k, v := range r.rows(in, nil, nil) {
				// What no store ever reached is damage.
				if n := at(k, v); n < 1<<40 {
					newest[in] = max(newest[in], n)
				}
			}
		}
		return r.fault
	})
	if err != nil {
		return err
	}
	if b.seq >= 1<<40 {
		b.seq = 0
	}
	b.seq = 1 + max(b.seq, newest[inChange], newest[inHubLog], newest[inPending], newest[inTimeline], newest[inArtifact])
	return b.write(func(t *tx) error {
		t.put(inMeta, []byte("seq"), numKey(b.seq))
		for counter, least := range map[string]uint64{
			"post": max(newest[inPost], newest[inPostSlug], newest[inPostID]), "category": max(newest[inCategory], feed.SiteNum),
		} {
			if n := number(t.get(inMeta, []byte(counter))); n < least || n >= 1<<40 {
				t.put(inMeta, []byte(counter), numKey(least))
			}
		}
		b.mendMeta(t)
		return nil
	})
}

// mendMeta takes out what cannot be read, which the next start brings again.
func (b *rebuild) mendMeta(t *tx) {
	var site feed.Site
	if data := t.get(inMeta, []byte("site")); data != nil && decode(data, &site) != nil {
		t.drop(inMeta, []byte("site"))
		b.mended("the configuration that was kept: the next start keeps the present one")
	}
	if number(t.get(inMeta, renamedKey)) > b.seq {
		t.put(inMeta, renamedKey, numKey(b.seq))
	}
	for k, v := range t.rows(inMeta, []byte("fence/"), nil) {
		if len(v) != 8 {
			t.drop(inMeta, k)
		}
	}
}

// categories takes out the records that cannot be used, makes those of which
// only names are left, and makes the indexes of names anew.
func (b *rebuild) categories() error {
	cats, names := map[uint64]feed.Category{}, map[uint64]*feed.Category{}
	err := b.read(func(r *reader) error {
		for k, v := range r.rows(inCategory, nil, nil) {
			if c, err := readCategory(number(k), v); err == nil && soundCategory(c, k) {
				cats[c.Num] = c
			}
		}
		b.formerCategories(r, names)
		return r.fault
	})
	if err != nil {
		return err
	}
	for num, c := range names {
		if _, there := cats[num]; !there && num != feed.SiteNum && soundCategory(*c, numKey(num)) {
			cats[num] = *c
			b.mended("category %d (%s): its record could not be read, and was made anew of its names: see that its title is right, and that it was not retired", num, c.Slug)
		}
	}
	if _, there := cats[feed.SiteNum]; !there {
		cats[feed.SiteNum] = feed.Category{Num: feed.SiteNum, State: feed.Active}
	}
	for _, in := range []bucket{inCategory, inCategoryID, inCategorySlug, inCategoryTitle} {
		if err := b.empty(in); err != nil {
			return err
		}
	}
	return b.write(func(t *tx) error { return b.putCategories(t, cats) })
}

// formerCategories gathers what the indexes of names say.
func (b *rebuild) formerCategories(r *reader, names map[uint64]*feed.Category) {
	of := func(v []byte) *feed.Category {
		num := number(v)
		if names[num] == nil {
			names[num] = &feed.Category{Num: num, State: feed.Active}
		}
		return names[num]
	}
	for k, v := range r.rows(inCategoryID, nil, nil) {
		of(v).ID = string(k)
	}
	for k, v := range r.rows(inCategorySlug, nil, nil) {
		if c := of(v); c.Slug == "" {
			c.Slug, c.Title = string(k), string(k)
		}
	}
	for k, v := range r.rows(inCategoryTitle, nil, nil) {
		if c := of(v); feed.Slug(string(k)) == c.Slug {
			c.Title = string(k)
		}
	}
}

// putCategories writes the records with their names: present ones first, as a
// former name gives way.
func (b *rebuild) putCategories(t *tx, cats map[uint64]feed.Category) error {
	nums := make([]uint64, 0, len(cats))
	for num := range cats {
		nums = append(nums, num)
	}
	slices.Sort(nums)
	for _, num := range nums {
		c := cats[num]
		present := categoryNames(c, c)
		if _, err := t.free(present, num); err != nil {
			delete(cats, num)
			b.mended("category %d (%s): another one has its name or id", num, c.Slug)
			continue
		}
		data, err := encode(c)
		if err != nil {
			return err
		}
		t.put(inCategory, numKey(num), data)
		t.claim(present, num)
		if c.ID != "" {
			b.category[c.ID] = num
		}
		if num > number(t.get(inMeta, []byte("category"))) {
			t.put(inMeta, []byte("category"), numKey(num))
		}
	}
	for _, num := range nums {
		if c, kept := cats[num]; kept {
			t.claim(categoryNames(feed.Category{}, c), num)
		}
	}
	return nil
}

// unknown makes a category that a post names by its ID and that is nowhere.
func (b *rebuild) unknown(t *tx, id string) (uint64, error) {
	_, slug, _ := strings.Cut(id, ":category/")
	if slug = feed.Slug(slug); slug == "" {
		slug = fmt.Sprintf("lost-%d", len(b.category)+1)
	}
	for n := 2; t.has(inCategorySlug, []byte(slug)); n++ {
		slug = fmt.Sprintf("%s-%d", slug, n)
	}
	c := feed.Category{Num: t.next("category"), ID: id, Slug: slug, Title: slug, State: feed.Active, Created: wholeSecond(t.now)}
	data, err := encode(c)
	if err != nil {
		return 0, err
	}
	t.put(inCategory, numKey(c.Num), data)
	t.claim(categoryNames(feed.Category{}, c), c.Num)
	b.category[id] = c.Num
	b.mended("category %d (%s): nothing of it was left but its posts", c.Num, slug)
	return c.Num, t.fault
}
