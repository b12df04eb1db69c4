package bolt

import (
	"context"
	"path/filepath"
	"testing"

	"syndic/feed"
	"syndic/store"
)

func TestSmoke(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "a", "x.db"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var p feed.Post
	err = s.Update(ctx, func(tx store.Tx) error {
		c, err := tx.PutCategory(feed.Category{ID: "tag:c", Slug: "design", Title: "Design"})
		if err != nil {
			return err
		}
		p, err = tx.PutPost(feed.Post{ID: "tag:1", Slug: "one", State: feed.Queued, Categories: []string{c.ID}}, store.PutOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, func(tx store.Tx) error {
		c, _ := tx.CategoryByName("DESIGN")
		m, err := tx.Mark(c.Num)
		if err != nil {
			return err
		}
		pend, _ := tx.Pending(c.Num, 0, 10)
		p.State, p.Live, p.Published = feed.Published, 1, tx.Now()
		k := feed.FragmentKey{Post: p.Num}
		return tx.Publish(store.Publication{Category: c, Mark: m, Handled: pend, Posts: []feed.Post{p}, Fragments: []feed.Fragment{{Key: k, Data: []byte("x")}},
			Artifacts: []feed.Artifact{{Category: c.Num, Entries: []feed.FragmentKey{k}}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(ctx, func(r store.Reader) error {
		list, err := r.Timeline(2, store.Cursor{}, 10)
		t.Log(list, err, r.Seq(), r.NextMark())
		ch, err := r.Changes(0, 10)
		t.Log(ch, err)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
