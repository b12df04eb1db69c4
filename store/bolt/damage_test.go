package bolt

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// sample is the bytes of a store that holds something of everything.
func sample(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "syndic.db")
	s := mustOpen(t, path)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		c, err := tx.PutCategory(storetest.Category("Design"))
		for i := 0; err == nil && i < 120; i++ {
			p := storetest.Post(i)
			p.Categories, p.Body = []string{c.ID}, strings.Repeat("x", i*20)
			_, err = tx.PutPost(p, store.PutOptions{})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.Publish(t, s, feed.SiteNum)
	storetest.Publish(t, s, feed.SiteNum+1)
	for i := range 10 {
		if err := post(s, 1000+i); err != nil {
			t.Fatal(err)
		}
	}
	btx, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	size := btx.Size() // without what the file has grown ahead
	if err := btx.Rollback(); err != nil {
		t.Fatal(err)
	}
	check(t, s)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data[:size]
}

// use does with a file what a daemon would, and a check. Whatever the file
// holds, nothing may panic or hang, and an error is one of the contract's.
func use(t *testing.T, data []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "syndic.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		again, err := Open(path, Options{})
		if errors.Is(err, store.ErrLocked) {
			t.Errorf("closed, but still locked: %v", err)
		} else if err == nil {
			_ = again.Close()
		}
	}()
	s, err := Open(path, Options{})
	if err != nil {
		return err
	}
	errs := []error{
		s.View(t.Context(), readAll),
		post(s, 2000),
		s.Update(t.Context(), func(tx store.Tx) error {
			p, err := storetest.Publication(tx, feed.SiteNum, tx.Now())
			if err != nil {
				return err
			}
			return tx.Publish(p)
		}),
	}
	for _, problem := range s.Check(t.Context()) {
		errs = append(errs, fmt.Errorf("%w: %s", store.ErrDamaged, problem))
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	return errors.Join(errs...)
}

func readAll(r store.Reader) error {
	_, err := r.Posts(0, 1<<20)
	_, err1 := r.Timeline(feed.SiteNum, store.Cursor{}, 1<<20)
	_, err2 := r.Artifacts(feed.SiteNum)
	_, err3 := r.DueMarks(storetest.Day, 100)
	_, err4 := r.Changes(0, 1<<20)
	return errors.Join(err, err1, err2, err3, err4)
}

// A file that was cut off anywhere is refused when it is opened.
func TestTruncatedFile(t *testing.T) {
	whole := sample(t)
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		size := 1 + random.IntN(len(whole)-1)
		if err := use(t, whole[:size]); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("cut to %d of %d bytes: got error %v, want that it is damaged and the way back", size, len(whole), err)
		}
	}
}

// Pages that were written over are told, by the open or by the check.
func TestOverwrittenPages(t *testing.T) {
	whole := sample(t)
	told := 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 2))
		data := append([]byte(nil), whole...)
		for range 1 + random.IntN(3) {
			overwrite(random, data[4096*random.IntN(len(whole)/4096):][:4096])
		}
		err := use(t, data)
		if err != nil {
			told++
		}
		if err != nil && !errors.Is(err, store.ErrDamaged) {
			t.Errorf("seed %d: got error %v, want that it is damaged", seed, err)
		}
	}
	// Free pages and the older meta page may hold anything.
	if told < 15 {
		t.Errorf("only %d of 30 damaged files were told", told)
	}
}

func overwrite(random *rand.Rand, page []byte) {
	switch random.IntN(3) {
	case 0:
		clear(page)
	case 1:
		for i := range page {
			page[i] = byte(random.Uint32())
		}
	default:
		for range 8 { // past the page's own number and kind
			page[16+random.IntN(len(page)-16)] = byte(random.Uint32())
		}
	}
}

func TestNotADatabase(t *testing.T) {
	for what, data := range map[string]string{
		"text":  strings.Repeat("not a database\n", 2000),
		"short": "x",
		"zeros": string(make([]byte, 1<<16)),
	} {
		if err := use(t, []byte(data)); !errors.Is(err, store.ErrDamaged) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want that it is damaged, in one line", what, err)
		}
	}
}

// A file that shrinks under an open store faults in the mapping, which must
// become an error in each goroutine that reads or writes.
func TestFileCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	if err := os.WriteFile(path, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path)
	if err := os.Truncate(path, 3*4096); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), readAll); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("view: got error %v, want that it is damaged", err)
	}
	if err := post(s, 3000); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("update: got error %v, want that it is damaged", err)
	}
	if problems := s.Check(context.Background()); len(problems) == 0 {
		t.Error("the check finds nothing")
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
