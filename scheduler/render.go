package scheduler

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"syndic/feed"
)

// render makes the edition's feeds, if readers are to get any. When fresh is set
// no kept entry is used, and one that would differ is replaced. The frames, which
// show no more of posts than their dates, are made beside the conversion of new
// posts, and then the formats beside each other; what is left of entries that
// were begun with is done before another core has woken up.
func (s *Scheduler) render(ctx context.Context, e *edition, fresh bool) error {
	if e.retired() || e.hidden() {
		return nil
	}
	todo := e.toRender(fresh)
	run := parallel
	if !slices.ContainsFunc(todo, func(e *entry) bool { return e.begun == nil }) {
		run = inTurn
	}
	err := run(1+len(todo), func(i int) error {
		if i == 0 {
			return e.renderFrames()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return todo[i-1].prepare(e.site)
	})
	if err != nil {
		return err
	}
	err = run(len(feed.Formats), func(i int) error {
		f := feed.Formats[i]
		if err := e.renderEntries(f); err != nil {
			return err
		}
		s.judge(e, e.artifact(f))
		return nil
	})
	if err != nil {
		return err
	}
	for e.fit() { // hardly ever, so it is found out late; a feed of fewer posts may have a longer head
		if err := e.renderFrames(); err != nil {
			return err
		}
		for _, f := range feed.Formats {
			s.judge(e, e.artifact(f))
		}
	}
	e.gather()
	return nil
}

// toRender picks the entries that are not kept.
func (e *edition) toRender(fresh bool) (todo []*entry) {
	for _, entry := range e.entries {
		if entry.making == nil {
			continue
		}
		if entry.anew = fresh || !entry.kept(); entry.anew {
			todo = append(todo, entry)
		}
	}
	return todo
}

// renderEntries renders what is to be rendered in one format, and sums what the
// feeds before have not summed.
func (e *edition) renderEntries(f feed.Format) error {
	for _, entry := range e.entries {
		if entry.summed[f] {
			continue
		}
		if !entry.anew {
			entry.sums[f] = feed.SumOf(entry.bytes[f])
			continue
		}
		made, err := entry.render(f)
		if err != nil {
			return err
		}
		entry.other[f] = !bytes.Equal(entry.bytes[f], made.bytes)
		entry.bytes[f], entry.sums[f] = made.bytes, made.sum
	}
	return nil
}

// renderFrames makes what stands around the entries.
func (e *edition) renderFrames() (err error) {
	if e.stays {
		e.dates = e.before[0].Dates
	} else {
		e.dates = make([]feed.EntryDates, len(e.entries))
		for i, entry := range e.entries {
			e.dates[i] = entry.dates
		}
	}
	e.heads, e.tails, err = feed.RenderFrames(e.category, e.dates)
	return err
}

// fit cuts the window to the size that a feed may have. One that stays has been
// cut before.
func (e *edition) fit() (cut bool) {
	var frames [3]int
	for f := range frames {
		frames[f] = len(e.heads[f]) + len(e.tails[f])
	}
	sizes := make([][3]int, len(e.entries))
	for i, entry := range e.entries {
		for f, sum := range entry.sums {
			sizes[i][f] = sum.Size
		}
	}
	n := feed.Fit(frames, sizes)
	cut = n < len(e.entries)
	e.entries = e.entries[:n]
	return cut
}

// gather collects the entries that are new to the store.
func (e *edition) gather() {
	for _, entry := range e.entries {
		if entry.making == nil {
			continue
		}
		for f, other := range entry.other {
			if other {
				e.fragments = append(e.fragments, feed.Fragment{Key: entry.keys[f], Data: entry.bytes[f]})
			}
		}
	}
}

// judge takes a feed in, unless it reads otherwise than before and the check
// refuses it.
func (s *Scheduler) judge(e *edition, a *feed.Artifact) {
	f := a.Format
	e.made[f], e.refused[f] = a, nil
	if e.unchanged[f] = e.reads(a, e.before[f]); e.unchanged[f] {
		return
	}
	if e.refused[f] = s.lint(e, a); e.refused[f] != nil {
		e.made[f] = nil
	}
}

// reads tells whether a feed reads as the one before. One that is older than
// the sums has the digest of its joined bytes.
func (e *edition) reads(a, old *feed.Artifact) bool {
	switch {
	case old == nil:
		return false
	case old.Summed():
		return a.Digest == old.Digest
	}
	entries := make([][]byte, len(e.entries))
	for i := range entries {
		entries[i] = e.entries[i].bytes[a.Format]
	}
	return feed.DigestOf(feed.Join(a.Format, a.Head, entries, a.Tail)) == old.Digest
}

// artifact makes a feed's record.
func (e *edition) artifact(f feed.Format) *feed.Artifact {
	a := &feed.Artifact{
		Category: e.stored.Num, Format: f,
		Topic: e.site.Topic(e.category, f), Path: e.category.FeedPath(f),
		Head: e.heads[f], Tail: e.tails[f], Dates: e.dates,
		Hubs: hubs(e.category), MaxAge: e.category.Every,
		Fingerprint: e.print, EntryFingerprint: e.entryPrint,
	}
	if e.stays {
		a.Entries, a.Sums = e.before[f].Entries, e.before[f].Sums
	} else {
		a.Entries, a.Sums = make([]feed.FragmentKey, len(e.entries)), make([]feed.EntrySum, len(e.entries))
		for i, entry := range e.entries {
			a.Entries[i], a.Sums[i] = entry.keys[f], entry.sums[f]
		}
	}
	a.Digest, a.Size = feed.DigestParts(f, a.Head, a.Sums, a.Tail)
	return a
}

// lint has a feed checked. Without a check of its own it must parse. Entries
// that the store keeps have been checked within another feed, so the frame is
// checked with the new ones alone: the work of a check follows the change.
func (s *Scheduler) lint(e *edition, a *feed.Artifact) error {
	part := Part{Format: a.Format, Topic: a.Topic, Head: a.Head, Tail: a.Tail}
	for _, entry := range e.entries {
		if entry.making != nil && entry.other[a.Format] {
			part.Entries = append(part.Entries, entry.bytes[a.Format])
			part.verdicts = append(part.verdicts, entry.verdict(a.Format))
		}
	}
	check := s.check
	if check == nil {
		check = parses
	}
	if err := check(e.category, part); err != nil {
		return fmt.Errorf("%s: %w", a.Format.File(), err)
	}
	return nil
}

// hubs are the category's, each once.
func hubs(c feed.Category) []string {
	var list []string
	for _, h := range *c.Hubs {
		if !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

// parses tells whether a feed is a document of its kind at all.
func parses(_ feed.Category, p Part) error {
	b := feed.Join(p.Format, p.Head, p.Entries, p.Tail)
	if p.Format == feed.JSON {
		if !json.Valid(b) {
			return errors.New("it is not JSON")
		}
		return nil
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	for elements := 0; ; {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && elements > 0:
			return nil
		case err != nil: // the end of no document at all, too
			return fmt.Errorf("it is not well-formed XML: %w", err)
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
}
