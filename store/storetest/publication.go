package storetest

import (
	"errors"
	"time"

	"syndic/feed"
	"syndic/store"
)

var publicationCases = []suiteCase{
	{"publish", publish},
	{"publish conflicts", publishConflicts},
	{"publish takes in a part", publishPart},
	{"post dated by another publication", publishDated},
	{"publish refused", publishRefused},
	{"mark set while publishing", markWhilePublishing},
	{"runs", runs},
}

// publication is what a scheduler would have read and rendered by now.
func (k *kit) publication(c feed.Category) (p store.Publication) {
	k.Helper()
	k.view(func(r store.Reader) { p = must(Publication(r, c.Num, at(1000))) })
	return p
}

// conflict fails the subtest unless the publication is a conflict that writes
// nothing.
func (k *kit) conflict(p store.Publication) {
	k.Helper()
	before := k.seq()
	err := k.s.Update(k.ctx, func(tx store.Tx) error { return tx.Publish(p) })
	if !errors.Is(err, store.ErrConflict) {
		k.Fatalf("publish: got error %v, want a conflict", err)
	}
	k.want("Seq", k.seq(), before)
}

func publish(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	p := k.publication(c)
	k.update(func(tx store.Tx) {
		done(tx.Publish(p))
		same("own write", must(tx.Artifact(c.Num, feed.Atom)), p.Artifacts[1])
	})
	k.reopen()
	k.view(func(r store.Reader) {
		same("feeds", must(r.Artifacts(c.Num)), p.Artifacts)
		same("one of them", must(r.Artifact(c.Num, feed.JSON)), p.Artifacts[2])
		same("headers", must(r.Headers(0, 10)), headers(p.Artifacts))
		same("headers of none", len(must(r.Headers(c.Num, 10))), 0)
		for _, f := range p.Fragments {
			same("entry", must(r.Fragment(f.Key)), f.Data)
			same("appended", string(must(r.AppendFragment([]byte("x"), f.Key))), "x"+string(f.Data))
		}
		same("pending", len(must(r.Pending(c.Num, 0, 10))), 0)
		same("published", must(r.Post(1)).State, feed.Published)
		same("live", must(r.Post(1)).Live, 1)
		_, err := r.Mark(c.Num)
		is("mark", err, store.ErrNotFound)
		changes := must(r.Changes(r.Seq()-1, 10))
		same("changes", len(changes), 1)
		same("change", changes[0].Kind, store.FeedPublished)
		same("of the category", changes[0].Category, c.Num)
		same("the site has it to do", len(must(r.Pending(feed.SiteNum, 0, 10))), 1)
	})
	k.edit(1, revise)
	p = k.publication(c)
	p.Artifacts, p.Fragments = nil, nil
	k.update(func(tx store.Tx) { done(tx.Publish(p)) })
	k.view(func(r store.Reader) {
		same("no feed changed, no change is told", len(must(r.Changes(r.Seq()-1, 10))), 0)
		same("live", must(r.Post(1)).Live, 2)
	})
	k.publish(c)
}

// publishConflicts: what a publication was made from must still stand.
func publishConflicts(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	made := k.publication(c)
	k.edit(p.Num, revise)
	k.conflict(made)
	made = k.publication(c)
	k.edit(p.Num, func(p *feed.Post) { p.File = "other.md" })
	k.conflict(made)
	made = k.publication(c)
	c.Settings.Description = "About design"
	k.update(func(tx store.Tx) { c = must(tx.PutCategory(c)) })
	k.conflict(made)
	made = k.publication(c)
	k.publish(c)
	k.conflict(made)
	made = k.publication(c)
	k.update(func(tx store.Tx) { done(tx.Publish(made)) })
	k.publish(k.site())
}

