package control

import (
	"context"
	"fmt"
	"time"

	"syndic/feed"
	"syndic/store"
)

// actions are what can be done to a post.
var actions = map[string]func(*adder, feed.Post, PostAction) (feed.Post, AddStatus, []string, error){
	"publish":  (*adder).publish,
	"schedule": (*adder).reschedule,
	"recall":   (*adder).recall,
	"rm":       (*adder).remove,
	"edit":     (*adder).edit,
}

// act does one thing to one post, in one commit.
func (h *Handler) act(ctx context.Context, r PostAction) (AddResult, error) {
	do := actions[r.Action]
	if do == nil {
		return AddResult{}, refuse("invalid", "unknown action %q: use publish, schedule, recall, rm or edit", r.Action)
	}
	told, err := h.probeEdit(ctx, r)
	if err != nil {
		return AddResult{}, fmt.Errorf("%s post %q: %w", r.Action, r.Name, err)
	}
	var res AddResult
	err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		a, err := h.adder(tx, AddRequest{Now: r.Now}, map[uint64]bool{})
		if err != nil {
			return err
		}
		a.told = told
		p, err := findPost(tx, r.Name)
		if err != nil {
			return err
		}
		if p.State == feed.Removed && r.Action != "rm" {
			return refuse("gone", "%s was removed, and nothing of it is left: add it again with another slug and no id", p.ID)
		}
		p, status, warnings, err := do(a, p, r)
		if err != nil {
			return err
		}
		res = AddResult{File: p.File, ID: p.ID, Slug: p.Slug, Title: p.Title, Status: status, State: p.State, PublishAt: timeOrNil(p.PublishAt), Warnings: warnings}
		return nil
	})
	if err != nil {
		return AddResult{}, fmt.Errorf("%s post %q: %w", r.Action, r.Name, err)
	}
	return res, nil
}

// publish sends a post out now. A date that is still ahead gives way to the
// moment at which it goes out.
func (a *adder) publish(p feed.Post, _ PostAction) (feed.Post, AddStatus, []string, error) {
	if p.State == feed.Published && !waits(p) {
		return p, Unchanged, []string{"it is published already"}, nil
	}
	if p.State == feed.Draft || p.State == feed.Scheduled || p.Published.After(a.now) {
		p.Overruled = overruled(p)
	}
	if p.State != feed.Published {
		p.State, p.PublishAt = feed.Queued, time.Time{}
	}
	if p.Published.After(a.now) {
		p.Published = time.Time{}
		p.Revision++
	}
	return a.write(p, true)
}

// reschedule gives a post that was never out an hour of its own.
func (a *adder) reschedule(p feed.Post, r PostAction) (feed.Post, AddStatus, []string, error) {
	if r.At == "" {
		return p, "", nil, refuse("invalid", "a time is missing: say when with --at")
	}
	at, err := a.date(r.At)
	if err != nil {
		return p, "", nil, refuse("invalid", "--at: %v", err)
	}
	if !at.After(a.now) {
		return p, "", nil, refuse("invalid", "--at: %s is not ahead: use `syndic post publish %s` to publish now", at.Format(time.RFC3339), p.ID)
	}
	if p.Live > 0 || !p.State.CanBecome(feed.Scheduled) {
		hint := "`syndic post recall` takes it back"
		if p.State == feed.Recalled {
			hint = "`syndic post publish` brings it back"
		}
		return p, "", nil, refuse("conflict", "%s is %s and was out already, so it cannot be scheduled: %s", p.ID, p.State, hint)
	}
	if p.State == feed.Scheduled && p.PublishAt.Equal(at) && p.Published.Equal(at) {
		return p, Unchanged, nil, nil
	}
	p.Overruled = overruled(p)
	if !p.Published.Equal(at) {
		p.Revision++
	}
	p.State, p.PublishAt, p.Published = feed.Scheduled, at, at
	return a.write(p, false)
}

// recall takes a post back: its page answers 410 from this commit on, feeds
// drop it when its categories publish next.
func (a *adder) recall(p feed.Post, r PostAction) (feed.Post, AddStatus, []string, error) {
	if p.State == feed.Recalled && !r.Now {
		return p, Unchanged, []string{"it is recalled already"}, nil
	}
	if p.State == feed.Draft || p.State == feed.Scheduled {
		p.Overruled = overruled(p)
	}
	p.State, p.PublishAt = feed.Recalled, time.Time{}
	return a.takeBack(p, r.Now)
}

