package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"syndic/store"
	"syndic/store/storetest"
)

// dump is every row of a file, by bucket and key.
func dump(t *testing.T, db *bbolt.DB) map[string]string {
	t.Helper()
	rows := map[string]string{}
	err := db.View(func(btx *bbolt.Tx) error {
		return btx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				rows[fmt.Sprintf("%s %q", bucket, k)] = string(v)
				return nil
			})
		})
	})
	if err != nil {
		t.Error(err)
	}
	return rows
}

func sameRows(t *testing.T, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if g, ok := got[k]; !ok || g != v {
			t.Errorf("row %s is %q (there: %v), want %q", k, g, ok, v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("row %s is there, but should not be", k)
		}
	}
}

// writing adds, edits and removes posts, by several authors at a time, until
// the returned function is called, which tells how many posts there are.
func writing(t *testing.T, s *Store) (stop func() int) {
	t.Helper()
	var ended atomic.Bool
	var added atomic.Int64
	var authors sync.WaitGroup
	for a := range 4 {
		authors.Go(func() {
			for i := 0; !ended.Load(); i++ {
				err := s.Update(context.Background(), func(tx store.Tx) error {
					return write(tx, a*1_000_000+i)
				})
				if err != nil {
					t.Error(err)
					return
				}
				added.Add(1)
			}
		})
	}
	return func() int {
		ended.Store(true)
		authors.Wait()
		return int(added.Load())
	}
}

// write adds one post and changes or removes the one before it.
func write(tx store.Tx, i int) error {
	p, err := tx.PutPost(storetest.Post(i), store.PutOptions{})
	if err != nil || p.Num < 2 {
		return err
	}
	if _, err := tx.Prune(tx.Now(), 3); err != nil {
		return err
	}
	old, err := tx.Post(p.Num - 1)
	if err != nil {
		return err
	}
	old.Revision++
	old.Title = fmt.Sprintf("Revision by %d", i)
	if i%3 == 0 && old.State.CanBecome("removed") {
		old.State, old.Body = "removed", ""
	}
	_, err = tx.PutPost(old, store.PutOptions{})
	return err
}

