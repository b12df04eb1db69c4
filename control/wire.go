// Package control is CHANGE: every door through which posts come in at run
// time. It owns the wire types, the handler that serves them over the control
// socket, the client that calls it, and the rules of adding and changing posts
// and categories.
//
// It may import store and feed.
package control

import (
	"time"

	"syndic/feed"
)

// APIVersion goes with every request in the header named by VersionHeader; a
// daemon of another version answers 400 with the code "version".
const (
	APIVersion    = "1"
	VersionHeader = "Syndic-Api"
)

// Document is a post as a door hands it in, before the daemon resolves names
// and dates. It has the fields of importer.Document, so one converts to the
// other.
type Document struct {
	Post       feed.Post `json:"post"`
	Categories []string  `json:"categories"` // names as written, in the author's order
	Date       string    `json:"date"`       // as written: RFC 3339, a local time, or a day; empty for none
	Updated    string    `json:"updated"`    // likewise
	Draft      bool      `json:"draft"`
	Links      []string  `json:"links"`    // relative links and images of the body
	Warnings   []string  `json:"warnings"` // what the importer had to say; passed through
}

// AddRequest adds or updates posts.
type AddRequest struct {
	Documents  []Document `json:"documents"`
	Categories []string   `json:"categories"` // in addition to each document's own
	At         string     `json:"at"`         // like Document.Date, for all of them; schedules when ahead
	Draft      bool       `json:"draft"`      // keep all as drafts
	Now        bool       `json:"now"`        // publish at once, not at the next slot
	Update     bool       `json:"update"`     // the same slug from a file of another name is the same post
	NoProbe    bool       `json:"no_probe"`   // ask no server for the size and type of attachments
}

// AddResult says what became of one document.
type AddResult struct {
	File      string     `json:"file"`
	ID        string     `json:"id"`
	Slug      string     `json:"slug"`
	Title     string     `json:"title"`
	Status    AddStatus  `json:"status"`
	State     feed.State `json:"state"`
	PublishAt *time.Time `json:"publish_at,omitempty"` // when a scheduled post goes out
	Error     string     `json:"error,omitempty"`
	Warnings  []string   `json:"warnings,omitempty"`
}

// AddStatus is what became of a document.
type AddStatus string

// What can become of a document.
const (
	Added     AddStatus = "added"
	Changed   AddStatus = "changed"
	Unchanged AddStatus = "unchanged"
	Skipped   AddStatus = "skipped" // recalled or removed before; a warning says so
	Rejected  AddStatus = "rejected"
)

