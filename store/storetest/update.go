package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"syndic/feed"
	"syndic/store"
)

var updateCases = []suiteCase{
	{"update undone", updateUndone},
	{"update that panics", updatePanics},
	{"update that runs again", updateAgain},
	{"committed but reported failed", updateReported},
	{"update reads its own writes", updateReads},
	{"concurrent updates", concurrentUpdates},
	{"one of many fails", oneFails},
	{"snapshot", snapshot},
	{"cancelled", cancelled},
	{"seq and now", seqAndNow},
	{"many in one update", manyInOne},
}

// everything writes to each part of the store.
func everything(tx store.Tx, i int) {
	c := must(tx.PutCategory(Category(fmt.Sprintf("Category %d", i))))
	p := Post(i)
	p.Categories = []string{c.ID}
	must(tx.PutPost(p, store.PutOptions{}))
	done(tx.Publish(must(Publication(tx, c.Num, tx.Now()))))
	done(tx.PutMark(c.Num, Day, true))
	done(tx.Enqueue(hubA, fmt.Sprintf("%s/%d", topicX, i), uint64(tx.Seq()), false))
	for _, d := range must(tx.Claim(hubA, tx.Now(), tx.Now().Add(time.Hour), 100)) {
		d.Outcome = store.Delivered
		done(tx.Settle(d))
	}
	done(tx.PutRun(store.Run{Category: c.Num, At: tx.Now()}))
	site := Site()
	site.Title = fmt.Sprint(i)
	done(tx.PutSite(site))
	done(tx.PutAuthority("example.org"))
}

func updateUndone(k *kit) {
	before := k.seq()
	k.undo(func(tx store.Tx) { everything(tx, 1) })
	k.want("Seq", k.seq(), before)
	emptyStore(k)
	k.update(func(tx store.Tx) { everything(tx, 2) })
	k.view(func(r store.Reader) { same("numbers are given again", must(r.PostByID(Post(2).ID)).Num, 1) })
}

// updatePanics: a panic of the function is its caller's, and is undone.
func updatePanics(k *kit) {
	func() {
		defer func() {
			if p := recover(); p != "out" {
				k.Fatalf("recovered %v, want what the function panicked with", p)
			}
		}()
		_ = k.s.Update(k.ctx, func(tx store.Tx) error {
			everything(tx, 1)
			panic("out")
		})
	}()
	func() {
		defer func() { _ = recover() }()
		_ = k.s.View(k.ctx, func(store.Reader) error { panic("out") })
	}()
	emptyStore(k)
	k.update(func(tx store.Tx) { everything(tx, 1) })
}

// updateAgain: a function that runs again after it was undone gives the same.
func updateAgain(k *kit) {
	f := NewFaulty(k.s, func(int) Fault { return Again })
	ran := 0
	if err := f.Update(k.ctx, func(tx store.Tx) error {
		ran++
		everything(tx, 1)
		return nil
	}); err != nil {
		k.Fatal(err)
	}
	k.want("runs", ran, 2)
	k.view(func(r store.Reader) { same("posts", len(must(r.Posts(0, 10))), 1) })
}

func updateReported(k *kit) {
	plan := []Fault{Before, After, None}
	f := NewFaulty(k.s, func(n int) Fault { return plan[n-1] })
	var errs []error
	for range plan {
		errs = append(errs, f.Update(k.ctx, func(tx store.Tx) error {
			_, err := tx.PutPost(Post(1), store.PutOptions{})
			return err
		}))
	}
	defer k.report()
	is("before", errs[0], ErrInjected)
	is("after", errs[1], ErrInjected)
	is("once more", errs[2], store.ErrTaken)
	same("updates", f.Updates(), 3)
}

// updateReads: what an Update wrote and deleted shows in all that it reads.
func updateReads(k *kit) {
	for i := range 4 {
		k.post(2 * i)
	}
	k.publish(k.site())
	k.update(func(tx store.Tx) {
		for i := range 4 {
			must(tx.PutPost(Post(2*i+1), store.PutOptions{}))
		}
		gone := must(tx.PostBySlug("post-2"))
		gone.State = feed.Removed
		must(tx.PutPost(gone, store.PutOptions{}))
		done(tx.Publish(must(Publication(tx, feed.SiteNum, tx.Now()))))
		same("timeline", numbers(must(tx.Timeline(feed.SiteNum, store.Cursor{}, 10))), []uint64{8, 4, 7, 3, 6, 5, 1})
		same("prefix", len(must(tx.PostsByIDPrefix(Post(0).ID[:20], 10))), 8)
		same("posts", numbers(must(tx.Posts(2, 4))), []uint64{3, 4, 5, 6})
		same("pending", len(must(tx.Pending(feed.SiteNum, 0, 10))), 0)
		same("marks", tx.NextMark(), time.Time{})
	})
	k.want("as committed", k.timeline(k.site()), []uint64{8, 4, 7, 3, 6, 5, 1})
}

