package storetest

import (
	"errors"

	"syndic/feed"
	"syndic/store"
)

var fragmentCases = []suiteCase{
	{"fragments are counted", fragmentsCounted},
	{"fragment that went meanwhile", fragmentGone},
	{"fragments nobody names", fragmentsUnnamed},
	{"dropped feeds release their entries", fragmentsDropped},
	{"fragments are mended", fragmentMended},
}

// kept tells whether the entry of the post at the revision is in the store.
func (k *kit) kept(post, revision uint64) (kept bool) {
	k.Helper()
	key := Fragment(feed.Post{Num: post, Revision: revision}, feed.RSS).Key
	k.view(func(r store.Reader) {
		_, err := r.Fragment(key)
		if kept = err == nil; !kept && !errors.Is(err, store.ErrNotFound) {
			done(err)
		}
	})
	return kept
}

// fragmentsCounted: an entry stays as long as a feed names it.
func fragmentsCounted(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.publish(c, k.site())
	k.edit(p.Num, revise)
	k.publish(c)
	k.want("old entry, which the site names", k.kept(p.Num, 1), true)
	k.want("new entry", k.kept(p.Num, 2), true)
	k.publish(k.site())
	k.want("old entry", k.kept(p.Num, 1), false)
	for i := range WindowPosts {
		k.post(10+i, c)
	}
	k.publish(c)
	k.want("entry that left one window", k.kept(p.Num, 2), true)
	k.publish(k.site())
	k.want("entry that left both windows", k.kept(p.Num, 2), false)
}

// fragmentGone: a publication that takes an entry for kept which has been
// released since is a conflict.
func fragmentGone(k *kit) {
	a, b := k.category("A"), k.category("B")
	p := k.post(1, a, b)
	k.publish(a)
	made := k.publication(b)
	k.want("it brings no entries", len(made.Fragments), 0)
	k.update(func(tx store.Tx) { done(tx.Publish(store.Publication{Category: a, Drop: true})) })
	k.want("entry", k.kept(p.Num, 1), false)
	k.conflict(made)
	k.publish(b)
	k.want("entry", k.kept(p.Num, 1), true)
}

func fragmentsUnnamed(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	made := k.publication(c)
	stray := Fragment(feed.Post{Num: 77, Revision: 1}, feed.RSS)
	made.Fragments = append(made.Fragments, stray)
	k.update(func(tx store.Tx) { done(tx.Publish(made)) })
	k.want("stray entry", k.kept(77, 1), false)
	k.update(func(tx store.Tx) {
		done(tx.Publish(store.Publication{Category: c, Fragments: []feed.Fragment{stray}}))
	})
	k.want("stray entry without a feed", k.kept(77, 1), false)
}

func fragmentsDropped(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.publish(c)
	k.update(func(tx store.Tx) { done(tx.Publish(store.Publication{Category: c, Drop: true})) })
	k.want("entry", k.kept(p.Num, 1), false)
	k.view(func(r store.Reader) { same("feeds", len(must(r.Artifacts(c.Num))), 0) })
	made := k.publication(c)
	k.want("it brings its entries again", len(made.Fragments), 3)
	k.update(func(tx store.Tx) { done(tx.Publish(made)) })
	k.want("entry", k.kept(p.Num, 1), true)
}

// fragmentMended: an entry that is given again with other bytes gets them,
// although no feed's record changes, and readers hear of it.
func fragmentMended(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	made := k.publication(c)
	good := made.Fragments[1]
	made.Fragments[1].Data = []byte("damaged")
	k.update(func(tx store.Tx) { done(tx.Publish(made)) })
	mend := func(changes int) {
		k.update(func(tx store.Tx) {
			done(tx.Publish(store.Publication{Category: c, Fragments: []feed.Fragment{good}}))
			done(tx.PutRun(store.Run{Category: c.Num, At: at(1)})) // so that there is a commit
			same("entry", must(tx.Fragment(good.Key)), good.Data)
			same("changes", len(must(tx.Changes(tx.Seq()-1, 10))), changes)
		})
	}
	mend(1)
	mend(0)
}
