package bolt

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// everything is a store with a row in every bucket: post 1 is live with a
// newer revision waiting, post 2 is scheduled, post 3 was recalled.
func everything(t *testing.T) *Store {
	t.Helper()
	s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	put := func(change func(tx store.Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	edit := func(num uint64, change func(p *feed.Post)) {
		t.Helper()
		put(func(tx store.Tx) error {
			p, err := tx.Post(num)
			change(&p)
			if err == nil {
				_, err = tx.PutPost(p, store.PutOptions{})
			}
			return err
		})
	}
	put(func(tx store.Tx) error {
		c, err := tx.PutCategory(storetest.Category("Design"))
		for i := 0; err == nil && i < 4; i++ { // the last one stands in two feeds alike
			p := storetest.Post(i)
			p.Categories = []string{c.ID}
			_, err = tx.PutPost(p, store.PutOptions{})
		}
		return err
	})
	edit(2, func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, storetest.Day })
	storetest.Publish(t, s, 2)
	edit(1, func(p *feed.Post) { p.Revision++ })
	edit(3, func(p *feed.Post) { p.State = feed.Recalled })
	storetest.Publish(t, s, feed.SiteNum)
	edit(1, func(p *feed.Post) { p.Revision++ })
	put(func(tx store.Tx) error {
		if err := tx.Enqueue("http://hub.example.org/", "http://example.org/x", 1, false); err != nil {
			return err
		}
		if err := tx.PutRun(store.Run{Category: 2, At: tx.Now()}); err != nil {
			return err
		}
		return tx.PutSite(storetest.Site())
	})
	put(func(tx store.Tx) error {
		d, err := tx.Claim("http://hub.example.org/", tx.Now(), tx.Now().Add(time.Minute), 1)
		if err != nil || len(d) != 1 {
			return fmt.Errorf("claimed %d (%w)", len(d), err)
		}
		d[0].Outcome = store.Retrying
		return tx.Settle(d[0])
	})
	return s
}

// A row that is missing, one that is too much, and a value that is another
// are found in every bucket.
func TestCheckFindsEveryRow(t *testing.T) {
	// What nothing else in the store knows of cannot be missed, and in a log a
	// line is as good as another.
	loose := map[bucket]string{
		inMeta: "missing, other", inHubLog: "missing", inRun: "missing",
		inPostSlug: "", inPostPath: "",
		// Their rows' values are empty.
		inTimeline: "other", inCategoryPost: "other", inDuePost: "other", inDueMark: "other", inDueDelivery: "other",
		// A seq is a seq, and a post may be pending in one category only.
		inPending: "other, missing",
		// The last of it is the fingerprint, and who was changed.
		inArtifact: "other", inChange: "missing, other",
	}
	s := everything(t)
	for b := range bucketCount {
		for what, damage := range map[string]func(in *bbolt.Bucket, k, v []byte) error{
			"missing": func(in *bbolt.Bucket, k, _ []byte) error { return in.Delete(k) },
			"other": func(in *bbolt.Bucket, k, v []byte) error {
				return in.Put(k, append(append([]byte{}, v[:len(v)-1]...), v[len(v)-1]^0x55))
			},
			"too much": func(in *bbolt.Bucket, k, v []byte) error {
				return in.Put(append(append([]byte{}, k[:len(k)-1]...), k[len(k)-1]^0x55), v)
			},
		} {
			if strings.Contains(loose[b], what) || what == "too much" && (b == inMeta || b == inPostSlug || b == inPostPath || b == inChange || b == inHubLog) {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", b, what), func(t *testing.T) { damageEach(t, s, b, damage) })
		}
	}
	check(t, s)
}

// damageEach damages the bucket's rows one after another, and wants the check
// to tell each time.
func damageEach(t *testing.T, s *Store, b bucket, damage func(in *bbolt.Bucket, k, v []byte) error) {
	rows := map[string]string{}
	err := s.db.View(func(btx *bbolt.Tx) error {
		return btx.Bucket([]byte(b.String())).ForEach(func(k, v []byte) error {
			rows[string(k)] = string(v)
			return nil
		})
	})
	if err != nil || len(rows) == 0 {
		t.Fatalf("no rows to damage (%v)", err)
	}
	for k, v := range rows {
		err := s.change(func(btx *bbolt.Tx) error { return damage(btx.Bucket([]byte(b.String())), []byte(k), []byte(v)) })
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Check(t.Context())) == 0 {
			t.Errorf("row %q is damaged, and the check finds nothing", k)
		}
		restore(t, s, b, rows)
	}
}

// restore makes the bucket hold exactly the rows.
func restore(t *testing.T, s *Store, b bucket, rows map[string]string) {
	t.Helper()
	err := s.change(func(btx *bbolt.Tx) error {
		if err := btx.DeleteBucket([]byte(b.String())); err != nil {
			return err
		}
		in, err := btx.CreateBucket([]byte(b.String()))
		for k, v := range rows {
			if err == nil {
				err = in.Put([]byte(k), []byte(v))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A post that is to go out and is pending nowhere would be forgotten.
func TestCheckFindsForgottenPosts(t *testing.T) {
	s := everything(t)
	pending := map[string]string{}
	err := s.change(func(btx *bbolt.Tx) error {
		in := btx.Bucket([]byte("pending"))
		err := in.ForEach(func(k, v []byte) error {
			pending[string(k)] = string(v)
			return nil
		})
		for k := range pending {
			if err == nil {
				err = in.Delete([]byte(k))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := strings.Join(s.Check(t.Context()), "\n"); !strings.Contains(found, "post 1:") || !strings.Contains(found, "pending nowhere") {
		t.Errorf("the check finds %q, want that post 1 is pending nowhere", found)
	}
	restore(t, s, inPending, pending)
	check(t, s)
}

// A file may count an entry that one feed names: both ways are the same.
func TestCountedOnce(t *testing.T) {
	s := everything(t)
	err := s.change(func(btx *bbolt.Tx) error {
		refs := btx.Bucket([]byte(inFragmentRef.String()))
		return btx.Bucket([]byte(inFragment.String())).ForEach(func(k, _ []byte) error {
			if refs.Get(k) != nil {
				return nil
			}
			return refs.Put(k, numKey(1))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, category := range []uint64{2, feed.SiteNum} { // where an edit and a recall are pending
		storetest.Publish(t, s, category)
		if problems := s.Check(t.Context()); len(problems) > 0 {
			t.Errorf("after category %d: %q", category, problems)
		}
	}
	check(t, s)
}
