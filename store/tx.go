package store

import (
	"time"

	"syndic/feed"
)

// Reader reads one snapshot. What is not there gives ErrNotFound. Lists come
// in the stated order, at most limit long, beginning after the cursor.
type Reader interface {
	// Seq is the snapshot's.
	Seq() Seq
	// Site is the configuration that serve kept; ErrNotFound before the first.
	// What it refers to is shared with other callers and must not be changed.
	Site() (feed.Site, error)
	// Authority is the tagging entity of every id; empty before the first mint.
	Authority() string

	// Post, PostByID and PostBySlug find one post. A slug that a post once had
	// still finds it.
	Post(num uint64) (feed.Post, error)
	PostByID(id string) (feed.Post, error)
	PostBySlug(slug string) (feed.Post, error)
	// PostByPath finds the post that has, or once had, its page below the
	// category (0 for "posts") under that slug.
	PostByPath(category uint64, slug string) (feed.Post, error)
	// PostsByIDPrefix lists at most limit posts whose ID begins so, by ID.
	PostsByIDPrefix(prefix string, limit int) ([]feed.Post, error)
	// LivePost is the post at its last published revision, ErrNotFound when it
	// was never published or is not live (recalled, removed).
	LivePost(num uint64) (feed.Post, error)
	// Posts lists all posts, tombstones included, by Num after the cursor.
	Posts(after uint64, limit int) ([]feed.Post, error)
	// PostsIn lists the posts that name the category, in whatever state, by Num
	// after the cursor. It takes no number of the site's own.
	PostsIn(category, after uint64, limit int) ([]feed.Post, error)
	// Timeline lists the posts live in a category, at their last published
	// revision, in feed order, after the cursor (zero: from the newest). A post
	// that was taken back is not in it, though the feed may still hold it.
	Timeline(category uint64, after Cursor, limit int) ([]feed.Post, error)
	// Places lists the rows of a category's timeline, after the cursor, without
	// their posts. One that was taken back has its row until the category
	// publishes that.
	Places(category uint64, after Cursor, limit int) ([]Place, error)
	// DuePosts lists scheduled posts with PublishAt at or before now, earliest
	// first. NextPost is the earliest PublishAt; zero for none.
	DuePosts(now time.Time, limit int) ([]feed.Post, error)
	NextPost() time.Time

	// Category, CategoryByID and CategoryByName find one category; a name is a
	// slug, a title or a former one of either, a slug before a title; titles are
	// compared as feed.FoldTitle has them. CategoryBySlug takes present and
	// former slugs; "" is the site's.
	Category(num uint64) (feed.Category, error)
	CategoryByID(id string) (feed.Category, error)
	CategoryByName(name string) (feed.Category, error)
	CategoryBySlug(slug string) (feed.Category, error)
	// Categories lists all, by Num after the cursor; the site's is the first.
	Categories(after uint64, limit int) ([]feed.Category, error)

	// Renamed is the newest commit that gave a category another slug or title;
	// 0 for none. Entries show the names of all their post's categories.
	Renamed() Seq

	// Mark is the category's dirty mark. DueMarks lists those due at or before
	// now, earliest first. NextMark is the earliest Due; zero for none.
	Mark(category uint64) (Mark, error)
	DueMarks(now time.Time, limit int) ([]Mark, error)
	NextMark() time.Time
	// Pending lists what the category has not published yet, by Post after the
	// cursor.
	Pending(category, after uint64, limit int) ([]Pending, error)

	// Artifact is a feed as published; Artifacts lists all formats of one
	// category, none when it has not been published.
	Artifact(category uint64, f feed.Format) (feed.Artifact, error)
	Artifacts(category uint64) ([]feed.Artifact, error)
	// Headers lists the feeds of all categories after the cursor (a category's
	// Num), by category and format, without what their bytes are made of. It
	// ends with the category in which the limit is reached.
	Headers(after uint64, limit int) ([]feed.Artifact, error)
	// Fragment is a kept entry's bytes; AppendFragment appends them.
	Fragment(key feed.FragmentKey) ([]byte, error)
	AppendFragment(to []byte, key feed.FragmentKey) ([]byte, error)

	// Deliveries lists the outbox by hub and topic; hub "" means all hubs.
	Deliveries(hub string) ([]Delivery, error)
	// Delivery is one row.
	Delivery(hub, topic string) (Delivery, error)
	// Attempts lists the newest limit lines of the hub log, newest first.
	Attempts(limit int) ([]Attempt, error)
	// Changes lists the history after the cursor, oldest first. It never ends
	// within one commit, so it may be longer than limit.
	Changes(after Seq, limit int) ([]Change, error)
	// Run is how the category's latest publication went.
	Run(category uint64) (Run, error)
}

