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
	"sync"

	"syndic/feed"
)

// render makes the edition's feeds. When fresh is set no kept entry is used,
// and one that would differ is replaced.
func (s *Scheduler) render(ctx context.Context, e *edition, fresh bool) error {
	if err := e.renderEntries(ctx, fresh); err != nil {
		return err
	}
	e.sumUp()
	e.fit()
	return s.renderFeeds(e)
}

// renderEntries renders each entry that is not kept, and finds those that are
// new to the store.
func (e *edition) renderEntries(ctx context.Context, fresh bool) error {
	for _, entry := range e.entries {
		if !fresh && entry.kept() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		made, err := feed.RenderEntries(e.site, entry.post)
		if err != nil {
			return err
		}
		for _, f := range feed.Formats {
			if entry.summed[f] || bytes.Equal(entry.bytes[f], made[f]) {
				continue
			}
			entry.bytes[f] = made[f]
			e.fragments = append(e.fragments, feed.Fragment{Key: entry.keys[f], Data: made[f]})
		}
	}
	return nil
}

// kept tells whether the store has the entry in every format.
func (e *entry) kept() bool {
	for f := range e.bytes {
		if e.bytes[f] == nil && !e.summed[f] {
			return false
		}
	}
	return true
}

// sumUp sums the bytes that were read or rendered.
func (e *edition) sumUp() {
	var working sync.WaitGroup
	defer working.Wait()
	for _, f := range feed.Formats {
		working.Go(func() {
			for _, entry := range e.entries {
				if !entry.summed[f] {
					entry.sums[f] = feed.SumOf(entry.bytes[f])
				}
			}
		})
	}
}

// fit cuts the window to the size that a feed may have.
func (e *edition) fit() {
	sizes := make([][3]int, len(e.entries))
	for i, entry := range e.entries {
		for f, sum := range entry.sums {
			sizes[i][f] = sum.Size
		}
	}
	n := feed.Fit(sizes)
	if n == len(e.entries) {
		return
	}
	e.entries = e.entries[:n]
	in := make(map[feed.FragmentKey]bool, 3*n)
	for _, entry := range e.entries {
		for _, k := range entry.keys {
			in[k] = true
		}
	}
	e.fragments = slices.DeleteFunc(e.fragments, func(f feed.Fragment) bool { return !in[f.Key] })
}

// renderFeeds makes each feed's record and has it checked.
func (s *Scheduler) renderFeeds(e *edition) error {
	posts := make([]feed.Post, len(e.entries))
	for i, entry := range e.entries {
		posts[i] = entry.post
	}
	// These grow with the configuration, so they are made once.
	print, entryPrint := feed.Fingerprint(e.category), feed.EntryFingerprint(e.site)
	for _, f := range feed.Formats {
		a, err := e.frame(f, posts)
		if err != nil {
			return err
		}
		a.Fingerprint, a.EntryFingerprint = print, entryPrint
		if e.unchanged[f] = e.reads(a, e.before[f]); !e.unchanged[f] {
			e.refused[f] = s.lint(e, a)
		}
		if e.refused[f] == nil {
			e.made[f] = a
		}
	}
	return nil
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

// frame makes a feed's record.
func (e *edition) frame(f feed.Format, posts []feed.Post) (*feed.Artifact, error) {
	head, tail, err := feed.RenderFrame(e.category, posts, f)
	if err != nil {
		return nil, err
	}
	n := len(e.entries)
	a := &feed.Artifact{
		Category: e.stored.Num, Format: f,
		Topic: e.site.Topic(e.category, f), Path: e.category.FeedPath(f),
		Head: head, Tail: tail,
		Entries: make([]feed.FragmentKey, n), Dates: make([]feed.EntryDates, n), Sums: make([]feed.EntrySum, n),
		Hubs: hubs(e.category), MaxAge: e.category.Every,
	}
	for i, entry := range e.entries {
		a.Entries[i], a.Dates[i], a.Sums[i] = entry.keys[f], feed.DatesOf(entry.post), entry.sums[f]
	}
	a.Digest, a.Size = feed.DigestParts(f, head, a.Sums, tail)
	return a, nil
}

// lint has a feed checked. Without a check of its own it must parse. Entries
// that the store keeps have been checked within another feed, so the frame is
// checked with the new ones alone: the work of a check follows the change.
func (s *Scheduler) lint(e *edition, a *feed.Artifact) error {
	part := Part{Format: a.Format, Topic: a.Topic, Head: a.Head, Tail: a.Tail}
	for _, f := range e.fragments {
		if f.Key.Format == a.Format {
			part.Entries = append(part.Entries, f.Data)
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
