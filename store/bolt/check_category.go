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
	c.categoryIndex(inCategoryID, func(cat feed.Category) []string { return []string{cat.ID} })
	c.categoryIndex(inCategorySlug, func(cat feed.Category) []string { return append(cat.Aliases, cat.Slug) })
	c.categoryIndex(inCategoryTitle, func(cat feed.Category) []string {
		titles := append(cat.Aliases, cat.Title, cat.Slug)
		for i := range titles {
			titles[i] = feed.FoldTitle(titles[i])
		}
		return titles
	})
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

// categoryIndex checks that each name in an index is one of its category's.
func (c *checker) categoryIndex(index bucket, names func(feed.Category) []string) {
	c.each(index, func(k, v []byte) {
		cat, err := c.r.Category(number(v))
		if err != nil || !slices.Contains(names(cat), string(k)) {
			c.say("%s %q: category %d never had it (%v)", index, k, number(v), err)
		}
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
		err := decode(v, &rec)
		known := (rec.Post == 0 || c.r.has(inPost, numKey(rec.Post))) && (rec.Category == 0 || c.r.has(inCategory, numKey(rec.Category)))
		if err != nil || store.Seq(number(k)) > c.r.seq || !known {
			c.say("change of commit %d: newest %d, of post %d or category %d (%v)", number(k), c.r.seq, rec.Post, rec.Category, err)
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