// Cursor is a place in a timeline.
type Cursor struct {
	Published time.Time
	Num       uint64
}

// Place is one row of a timeline.
type Place struct {
	Cursor
	// Seq is of the newest publication that put the post there and did not
	// write every feed of the category with it; of the first one, if none did so.
	Seq Seq
}

// Tx reads its own writes. After an error from it, fn returns that error.
type Tx interface {
	Reader

	// Now is the transaction's time: UTC, not truncated.
	Now() time.Time
	// Fence fails with ErrFenced when the lease is not the newest of its name.
	Fence(l Lease) error

	// PutSite keeps the configuration; one that is kept already is no change.
	// PutAuthority keeps the first authority; later ones are passed over.
	PutSite(s feed.Site) error
	PutAuthority(authority string) error
	// PutCategory adds a category (Num 0: one is assigned) or replaces its
	// record. A slug or title that another category has or once had is
	// ErrTaken. The slug and title it had before become aliases. It needs a slug
	// and an id (the site's needs neither), and an id never changes. A record
	// that is kept like this already is no change. It marks nothing dirty.
	PutCategory(c feed.Category) (feed.Category, error)
	// PutPost adds a post (Num 0: one is assigned, Revision 1) or replaces its
	// record, appends the change, and makes the post pending and the mark dirty
	// in every category that it is or was in, and in the site's; a draft, or a
	// scheduled post, that was never live marks nothing. An id, slug or path
	// that another post has or once had is ErrTaken. When the Revision grew
	// over one that is live, the live one is kept for the pages until the new
	// one is published. Live is the store's, whatever p says. Refused are: a
	// post without id or slug, another id, an older revision (ErrConflict), a
	// change of state that feed.State does not allow or that only Publish makes,
	// a category that is not there (ErrNotFound), and another Published of a
	// revision that is live. After ErrTaken the Update may go on: nothing of the
	// refused post is left.
	PutPost(p feed.Post, o PutOptions) (feed.Post, error)
	// PutMark makes the category dirty, due at the time (zero: now) or at an
	// earlier one that it was due already.
	PutMark(category uint64, due time.Time, force bool) error
	// Publish applies a publication and marks nothing dirty; ErrConflict when
	// what it was made from has changed: the category's record, a handled row, a
	// post's revision, the date that another category's publication gave it, or a
	// kept fragment that has gone meanwhile.
	Publish(p Publication) error
	// PutRun keeps how a publication went. It is not a change of the content
	// and does not move Seq of any feed. A zero Good becomes At of a success, and
	// after a failure stays what it was.
	PutRun(r Run) error

	// Enqueue makes a delivery due now, or leaves it due since it was asked for
	// first where nobody tried it yet. A newer generation replaces a row that
	// waits or has failed, and starts its attempts again, though not Since and
	// Held, nor Asked where nobody tried it yet; an older or equal one changes
	// nothing. With force, which is by hand, any replaces any row, though the
	// generation never falls, and it is Asked now and not Held.
	Enqueue(hub, topic string, generation uint64, force bool) error
	// Claim leases the hub's deliveries that are due, at most limit, earliest
	// first, until leaseUntil. The lease of a process that died counts no more.
	Claim(hub string, now, leaseUntil time.Time, limit int) ([]Delivery, error)
	// Settle records an attempt's outcome and ends the lease. Settling an older
	// generation than the row holds, or a row that has gone, does nothing but end
	// the lease; an older one that was delivered moves Since to First. Delivered and
	// failed rows stay, shown, until the next generation; dropped ones go. A change
	// of outcome, status or note is a line of the hub log. A zero Settled becomes
	// Now; First, Since and Asked stay the row's.
	Settle(d Delivery) error
	// DropDeliveries removes every row that keep does not want.
	DropDeliveries(keep func(hub, topic string) bool) error
	// Prune removes at most limit changes and hub log lines older than before,
	// and tells whether there may be more.
	Prune(before time.Time, limit int) (more bool, err error)
}
