package storetest

import (
	"time"

	"syndic/feed"
	"syndic/store"
)

var markCases = []suiteCase{
	{"marks", marks},
	{"marks of a post", marksOfPost},
	{"marks of a post that nobody saw", marksOfDraft},
	{"pending by post", pendingByPost},
	{"retired category", retired},
}

// marks: the earliest due of all that was asked for, the newest commit, and
// force once it was asked for.
func marks(k *kit) {
	a, b := k.category("A"), k.category("B")
	mark := func(c feed.Category, due time.Time, force bool) (seq store.Seq) {
		k.update(func(tx store.Tx) {
			done(tx.PutMark(c.Num, due, force))
			seq = tx.Seq()
			same("own write", must(tx.Mark(c.Num)).Seq, seq)
		})
		return seq
	}
	mark(a, at(20), false)
	mark(a, at(30), true)
	mark(b, at(15).Add(7*time.Nanosecond), false)
	seq := mark(a, at(10).Add(time.Nanosecond), false)
	k.reopen()
	k.view(func(r store.Reader) {
		want := store.Mark{Category: a.Num, Due: at(10).Add(time.Nanosecond), Seq: seq, Force: true}
		same("mark", must(r.Mark(a.Num)), want)
		same("NextMark", r.NextMark(), want.Due)
		same("not due", len(must(r.DueMarks(at(10), 10))), 0)
		same("due", must(r.DueMarks(want.Due, 10)), []store.Mark{want})
		all := must(r.DueMarks(at(20), 10))
		same("both due", len(all), 2)
		same("earliest first", all[0].Category, a.Num)
		same("to the nanosecond", all[1].Due, at(15).Add(7*time.Nanosecond))
		same("limited", len(must(r.DueMarks(at(20), 1))), 1)
	})
	k.undo(func(tx store.Tx) {
		done(tx.PutMark(feed.SiteNum, time.Time{}, false))
		same("no time is now", must(tx.Mark(feed.SiteNum)).Due, tx.Now())
	})
	k.undo(func(tx store.Tx) { is("of no category", tx.PutMark(99, Day, false), store.ErrNotFound) })
}

// marksOfPost: a change of a post makes each of its categories dirty, and the
// site's, at the time that was asked for.
func marksOfPost(k *kit) {
	a, b := k.category("A"), k.category("B")
	p := Post(1)
	p.Categories = []string{a.ID, b.ID}
	var seq store.Seq
	k.update(func(tx store.Tx) {
		must(tx.PutPost(p, store.PutOptions{Due: at(10)}))
		seq = tx.Seq()
	})
	k.view(func(r store.Reader) {
		for _, c := range []uint64{feed.SiteNum, a.Num, b.Num} {
			same("mark", must(r.Mark(c)), store.Mark{Category: c, Due: at(10), Seq: seq})
			same("pending", must(r.Pending(c, 0, 10)), []store.Pending{{Post: 1, Seq: seq}})
		}
	})
	k.publish(a)
	k.view(func(r store.Reader) {
		_, err := r.Mark(a.Num)
		is("cleared", err, store.ErrNotFound)
		same("not pending", len(must(r.Pending(a.Num, 0, 10))), 0)
		same("the other is still dirty", must(r.Mark(b.Num)).Seq, seq)
	})
	k.update(func(tx store.Tx) {
		p := must(tx.Post(1))
		p.State = feed.Recalled
		must(tx.PutPost(p, store.PutOptions{Due: at(20)}))
		same("the earlier due stays", must(tx.Mark(b.Num)).Due, at(10))
		same("the newest commit", must(tx.Mark(b.Num)).Seq, tx.Seq())
		same("dirty again", must(tx.Mark(a.Num)).Due, at(20))
	})
	k.update(func(tx store.Tx) {
		must(tx.PutPost(Post(2), store.PutOptions{}))
		same("without a time it has a slot", must(tx.Mark(feed.SiteNum)).Due.IsZero(), false)
	})
}

// marksOfDraft: what was never live and does not go out marks nothing, and is
// pending no more if it was.
func marksOfDraft(k *kit) {
	c := k.category("Design")
	p := Post(1)
	p.State, p.Categories = feed.Draft, []string{c.ID}
	p = k.put(p)
	none := func() {
		k.view(func(r store.Reader) {
			for _, c := range []uint64{feed.SiteNum, c.Num} {
				same("pending", len(must(r.Pending(c, 0, 10))), 0)
			}
		})
	}
	none()
	k.view(func(r store.Reader) { same("marks", r.NextMark(), time.Time{}) })
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Queued })
	publication := k.publication(c)
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Draft })
	none()
	k.conflict(publication)
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Queued })
	k.publish(c, k.site())
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Recalled })
	k.publish(c, k.site())
	k.edit(p.Num, func(p *feed.Post) { p.State, p.PublishAt = feed.Scheduled, at(99) })
	k.view(func(r store.Reader) { same("once live it marks", len(must(r.Pending(c.Num, 0, 10))), 1) })
}

func pendingByPost(k *kit) {
	c := k.category("Design")
	for i := range 5 {
		k.post(i, c)
	}
	k.edit(2, revise)
	k.view(func(r store.Reader) {
		all := must(r.Pending(c.Num, 0, 10))
		same("all", len(all), 5)
		for i, p := range all {
			same("by post", p.Post, uint64(i+1))
		}
		same("the newest commit", all[1].Seq, r.Seq())
		same("after", must(r.Pending(c.Num, 2, 2)), all[2:4])
		same("none", len(must(r.Pending(c.Num, 5, 10))), 0)
	})
}

// retired: it is marked no more, but what happens meanwhile waits for it.
func retired(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	k.publish(c)
	c.State = feed.Retired
	k.update(func(tx store.Tx) { c = must(tx.PutCategory(c)) })
	k.edit(1, revise)
	k.view(func(r store.Reader) {
		_, err := r.Mark(c.Num)
		is("no mark", err, store.ErrNotFound)
		same("pending", len(must(r.Pending(c.Num, 0, 10))), 1)
		same("the site is marked", must(r.Mark(feed.SiteNum)).Seq, r.Seq())
	})
	k.update(func(tx store.Tx) { done(tx.PutMark(c.Num, Day, false)) })
	k.update(func(tx store.Tx) {
		done(tx.Publish(store.Publication{Category: c, Mark: must(tx.Mark(c.Num)), Drop: true}))
		same("feeds", len(must(tx.Artifacts(c.Num))), 0)
		_, err := tx.Mark(c.Num)
		is("mark", err, store.ErrNotFound)
		changes := must(tx.Changes(tx.Seq()-1, 10))
		same("change", changes[len(changes)-1].Kind, store.FeedPublished)
	})
}
