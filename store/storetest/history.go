package storetest

import (
	"time"

	"syndic/feed"
	"syndic/store"
)

var historyCases = []suiteCase{
	{"changes", changes},
	{"changes of one commit stay together", changesTogether},
	{"prune", prune},
}

func changes(k *kit) {
	c := k.category("Design")
	k.post(1, c)
	k.update(func(tx store.Tx) { done(tx.PutSite(Site())) })
	k.publish(c)
	k.reopen()
	k.view(func(r store.Reader) {
		all := must(r.Changes(0, 10))
		same("changes", len(all), 4)
		want := []store.Change{
			{Kind: store.CategoryChanged, Category: c.Num}, {Kind: store.PostChanged, Post: 1},
			{Kind: store.SiteChanged}, {Kind: store.FeedPublished, Category: c.Num},
		}
		for i, got := range all {
			if i > 0 {
				same("oldest first", got.Seq > all[i-1].Seq && !got.At.Before(all[i-1].At), true)
			}
			want[i].Seq, want[i].At = got.Seq, got.At
			same("change", got, want[i])
		}
		same("after", must(r.Changes(all[1].Seq, 1)), all[2:3])
		same("after all", len(must(r.Changes(r.Seq(), 10))), 0)
	})
}

// changesTogether: the cursor is a commit, so a list never ends within one.
func changesTogether(k *kit) {
	k.update(func(tx store.Tx) {
		for i := range 5 {
			must(tx.PutPost(Post(i), store.PutOptions{}))
		}
	})
	k.post(9)
	k.view(func(r store.Reader) {
		first := must(r.Changes(0, 2))
		same("the whole commit", len(first), 5)
		for i, c := range first {
			same("in order", c.Post, uint64(i+1))
		}
		then := must(r.Changes(first[4].Seq, 2))
		same("the next", len(then), 1)
		same("post", then[0].Post, 6)
	})
}

// prune: only what is older, a bit at a time.
func prune(k *kit) {
	for i := range 6 {
		k.post(i)
	}
	k.enqueue(hubA, topicX, 1)
	d := k.claim(hubA)[0]
	d.Outcome, d.Settled = store.Delivered, Day
	k.settle(d)
	var cut time.Time
	k.view(func(r store.Reader) { cut = must(r.Changes(0, 10))[4].At })
	step := func(limit int, wantMore bool, changes, attempts int) {
		k.update(func(tx store.Tx) {
			same("more", must(tx.Prune(cut, limit)), wantMore)
			same("changes", len(must(tx.Changes(0, 10))), changes)
			same("attempts", len(must(tx.Attempts(10))), attempts)
		})
	}
	step(0, true, 6, 1)
	step(3, true, 3, 1)
	step(1, true, 2, 1)
	step(1, false, 2, 0)
	step(10, false, 2, 0)
	k.view(func(r store.Reader) {
		same("the newer stay", must(r.Changes(0, 10))[0].Post, 5)
		same("posts stay", len(must(r.Posts(0, 10))), 6)
		same("deliveries stay", len(must(r.Deliveries(""))), 1)
		same("pending stays", len(must(r.Pending(feed.SiteNum, 0, 10))), 6)
	})
}
