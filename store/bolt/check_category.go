package bolt

import (
	"slices"

	"syndic/feed"
	"syndic/store"
)

func (c *checker) categories() {
	newest := number(c.r.get(inMeta, []byte("category")))
	if _, err := c.r.Category(feed.SiteNum); err != nil {
		c.say("the site's category: %v", err)
	}
	if _, err := c.r.Site(); err != nil && c.r.has(inMeta, []byte("site")) {
		c.say("%v", err)
	}
	c.each(inCategory, func(k, v []byte) {
		cat, err := readCategory(number(k), v)
		if err != nil {
			c.say("%v", err)
			return
		}
		if cat.Num != number(k) || cat.Num > newest {
			c.say("category %d: its number is %d, the newest given %d", number(k), cat.Num, newest)
			return
		}
		c.categoryNames(cat)
	})
	c.numbers(inCategoryID, inCategory)
	c.categoryIndex(inCategorySlug, func(s string) string { return s })
	c.categoryIndex(inCategoryTitle, feed.FoldTitle)
}

// categoryNames checks that a category is found by all its names.
func (c *checker) categoryNames(cat feed.Category) {
	for _, n := range categoryNames(feed.Category{Aliases: cat.Aliases}, cat) {
		if number(c.r.get(n.in, []byte(n.key))) != cat.Num {
			c.say("category %d: %s does not lead to it by %q", cat.Num, n.in, n.key)
		}
	}
	for _, a := range cat.Aliases {
		slug := number(c.r.get(inCategorySlug, []byte(a)))
		title := uint64(0)
		if fold := feed.FoldTitle(a); fold != "" {
			title = number(c.r.get(inCategoryTitle, []byte(fold)))
		}
		if slug != cat.Num && title != cat.Num {
			c.say("category %d: its alias %q leads elsewhere", cat.Num, a)
		}
	}
}

// categoryIndex checks that each name in an index is one of its category's, in
// the form that the index has.
func (c *checker) categoryIndex(index bucket, form func(string) string) {
	c.each(index, func(k, v []byte) {
		cat, err := c.r.Category(number(v))
		if err != nil {
			c.say("%s %q: %v", index, k, err)
			return
		}
		for _, has := range slices.Concat([]string{cat.Slug, cat.Title}, cat.Aliases) {
			if form(has) == string(k) {
				return
			}
		}
		c.say("%s %q: category %d never had it", index, k, cat.Num)
	})
}

func (c *checker) marks() {
	c.each(inMark, func(k, _ []byte) {
		m, err := c.r.Mark(number(k))
		switch {
		case err != nil:
			c.say("%v", err)
		case !c.r.has(inCategory, k) || m.Seq > c.r.seq:
			c.say("mark of category %d: of commit %d, or of no category", m.Category, m.Seq)
		case !c.r.has(inDueMark, dueMarkKey(m.Due, m.Category)):
			c.say("mark of category %d: not in due_mark at %s", m.Category, m.Due)
		}
	})
	c.each(inDueMark, func(k, _ []byte) {
		if len(k) != 20 {
			c.say("due_mark: a key of %d bytes", len(k))
			return
		}
		if m, err := c.r.Mark(number(rest(k, 12))); err != nil || !m.Due.Equal(instant(k)) {
			c.say("due_mark of category %d at %s: the mark says %s (%v)", number(rest(k, 12)), instant(k), m.Due, err)
		}
	})
}

func (c *checker) logs() {
	c.each(inChange, func(k, v []byte) {
		var rec changeRecord
		if err := decode(v, &rec); err != nil || store.Seq(number(k)) > c.r.seq {
			c.say("change of commit %d: newest %d (%v)", number(k), c.r.seq, err)
		}
	})
	c.each(inHubLog, func(k, v []byte) {
		if _, err := readDelivery(v); err != nil || store.Seq(number(k)) > c.r.seq {
			c.say("hublog of commit %d: newest %d (%v)", number(k), c.r.seq, err)
		}
	})
	c.each(inRun, func(k, _ []byte) {
		if _, err := c.r.Run(number(k)); err != nil || !c.r.has(inCategory, k) {
			c.say("run of category %d: of no category (%v)", number(k), err)
		}
	})
}
