package storetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"syndic/store"
)

var crashCases = []suiteCase{
	{"reopened store has everything", reopened},
	{"crash between commits", crashBetween},
	{"crash between posts", crashStream},
}

func reopened(k *kit) {
	for i := range 5 {
		k.update(func(tx store.Tx) { everything(tx, i) })
	}
	before := k.dump()
	k.reopen()
	k.want("everything", k.dump(), before)
}

// dump reads whatever a reader can list.
func (k *kit) dump() (all []any) {
	k.Helper()
	k.view(func(r store.Reader) {
		cats := must(r.Categories(0, 1000))
		all = append(all, r.Seq(), r.Authority(), r.NextMark(), r.NextPost(), cats, must(r.Site()), must(r.Posts(0, 1000)),
			must(r.DueMarks(at(1<<30), 1000)), must(r.Deliveries("")), must(r.Attempts(1000)), must(r.Changes(0, 1000)))
		for _, c := range cats {
			all = append(all, must(r.Timeline(c.Num, store.Cursor{}, 1000)), must(r.Pending(c.Num, 0, 1000)), must(r.Artifacts(c.Num)))
			run, err := r.Run(c.Num)
			all = append(all, run, err == nil)
		}
	})
	return all
}

// copied opens a copy of the store's files as they lie on the disk while it is
// open: what a kill would leave.
func (k *kit) copied(name string) store.Store {
	k.Helper()
	dir := filepath.Join(k.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(k.path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.Fatal(err)
	}
	return openAt(k.T, k.open, filepath.Join(dir, filepath.Base(k.path)))
}

// crashed is a store that a kill at this moment would leave.
func (k *kit) crashed() *kit {
	k.Helper()
	return &kit{T: k.T, open: k.open, path: k.path, s: k.copied("crash"), ctx: k.ctx}
}

// crashBetween: what was committed is there, what was not is not, and the
// delivery that was being tried is to be tried again.
func crashBetween(k *kit) {
	c := k.category("Design")
	k.update(func(tx store.Tx) { done(tx.PutSite(Site())) })
	k.post(1, c)
	k.publish(c)
	k.edit(1, revise)
	k.enqueue(hubA, topicX, 7)
	k.claim(hubA)
	var copied []any
	k.undo(func(tx store.Tx) {
		everything(tx, 9)
		crashed := k.crashed()
		copied = crashed.dump()
		crashed.want("to be tried again", topics(crashed.claim(hubA)), "x")
	})
	k.want("the copy", copied, k.dump())
}

// crashStream: after a kill at any moment of a stream of posts, every post
// that was acknowledged before it is there.
func crashStream(k *kit) {
	c := k.category("Design")
	acknowledged := 0
	for i := range 12 {
		k.post(i, c)
		acknowledged++
		if i%3 == 1 {
			k.publish(c)
		}
		if i%4 != 3 {
			continue
		}
		crashed := k.crashed()
		crashed.view(func(r store.Reader) { same("posts", len(must(r.Posts(0, 100))), acknowledged) })
		crashed.publish(c)
		crashed.want("it goes on", len(crashed.timeline(c)), acknowledged)
	}
}
