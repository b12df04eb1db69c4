package storetest

import (
	"errors"
	"time"

	"syndic/feed"
	"syndic/store"
)

var postCases = []suiteCase{
	{"empty store", emptyStore},
	{"post round trip", postRoundTrip},
	{"post times", postTimes},
	{"post text that is not UTF-8", postNotUTF8},
	{"posts by number", postsByNumber},
	{"posts by id prefix", postsByIDPrefix},
	{"post refused", postRefused},
	{"scheduled posts", scheduledPosts},
}

func emptyStore(k *kit) {
	k.view(func(r store.Reader) {
		_, err := r.Site()
		is("Site", err, store.ErrNotFound)
		same("Authority", r.Authority(), "")
		for what, find := range map[string]func() error{
			"Post":            func() error { _, err := r.Post(1); return err },
			"PostByID":        func() error { _, err := r.PostByID("tag:x"); return err },
			"PostBySlug":      func() error { _, err := r.PostBySlug("x"); return err },
			"PostByPath":      func() error { _, err := r.PostByPath(0, "x"); return err },
			"LivePost":        func() error { _, err := r.LivePost(1); return err },
			"Category":        func() error { _, err := r.Category(2); return err },
			"CategoryByID":    func() error { _, err := r.CategoryByID("tag:x"); return err },
			"CategoryByName":  func() error { _, err := r.CategoryByName("x"); return err },
			"CategoryBySlug":  func() error { _, err := r.CategoryBySlug("x"); return err },
			"Mark":            func() error { _, err := r.Mark(1); return err },
			"Artifact":        func() error { _, err := r.Artifact(1, feed.Atom); return err },
			"Fragment":        func() error { _, err := r.Fragment(feed.FragmentKey{Post: 1}); return err },
			"Delivery":        func() error { _, err := r.Delivery("h", "t"); return err },
			"Run":             func() error { _, err := r.Run(1); return err },
			"empty id":        func() error { _, err := r.PostByID(""); return err },
			"empty post slug": func() error { _, err := r.PostBySlug(""); return err },
		} {
			is(what, find(), store.ErrNotFound)
		}
		emptyLists(r)
	})
}

func emptyLists(r store.Reader) {
	same("Posts", len(must(r.Posts(0, 10))), 0)
	same("PostsByIDPrefix", len(must(r.PostsByIDPrefix("", 10))), 0)
	same("Timeline", len(must(r.Timeline(feed.SiteNum, store.Cursor{}, 10))), 0)
	same("DuePosts", len(must(r.DuePosts(Day, 10))), 0)
	same("DueMarks", len(must(r.DueMarks(Day, 10))), 0)
	same("Pending", len(must(r.Pending(feed.SiteNum, 0, 10))), 0)
	same("Artifacts", len(must(r.Artifacts(feed.SiteNum))), 0)
	same("Deliveries", len(must(r.Deliveries(""))), 0)
	same("Attempts", len(must(r.Attempts(10))), 0)
	same("Changes", len(must(r.Changes(0, 10))), 0)
	same("NextPost", r.NextPost(), time.Time{})
	same("NextMark", r.NextMark(), time.Time{})
	all := must(r.Categories(0, 10))
	same("number of categories", len(all), 1)
	same("the site's number", all[0].Num, feed.SiteNum)
	same("the site's names", all[0].Slug+all[0].ID, "")
	same("the site's state", all[0].State, feed.Active)
}

func postRoundTrip(k *kit) {
	c := k.category("Design")
	p := feed.Post{
		ID: "tag:example.org,2026-01-01:full", Slug: "full", Title: "Full", URL: "http://example.org/full", Summary: "All there is.",
		Body: "<p>Text", Markup: feed.HTML, Lang: "de", Authors: []feed.Person{{Name: "A", Email: "a@example.org", URL: "http://example.org/a"}, {Name: "B"}},
		Categories: []string{c.ID}, Tags: []string{"x", "y"}, Attachments: []feed.Attachment{{URL: "http://example.org/a.mp3", Type: "audio/mpeg", Size: 1 << 40, Duration: 61, Title: "Sound"}},
		Image: "http://example.org/i.png", BannerImage: "http://example.org/b.png", Comments: "http://example.org/c",
		Origin: feed.Origin{Title: "Elsewhere", URL: "http://example.net/"}, License: "http://example.org/l", InReplyTo: "http://example.net/1",
		Expired: true, State: feed.Queued, Published: at(1), Updated: at(2), File: "full.md",
		Overruled: &feed.Timing{Draft: true, Date: at(3)},
	}
	want := p
	want.Num, want.Revision = 1, 1
	k.want("PutPost", k.put(p), want)
	k.reopen()
	k.view(func(r store.Reader) {
		same("Post", must(r.Post(1)), want)
		same("PostByID", must(r.PostByID(p.ID)), want)
		same("PostBySlug", must(r.PostBySlug("full")), want)
		same("PostByPath", must(r.PostByPath(c.Num, "full")), want)
		same("Posts", must(r.Posts(0, 1))[0], want)
	})
}

// postTimes: times are kept in whole seconds of UTC, whatever the year; the
// zero time stays zero.
func postTimes(k *kit) {
	east := time.FixedZone("east", 5*3600)
	for i, year := range []int{1, 2, 1601, 1969, 2026, 2262, 2263, 9999} {
		p := Post(i)
		p.Published = time.Date(year, 7, 1, 1, 2, 3, 999, east)
		p.Updated = time.Time{}
		p = k.put(p)
		k.want("Published", p.Published, time.Date(year, 7, 1, 1, 2, 3, 0, east).UTC())
		k.view(func(r store.Reader) {
			same("kept", must(r.Post(p.Num)), p)
			same("zero", p.Updated.IsZero() && p.PublishAt.IsZero(), true)
		})
	}
	k.publish(k.site())
	k.want("order over the years", k.timeline(k.site()), []uint64{8, 7, 6, 5, 4, 3, 2, 1})
}

