package control

import (
	"fmt"
	"reflect"
	"time"

	"syndic/feed"
)

// merge is the post as it is with the document's text. cats are as resolved;
// a category that is still to be made has an empty ID, which no post has.
func (a *adder) merge(old feed.Post, e *entry, cats []feed.Category) feed.Post {
	p := e.post
	p.Num, p.ID, p.Slug, p.Live = old.Num, old.ID, e.slug, old.Live
	p.State, p.PublishAt, p.Published, p.Updated, p.Overruled = old.State, old.PublishAt, old.Published, old.Updated, old.Overruled
	for _, c := range cats {
		p.Categories = append(p.Categories, c.ID)
	}
	if p.File == "" {
		p.File = old.File
	}
	a.time(&p, e, wasOut(old))
	switch {
	case !e.updated.IsZero():
		p.Updated = e.updated
	case old.Num != 0 && !reflect.DeepEqual(text(p), text(old)):
		p.Updated = a.now
	}
	if !p.Published.IsZero() && !p.Updated.After(p.Published) {
		p.Updated = time.Time{}
	}
	p.Revision = old.Revision
	if old.Num == 0 || !reflect.DeepEqual(shown(p), shown(old)) {
		p.Revision++
	}
	return p
}

// wasOut tells whether readers may have seen the post: what it is now is no
// longer a matter of its date.
func wasOut(p feed.Post) bool {
	return p.State == feed.Published || p.State == feed.Recalled || p.Live > 0
}

// time decides when a post goes out, or did. A document that says what it said
// before a command decided otherwise leaves that as it is.
func (a *adder) time(p *feed.Post, e *entry, out bool) {
	said := p.Overruled
	kept := said != nil && !e.ordered && said.Is(e.own)
	switch {
	case out:
		a.redate(p, e, kept)
	case !kept:
		a.schedule(p, e)
	}
	switch {
	case kept || e.edited:
	case e.own.Is(feed.Timing{Draft: e.draft, Date: e.date}):
		p.Overruled = nil
	default:
		p.Overruled = &e.own
	}
}

// overruled is what the post's document says of when it goes out, for a command
// that is about to decide otherwise.
func overruled(p feed.Post) *feed.Timing {
	if p.Overruled != nil {
		return p.Overruled
	}
	return &feed.Timing{Draft: p.State == feed.Draft, Date: p.Published}
}

// schedule decides when a post that never went out does. One whose hour has
// just come is left to the scheduler, which publishes it at that hour.
func (a *adder) schedule(p *feed.Post, e *entry) {
	if !e.date.IsZero() {
		p.Published = e.date
	}
	at := p.PublishAt
	p.PublishAt = time.Time{}
	switch {
	case e.draft:
		p.State = feed.Draft
	case p.State == feed.Scheduled && p.Published.Equal(at):
		p.PublishAt = at
	case p.Published.After(a.now):
		p.State, p.PublishAt = feed.Scheduled, p.Published
	default:
		p.State = feed.Queued
	}
}

// redate changes the date of a post that went out, unless the one that it has
// is to be kept.
func (a *adder) redate(p *feed.Post, e *entry, kept bool) {
	switch {
	case e.date.IsZero() || e.date.Equal(p.Published):
	case e.date.After(a.now):
		e.warnings = append(e.warnings, fmt.Sprintf("date: %s is ahead, but the post is out already: it keeps its date; `syndic post recall %s` takes it back", e.date.Format(time.RFC3339), p.ID))
	case !kept:
		p.Published = e.date
	}
}

// text is the part of a post whose change is an update for its readers.
func text(p feed.Post) feed.Post {
	return canonical(feed.Post{Title: p.Title, Body: p.Body, Markup: p.Markup, Summary: p.Summary, URL: p.URL, Attachments: p.Attachments})
}

// shown is the part of a post that an entry or a page shows.
func shown(p feed.Post) feed.Post {
	p.Num, p.State, p.PublishAt, p.Revision, p.Live, p.File, p.Overruled = 0, "", time.Time{}, 0, 0, "", nil
	return canonical(p)
}

// same tells whether two records of a post say the same.
func same(a, b feed.Post) bool { return reflect.DeepEqual(canonical(a), canonical(b)) }

// canonical removes differences that mean nothing.
func canonical(p feed.Post) feed.Post {
	p.Labels = nil
	p.Updated = p.UpdatedAt().UTC()
	p.Published, p.PublishAt = p.Published.UTC(), p.PublishAt.UTC()
	if len(p.Authors) == 0 {
		p.Authors = nil
	}
	if len(p.Categories) == 0 {
		p.Categories = nil
	}
	if len(p.Tags) == 0 {
		p.Tags = nil
	}
	if len(p.Attachments) == 0 {
		p.Attachments = nil
	}
	return p
}
