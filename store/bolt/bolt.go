// Package bolt keeps the store contract in one bbolt file, for one process at
// a time. It owns that file: its schema, its lock and its consistency check.
// It may import store and feed.
//
// # Keys
//
// Numbers in keys are big-endian. A second is 8 bytes that sort as the time
// does (seconds of Unix time, sign flipped); an instant is a second and 4
// bytes of nanoseconds; "~" before a part means that all its bits are
// inverted, so that the newest sorts first. A record is one byte of record
// version and then CBOR with the integer keys of the struct tags; a post's
// record has a byte in between that says where its live revision is.
//
//	bucket          key                               value
//	meta            "version" "seq" "post" "category" 8 bytes: schema, newest commit, newest numbers given
//	                "authority"                       text
//	                "site"                            record of feed.Site
//	                "renamed"                         8 bytes: newest commit that renamed a category
//	                "fence/" name                     8 bytes: newest token of that leadership
//	post            post                              record of feed.Post: 0 not live, 1 live, 2 its live revision is in live
//	live            post                              record of feed.Post as last published, when post holds a newer one
//	post_id         id                                post
//	post_slug       slug, present or former           post
//	post_path       category (0: none), slug          post; category is the first one at the time
//	category_post   category, post                    empty; whatever the post's state is
//	category        category                          record of feed.Category
//	category_id     id                                category
//	category_slug   slug, present or former           category
//	category_title  folded title, present or former   category
//	timeline        category, ~second, ~post          seq, as store.Place has it; feed.Newer's order
//	member          post, category                    second: where its row in timeline is
//	pending         category, post                    seq
//	due_post        second, post                      empty; scheduled posts
//	mark            category                          record of store.Mark
//	due_mark        instant, category                 empty
//	artifact        category, format (1 byte)         record of feed.Artifact; its entries and their sums are packed
//	fragment        post, format, variant (16 bytes)  the entry's bytes
//	fragment_ref    as fragment                       8 bytes: how many artifacts' entries name it, unless it is one
//	delivery        hub, 0, topic                     record of store.Delivery
//	due_delivery    hub, 0, instant, topic            empty; waiting and retrying ones
//	hublog          seq, 4 bytes                      record of store.Delivery
//	change          seq, 4 bytes                      record of store.Change
//	run             category                          record of store.Run
//
// Indexes of names are never taken out: what once named a post or a category
// names it for ever. A post's path is kept under its category's number, so a
// category's new slug rewrites nothing.
package bolt

// bucket is one of the file's buckets.
type bucket int

// The buckets, in the order of bucketNames.
const (
	inMeta bucket = iota
	inPost
	inLive
	inPostID
	inPostSlug
	inPostPath
	inCategoryPost
	inCategory
	inCategoryID
	inCategorySlug
	inCategoryTitle
	inTimeline
	inMember
	inPending
	inDuePost
	inMark
	inDueMark
	inArtifact
	inFragment
	inFragmentRef
	inDelivery
	inDueDelivery
	inHubLog
	inChange
	inRun
	bucketCount
)

var bucketNames = [bucketCount]string{
	"meta", "post", "live", "post_id", "post_slug", "post_path", "category_post",
	"category", "category_id", "category_slug", "category_title",
	"timeline", "member", "pending", "due_post", "mark", "due_mark",
	"artifact", "fragment", "fragment_ref",
	"delivery", "due_delivery", "hublog", "change", "run",
}

// String is the bucket's name in the file.
func (b bucket) String() string { return bucketNames[b] }

// fill is how full a page is left that is split. What only ever grows at its
// end needs no room; the others get some, though less than bbolt's half: they
// have fewer pages for it.
func (b bucket) fill() float64 {
	if b == inPost || b == inChange || b == inHubLog {
		return 0.9
	}
	return 0.75
}
