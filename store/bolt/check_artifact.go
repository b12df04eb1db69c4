package bolt

import (
	"syndic/feed"
)

// artifacts checks that each feed joins to the bytes that were published, and
// that each kept entry is counted by the feeds that name it.
func (c *checker) artifacts() {
	refs := make(map[string]uint64)
	c.each(inArtifact, func(k, v []byte) {
		a, err := decodeArtifact(v)
		if err != nil {
			c.say("feed %x: %v", k, err)
			return
		}
		if string(artifactKey(a.Category, a.Format)) != string(k) || !c.r.has(inCategory, numKey(a.Category)) {
			c.say("feed %x: it is of category %d, format %d", k, a.Category, a.Format)
			return
		}
		for _, e := range a.Entries {
			refs[string(fragmentKey(e))]++
		}
		c.digest(a)
	})
	c.each(inFragmentRef, func(k, v []byte) {
		if !c.r.has(inFragment, k) {
			c.say("fragment_ref %x: there is no such fragment", k)
		}
	})
	c.each(inFragment, func(k, _ []byte) {
		counts := uint64(1)
		if row := c.r.get(inFragmentRef, k); row != nil {
			counts = number(row)
		}
		if counts != refs[string(k)] {
			c.say("fragment %x: counts %d, named by %d", k, counts, refs[string(k)])
		}
	})
}

func (c *checker) digest(a feed.Artifact) {
	entries := make([][]byte, 0, len(a.Entries))
	for _, e := range a.Entries {
		data := c.r.get(inFragment, fragmentKey(e))
		if data == nil {
			c.say("feed %d %s: the entry of post %d is missing", a.Category, a.Format, e.Post)
			return
		}
		entries = append(entries, data)
	}
	if _, err := a.Whole(entries); err != nil {
		c.say("feed %d %s: %v", a.Category, a.Format, err)
	}
}