// postNotUTF8: what was accepted can be read.
func postNotUTF8(k *kit) {
	p := Post(1)
	p.Title, p.Body = "a\xffb", "\xc3\x28\x00"
	p = k.put(p)
	k.view(func(r store.Reader) { same("kept", must(r.Post(p.Num)), p) })
}

func postsByNumber(k *kit) {
	for i := range 7 {
		k.want("number", k.post(i).Num, uint64(i+1))
	}
	k.view(func(r store.Reader) {
		same("first", numbers(must(r.Posts(0, 3))), []uint64{1, 2, 3})
		same("then", numbers(must(r.Posts(3, 3))), []uint64{4, 5, 6})
		same("last", numbers(must(r.Posts(6, 3))), []uint64{7})
		same("none", numbers(must(r.Posts(7, 3))), []uint64{})
		same("none wanted", numbers(must(r.Posts(0, 0))), []uint64{})
	})
}

func postsByIDPrefix(k *kit) {
	for _, i := range []int{2, 10, 1, 11} {
		k.post(i)
	}
	k.view(func(r store.Reader) {
		base := "tag:example.org,2026-01-01:post-"
		same("by id", numbers(must(r.PostsByIDPrefix(base+"1", 10))), []uint64{3, 2, 4})
		same("limited", numbers(must(r.PostsByIDPrefix(base, 2))), []uint64{3, 2})
		same("one", numbers(must(r.PostsByIDPrefix(base+"2", 10))), []uint64{1})
		same("none", numbers(must(r.PostsByIDPrefix(base+"3", 10))), []uint64{})
	})
}

// postRefused: what would leave a post in no sensible state is refused, and
// leaves nothing behind, also when the Update goes on.
func postRefused(k *kit) {
	p := k.post(1)
	k.put(feed.Post{ID: "tag:gone", Slug: "gone", State: feed.Draft})
	k.edit(2, func(p *feed.Post) { p.State = feed.Removed })
	k.update(func(tx store.Tx) {
		put := func(change func(p *feed.Post)) error {
			p := p
			change(&p)
			_, err := tx.PutPost(p, store.PutOptions{})
			return err
		}
		is("an unknown number", put(func(p *feed.Post) { p.Num = 99 }), store.ErrNotFound)
		is("an unknown category", put(func(p *feed.Post) { p.Categories = []string{"tag:none"} }), store.ErrNotFound)
		is("an older revision", put(func(p *feed.Post) { p.Revision = 0 }), store.ErrConflict)
		refused("another id", put(func(p *feed.Post) { p.ID = "tag:other" }))
		refused("no id", put(func(p *feed.Post) { p.Num, p.ID = 0, "" }))
		refused("no slug", put(func(p *feed.Post) { p.Slug = "" }))
		refused("no state", put(func(p *feed.Post) { p.State = "" }))
		refused("published by hand", put(func(p *feed.Post) { p.State = feed.Published }))
		refused("born recalled", put(func(p *feed.Post) { *p = Post(3); p.State = feed.Recalled }))
		removed := must(tx.Post(2))
		removed.State = feed.Queued
		_, err := tx.PutPost(removed, store.PutOptions{})
		refused("a tombstone that rises", err)
	})
	k.view(func(r store.Reader) {
		same("posts", len(must(r.Posts(0, 10))), 2)
		same("post", must(r.Post(p.Num)), p)
	})
	k.publish(k.site())
	k.undo(func(tx store.Tx) {
		p := must(tx.Post(p.Num))
		p.Published = at(77)
		_, err := tx.PutPost(p, store.PutOptions{})
		refused("another date of the live revision", err)
	})
	long := Post(4)
	long.Slug = string(make([]byte, 1<<20))
	err := k.s.Update(k.ctx, func(tx store.Tx) error {
		_, err := tx.PutPost(long, store.PutOptions{})
		return err
	})
	if err == nil || errors.Is(err, store.ErrDamaged) {
		k.Errorf("a slug of a megabyte: got error %v, want a plain one", err)
	}
}

func scheduledPosts(k *kit) {
	schedule := func(i, minute int) feed.Post {
		p := Post(i)
		p.State, p.PublishAt = feed.Scheduled, at(minute)
		return k.put(p)
	}
	schedule(1, 30)
	schedule(2, 10)
	schedule(3, 20)
	schedule(4, 10)
	k.view(func(r store.Reader) {
		same("NextPost", r.NextPost(), at(10))
		same("none due", numbers(must(r.DuePosts(at(10).Add(-time.Nanosecond), 10))), []uint64{})
		same("due", numbers(must(r.DuePosts(at(20), 10))), []uint64{2, 4, 3})
		same("limited", numbers(must(r.DuePosts(at(60), 1))), []uint64{2})
		same("marks", len(must(r.DueMarks(at(1<<20), 10))), 0)
		same("pending", len(must(r.Pending(feed.SiteNum, 0, 10))), 0)
	})
	k.edit(2, func(p *feed.Post) { p.State = feed.Queued })
	k.edit(4, func(p *feed.Post) { p.PublishAt = at(25) })
	k.edit(3, func(p *feed.Post) { p.State = feed.Removed })
	k.view(func(r store.Reader) {
		same("NextPost", r.NextPost(), at(25))
		same("due", numbers(must(r.DuePosts(at(60), 10))), []uint64{4, 1})
	})
}
