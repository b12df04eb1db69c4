// Package store is the CONTRACT that every backend keeps: a serialisable
// key-value life of posts, categories, feeds as published, dirty marks and the
// outbox of pings. It holds no code that touches a disk; the backends are its
// subpackages, and storetest proves that one keeps what is written here.
//
// It may import feed.
package store

import (
	"context"
	"time"

	"syndic/feed"
)

// Seq counts the store's commits: each successful Update that wrote anything
// has one of its own, greater than every earlier one.
type Seq uint64

// Store is a backend. All methods may be called from several goroutines.
type Store interface {
	// View runs fn on a consistent snapshot. Values read stay valid after fn.
	// fn must be short and must not wait for anybody.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn in a serialisable transaction and commits, durably, when
	// it returns nil. fn may run again, so it has no side effects; an error may
	// still have committed, so its operations are idempotent by key. An fn that
	// writes nothing commits nothing. It must not call View or Update. ctx's end
	// is heeded until fn has begun, and no more after that.
	Update(ctx context.Context, fn func(Tx) error) error
	// Wait returns the present Seq as soon as it is greater than after. It is a
	// hint: it may return early. It returns ctx's error when ctx ends.
	Wait(ctx context.Context, after Seq) (Seq, error)
	// Hold waits for the leadership called name. With one process on one file it
	// is granted at once, as the file's lock grants it.
	Hold(ctx context.Context, name string) (Lease, error)
	// Close releases the file or the connections. Calls after it, and calls
	// still waiting, return ErrClosed.
	Close() error
}

// Lease is leadership.
type Lease struct {
	Name    string
	Token   uint64          // grows with each grant; Tx.Fence checks it
	Context context.Context // ends when leadership is lost
	Release func()
}

// Mark says that a category is dirty: it is to be published at Due.
type Mark struct {
	Category uint64
	Due      time.Time // the earliest of all that was asked for
	Seq      Seq       // of the newest commit that set it
	Force    bool      // republished by hand: render from nothing
}

// Pending says that a category has not yet published what the commit Seq did
// to the post.
type Pending struct {
	Post uint64
	Seq  Seq
}

// Change is one line of the store's history, kept for seven days.
type Change struct {
	Seq      Seq
	At       time.Time
	Kind     ChangeKind
	Post     uint64 // 0 when the change is not about a post
	Category uint64 // 0 when the change is not about a category
}

// ChangeKind says what a Change was.
type ChangeKind string

// The kinds of change.
const (
	PostChanged     ChangeKind = "post"     // PutPost
	CategoryChanged ChangeKind = "category" // PutCategory
	SiteChanged     ChangeKind = "site"     // PutSite
	FeedPublished   ChangeKind = "feed"     // Publish wrote or mended at least one artifact, or dropped them
)

// PutOptions say when a change of a post goes out.
type PutOptions struct {
	// Due is when its categories are published; zero means each one's next
	// slot, as the backend's Slot function gives it.
	Due time.Time
}

// Publication is what one publication of one category commits.
type Publication struct {
	Category feed.Category // as it was read; its record must not have changed since
	Mark     Mark          // as it was read; zero when there was none. Cleared if its Seq is still the same
	// Handled are the pending rows that this publication takes in. Each must
	// still stand with the same Seq, or nothing is written and ErrConflict is
	// returned; rows that came since stay pending.
	Handled []Pending
	// Posts are the handled posts that are now live in the category, with the
	// State (published), Published and Live (their Revision) they have from now
	// on; the rest of their record stays. A handled post that is not among them
	// leaves the category's timeline.
	Posts []feed.Post
	// Fragments are entries that the store does not have yet, or has with other
	// bytes, which these replace: that mends a damaged one. One that no artifact
	// names after this commit is dropped. Their bytes are read until the Update
	// has ended.
	Fragments []feed.Fragment
	// Artifacts are the feeds whose bytes or headers changed, as they are from
	// now on. Drop removes all of the category's instead (it was retired).
	Artifacts []feed.Artifact
	Drop      bool
}

// Outcome is how the latest attempt to deliver a ping ended.
type Outcome string

// The outcomes of a delivery.
const (
	Waiting   Outcome = ""          // not tried yet
	Delivered Outcome = "delivered" // the hub answered 2xx
	Retrying  Outcome = "retrying"  // transient or throttled; tried again at Next
	Failed    Outcome = "failed"    // permanent; stays until the next generation or a retry by hand
	Dropped   Outcome = "dropped"   // the topic is not served any more; the row goes
)

// Delivery is one row of the outbox: one hub to be told of one topic.
type Delivery struct {
	Hub        string
	Topic      string
	Generation uint64    // the artifact's
	Attempt    int       // attempts made for this generation
	Next       time.Time // not before this
	First      time.Time // when this generation was enqueued
	Since      time.Time // since when the hub is to be told of the topic: newer generations keep it until one is delivered
	Held       time.Time // until when the hub asked to be left alone; zero for not at all
	Asked      time.Time // when somebody asked for it by hand, which a hub is not left alone for; zero for nobody
	Outcome    Outcome
	Status     int       // HTTP status of the latest attempt, 0 for none
	Error      string    // of the latest attempt, one line
	Note       string    // why it waits without an attempt, or what else there is to say, one line
	Settled    time.Time // of the latest outcome or note
}

// Attempt is one line of the hub log, kept for seven days: each change of a
// delivery's outcome or note, not each attempt.
type Attempt struct {
	Seq Seq
	Delivery
}

// Run is how a category's latest publication went; status shows it.
type Run struct {
	Category uint64
	At       time.Time
	Duration time.Duration
	Error    string    // empty for success; the last good feeds are still served
	Good     time.Time // of the latest success
}
