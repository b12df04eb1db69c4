package bolt

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
)

// alter changes the record of the first post that is in a category.
func alter(t *testing.T, s *Store, change func(*feed.Post)) (p feed.Post) {
	t.Helper()
	err := s.change(func(btx *bbolt.Tx) error {
		in := btx.Bucket([]byte(inPost.String()))
		for c, k, v := cursorOf(in); k != nil; k, v = c.Next() {
			var err error
			if p, err = decodePost(v); err != nil || len(p.Categories) == 0 || p.State != feed.Published {
				continue
			}
			at := liveAt(v)
			change(&p)
			data, err := encodePost(p, at)
			if err != nil {
				return err
			}
			return in.Put(k, data)
		}
		return errors.New("no post is in a category")
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// keepEntry has the post's entries in feeds show an id.
func keepEntry(t *testing.T, s *Store, num uint64, id string) {
	t.Helper()
	err := s.change(func(btx *bbolt.Tx) error {
		in := btx.Bucket([]byte(inFragment.String()))
		c := in.Cursor()
		k, _ := c.Seek(numKey(num))
		if !bytes.HasPrefix(k, numKey(num)) {
			return errors.New("the post has no entry")
		}
		return in.Put(bytes.Clone(k), []byte("<guid>"+id+"</guid>"))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func cursorOf(in *bbolt.Bucket) (c *bbolt.Cursor, k, v []byte) {
	c = in.Cursor()
	k, v = c.First()
	return c, k, v
}

func postOf(t *testing.T, s *Store, num uint64) (p feed.Post) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) (err error) {
		p, err = r.Post(num)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// An id that no feed can carry would keep every feed that shows it from going
// out, for ever.
func TestSalvageOfUnsoundIDs(t *testing.T) {
	t.Run("a post's own", func(t *testing.T) {
		s := everything(t)
		id := ""
		p := alter(t, s, func(p *feed.Post) { id, p.ID = p.ID, "\xef"+p.ID[1:] })
		found, got := salvaged(t, bytesOf(t, s))
		if len(found.Lost) != 0 || !strings.Contains(strings.Join(found.Mended, "\n"), "it is "+id+" again") {
			t.Errorf("found %+v, want post %q mended", found, p.Slug)
		}
		if kept := postOf(t, got, p.Num); kept.ID != id {
			t.Errorf("its id is %q", kept.ID)
		}
		check(t, got)
	})
	// A letter that was flipped leaves an id that could be one.
	for name, flip := range map[string]func(id string) string{
		"a post's authority": func(id string) string { return strings.Replace(id, "tag:e", "tag:m", 1) },
		"a post's slug":      func(id string) string { return id[:len(id)-1] + "~" },
	} {
		t.Run(name, func(t *testing.T) {
			s := everything(t)
			id := ""
			p := alter(t, s, func(p *feed.Post) { id, p.ID = p.ID, flip(p.ID) })
			keepEntry(t, s, p.Num, id)
			found, got := salvaged(t, bytesOf(t, s))
			if len(found.Lost) != 0 || !strings.Contains(strings.Join(found.Mended, "\n"), "it is "+id+" again") || id == p.ID {
				t.Errorf("found %+v, want post %q mended", found, p.Slug)
			}
			if kept := postOf(t, got, p.Num); kept.ID != id {
				t.Errorf("its id is %q", kept.ID)
			}
			check(t, got)
		})
		t.Run(name+" in the index", func(t *testing.T) {
			s := everything(t)
			p := alter(t, s, func(*feed.Post) {})
			keepEntry(t, s, p.Num, p.ID)
			err := s.change(func(btx *bbolt.Tx) error {
				in := btx.Bucket([]byte(inPostID.String()))
				return errors.Join(in.Delete([]byte(p.ID)), in.Put([]byte(flip(p.ID)), numKey(p.Num)))
			})
			if err != nil {
				t.Fatal(err)
			}
			_, got := salvaged(t, bytesOf(t, s))
			if kept := postOf(t, got, p.Num); kept.ID != p.ID {
				t.Errorf("its id is %q", kept.ID)
			}
			check(t, got)
		})
	}
	t.Run("a category's", func(t *testing.T) {
		s := everything(t)
		p := alter(t, s, func(p *feed.Post) { p.Categories[0] = "tag" + strings.TrimPrefix(p.Categories[0], "tag:") + "\x01" })
		found, got := salvaged(t, bytesOf(t, s))
		if len(found.Lost) != 0 || !slices.ContainsFunc(found.Mended, func(m string) bool { return strings.Contains(m, "id of a category") }) {
			t.Errorf("found %+v", found)
		}
		if kept := postOf(t, got, p.Num); slices.ContainsFunc(kept.Categories, unsoundID) {
			t.Errorf("the post is in %q", kept.Categories)
		}
		check(t, got)
	})
}

// A category is never taken out, so one that a post is in and that is not
// there is damage, and no name that somebody mistyped.
func TestPostInACategoryThatIsGone(t *testing.T) {
	s := everything(t)
	p := alter(t, s, func(p *feed.Post) { p.Categories[0] += "-gone" })
	p.State, p.Categories = feed.Recalled, nil
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.PutPost(p, store.PutOptions{})
		return err
	})
	if !errors.Is(err, store.ErrDamaged) || errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is %v", err)
	}
}
