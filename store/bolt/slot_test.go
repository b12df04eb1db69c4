package bolt

import (
	"path/filepath"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// A mark for which nobody names a time is due at its category's next slot,
// which is asked for once in an Update, and again when the category or the
// site has changed in it.
func TestSlot(t *testing.T) {
	asked := 0
	slot := func(site feed.Site, c feed.Category, after time.Time) time.Time {
		asked++
		if c.Num == feed.SiteNum {
			return time.Time{} // none: at once
		}
		return after.Add(time.Duration(len(site.Title+c.Description)) * time.Hour)
	}
	s, err := Open(filepath.Join(t.TempDir(), "syndic.db"), Options{Create: true, Slot: slot})
	if err != nil {
		t.Fatal(err)
	}
	defer check(t, s)
	var c feed.Category
	due := func(what string, tx store.Tx, category uint64, want time.Time) { wantDue(t, what, tx, category, want) }
	add := func(tx store.Tx, i int) {
		t.Helper()
		p := storetest.Post(i)
		p.Categories = []string{c.ID}
		if _, err := tx.PutPost(p, store.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	err = s.Update(t.Context(), func(tx store.Tx) (err error) {
		in := storetest.Category("Design")
		in.Description = "five."
		c, err = tx.PutCategory(in)
		add(tx, 1)
		add(tx, 2)
		due("a slot", tx, c.Num, tx.Now().Add(5*time.Hour))
		due("no slot", tx, feed.SiteNum, tx.Now())
		if asked != 2 {
			t.Errorf("asked %d times for two categories", asked)
		}
		c.Description = "3.."
		if c, err = tx.PutCategory(c); err != nil {
			return err
		}
		add(tx, 3)
		due("the category changed", tx, c.Num, tx.Now().Add(3*time.Hour))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Publish(t, s, c.Num)
	err = s.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.PutSite(feed.Site{Title: "7 hours"}); err != nil {
			return err
		}
		add(tx, 4)
		due("the site's title counts", tx, c.Num, tx.Now().Add(10*time.Hour))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantDue(t *testing.T, what string, r store.Reader, category uint64, want time.Time) {
	t.Helper()
	if m, err := r.Mark(category); err != nil || !m.Due.Equal(want) {
		t.Errorf("%s: due %s, want %s (%v)", what, m.Due, want, err)
	}
}
