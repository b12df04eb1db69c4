package bolt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"syndic/feed"
	"syndic/store"
)

// salvaged salvages a file of these bytes, and opens what came of it.
func salvaged(t *testing.T, data []byte) (*Salvaged, *Store) {
	t.Helper()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "damaged.db"), filepath.Join(dir, "syndic.db")
	if err := os.WriteFile(from, data, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Salvage(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(from); err != nil || string(after) != string(data) {
		t.Fatalf("the damaged file was changed (%v)", err)
	}
	return found, mustOpen(t, to)
}

// contents is all posts, live revisions, categories and feeds of a store.
func contents(t *testing.T, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.View(t.Context(), func(r store.Reader) error {
		posts, err := r.Posts(0, 1<<20)
		for _, p := range posts {
			all[fmt.Sprintf("post %d", p.Num)] = fmt.Sprintf("%+v", p)
			live, err := r.LivePost(p.Num)
			all[fmt.Sprintf("live %d", p.Num)] = fmt.Sprintf("%+v %t", live, err == nil)
			if by, err := r.PostBySlug(p.Slug); err != nil || by.Num != p.Num {
				return fmt.Errorf("slug %s leads to %d (%w)", p.Slug, by.Num, err)
			}
		}
		cats, err1 := r.Categories(0, 1<<20)
		for _, c := range cats {
			all[fmt.Sprintf("category %d", c.Num)] = fmt.Sprintf("%+v", c)
			timeline, err := r.Places(c.Num, store.Cursor{}, 1<<20)
			all[fmt.Sprintf("timeline %d", c.Num)] = fmt.Sprint(timeline)
			err1 = errors.Join(err1, err)
			artifacts, err := r.Artifacts(c.Num)
			for _, a := range artifacts {
				all[fmt.Sprintf("feed %d %d", c.Num, a.Format)] = fmt.Sprintf("%s %d", a.Digest, a.Generation)
			}
			err1 = errors.Join(err1, err)
		}
		rows, err2 := r.Deliveries("")
		all["outbox"] = fmt.Sprint(rows)
		all["authority"] = r.Authority()
		return errors.Join(err, err1, err2)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func bytesOf(t *testing.T, s *Store) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Spool(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A sound database is salvaged as it is: nothing is lost, held or mended.
func TestSalvageChangesNothingSound(t *testing.T) {
	for name, s := range map[string]*Store{"everything": everything(t), "sample": mustOpen(t, filepath.Join(t.TempDir(), "x.db"))} {
		data := bytesOf(t, s)
		if name == "sample" {
			data = sample(t)
			path := filepath.Join(t.TempDir(), "sample.db")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			s = mustOpen(t, path)
		}
		found, got := salvaged(t, data)
		err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PutAuthority("example.org") }) // as the salvage found it
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Problems)+len(found.Lost)+len(found.Held)+len(found.Mended) > 0 {
			t.Errorf("%s: found %+v", name, found)
		}
		if want, have := contents(t, s), contents(t, got); !reflect.DeepEqual(have, want) {
			for k := range want {
				if want[k] != have[k] {
					t.Errorf("%s: %s is\n%s\nwas\n%s", name, k, have[k], want[k])
				}
			}
		}
		check(t, got)
	}
}

// Any row that is missing, other or too much leaves a sound store, and of all
// posts at most the one that it was about is another.
func TestSalvageMendsEveryRow(t *testing.T) {
	s := everything(t)
	s.db.NoSync = true
	for b := range bucketCount {
		for what, damage := range map[string]func(in *bbolt.Bucket, k, v []byte) error{
			"missing": func(in *bbolt.Bucket, k, _ []byte) error { return in.Delete(k) },
			"other": func(in *bbolt.Bucket, k, v []byte) error {
				return in.Put(k, append(append([]byte{}, v[:max(len(v)-1, 0)]...), 0x55))
			},
			"too much": func(in *bbolt.Bucket, k, v []byte) error {
				return in.Put(append(append([]byte{}, k[:len(k)-1]...), k[len(k)-1]^0x55), v)
			},
		} {
			rows := map[string]string{}
			err := s.db.View(func(btx *bbolt.Tx) error {
				return btx.Bucket([]byte(b.String())).ForEach(func(k, v []byte) error {
					rows[string(k)] = string(v)
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			tried := 0
			for k, v := range rows {
				if tried++; tried > 1 || b == inMeta && k == "version" {
					continue
				}
				err := s.change(func(btx *bbolt.Tx) error { return damage(btx.Bucket([]byte(b.String())), []byte(k), []byte(v)) })
				if err != nil {
					t.Fatal(err)
				}
				found, got := salvaged(t, bytesOf(t, s))
				for _, problem := range got.Check(t.Context()) {
					t.Errorf("%s %s %q: %s", b, what, k, problem)
				}
				if found.Posts < 2 || found.Posts == 2 && len(found.Lost) != 1 {
					t.Errorf("%s %s %q: %d posts are left: %+v", b, what, k, found.Posts, found)
				}
				restore(t, s, b, rows)
			}
		}
	}
	check(t, s)
}

// damages are ways to damage a file.
func damage(random *rand.Rand, whole []byte) []byte {
	data := append([]byte(nil), whole...)
	if random.IntN(3) == 0 {
		return data[:1+random.IntN(len(data)-1)]
	}
	for range 1 + random.IntN(4) {
		overwrite(random, data[4096*random.IntN(len(whole)/4096):][:4096])
	}
	return data
}

// Whatever is done to a file, what can be salvaged of it is a sound store, whose
// posts were in it before.
func TestSalvageDamagedCopies(t *testing.T) {
	whole := sample(t)
	_, before := salvaged(t, whole)
	want, all := contents(t, before), 0
	for seed := range uint64(24) {
		data := damage(rand.New(rand.NewPCG(seed, 3)), whole)
		dir := t.TempDir()
		from, to := filepath.Join(dir, "damaged.db"), filepath.Join(dir, "syndic.db")
		if err := os.WriteFile(from, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Look(from); err != nil {
			t.Errorf("seed %d: look: %v", seed, err)
		}
		found, err := Salvage(t.Context(), from, to)
		if errors.Is(err, store.ErrDamaged) && strings.Contains(err.Error(), "nothing in it") && len(data) < len(whole)/4 {
			continue
		}
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		s := mustOpen(t, to)
		for _, problem := range s.Check(t.Context()) {
			t.Errorf("seed %d: %s", seed, problem)
		}
		same := 0
		for k, v := range contents(t, s) {
			if strings.HasPrefix(k, "post ") && want[k] == v {
				same++
			}
		}
		if len(data) == len(whole) && same+len(found.Lost)+len(found.Held) < min(maxProblems, 130) {
			t.Errorf("seed %d: %d posts are there, and of the others only %d are named", seed, same, len(found.Lost)+len(found.Held))
		}
		all += same
	}
	if t.Logf("of 130 posts, %d were salvaged on average", all/24); all/24 < 40 { // which pages a seed hits depends on how commits were grouped
		t.Error("hardly anything is salvaged")
	}
}

// Posts to which no branch leads are found in the leaves, as they are.
func TestSalvageStrays(t *testing.T) {
	whole := sample(t)
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := readPages(f, int64(len(whole)), t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	root := p.buckets()[inPost.String()].root
	if root == 0 {
		t.Fatal("the posts are too few for a page of their own")
	}
	clear(whole[root*4096:][:4096])
	found, s := salvaged(t, whole)
	defer check(t, s)
	if found.Posts != 130 || len(found.Lost) != 0 || len(found.Problems) != 1 {
		t.Errorf("found %+v", found)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range uint64(130) {
			q, err := r.Post(i + 1)
			if err != nil || q.State != feed.Published && q.State != feed.Queued {
				return fmt.Errorf("post %d is %q (%w)", i+1, q.State, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "x.db")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(post(s, 1), s.Close()); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[:8*4096], uint16(0), uint64(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, word uint64) {
		if n := len(data) - 8; n > 0 {
			native.PutUint64(data[int(at)*4%n:], word)
		}
		p, err := readPages(strings.NewReader(string(data)), int64(len(data)), func(string, ...any) {})
		if err != nil && p.page != 4096 {
			t.Errorf("pages of %d bytes", p.page)
		}
		for name, at := range p.buckets() {
			p.walk(name, at.root, 0, true, func(pg page) {
				for i := range int(pg.count) {
					pg.row(i)
				}
			})
		}
		_, _ = p.free()
	})
}