// PostInfo is a post as listed; Body and the like only when one is shown.
type PostInfo struct {
	ID          string            `json:"id"`
	Slug        string            `json:"slug"`
	Title       string            `json:"title"`
	State       feed.State        `json:"state"`
	Categories  []string          `json:"categories"` // slugs
	Page        string            `json:"page"`       // absolute URL
	PublishAt   *time.Time        `json:"publish_at,omitempty"`
	Published   *time.Time        `json:"published,omitempty"`
	Updated     *time.Time        `json:"updated,omitempty"`
	Revision    uint64            `json:"revision"`
	Live        uint64            `json:"live_revision"`
	File        string            `json:"file,omitempty"`
	URL         string            `json:"url,omitempty"`
	Summary     string            `json:"summary,omitempty"`
	Language    string            `json:"language,omitempty"`
	Authors     []feed.Person     `json:"authors,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Attachments []feed.Attachment `json:"attachments,omitempty"`
	Body        string            `json:"body,omitempty"`
	Markup      feed.Markup       `json:"markup,omitempty"`
	// Document is the post as a door would hand it in, for editing; only when
	// one post is shown.
	Document *Document `json:"document,omitempty"`
}

// PostQuery chooses posts to list.
type PostQuery struct {
	Category string
	State    feed.State
}

// PostAction is what to do with one post.
type PostAction struct {
	Name   string    `json:"name"`   // ID, slug, or an unambiguous prefix of the ID
	Action string    `json:"action"` // publish, schedule, recall, rm or edit
	At     string    `json:"at,omitempty"`
	Now    bool      `json:"now,omitempty"`
	Edit   *Document `json:"edit,omitempty"` // the post's new text, for edit
	// NoProbe is as in AddRequest, for edit.
	NoProbe bool `json:"no_probe,omitempty"`
}

// RemoveRequest removes every post of a category for good, a page at a time.
type RemoveRequest struct {
	Category string `json:"category"`        // not the site's own
	After    uint64 `json:"after,omitempty"` // the cursor of the page before
}

// RemovePage is how far that got.
type RemovePage struct {
	Removed int    `json:"removed"`
	Next    uint64 `json:"next,omitempty"` // the cursor of the next page; 0 on the last
}

// CategoryInfo is a category as listed.
type CategoryInfo struct {
	ID          string             `json:"id"`
	Slug        string             `json:"slug"` // empty for the site's own
	Title       string             `json:"title"`
	Aliases     []string           `json:"aliases"`
	State       feed.CategoryState `json:"state"`
	Description string             `json:"description,omitempty"`
	Language    string             `json:"language,omitempty"`
	Schedule    string             `json:"schedule"`
	Window      feed.Window        `json:"window"`
	Hubs        []string           `json:"hubs"`
	Page        string             `json:"page"`
	Feeds       []FeedInfo         `json:"feeds"`
	DirtySince  *time.Time         `json:"due,omitempty"` // when its waiting changes, or its next scheduled post, go out
	Run         *RunInfo           `json:"last_run,omitempty"`
	Warnings    []string           `json:"warnings,omitempty"` // of what was just done to it
}

// CategoryPage is one page of a list of categories.
type CategoryPage struct {
	Categories []CategoryInfo `json:"categories"`
	Next       uint64         `json:"next,omitempty"` // the cursor of the next page; 0 on the last
}

// FeedInfo is a feed as published.
type FeedInfo struct {
	Format     string    `json:"format"`
	URL        string    `json:"url"`
	Entries    int       `json:"entries"`
	Bytes      int       `json:"bytes"`
	Digest     string    `json:"digest"`
	Modified   time.Time `json:"modified"`
	Generation uint64    `json:"generation"`
}

// RunInfo is how a category's latest publication went.
type RunInfo struct {
	At         time.Time  `json:"at"`
	DurationMS float64    `json:"duration_ms"`
	Error      string     `json:"error,omitempty"`
	Good       *time.Time `json:"good,omitempty"` // of the latest success
}

// RepublishRequest asks for feeds to be made again at once.
type RepublishRequest struct {
	Categories []string      `json:"categories"` // names; none means all
	DryRun     bool          `json:"dry_run"`
	NoPing     bool          `json:"no_ping"`
	Force      bool          `json:"force"` // ping even what is unchanged
	NoWait     bool          `json:"no_wait"`
	Timeout    time.Duration `json:"timeout"` // nanoseconds; 0 means 60 s
}

// FeedResult is one feed's row of a republish.
type FeedResult struct {
	Category   string     `json:"category"` // slug; empty for the site's own
	Title      string     `json:"title"`
	Format     string     `json:"format"`
	URL        string     `json:"url"`
	Status     string     `json:"status"` // changed, unchanged or failed
	Error      string     `json:"error,omitempty"`
	Bytes      int        `json:"bytes"`
	Digest     string     `json:"digest"`
	Generation uint64     `json:"generation"` // 0 of a feed that was never published, and is not now
	Served     bool       `json:"served"`     // readers get this generation
	Pings      []PingInfo `json:"pings"`
}

// PingInfo is one row of the outbox, or one line of the hub log.
type PingInfo struct {
	Hub        string     `json:"hub"`
	Topic      string     `json:"topic"`
	Generation uint64     `json:"generation"`
	Outcome    string     `json:"outcome"` // waiting, delivered, retrying, failed
	Attempt    int        `json:"attempt"`
	Status     int        `json:"status,omitempty"` // HTTP status of the latest attempt
	Error      string     `json:"error,omitempty"`
	Note       string     `json:"note,omitempty"` // why it waits, or what else there is to say
	Next       *time.Time `json:"next,omitempty"`
	At         *time.Time `json:"at,omitempty"` // of the latest outcome or note
}

// HubInfo sums up one hub.
type HubInfo struct {
	Hub       string     `json:"hub"`
	Topics    int        `json:"topics"`
	Waiting   int        `json:"waiting"`
	Retrying  int        `json:"retrying"`
	Failed    int        `json:"failed"`
	Delivered int        `json:"delivered"`
	Oldest    *time.Time `json:"oldest_waiting,omitempty"`
	Last      *time.Time `json:"last_outcome,omitempty"`
	Error     string     `json:"error,omitempty"`
	Note      string     `json:"note,omitempty"` // why the oldest that waits does
}

// ScheduleInfo is one category's schedule.
type ScheduleInfo struct {
	Category string     `json:"category"`
	Title    string     `json:"title"`
	Spec     string     `json:"schedule"`
	Next     time.Time  `json:"next"`
	Due      *time.Time `json:"due,omitempty"` // when waiting changes, or the next scheduled post, go out; nothing waits: absent
}

// StatusInfo is the daemon at a glance.
type StatusInfo struct {
	Version      string         `json:"version"`
	Daemon       bool           `json:"daemon"` // false: the store was read without one
	PID          int            `json:"pid,omitempty"`
	Started      *time.Time     `json:"started,omitempty"`
	Ready        bool           `json:"ready"`
	Data         string         `json:"data"`
	URL          string         `json:"url"`
	Seq          uint64         `json:"seq"`
	Posts        map[string]int `json:"posts"`                    // by state
	PostsAtLeast bool           `json:"posts_at_least,omitempty"` // there are more than were counted
	Categories   int            `json:"categories"`
	Feeds        int            `json:"feeds"`
	Dirty        int            `json:"dirty"`
	NextDue      *time.Time     `json:"next_due,omitempty"`
	PingsWaiting int            `json:"pings_waiting"`
	PingsFailed  int            `json:"pings_failed"`
	Backup       *BackupInfo    `json:"backup,omitempty"` // of the scheduled backups, where there are any
	Problems     []string       `json:"problems"`         // each with what to do
}

// PostPage is one page of a list of posts.
type PostPage struct {
	Posts []PostInfo `json:"posts"`
	Next  uint64     `json:"next,omitempty"` // the cursor of the next page; 0 on the last
}

// CategoryAction names a category to retire, rename or ping.
type CategoryAction struct {
	Name  string `json:"name"`            // slug, title or a former one; empty for the site's own
	Title string `json:"title,omitempty"` // the new one, for rename
}

// HubAction names a hub by its URL; empty means all.
type HubAction struct {
	Hub string `json:"hub"`
}

// Error is what every refused request gets: {"error": {code, message}}.
type Error struct {
	// Code is invalid, config, not_found, gone, conflict, too_large, method, version,
	// permission, locked, full, damaged, no_database, unavailable, timeout,
	// canceled or internal.
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"-"` // of the HTTP answer, or the one that would fit
	cause   error
}

// statusCanceled is what the log shows when the client went away.
const statusCanceled = 499

// Error is the message alone: it is written for the user.
func (e *Error) Error() string { return e.Message }

// Unwrap is what the error came from, where that happened in this process.
func (e *Error) Unwrap() error { return e.cause }
