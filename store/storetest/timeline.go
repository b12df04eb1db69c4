package storetest

import (
	"slices"

	"syndic/feed"
	"syndic/store"
)

var timelineCases = []suiteCase{
	{"timeline order and cursor", timelineOrder},
	{"timeline shows live revisions", timelineLive},
	{"recall", recall},
	{"recalled and published again", recallAgain},
	{"recalled with a newer revision waiting", recallRevised},
	{"post leaves a category", leaveCategory},
	{"post changes its date", redate},
	{"undated post", undated},
	{"places in a timeline", places},
}

// timelineOrder: newest first, and of one second the one added later.
func timelineOrder(k *kit) {
	a, b := k.category("A"), k.category("B")
	for i, minute := range []int{5, 1, 5, 9, 5} {
		p := Post(i)
		p.Published, p.Categories = at(minute), []string{a.ID}
		k.put(p)
	}
	k.post(20, b)
	k.publish(a, b, k.site())
	k.want("a", k.timeline(a), []uint64{4, 5, 3, 1, 2})
	k.want("b", k.timeline(b), []uint64{6})
	k.want("site", k.timeline(k.site()), []uint64{6, 4, 5, 3, 1, 2})
	k.view(func(r store.Reader) {
		all := must(r.Timeline(a.Num, store.Cursor{}, 10))
		same("in feed order", slices.IsSortedFunc(all, feed.Newer), true)
		for i, p := range all {
			rest := must(r.Timeline(a.Num, store.Cursor{Published: p.Published, Num: p.Num}, 2))
			same("after a post", numbers(rest), numbers(all[i+1:min(i+3, len(all))]))
		}
		same("after a place between", numbers(must(r.Timeline(a.Num, store.Cursor{Published: at(5), Num: 4}, 10))), []uint64{3, 1, 2})
		same("none wanted", len(must(r.Timeline(a.Num, store.Cursor{}, 0))), 0)
	})
}

// timelineLive: until a new revision is published, readers see the last one.
func timelineLive(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.view(func(r store.Reader) {
		_, err := r.LivePost(p.Num)
		is("never published", err, store.ErrNotFound)
	})
	k.publish(c)
	k.edit(p.Num, revise)
	second := k.edit(p.Num, revise)
	k.reopen()
	k.view(func(r store.Reader) {
		for _, live := range []feed.Post{must(r.LivePost(p.Num)), must(r.Timeline(c.Num, store.Cursor{}, 1))[0]} {
			same("live revision", live.Revision, 1)
			same("live title", live.Title, p.Title)
			same("live state", live.State, feed.Published)
		}
		same("present", must(r.Post(p.Num)), second)
	})
	k.publish(k.site())
	k.view(func(r store.Reader) {
		same("live", must(r.LivePost(p.Num)), must(r.Post(p.Num)))
		same("state", must(r.Post(p.Num)).State, feed.Published)
		same("what the category shows", must(r.Timeline(c.Num, store.Cursor{}, 1))[0].Revision, 3)
		same("the category still has it to do", len(must(r.Pending(c.Num, 0, 10))), 1)
	})
	k.publish(c)
}

// recall: a post that was taken back is gone at once from what is read, and
// from each timeline when that category publishes.
func recall(k *kit) {
	c := k.category("Design")
	for i := range 3 {
		k.post(i, c)
	}
	k.publish(c, k.site())
	k.edit(2, func(p *feed.Post) { p.State = feed.Recalled })
	k.want("passed over", k.timeline(c), []uint64{3, 1})
	k.view(func(r store.Reader) {
		_, err := r.LivePost(2)
		is("not live", err, store.ErrNotFound)
		same("does not count", numbers(must(r.Timeline(c.Num, store.Cursor{}, 2))), []uint64{3, 1})
	})
	k.publish(c)
	k.edit(3, func(p *feed.Post) { p.State = feed.Removed })
	k.want("passed over", k.timeline(c), []uint64{1})
	k.publish(c, k.site())
	k.want("site", k.timeline(k.site()), []uint64{1})
}

func recallAgain(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.publish(c, k.site())
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Recalled })
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Queued })
	k.want("queued is not live", k.timeline(c), []uint64{})
	k.publish(c)
	k.want("live again", k.timeline(c), []uint64{p.Num})
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Recalled })
	k.publish(c, k.site())
	k.edit(p.Num, func(p *feed.Post) { p.State, p.Published = feed.Queued, at(99); revise(p) })
	k.publish(k.site(), c)
	k.view(func(r store.Reader) {
		live := must(r.Timeline(c.Num, store.Cursor{}, 10))
		same("live again", numbers(live), []uint64{p.Num})
		same("with its new date", live[0].Published, at(99))
		same("live revision", live[0].Live, 2)
	})
}

