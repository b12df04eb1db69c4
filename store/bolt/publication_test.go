package bolt

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// A post that one category's publication made live is not written again by the
// other's: its record is most of what that one would write.
func TestPostIsWrittenOnce(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
	defer check(t, s)
	ctx := context.Background()
	var category uint64
	err := s.Update(ctx, func(tx store.Tx) error {
		c, err := tx.PutCategory(storetest.Category("Design"))
		if err != nil {
			return err
		}
		category = c.Num
		p := storetest.Post(1)
		p.Categories = []string{c.ID}
		_, err = tx.PutPost(p, store.PutOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		num   uint64
		posts int
	}{{category, 1}, {feed.SiteNum, 0}} {
		err := s.Update(ctx, func(stx store.Tx) error {
			p, err := storetest.Publication(stx, c.num, time.Now())
			if err == nil {
				err = stx.Publish(p)
			}
			if n := len(stx.(*tx).over.layers[inPost].rows); n != c.posts {
				t.Errorf("category %d: %d records of posts are written, want %d", c.num, n, c.posts)
			}
			if len(p.Posts) != 1 {
				t.Errorf("category %d: %d posts arrive, want 1", c.num, len(p.Posts))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
