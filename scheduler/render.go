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

// render makes the edition's feeds. When fresh is set no kept entry is used,
// and one that would differ is replaced.
func (s *Scheduler) render(ctx context.Context, e *edition, fresh bool) error {
	if err := e.renderEntries(ctx, fresh); err != nil {
		return err
	}
	e.fit()
	for _, f := range feed.Formats {
		if err := s.renderFeed(e, f); err != nil {
			return err
		}
	}
	return nil
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

// renderFeed joins one feed and has it checked.
func (s *Scheduler) renderFeed(e *edition, f feed.Format) error {
	head, tail, err := feed.RenderFrame(e.category, e.posts, f)
	if err != nil {
		return err
	}
	entries := make([][]byte, len(e.entries))
	keys := make([]feed.FragmentKey, len(e.entries))
	for i := range e.entries {
		entries[i], keys[i] = e.entries[i][f], e.keys[i][f]
	}
	whole := feed.Join(f, head, entries, tail)
	a := &feed.Artifact{
		Category: e.stored.Num, Format: f,
		Topic: e.site.Topic(e.category, f), Path: e.category.FeedPath(f),
		Head: head, Tail: tail, Entries: keys,
		Digest: feed.DigestOf(whole), Size: len(whole),
		Hubs: hubs(e.category), MaxAge: e.category.Every, Fingerprint: feed.Fingerprint(e.category),
	}
	if old := e.before[f]; old != nil && old.Digest == a.Digest {
		e.made[f] = a // these bytes have been checked
		return nil
	}
	if err := s.lint(e, a, whole); err != nil {
		e.refused[f] = fmt.Errorf("%s: %w", f.File(), err)
		return nil
	}
	e.made[f] = a
	return nil
}

// lint has a feed checked. Without a check of its own it must parse; entries
// that the store keeps have parsed within another feed, so the frame is parsed
// with the new ones alone, which is most of the time of a publication saved.
func (s *Scheduler) lint(e *edition, a *feed.Artifact, whole []byte) error {
	if s.check != nil {
		return s.check(e.category, a.Format, whole)
	}
	var fresh [][]byte
	for i, entry := range e.entries {
		if !bytes.Equal(entry[a.Format], e.kept[i][a.Format]) {
			fresh = append(fresh, entry[a.Format])
		}
	}
	return parses(a.Format, feed.Join(a.Format, a.Head, fresh, a.Tail))
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
func parses(f feed.Format, b []byte) error {
	if f == feed.JSON {
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
