package bolt

import (
	"slices"

	"syndic/feed"
	"syndic/store"
)

func (c *checker) posts() {
	newest := number(c.r.get(inMeta, []byte("post")))
	c.each(inPost, func(k, v []byte) {
		p, err := decodePost(v)
		if err != nil {
			c.say("post %d: %v", number(k), err)
			return
		}
		if p.Num != number(k) || p.Num > newest {
			c.say("post %d: its number is %d, the newest given %d", number(k), p.Num, newest)
			return
		}
		c.postNames(p)
		c.postLive(p, liveAt(v))
	})
	c.each(inPostID, func(k, v []byte) {
		if p, err := c.r.Post(number(v)); err != nil || p.ID != string(k) {
			c.say("post_id %q: post %d has the id %q (%v)", k, number(v), p.ID, err)
		}
	})
	c.numbers(inPostSlug, inPost)
	c.numbers(inPostPath, inPost)
	c.each(inCategoryPost, func(k, _ []byte) {
		category, post := number(k), number(rest(k, 8))
		p, err := c.r.Post(post)
		cat, catErr := c.r.Category(category)
		if err != nil || catErr != nil || !slices.Contains(p.Categories, cat.ID) {
			c.say("category_post: post %d is not in category %d", post, category)
		}
	})
	c.each(inLive, func(k, _ []byte) {
		if liveAt(c.r.get(inPost, k)) != liveThere {
			c.say("live %d: the post's record does not ask for it", number(k))
		}
	})
	c.each(inDuePost, func(k, _ []byte) {
		p, err := c.r.Post(number(rest(k, 8)))
		if err != nil || p.State != feed.Scheduled || !p.PublishAt.Equal(second(k)) {
			c.say("due_post %d at %s: the post is %q for %s (%v)", number(rest(k, 8)), second(k), p.State, p.PublishAt, err)
		}
	})
}

// postNames checks that a post is found by all its names.
func (c *checker) postNames(p feed.Post) {
	under := uint64(0)
	if len(p.Categories) > 0 {
		under = number(c.r.get(inCategoryID, []byte(p.Categories[0])))
	}
	for _, n := range []name{{inPostID, p.ID}, {inPostSlug, p.Slug}, {inPostPath, string(pathKey(under, p.Slug))}} {
		if number(c.r.get(n.in, []byte(n.key))) != p.Num {
			c.say("post %d: %s does not lead to it by %q", p.Num, n.in, n.key)
		}
	}
	if p.State == feed.Scheduled && !c.r.has(inDuePost, duePostKey(p.PublishAt, p.Num)) {
		c.say("post %d: scheduled, but not in due_post", p.Num)
	}
	for _, id := range p.Categories {
		category := c.r.get(inCategoryID, []byte(id))
		if category == nil {
			c.say("post %d: its category %q is unknown", p.Num, id)
		} else if !c.r.has(inCategoryPost, pairKey(number(category), p.Num)) {
			c.say("post %d: category_post does not have it in category %d", p.Num, number(category))
		}
	}
}

// postLive checks where the post's live revision is, and that each of its
// categories shows it or is going to.
func (c *checker) postLive(p feed.Post, at byte) {
	if !p.State.Valid() || (p.State == feed.Published) != (at != notLive) {
		c.say("post %d: state %q, live revision at %d", p.Num, p.State, at)
		return
	}
	in := []uint64{feed.SiteNum}
	for _, id := range p.Categories {
		in = append(in, number(c.r.get(inCategoryID, []byte(id))))
	}
	pending := func(category uint64) bool { return c.r.has(inPending, pairKey(category, p.Num)) }
	if (p.State == feed.Queued || at == liveThere) && !slices.ContainsFunc(in, pending) {
		c.say("post %d: %q with revision %d of %d live, but pending nowhere", p.Num, p.State, p.Live, p.Revision)
	}
	if at == notLive {
		return
	}
	live, _, err := c.r.livePost(p.Num)
	if err != nil || live.Num != p.Num || live.ID != p.ID || live.Revision != p.Live || (live.Revision == p.Revision) != (at == liveHere) {
		c.say("post %d: revision %d with %d live, but the live record has %d of %q (%v)", p.Num, p.Revision, p.Live, live.Revision, live.ID, err)
	}
	for _, category := range in {
		if !c.r.has(inMember, pairKey(p.Num, category)) && !pending(category) {
			c.say("post %d: live, but neither in the timeline of category %d nor pending there", p.Num, category)
		}
	}
}

func (c *checker) timelines() {
	c.each(inTimeline, func(k, _ []byte) {
		category, post := number(k), timelinePost(k)
		at := c.r.get(inMember, pairKey(post, category))
		if at == nil || string(timelineKey(category, second(at), post)) != string(k) {
			c.say("timeline of category %d: post %d has its row elsewhere or is no member", category, post)
		}
	})
	c.each(inMember, func(k, v []byte) {
		post, category := number(k), number(rest(k, 8))
		if !c.r.has(inTimeline, timelineKey(category, second(v), post)) {
			c.say("member: post %d has no row in the timeline of category %d", post, category)
		}
		c.member(post, category, v)
	})
	c.each(inPending, func(k, v []byte) {
		category, post := number(k), number(rest(k, 8))
		if !c.r.has(inCategory, numKey(category)) || !c.r.has(inPost, numKey(post)) || store.Seq(number(v)) > c.r.seq {
			c.say("pending: category %d, post %d, seq %d: one of them is unknown", category, post, number(v))
		}
	})
}

// member checks that there is a reason for a post to be in a timeline: it is
// live and in the category, or the category has still to take it out.
func (c *checker) member(post, category uint64, at []byte) {
	p, err := c.r.Post(post)
	cat, catErr := c.r.Category(category)
	if err != nil || catErr != nil {
		c.say("member: post %d, category %d: one of them is unknown", post, category)
		return
	}
	live, isLive, err := c.r.livePost(post)
	if err != nil {
		return // said by postLive
	}
	if isLive && !live.Published.Equal(second(at)) {
		c.say("member: post %d is in category %d at %s, but shows %s", post, category, second(at), live.Published)
	}
	belongs := category == feed.SiteNum || slices.Contains(p.Categories, cat.ID)
	if !(isLive && belongs) && !c.r.has(inPending, pairKey(category, post)) {
		c.say("member: post %d has no reason to be in category %d", post, category)
	}
}
