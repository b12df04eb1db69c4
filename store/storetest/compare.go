package storetest

import (
	"errors"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// compare fails the subtest where a reader and the model differ.
func (w *walker) compare(r store.Reader, m *model) {
	comparePosts(r, m)
	for _, c := range m.cats {
		w.compareCategory(r, m, c)
	}
	compareFragments(r, m)
	until := at(w.IntN(100))
	same("due posts", numbers(must(r.DuePosts(until, 1000))), numbers(m.duePosts(until)))
	marks := must(r.DueMarks(until, 1000))
	same("due marks", len(marks), len(m.dueMarks(until)))
	for i, mark := range m.dueMarks(until) {
		same("due mark", marks[i], mark)
	}
	var next [2]time.Time
	if due := m.duePosts(at(1 << 20)); len(due) > 0 {
		next[0] = due[0].PublishAt
	}
	if due := m.dueMarks(at(1 << 30)); len(due) > 0 {
		next[1] = due[0].Due
	}
	same("next post and mark", [2]time.Time{r.NextPost(), r.NextMark()}, next)
	deliveries := must(r.Deliveries(""))
	same("deliveries", topics(deliveries), topics(m.deliveries()))
	for i, d := range m.deliveries() {
		same("delivery", deliveries[i], d)
	}
	same("attempts", len(must(r.Attempts(1<<20))), m.attempts)
	same("changes", len(must(r.Changes(0, 1<<20))), m.changes)
}

func comparePosts(r store.Reader, m *model) {
	all := must(r.Posts(0, 1<<20))
	same("posts", len(all), len(m.posts))
	for i, want := range m.posts {
		same("post", all[i], want.now)
		same("by id", must(r.PostByID(want.now.ID)), want.now)
		for _, slug := range want.slugs {
			same("by slug", must(r.PostBySlug(slug)).Num, want.now.Num)
		}
		for _, path := range want.paths {
			category, slug, _ := strings.Cut(path, "/")
			same("by path", must(r.PostByPath(uint64(category[0]-'0'), slug)).Num, want.now.Num)
		}
		live, err := r.LivePost(want.now.Num)
		if want.live == nil {
			is("live post", err, store.ErrNotFound)
			continue
		}
		done(err)
		same("live post", live, *want.live)
	}
}

func (w *walker) compareCategory(r store.Reader, m *model, c feed.Category) {
	same("category", must(r.Category(c.Num)), c)
	for _, name := range c.Aliases {
		same("by alias", must(r.CategoryByName(name)).Num, c.Num)
	}
	same("by slug", must(r.CategoryBySlug(c.Slug)).Num, c.Num)
	var after store.Cursor
	if w.IntN(2) == 0 {
		after = store.Cursor{Published: at(w.IntN(20)), Num: uint64(w.IntN(20))}
	}
	limit := 1 + w.IntN(20)
	timeline, wanted := must(r.Timeline(c.Num, after, limit)), m.timeline(c.Num, after, limit)
	same("timeline", numbers(timeline), numbers(wanted))
	for i, p := range wanted {
		same("post in timeline", timeline[i], p)
	}
	var places []uint64
	for _, p := range must(r.Places(c.Num, after, 1<<20)) {
		if _, err := r.LivePost(p.Num); err == nil && len(places) < limit {
			places = append(places, p.Num)
		}
	}
	same("places of live posts", append([]uint64{}, places...), numbers(wanted))
	from := uint64(w.IntN(20))
	same("posts of the category", numbers(must(r.PostsIn(c.Num, from, limit))), numbers(m.postsIn(c, from, limit)))
	pending := must(r.Pending(c.Num, 0, 1<<20))
	same("pending", append([]store.Pending(nil), pending...), m.pendingIn(c.Num))
	mark, err := r.Mark(c.Num)
	if want, dirty := m.marks[c.Num]; dirty {
		done(err)
		same("mark", mark, want)
	} else {
		is("mark", err, store.ErrNotFound)
	}
	same("feeds", must(r.Artifacts(c.Num)), m.feeds[c.Num])
	same("their headers", must(r.Headers(c.Num-1, min(1, len(m.feeds[c.Num])))), headers(m.feeds[c.Num]))
}

// headers are feeds without what their bytes are made of.
func headers(feeds []feed.Artifact) (list []feed.Artifact) {
	for _, a := range feeds {
		a.Head, a.Tail, a.Entries, a.Dates, a.Sums, a.EntryFingerprint = nil, nil, nil, nil, nil, ""
		list = append(list, a)
	}
	return list
}

// compareFragments: an entry is kept exactly as long as a feed names it.
func compareFragments(r store.Reader, m *model) {
	named := make(map[feed.FragmentKey]bool)
	for _, feeds := range m.feeds {
		for _, a := range feeds {
			for _, k := range a.Entries {
				named[k] = true
			}
		}
	}
	for k, data := range m.entries {
		got, err := r.Fragment(k)
		if named[k] {
			done(err)
			same("entry", string(got), string(data))
		} else if !errors.Is(err, store.ErrNotFound) {
			same("entry that nobody names", err, store.ErrNotFound)
		}
	}
}
