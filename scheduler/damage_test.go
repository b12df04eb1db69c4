package scheduler

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
)

// damage closes the world's store, changes a byte in the middle of every kept
// entry of one format, and opens it again.
func (w *world) damage(f feed.Format) {
	w.t.Helper()
	path := w.store.(*bolt.Store).Path()
	w.must(w.store.Close())
	db, err := bbolt.Open(path, 0o600, nil)
	w.must(err)
	w.must(db.Update(func(tx *bbolt.Tx) error {
		in := tx.Bucket([]byte("fragment"))
		var keys, values [][]byte
		w.must(in.ForEach(func(k, v []byte) error {
			keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
			return nil
		}))
		for i, k := range keys {
			if k[8] != byte(f) {
				continue
			}
			values[i][len(values[i])/2] ^= 1
			if err := in.Put(k, values[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	w.must(db.Close())
	again, err := bolt.Open(path, bolt.Options{Slot: w.slots.Slot})
	w.must(err)
	w.t.Cleanup(func() { w.must(again.Close()) })
	w.store = again
	w.sched = w.scheduler(nil)
}

// An entry whose bytes have changed on the disk is mended by a republish, and
// whoever serves the feed hears of it.
func TestRepublishMendsEntries(t *testing.T) {
	w := newWorld(t, siteWith("@change"), nil).clean()
	w.fill(3, "Text.", "design")
	w.step()
	good := map[string][]byte{}
	for _, a := range w.artifacts("design") {
		good[a.Path] = w.bytes(a)
	}
	w.damage(feed.Atom)
	if problems := w.store.(*bolt.Store).Check(w.ctx); len(problems) == 0 {
		t.Fatal("the check finds no damage")
	}
	var before store.Seq
	w.view(func(r store.Reader) error { before = r.Seq(); return nil })
	for _, row := range w.republish(Request{}) {
		if row.Status != Unchanged {
			t.Errorf("%s is %s: %s", row.Topic, row.Status, row.Error)
		}
	}
	for _, a := range w.artifacts("design") {
		if !bytes.Equal(w.bytes(a), good[a.Path]) {
			t.Errorf("%s is not as it was", a.Path)
		}
	}
	w.view(func(r store.Reader) error {
		list, err := r.Changes(before, 100)
		told := false
		for _, c := range list {
			told = told || c.Kind == store.FeedPublished
		}
		if !told {
			t.Error("nobody is told that a feed was mended")
		}
		return err
	})
}

// readings counts the entries that are read.
type readings struct {
	store.Store
	entries atomic.Int64
}

func (s *readings) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(counted{r, s}) })
}

type counted struct {
	store.Reader
	readings *readings
}

func (r counted) Fragment(key feed.FragmentKey) ([]byte, error) {
	r.readings.entries.Add(1)
	return r.Reader.Fragment(key)
}

// What a feed keeps is neither read nor believed: the next publication does
// not take the damage of an entry for what was published.
func TestKeptEntriesAreNotRead(t *testing.T) {
	w := newWorld(t, siteWith("@change"), nil).clean()
	w.fill(5, "Text.", "design")
	w.step()
	w.damage(feed.JSON)
	r := &readings{Store: w.store}
	s := w.scheduler(func(c *Config) { c.Store = r })
	w.sched = s
	w.posts = 5
	p := w.add(func(p *feed.Post) { p.Published = time.Now() }, store.PutOptions{Due: time.Now()}, "design")
	<-time.After(time.Second)
	w.step()
	// The new one is in no feed, which its first format tells; then it is in the
	// site's too.
	if n := r.entries.Load(); n != 1+3 {
		t.Errorf("%d entries were read, want one of the new post, and those of it that were kept", n)
	}
	for _, a := range w.artifacts("design") {
		if len(a.Entries) != 6 || a.Entries[0].Post != p.Num {
			t.Errorf("%s has not the new post first", a.Path)
		}
	}
	problems := w.store.(*bolt.Store).Check(w.ctx)
	if len(problems) != 2 || !strings.Contains(problems[0], "is not what was published") {
		t.Errorf("the check finds %q", problems)
	}
	w.republish(Request{})
	w.titles("design")
	w.titles("")
}

// Feeds that were published before sums were kept stay as they are to readers
// and hubs: the next publication sums them, and the one after knows them.
func TestFeedsWithoutSums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change", "empty", "@change"), nil).clean()
		p := w.add(nil, store.PutOptions{}, "design")
		w.republish(Request{})
		w.delivered()
		for _, slug := range []string{"", "design", "empty"} {
			list := w.artifacts(slug)
			for i, a := range list {
				list[i].Digest, list[i].Sums = feed.DigestOf(w.bytes(a)), nil
			}
			w.update(func(tx store.Tx) error {
				c, err := tx.Category(list[0].Category)
				w.must(err)
				return tx.Publish(store.Publication{Category: c, Artifacts: list})
			})
		}
		<-time.After(time.Second)
		before := w.generations("design")
		for _, row := range w.republish(Request{}) {
			if row.Status != Unchanged {
				t.Errorf("%s is %s: %s", row.Topic, row.Status, row.Error)
			}
		}
		w.wantSame("design", before)
		if n := w.waiting(); n != 0 {
			t.Errorf("%d pings of bytes that hubs know", n)
		}
		w.titles("") // they have sums
		w.titles("empty")
		w.edit(p.Num, store.PutOptions{}, func(p *feed.Post) { p.Title = "Other" })
		w.step()
		w.wantNew("design", before)
		w.wantTitles("design", "Other")
	})
}