// publishDated: two publications that were made at the same time cannot give a
// post two dates.
func publishDated(k *kit) {
	c := k.category("Design")
	p := Post(1)
	p.Published, p.Categories = time.Time{}, []string{c.ID}
	k.put(p)
	made := k.publication(c)
	k.publish(k.site())
	k.conflict(made)
	k.publish(c)
	k.view(func(r store.Reader) {
		same("one date", must(r.Timeline(c.Num, store.Cursor{}, 1))[0].Published, must(r.Timeline(feed.SiteNum, store.Cursor{}, 1))[0].Published)
	})
}

// publishPart: what came since stays pending, and the mark with it.
func publishPart(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	made := k.publication(c)
	k.post(2, c)
	k.update(func(tx store.Tx) { done(tx.Publish(made)) })
	k.view(func(r store.Reader) {
		same("live", numbers(must(r.Timeline(c.Num, store.Cursor{}, 10))), []uint64{1})
		pending := must(r.Pending(c.Num, 0, 10))
		same("pending", len(pending), 1)
		same("the newer one", pending[0].Post, 2)
		same("mark", must(r.Mark(c.Num)).Seq, pending[0].Seq)
	})
	k.publish(c)
	k.want("then both", k.timeline(c), []uint64{2, 1})
}

func publishRefused(k *kit) {
	a, b := k.category("A"), k.category("B")
	p := k.post(1, a)
	k.publish(a)
	k.post(2, a)
	made := k.publication(a)
	refuse := func(what string, change func(p *store.Publication)) {
		k.undo(func(tx store.Tx) {
			p := must(Publication(tx, a.Num, at(1)))
			change(&p)
			refused(what, tx.Publish(p))
		})
	}
	refuse("a post that was not handled", func(p *store.Publication) { p.Handled = nil })
	refuse("a post that is not live", func(p *store.Publication) { p.Posts[0].State = feed.Queued })
	refuse("a post without a live revision", func(p *store.Publication) { p.Posts[0].Live = 0 })
	refuse("drop and publish", func(p *store.Publication) { p.Drop = true })
	refuse("a feed twice", func(p *store.Publication) { p.Artifacts = append(p.Artifacts, p.Artifacts[0]) })
	refuse("a feed of another category", func(p *store.Publication) { p.Artifacts[0].Category = b.Num })
	refuse("a format that is none", func(p *store.Publication) { p.Artifacts[0].Format = 9 })
	k.undo(func(tx store.Tx) {
		p := store.Publication{Category: b, Handled: made.Handled, Posts: made.Posts}
		refused("posts of another category", tx.Publish(p))
	})
	k.view(func(r store.Reader) {
		same("live", must(r.Post(p.Num)).Live, 1)
		same("not live", must(r.Post(2)).Live, 0)
	})
}

// markWhilePublishing: a mark that moved is not cleared.
func markWhilePublishing(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	made := k.publication(c)
	k.update(func(tx store.Tx) { done(tx.PutMark(c.Num, at(5), true)) })
	k.update(func(tx store.Tx) {
		done(tx.Publish(made))
		m := must(tx.Mark(c.Num))
		same("mark", m.Force && m.Seq > made.Mark.Seq && !m.Due.After(at(5)), true)
	})
	made = k.publication(c)
	made.Mark = store.Mark{}
	k.update(func(tx store.Tx) {
		done(tx.Publish(made))
		must(tx.Mark(c.Num))
	})
}

// runs: a failure keeps the time of the latest success.
func runs(k *kit) {
	c := k.category("Design")
	good := store.Run{Category: c.Num, At: at(1).Add(3), Duration: time.Second, Good: at(1)}
	k.update(func(tx store.Tx) { done(tx.PutRun(good)) })
	k.view(func(r store.Reader) { same("good", must(r.Run(c.Num)), good) })
	bad := store.Run{Category: c.Num, At: at(2), Duration: time.Minute, Error: "no luck"}
	k.update(func(tx store.Tx) { done(tx.PutRun(bad)) })
	bad.Good = good.Good
	k.reopen()
	k.view(func(r store.Reader) {
		same("bad", must(r.Run(c.Num)), bad)
		same("a run is no change", len(must(r.Changes(0, 10))), 1)
	})
}
