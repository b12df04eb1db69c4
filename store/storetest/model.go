package storetest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// model is what a store should hold, kept in the plainest way.
type model struct {
	posts    []modelPost     // by number
	cats     []feed.Category // by number, the site's first
	names    map[string]uint64
	pending  map[[2]uint64]store.Seq // category, post
	marks    map[uint64]store.Mark
	feeds    map[uint64][]feed.Artifact
	entries  map[feed.FragmentKey][]byte // every one that there ever was
	outbox   map[[2]string]store.Delivery
	leases   map[[2]string]time.Time
	attempts int
	changes  int
}

// modelPost is a post with all that was ever said of it.
type modelPost struct {
	now   feed.Post
	live  *feed.Post // as published last, nil when it is not live
	in    []uint64   // the categories whose timelines have it
	slugs []string   // that it ever had
	paths []string   // that it ever had, "category/slug"
}

func newModel(site feed.Category) *model {
	return &model{
		cats: []feed.Category{site}, names: make(map[string]uint64), pending: make(map[[2]uint64]store.Seq),
		marks: make(map[uint64]store.Mark), feeds: make(map[uint64][]feed.Artifact), entries: make(map[feed.FragmentKey][]byte),
		outbox: make(map[[2]string]store.Delivery), leases: make(map[[2]string]time.Time),
	}
}

// clone is a copy to try an Update on. What a modelPost or an artifact refers
// to is never changed in place.
func (m *model) clone() *model {
	c := *m
	c.posts, c.cats = slices.Clone(m.posts), slices.Clone(m.cats)
	c.names, c.pending, c.marks = maps.Clone(m.names), maps.Clone(m.pending), maps.Clone(m.marks)
	c.feeds, c.entries = maps.Clone(m.feeds), maps.Clone(m.entries)
	c.outbox, c.leases = maps.Clone(m.outbox), maps.Clone(m.leases)
	return &c
}

// categoriesOf are the numbers of a post's categories and the site's.
func (m *model) categoriesOf(p feed.Post) []uint64 {
	nums := []uint64{feed.SiteNum}
	for _, c := range m.cats {
		if slices.Contains(p.Categories, c.ID) {
			nums = append(nums, c.Num)
		}
	}
	return nums
}

// path names where the post's page is, with 0 for no category.
func (m *model) path(p feed.Post) (category uint64, slug string) {
	for _, c := range m.cats {
		if len(p.Categories) > 0 && c.ID == p.Categories[0] {
			category = c.Num
		}
	}
	return category, p.Slug
}

// putPost takes over what PutPost returned.
func (m *model) putPost(p feed.Post, seq store.Seq, due, now time.Time) {
	var old modelPost
	if int(p.Num) > len(m.posts) {
		m.posts = append(m.posts, modelPost{})
	} else {
		old = m.posts[p.Num-1]
	}
	next := old
	next.now = p
	switch {
	case p.State != feed.Published:
		next.live = nil
	case p.Revision == p.Live:
		next.live = &p // what no reader sees, such as File
	}
	category, slug := m.path(p)
	next.slugs = append(slices.Clone(old.slugs), slug)
	next.paths = append(slices.Clone(old.paths), string(rune('0'+category))+"/"+slug)
	m.names["slug "+slug] = p.Num
	m.posts[p.Num-1] = next
	m.changes++
	for _, c := range append(m.categoriesOf(old.now), m.categoriesOf(p)...) {
		if p.Live == 0 && (p.State == feed.Draft || p.State == feed.Scheduled) {
			delete(m.pending, [2]uint64{c, p.Num})
			continue
		}
		m.pending[[2]uint64{c, p.Num}] = seq
		if m.cats[c-1].State == feed.Active {
			m.mark(c, due, seq, false, now)
		}
	}
}

// mark makes a category dirty; a zero due is now, as there are no slots.
func (m *model) mark(c uint64, due time.Time, seq store.Seq, force bool, now time.Time) {
	if due.IsZero() {
		due = now
	}
	if old, dirty := m.marks[c]; dirty {
		force = force || old.Force
		if old.Due.Before(due) {
			due = old.Due
		}
	}
	m.marks[c] = store.Mark{Category: c, Due: due, Seq: seq, Force: force}
}

// publish applies what the store took.
func (m *model) publish(p store.Publication) {
	c := p.Category.Num
	for _, h := range p.Handled {
		delete(m.pending, [2]uint64{c, h.Post})
		post := m.posts[h.Post-1]
		post.in = slices.DeleteFunc(slices.Clone(post.in), func(in uint64) bool { return in == c })
		if i := slices.IndexFunc(p.Posts, func(live feed.Post) bool { return live.Num == h.Post }); i >= 0 {
			live := post.now
			live.State, live.Live, live.Published = feed.Published, live.Revision, p.Posts[i].Published.Truncate(time.Second)
			post.now, post.live, post.in = live, &live, append(post.in, c)
		}
		m.posts[h.Post-1] = post
	}
	if m.marks[c].Seq == p.Mark.Seq {
		delete(m.marks, c)
	}
	for _, f := range p.Fragments {
		m.entries[f.Key] = f.Data
	}
	m.feeds[c] = p.Artifacts
	m.changes++
}

