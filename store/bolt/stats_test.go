package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

func TestStats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	var took []time.Duration
	s, err := Open(path, Options{Create: true, Committed: func(d time.Duration) { took = append(took, d) }})
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.Update(context.Background(), func(tx store.Tx) error { return tx.PutMark(feed.SiteNum, time.Time{}, false) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(context.Background(), func(store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var within Stats
	err = s.View(context.Background(), func(store.Reader) (err error) {
		within, err = s.Stats()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if within.Bytes != info.Size() || within.Room <= 0 || within.PageSize < 512 || within.Open != 1 || within.Views != before.Views+1 {
		t.Errorf("before %+v, within %+v, the file has %d bytes", before, within, info.Size())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(took) != 3 || took[0] <= 0 {
		t.Errorf("three commits took %v", took)
	}
	if _, err := s.Stats(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