// concurrentUpdates: all commit, each with a Seq of its own, and nothing is
// lost between a read and the write that follows from it.
func concurrentUpdates(k *kit) {
	const workers, each = 16, 5
	c := k.category("Design")
	seqs := make(chan store.Seq, workers*each)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range each {
				err := k.s.Update(k.ctx, func(tx store.Tx) error {
					c, err := tx.Category(c.Num)
					if err != nil {
						return err
					}
					c.Description += "."
					if _, err := tx.PutCategory(c); err != nil {
						return err
					}
					_, err = tx.PutPost(Post(w*each+i), store.PutOptions{})
					seqs <- tx.Seq()
					return err
				})
				if err != nil {
					k.Errorf("update: %v", err)
				}
			}
		})
	}
	group.Wait()
	close(seqs)
	seen := make(map[store.Seq]bool)
	for seq := range seqs {
		seen[seq] = true
	}
	k.want("distinct Seqs", len(seen), workers*each)
	k.view(func(r store.Reader) {
		same("increments", len(must(r.Category(c.Num)).Description), workers*each)
		same("posts", len(must(r.Posts(0, 1000))), workers*each)
	})
}

// oneFails: of Updates that come together, a failed one takes no other along.
func oneFails(k *kit) {
	const workers = 24
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			defer func() { _ = recover() }()
			errs[w] = k.s.Update(k.ctx, func(tx store.Tx) error {
				if _, err := tx.PutPost(Post(w), store.PutOptions{}); err != nil {
					return err
				}
				switch w % 4 {
				case 1:
					return fmt.Errorf("worker %d: %w", w, ErrInjected)
				case 2:
					panic(w)
				}
				return nil
			})
		})
	}
	group.Wait()
	for w, err := range errs {
		if w%4 == 1 && (!errors.Is(err, ErrInjected) || err.Error() != fmt.Sprintf("worker %d: injected fault", w)) {
			k.Errorf("worker %d: got error %v, want its own", w, err)
		}
		if w%4 != 1 && err != nil {
			k.Errorf("worker %d: got error %v, want none", w, err)
		}
	}
	k.view(func(r store.Reader) {
		same("posts", len(must(r.Posts(0, 100))), workers/2)
		for w := range workers {
			_, err := r.PostBySlug(Post(w).Slug)
			same("there", err == nil, w%4 == 0 || w%4 == 3)
		}
	})
}

// snapshot: a View sees one state from its beginning to its end.
func snapshot(k *kit) {
	p := k.post(1)
	var kept feed.Post
	k.view(func(r store.Reader) {
		seq := r.Seq()
		written := make(chan error)
		go func() {
			written <- k.s.Update(k.ctx, func(tx store.Tx) error {
				p, err := tx.Post(p.Num)
				if err != nil {
					return err
				}
				p.Title = "changed"
				_, err = tx.PutPost(p, store.PutOptions{})
				return err
			})
		}()
		done(<-written)
		same("Seq", r.Seq(), seq)
		kept = must(r.Post(p.Num))
	})
	k.want("value after the View", kept.Title, p.Title)
	k.view(func(r store.Reader) { same("a later one", must(r.Post(p.Num)).Title, "changed") })
}

func cancelled(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	defer k.report()
	ran := false
	is("Update", k.s.Update(ctx, func(store.Tx) error { ran = true; return nil }), context.Canceled)
	is("View", k.s.View(ctx, func(store.Reader) error { ran = true; return nil }), context.Canceled)
	same("ran", ran, false)
	_, err := k.s.Wait(ctx, 1<<40)
	is("Wait", err, context.Canceled)
	ctx, cancel = context.WithCancel(k.ctx)
	err = k.s.Update(ctx, func(tx store.Tx) error {
		cancel()
		_, err := tx.PutPost(Post(1), store.PutOptions{})
		return err
	})
	is("cancelled while it runs", err, nil)
	k.view(func(r store.Reader) { same("committed", len(must(r.Posts(0, 10))), 1) })
}

func seqAndNow(k *kit) {
	start := time.Now()
	var last store.Seq
	for i := range 3 {
		k.update(func(tx store.Tx) {
			must(tx.PutPost(Post(i), store.PutOptions{}))
			same("grows", tx.Seq() > last, true)
			last = tx.Seq()
			now := tx.Now()
			same("zone", now.Location(), time.UTC)
			same("one time", tx.Now(), now)
			same("the present", now.Before(start.Add(-time.Millisecond)) || now.After(time.Now().Add(time.Millisecond)), false)
		})
		k.want("as committed", k.seq(), last)
	}
	k.update(func(store.Tx) {})
	k.want("what writes nothing", k.seq(), last)
	k.reopen()
	k.want("kept", k.seq(), last)
}

// manyInOne: an Update may write a lot, in any order.
func manyInOne(k *kit) {
	c := k.category("Design")
	k.update(func(tx store.Tx) {
		for i := range 500 {
			p := Post(i * 7919 % 500)
			p.Categories = []string{c.ID}
			must(tx.PutPost(p, store.PutOptions{}))
		}
	})
	k.publish(c, k.site())
	k.view(func(r store.Reader) {
		all := must(r.Timeline(c.Num, store.Cursor{}, 1000))
		same("timeline", len(all), 500)
		for i, p := range all {
			same("order", p.Slug, Post(499-i).Slug)
		}
	})
}