// timeline is what the category's should be.
func (m *model) timeline(c uint64, after store.Cursor, limit int) []feed.Post {
	var list []feed.Post
	for _, p := range m.posts {
		if p.live != nil && slices.Contains(p.in, c) {
			list = append(list, *p.live)
		}
	}
	slices.SortFunc(list, feed.Newer)
	if after != (store.Cursor{}) {
		at := feed.Post{Published: after.Published, Num: after.Num}
		list = slices.DeleteFunc(list, func(p feed.Post) bool { return feed.Newer(p, at) <= 0 })
	}
	return list[:min(limit, len(list))]
}

// postsIn are the posts that name a category, by number after the cursor.
func (m *model) postsIn(c feed.Category, after uint64, limit int) (list []feed.Post) {
	for _, p := range m.posts {
		if p.now.Num > after && c.ID != "" && slices.Contains(p.now.Categories, c.ID) && len(list) < limit {
			list = append(list, p.now)
		}
	}
	return list
}

// duePosts are the scheduled posts up to a time, earliest first.
func (m *model) duePosts(until time.Time) []feed.Post {
	var list []feed.Post
	for _, p := range m.posts {
		if p.now.State == feed.Scheduled && !p.now.PublishAt.After(until) {
			list = append(list, p.now)
		}
	}
	slices.SortStableFunc(list, func(a, b feed.Post) int { return a.PublishAt.Compare(b.PublishAt) })
	return list
}

// dueMarks are the marks up to a time, earliest first.
func (m *model) dueMarks(until time.Time) []store.Mark {
	list := slices.Collect(maps.Values(m.marks))
	list = slices.DeleteFunc(list, func(mark store.Mark) bool { return mark.Due.After(until) })
	slices.SortFunc(list, func(a, b store.Mark) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return int(a.Category) - int(b.Category)
	})
	return list
}

// pendingIn is what the category has to publish, by post.
func (m *model) pendingIn(c uint64) []store.Pending {
	var list []store.Pending
	for at, seq := range m.pending {
		if at[0] == c {
			list = append(list, store.Pending{Post: at[1], Seq: seq})
		}
	}
	slices.SortFunc(list, func(a, b store.Pending) int { return int(a.Post) - int(b.Post) })
	return list
}

func (m *model) enqueue(hub, topic string, generation uint64, force bool, now time.Time) {
	old, there := m.outbox[[2]string{hub, topic}]
	if there && generation <= old.Generation && !force {
		return
	}
	next, since := now, now
	var held, asked time.Time
	if there && old.Outcome == store.Waiting {
		asked = old.Asked
		if old.Next.Before(now) {
			next = old.Next
		}
	}
	if there && old.Outcome != store.Delivered {
		since, held = old.Since, old.Held
	}
	if force {
		held, asked = time.Time{}, now
	}
	m.outbox[[2]string{hub, topic}] = store.Delivery{
		Hub: hub, Topic: topic, Generation: max(generation, old.Generation), Next: next, First: now, Since: since, Held: held, Asked: asked,
	}
}

// claim takes what is due to the hub, earliest first.
func (m *model) claim(hub string, now, until time.Time, limit int) []store.Delivery {
	var list []store.Delivery
	for key, d := range m.outbox {
		waits := d.Outcome == store.Waiting || d.Outcome == store.Retrying
		if d.Hub == hub && waits && !d.Next.After(now) && !m.leases[key].After(now) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b store.Delivery) int {
		if c := a.Next.Compare(b.Next); c != 0 {
			return c
		}
		return strings.Compare(a.Topic, b.Topic)
	})
	list = list[:min(limit, len(list))]
	for _, d := range list {
		m.leases[[2]string{d.Hub, d.Topic}] = until
	}
	return list
}

func (m *model) settle(d store.Delivery) {
	key := [2]string{d.Hub, d.Topic}
	delete(m.leases, key)
	old, there := m.outbox[key]
	if !there {
		return
	}
	if d.Generation < old.Generation {
		if d.Outcome == store.Delivered {
			old.Since = old.First
			m.outbox[key] = old
		}
		return
	}
	if d.Outcome != old.Outcome || d.Status != old.Status {
		m.attempts++
	}
	if d.First, d.Since, d.Asked = old.First, old.Since, old.Asked; d.Outcome == store.Dropped {
		delete(m.outbox, key)
		return
	}
	m.outbox[key] = d
}

// deliveries is the outbox by hub and topic.
func (m *model) deliveries() []store.Delivery {
	list := slices.Collect(maps.Values(m.outbox))
	slices.SortFunc(list, func(a, b store.Delivery) int {
		return strings.Compare(a.Hub+"\x00"+a.Topic, b.Hub+"\x00"+b.Topic)
	})
	return list
}