// takeBack writes a post that was out, and tells when the last of its feeds
// goes without it.
func (a *adder) takeBack(p feed.Post, now bool) (feed.Post, AddStatus, []string, error) {
	p, status, warnings, err := a.write(p, now)
	if err != nil || now || p.Live == 0 {
		return p, status, warnings, err
	}
	var last time.Time
	for _, id := range append([]string{""}, p.Categories...) {
		due, err := a.due(id)
		if err != nil {
			return p, "", nil, err
		}
		if due.After(last) {
			last = due
		}
	}
	if last.After(a.now) {
		warnings = append(warnings, fmt.Sprintf("it stays in feeds until they go out next, the last at %s: --now takes it out at once", last.In(a.zone).Format(time.RFC3339)))
	}
	return p, status, warnings, nil
}

// due is when a category, or the site for "", is published next; zero when
// nothing of it waits.
func (a *adder) due(id string) (time.Time, error) {
	num := feed.SiteNum
	if id != "" {
		c, err := a.tx.CategoryByID(id)
		if err != nil {
			return time.Time{}, err
		}
		num = c.Num
	}
	m, err := a.tx.Mark(num)
	if isNotFound(err) {
		return time.Time{}, nil
	}
	return m.Due, err
}

// remove leaves a tombstone: what names the post, so that nothing else is ever
// served in its place.
func (a *adder) remove(p feed.Post, r PostAction) (feed.Post, AddStatus, []string, error) {
	if p.State == feed.Removed {
		return p, Unchanged, []string{"it is removed already"}, nil
	}
	stone := feed.Post{
		Num: p.Num, ID: p.ID, Slug: p.Slug, Categories: p.Categories, Markup: p.Markup, State: feed.Removed,
		Published: p.Published, Revision: p.Revision, Live: p.Live, File: p.File,
	}
	return a.takeBack(stone, r.Now)
}

// write stores the post in the categories that it has.
func (a *adder) write(p feed.Post, now bool) (feed.Post, AddStatus, []string, error) {
	if err := a.keep(); err != nil {
		return p, "", nil, err
	}
	var o store.PutOptions
	if now {
		o.Due = a.now
	}
	p, err := a.tx.PutPost(p, o)
	return p, Changed, nil, err
}

// edit gives the post another text. The post stays this one whatever id or
// file the text comes from.
func (a *adder) edit(old feed.Post, r PostAction) (feed.Post, AddStatus, []string, error) {
	if r.Edit == nil {
		return old, "", nil, refuse("invalid", "the new text is missing: send it as edit")
	}
	e, cats, err := a.revise(old, *r.Edit)
	if err != nil {
		return old, "", nil, err
	}
	if err := a.complete(&e, cats); err != nil {
		return old, "", nil, err
	}
	p, status, err := a.change(old, &e, cats)
	if err != nil {
		return old, "", nil, err
	}
	w, err := a.unserved(p, r.Edit.Links)
	return p, status, append(e.warnings, w...), err
}

// revise reads a document as a new text of the post.
func (a *adder) revise(old feed.Post, d Document) (e entry, cats []feed.Category, err error) {
	if _, stem := feed.FileStem(d.Post.File); d.Post.Slug != "" && d.Post.Slug == feed.Slug(stem) {
		d.Post.Slug = ""
	}
	if e, err = a.read(&d); err != nil {
		return e, nil, err
	}
	if e.post.ID != "" && e.post.ID != old.ID {
		e.warnings = append(e.warnings, fmt.Sprintf("id: the post keeps the id %s, which never changes", old.ID))
	}
	if e.draft && wasOut(old) {
		e.warnings = append(e.warnings, fmt.Sprintf("draft: the post was out already and stays %s", old.State))
	}
	e.post.File, e.edited = old.File, true
	if err := a.move(&e, old); err != nil {
		return e, nil, err
	}
	e.remember(old)
	cats, err = a.resolve(e.names, old)
	return e, cats, err
}

// probeEdit asks about the attachments of an edited post, if it is one.
func (h *Handler) probeEdit(ctx context.Context, r PostAction) (map[string]told, error) {
	if r.Action != "edit" || r.Edit == nil {
		return nil, nil
	}
	req := AddRequest{Now: r.Now, NoProbe: r.NoProbe}
	return h.probe(ctx, req, []Document{*r.Edit}, func(a *adder) ([]lack, error) {
		old, err := findPost(a.tx, r.Name)
		if err != nil || old.State == feed.Removed {
			return nil, err
		}
		e, cats, err := a.revise(old, *r.Edit)
		if err != nil {
			return nil, err
		}
		return a.lacks(&e, cats)
	})
}
