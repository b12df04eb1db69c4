package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// keepWriting has authors write to the host's daemon until stop is called, which
// returns what was acknowledged.
func keepWriting(h *host) (stop func() map[string]int) {
	ctx, cancel := context.WithCancel(h.t.Context())
	authors := make([]*author, 3)
	var running sync.WaitGroup
	for i := range authors {
		a := &author{
			name: fmt.Sprintf("w%d", i), random: rand.New(rand.NewPCG(uint64(i), 0)),
			client: control.Dial(filepath.Join(h.data, socketName)), acked: map[string]int{},
		}
		authors[i] = a
		running.Go(func() { a.write(ctx) })
	}
	return func() map[string]int {
		cancel()
		running.Wait()
		all := map[string]int{}
		for _, a := range authors {
			a.client.Close()
			for slug, edition := range a.acked {
				all[slug] = edition
			}
		}
		return all
	}
}

// postsIn reads every post of a database file, which must be sound.
func postsIn(t *testing.T, path string) map[string]feed.Post {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.Check(t, s)
	all := map[string]feed.Post{}
	err = s.View(t.Context(), func(r store.Reader) error {
		posts, err := r.Posts(0, 1<<20)
		for _, p := range posts {
			all[p.ID] = p
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBackupWithoutAName(t *testing.T) {
	if r := newHost(t).run("backup", ""); r.code != exitUsage || !strings.Contains(r.err, "the file has no name") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
}

func TestBackup(t *testing.T) {
	h := newHost(t, `schedule: "@change"`)
	h.must(0, "post", "add", examplePosts(t))
	before := postsIn(t, filepath.Join(h.data, databaseName))
	p := h.serve()
	stop := keepWriting(h)
	file := filepath.Join(h.dir, "monday.db")
	r := h.run("backup", file)
	if r.code != 0 || !strings.Contains(r.out, "monday.db") {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	stream := h.run("--quiet", "backup", "-")
	if stream.code != 0 || stream.err != "" {
		t.Fatalf("to standard output: exit %d: %s", stream.code, stream.err)
	}
	stop()
	if r := h.run("backup", file); r.code != exitFailed || !strings.Contains(r.err, "is there already") || !oneMessage(r.err) {
		t.Errorf("over a file: exit %d: %s", r.code, r.err)
	}
	if r := h.run("backup", h.dir); r.code != exitFailed || !strings.Contains(r.err, "is a directory") {
		t.Errorf("over a directory: exit %d: %s", r.code, r.err)
	}
	p.stop()
	offline := filepath.Join(h.dir, "tuesday.db")
	h.must(0, "backup", offline)
	for _, f := range []string{file, h.write("stream.db", stream.out), offline} {
		after := postsIn(t, f)
		for id := range before {
			if after[id].ID == "" || after[id].Body != before[id].Body {
				t.Errorf("%s lacks %s", f, id)
			}
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v (%v), want it private", info, err)
	}
	if r := h.finish(h.command(t.Context(), "backup", filepath.Join(h.dir, "no", "such.db")), ""); r.code != exitFailed || !oneMessage(r.err) {
		t.Errorf("into no directory: exit %d: %s", r.code, r.err)
	}
	for _, dir := range []string{h.dir, h.data} {
		if left, _ := filepath.Glob(filepath.Join(dir, ".*part*")); len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
	}
}

// A scheduled backup is made at start where its slot was missed, and only the
// rota's own oldest files go.
func TestScheduledBackups(t *testing.T) {
	h := newHost(t, `backup: {schedule: "@hourly", keep: 2}`)
	h.must(0, "post", "add", examplePosts(t))
	dir := filepath.Join(h.data, "backups")
	for _, name := range []string{"syndic-20200101T000000Z.db", "syndic-20210101T000000Z.db", "other.db", "syndic-20200101T000000Z.db.txt"} {
		h.write(filepath.Join("data", "backups", name), "x")
	}
	p := h.serve()
	made := p.await("backed up")["file"].(string)
	status := decode[control.StatusInfo](h, "status")
	if b := status.Backup; b == nil || b.Kept != 2 || b.Error != "" || b.Last == nil || b.Next == nil || !b.Next.After(time.Now()) {
		t.Errorf("status says %+v", status.Backup)
	}
	if text := h.must(0, "status"); !strings.Contains(text, "2 in "+dir+", the newest of ") {
		t.Errorf("status says\n%s", text)
	}
	p.stop()
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{"other.db", filepath.Base(made), "syndic-20200101T000000Z.db.txt", "syndic-20210101T000000Z.db"}
	if len(left) != 4 || left[0] != want[0] || left[1] != want[2] || left[2] != want[3] || left[3] != want[1] {
		t.Errorf("left are %q, want %q", left, want)
	}
	if got := len(postsIn(t, made)); got != 10 {
		t.Errorf("the backup has %d posts", got)
	}
	// The next start has nothing to make up for.
	p = h.serve()
	p.stop()
	if strings.Contains(p.log.String(), "backed up") {
		t.Error("another backup was made before its slot")
	}
}

// newRota is one that copies what files hold.
func newRota(t *testing.T, spec string, keep int) (*rota, *plan) {
	t.Helper()
	s, err := scheduler.Parse(spec, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	p := &plan{spec: spec, schedule: s, dir: filepath.Join(t.TempDir(), "b"), keep: keep}
	r := &rota{
		copy:    func(_ context.Context, path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		inspect: func(context.Context, string) error { return nil }, changed: make(chan struct{}, 1),
	}
	r.follow(p)
	return r, p
}

// A copy that fails, or is of a damaged database, replaces no good one, and is
// tried again at the next slot.
func TestRotaKeepsTheGoodOnes(t *testing.T) {
	r, p := newRota(t, "@hourly", 1)
	r.attempt(t.Context(), *p)
	good := p.made()
	if len(good) != 1 || r.info().Error != "" {
		t.Fatalf("made %v: %+v", good, r.info())
	}
	sick := errors.New("page 7 is gone")
	r.inspect = func(context.Context, string) error { return sick }
	r.attempt(t.Context(), *p)
	if got := p.made(); len(got) != 1 || !got[0].Equal(good[0]) {
		t.Errorf("left are %v, want %v", got, good)
	}
	if i := r.info(); !strings.Contains(i.Error, sick.Error()) || !i.Next.After(time.Now()) {
		t.Errorf("it says %+v, want why and the next slot", i)
	}
	if left, _ := os.ReadDir(p.dir); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
	r.inspect = func(context.Context, string) error { return nil }
	r.attempt(t.Context(), *p)
	if r.info().Error != "" || len(p.made()) != 1 {
		t.Errorf("after a good one: %+v", r.info())
	}
}

func TestRotaNext(t *testing.T) {
	r, p := newRota(t, "0 4 * * *", 3)
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	if _, next := r.next(now); !next.Equal(now) {
		t.Errorf("without any: %v, want at once", next)
	}
	for _, c := range []struct{ newest, want time.Time }{
		{now.Add(-time.Hour), time.Date(2026, 1, 6, 4, 0, 0, 0, time.UTC)},
		{now.AddDate(0, 0, -3), time.Date(2026, 1, 3, 4, 0, 0, 0, time.UTC)}, // missed
		{now.AddDate(1, 0, 0), now},                                          // from a clock that was wrong
	} {
		if err := os.MkdirAll(p.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.file(c.newest), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, next := r.next(now); !next.Equal(c.want) {
			t.Errorf("after %v: %v, want %v", c.newest, next, c.want)
		}
		if err := os.Remove(p.file(c.newest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	r.follow(nil)
	if _, next := r.next(now); !next.IsZero() || r.info() != nil {
		t.Errorf("without a plan: %v", next)
	}
}
