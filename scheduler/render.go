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
	e.fit()
	return s.renderFeeds(e)
}

// renderEntries renders each entry that is not kept.
func (e *edition) renderEntries(ctx context.Context, fresh bool) error {
	e.entries = slices.Clone(e.kept)
	for i, p := range e.posts {
		kept := e.kept[i]
		if !fresh && kept[feed.RSS] != nil && kept[feed.Atom] != nil && kept[feed.JSON] != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		made, err := feed.RenderEntries(e.site, p)
		if err != nil {
			return err
		}
		e.entries[i] = made
		for _, f := range feed.Formats {
			if kept[f] == nil || !bytes.Equal(kept[f], made[f]) {
				e.fragments = append(e.fragments, feed.Fragment{Key: e.keys[i][f], Data: made[f]})
			}
		}
	}
	return nil
}

// fit cuts the window to the size that a feed may have.
func (e *edition) fit() {
	sizes := make([][3]int, len(e.entries))
	for i, entry := range e.entries {
		for _, f := range feed.Formats {
			sizes[i][f] = len(entry[f])
		}
	}
	n := feed.Fit(sizes)
	if n == len(e.posts) {
		return
	}
	e.posts, e.keys, e.entries = e.posts[:n], e.keys[:n], e.entries[:n]
	in := make(map[feed.FragmentKey]bool, 3*n)
	for _, keys := range e.keys {
		for _, k := range keys {
			in[k] = true
		}
	}
	e.fragments = slices.DeleteFunc(e.fragments, func(f feed.Fragment) bool { return !in[f.Key] })
}

// renderFeeds makes each feed's record and has it checked. The entries' sums
// are made beside all that, as they are half of the work of a small change.
func (s *Scheduler) renderFeeds(e *edition) error {
	var sums sync.WaitGroup
	defer sums.Wait()
	// These grow with the configuration, so they are made once.
	print, entryPrint := feed.Fingerprint(e.category), feed.EntryFingerprint(e.site)
	var made [3]*feed.Artifact
	for _, f := range feed.Formats {
		a, err := e.frame(f)
		if err != nil {
			return err
		}
		a.Fingerprint, a.EntryFingerprint = print, entryPrint
		made[f] = a
		sums.Go(func() {
			for i := range e.entries {
				a.Sums[i] = feed.SumOf(e.entries[i][f])
			}
			a.Digest, a.Size = feed.DigestParts(f, a.Head, a.Sums, a.Tail)
		})
		e.refused[f] = s.lint(e, a)
	}
	sums.Wait()
	for _, f := range feed.Formats {
		if e.unchanged[f] = e.reads(made[f], e.before[f]); e.unchanged[f] {
			e.refused[f] = nil // these bytes have been checked
		}
		if e.refused[f] == nil {
			e.made[f] = made[f]
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
		entries[i] = e.entries[i][a.Format]
	}
	return feed.DigestOf(feed.Join(a.Format, a.Head, entries, a.Tail)) == old.Digest
}

// frame makes a feed's record, without the digests.
func (e *edition) frame(f feed.Format) (*feed.Artifact, error) {
	head, tail, err := feed.RenderFrame(e.category, e.posts, f)
	if err != nil {
		return nil, err
	}
	a := &feed.Artifact{
		Category: e.stored.Num, Format: f,
		Topic: e.site.Topic(e.category, f), Path: e.category.FeedPath(f),
		Head: head, Tail: tail,
		Entries: make([]feed.FragmentKey, len(e.keys)), Dates: make([]feed.EntryDates, len(e.keys)),
		Sums: make([]feed.EntrySum, len(e.keys)),
		Hubs: hubs(e.category), MaxAge: e.category.Every,
	}
	for i, p := range e.posts {
		a.Entries[i], a.Dates[i] = e.keys[i][f], feed.DatesOf(p)
	}
	return a, nil
}

// lint has a feed checked. Without a check of its own it must parse. Entries
// that the store keeps have been checked within another feed, so the frame is
// checked with the new ones alone: the work of a check follows the change.
func (s *Scheduler) lint(e *edition, a *feed.Artifact) error {
	part := Part{Format: a.Format, Topic: a.Topic, Head: a.Head, Tail: a.Tail}
	for i, entry := range e.entries {
		if !bytes.Equal(entry[a.Format], e.kept[i][a.Format]) {
			part.Entries = append(part.Entries, entry[a.Format])
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