// Authors write all the time: at the moment of the swap both files have the
// same rows, and nothing that was acknowledged is lost afterwards.
func TestCompactWhileWriting(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	for i := range 100 {
		if err := post(s, 9_000_000+i); err != nil {
			t.Fatal(err)
		}
	}
	stop := writing(t, s)
	for range 3 {
		c, err := s.newCompaction()
		if err != nil {
			t.Fatal(err)
		}
		s.news.Store(c.news)
		if err := c.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		err = s.between(func() error {
			if err := c.finish(t.Context()); err != nil {
				return err
			}
			sameRows(t, dump(t, s.db), dump(t, c.old.db))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.release(); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		if _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wantPosts(t, s, 100+stop())
	check(t, s)
}

// compacted is a store that gets another file after some Updates.
type compacted struct {
	*Store
	updates atomic.Int64
}

// Update runs fn and may compact.
func (c *compacted) Update(ctx context.Context, fn func(store.Tx) error) error {
	err := c.Store.Update(ctx, fn)
	if c.updates.Add(1)%31 == 0 && c.Store.compacting.TryLock() {
		c.Store.compacting.Unlock()
		if _, err := c.Compact(context.Background()); err != nil && !errors.Is(err, store.ErrClosed) {
			return err
		}
	}
	return err
}

// What was begun before the swap goes on after it: a View on its snapshot, a
// leadership, the lease of a delivery, and whoever waits for a commit.
func TestCompactUnderway(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	defer check(t, s)
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	lease, err := s.Hold(t.Context(), "scheduler")
	if err != nil {
		t.Fatal(err)
	}
	const hub = "https://hub.example/"
	claim := func() (list []store.Delivery) {
		err := s.Update(t.Context(), func(tx store.Tx) (err error) {
			if err := tx.Fence(lease); err != nil {
				return err
			}
			if err := tx.Enqueue(hub, "https://example.org/rss.xml", 1, false); err != nil {
				return err
			}
			list, err = tx.Claim(hub, tx.Now(), tx.Now().Add(time.Hour), 9)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return list
	}
	if got := claim(); len(got) != 1 {
		t.Fatalf("claimed %d deliveries, want 1", len(got))
	}
	seen := s.seq
	waited := make(chan error)
	go func() {
		_, err := s.Wait(context.Background(), seen)
		waited <- err
	}()
	done := make(chan error)
	err = s.View(t.Context(), func(r store.Reader) error {
		go func() {
			_, err := s.Compact(context.Background())
			done <- err
		}()
		for was := s.handle().db; s.handle().db == was; {
			runtime.Gosched()
		}
		if err := post(s, 2); err != nil {
			t.Error(err)
		}
		posts, err := r.Posts(0, 9)
		if len(posts) != 1 || r.Seq() != seen {
			t.Errorf("the open View has %d posts at %d, want 1 at %d", len(posts), r.Seq(), seen)
		}
		return err
	})
	if err := errors.Join(err, <-done, <-waited); err != nil {
		t.Error(err)
	}
	if got := claim(); len(got) != 0 || lease.Context.Err() != nil {
		t.Errorf("claimed %d leased deliveries (leadership: %v), want none", len(got), lease.Context.Err())
	}
	wantPosts(t, s, 2)
}

// Nobody gets the database while it changes its file; who waited for the old
// one's lock gets the new one.
func TestCompactKeepsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	waiter := make(chan *Store)
	go func() {
		other, err := Open(path, Options{Wait: time.Minute})
		if err != nil {
			t.Error(err)
		}
		waiter <- other
	}()
	var ended atomic.Bool
	var trying sync.WaitGroup
	trying.Go(func() {
		for !ended.Load() {
			if _, err := Open(path, Options{Wait: time.Millisecond}); !errors.Is(err, store.ErrLocked) {
				t.Errorf("open while compacting: got error %v, want that it is locked", err)
				return
			}
		}
	})
	for i := range 20 {
		if _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
		if err := post(s, 2+i); err != nil {
			t.Error(err)
		}
	}
	ended.Store(true)
	trying.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if other := <-waiter; other != nil {
		wantPosts(t, other, 21)
		check(t, other)
	}
}

// The pages that a removal freed are given back, through a symbolic link, and
// the file stays as private or open as it was.
func TestCompactGivesSpaceBack(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "there", "syndic.db"), filepath.Join(dir, "syndic.db")
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(path, link), os.Chmod(path, 0o640)); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, link)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 2000 {
			if _, err := tx.PutPost(storetest.Post(i), store.PutOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.Prune(tx.Now().Add(time.Hour), 1<<20)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Compact(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != done.After || done.After >= done.Before || done.Held <= 0 || info.Mode().Perm() != 0o640 {
		t.Errorf("compacted: %+v, the file is %v (%v)", done, info, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
	wantPosts(t, s, 2000)
	check(t, s)
}

// A compaction that is told to end, or whose store is closed, leaves nothing;
// what a crash leaves is removed by the next Open.
func TestCompactThatEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Compact(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
	onlyThe(t, path)
	ended := make(chan error)
	for range 4 {
		go func() {
			var err error
			for err == nil {
				if _, err = s.Compact(context.Background()); err != nil && !errors.Is(err, store.ErrClosed) && err.Error() == errCompacting.Error() {
					err = nil
				}
			}
			ended <- err
		}()
	}
	for i := range 20 {
		if err := post(s, 2+i); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 4 {
		if err := <-ended; !errors.Is(err, store.ErrClosed) {
			t.Errorf("closed: got error %v", err)
		}
	}
	onlyThe(t, path)
	if err := os.WriteFile(path+compactSuffix, []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path)
	onlyThe(t, path)
	wantPosts(t, s, 21)
	check(t, s)
}

// onlyThe tells that the file is alone in its directory.
func onlyThe(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return e.Name() == filepath.Base(closingOf(path)) })
	if err != nil || len(entries) != 1 {
		t.Errorf("there are %v (%v), want the database alone", entries, err)
	}
}

// The comparison finds each way in which a copy may differ.
func TestCompactCompares(t *testing.T) {
	for name, spoil := range map[string]func(*bbolt.Bucket) error{
		"a row is missing":  func(b *bbolt.Bucket) error { return b.Delete(numKey(2)) },
		"the last is":       func(b *bbolt.Bucket) error { return b.Delete(numKey(3)) },
		"a row too many":    func(b *bbolt.Bucket) error { return b.Put(append(numKey(2), 0), []byte("x")) },
		"one after all":     func(b *bbolt.Bucket) error { return b.Put(numKey(4), []byte("x")) },
		"a row before all":  func(b *bbolt.Bucket) error { return b.Put(numKey(0), []byte("x")) },
		"a value differs":   func(b *bbolt.Bucket) error { return b.Put(numKey(2), []byte("x")) },
		"a row has no text": func(b *bbolt.Bucket) error { return b.Put(numKey(2), nil) },
	} {
		s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
		for i := range 3 {
			if err := post(s, i); err != nil {
				t.Fatal(err)
			}
		}
		c, err := s.newCompaction()
		if err == nil {
			err = errors.Join(c.copyAll(t.Context()), c.compareAll(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
		err = c.copy.db.Update(func(btx *bbolt.Tx) error { return spoil(btx.Bucket([]byte(inPost.String()))) })
		if err != nil {
			t.Fatal(err)
		}
		if err := c.compareAll(t.Context()); err == nil {
			t.Errorf("%s: not found", name)
		}
		if err := c.abandon(); err != nil {
			t.Error(err)
		}
		check(t, s)
	}
}