func recallRevised(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.publish(c, k.site())
	k.edit(p.Num, revise)
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Recalled })
	k.want("not live", k.timeline(c), []uint64{})
	k.edit(p.Num, func(p *feed.Post) { p.State = feed.Queued })
	k.publish(c, k.site())
	k.view(func(r store.Reader) { same("live revision", must(r.LivePost(p.Num)).Revision, 2) })
}

// leaveCategory: a post that changes its categories is pending in both the old
// and the new, and moves when each publishes.
func leaveCategory(k *kit) {
	a, b := k.category("A"), k.category("B")
	p := k.post(1, a)
	k.publish(a, k.site())
	k.edit(p.Num, func(p *feed.Post) { p.Categories = []string{b.ID}; revise(p) })
	k.view(func(r store.Reader) {
		for _, c := range []uint64{a.Num, b.Num, feed.SiteNum} {
			same("pending", len(must(r.Pending(c, 0, 10))), 1)
		}
	})
	k.want("a until it publishes", k.timeline(a), []uint64{1})
	k.want("b until it publishes", k.timeline(b), []uint64{})
	k.publish(b)
	k.want("b", k.timeline(b), []uint64{1})
	k.want("a until it publishes", k.timeline(a), []uint64{1})
	k.publish(a)
	k.want("a", k.timeline(a), []uint64{})
	k.publish(k.site())
}

// redate: a post whose date changed moves with the first publication that
// shows it, in every timeline that holds it.
func redate(k *kit) {
	c := k.category("Design")
	for i := range 3 {
		k.post(i, c)
	}
	k.publish(c, k.site())
	k.edit(1, func(p *feed.Post) { p.Published = at(50); revise(p) })
	k.want("until it is published", k.timeline(c), []uint64{3, 2, 1})
	k.publish(k.site())
	k.want("site", k.timeline(k.site()), []uint64{1, 3, 2})
	k.want("category", k.timeline(c), []uint64{1, 3, 2})
	k.view(func(r store.Reader) {
		same("cursor", numbers(must(r.Timeline(c.Num, store.Cursor{Published: at(50), Num: 1}, 10))), []uint64{3, 2})
	})
	k.publish(c)
}

// undated: the first publication dates a post, in whole seconds.
func undated(k *kit) {
	p := Post(1)
	p.Published = feed.Post{}.Published
	p = k.put(p)
	k.want("not yet", p.Published.IsZero(), true)
	k.publish(k.site())
	k.view(func(r store.Reader) {
		live := must(r.LivePost(p.Num))
		same("dated", live.Published.IsZero(), false)
		same("whole seconds", live.Published.Nanosecond(), 0)
		same("kept", must(r.Post(p.Num)), live)
	})
}

// places: each row says which publication put the post there, also one that
// only moved it, or that left out a feed, and stays until its own category takes
// the post out.
func places(k *kit) {
	a, b := k.category("A"), k.category("B")
	k.post(1, a, b)
	k.post(2, a)
	k.publish(a, b)
	seqs := func(c feed.Category) (list []store.Seq) {
		k.view(func(r store.Reader) {
			for _, p := range must(r.Places(c.Num, store.Cursor{}, 10)) {
				list = append(list, p.Seq)
			}
		})
		return list
	}
	first := k.seq()
	k.want("a", seqs(a), []store.Seq{first - 1, first - 1})
	k.want("b", seqs(b), []store.Seq{first})
	k.edit(1, func(p *feed.Post) { p.Published = at(50); revise(p) })
	k.publish(a)
	moved := k.seq()
	k.want("a shows it", seqs(a), []store.Seq{moved, first - 1})
	k.want("b's was moved", seqs(b), []store.Seq{moved})
	k.edit(2, func(p *feed.Post) { p.State = feed.Recalled })
	k.view(func(r store.Reader) {
		all := must(r.Places(a.Num, store.Cursor{}, 10))
		same("rows until a publishes", len(all), 2)
		same("first", all[0].Cursor, store.Cursor{Published: at(50), Num: 1})
		same("after the first", must(r.Places(a.Num, all[0].Cursor, 10)), all[1:])
		same("none wanted", len(must(r.Places(a.Num, store.Cursor{}, 0))), 0)
	})
	k.publish(a)
	k.want("a", seqs(a), []store.Seq{moved})
	k.publish(b, k.site())
	k.want("b, all feeds of which were written", seqs(b), []store.Seq{moved})
	k.edit(1, revise)
	p := k.publication(b)
	p.Artifacts = p.Artifacts[:2]
	k.update(func(tx store.Tx) { done(tx.Publish(p)) })
	k.want("b, but for a feed", seqs(b), []store.Seq{k.seq()})
}
