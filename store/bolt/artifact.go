package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// Artifact is a feed as published.
func (r *reader) Artifact(category uint64, f feed.Format) (a feed.Artifact, err error) {
	data, err := r.find(inArtifact, artifactKey(category, f))
	if err == nil {
		a, err = decodeArtifact(data)
	}
	if err != nil {
		return feed.Artifact{}, fmt.Errorf("read feed %d %s: %w", category, f, err)
	}
	return a, nil
}

// Artifacts lists the category's feeds.
func (r *reader) Artifacts(category uint64) ([]feed.Artifact, error) {
	var list []feed.Artifact
	for _, v := range r.rows(inArtifact, numKey(category), nil) {
		a, err := decodeArtifact(v)
		if err != nil {
			return nil, fmt.Errorf("read feeds of category %d: %w", category, err)
		}
		list = append(list, a)
	}
	return list, r.fault
}

// Headers lists the feeds of many categories without their bytes.
func (r *reader) Headers(after uint64, limit int) ([]feed.Artifact, error) {
	var list []feed.Artifact
	for k, v := range r.rows(inArtifact, nil, numKey(after+1)) {
		if len(list) >= limit && (limit <= 0 || number(k) != list[len(list)-1].Category) {
			break
		}
		a, err := decodeHeader(v)
		if err != nil {
			return nil, fmt.Errorf("read the headers of feeds: %w", err)
		}
		list = append(list, a)
	}
	return list, r.fault
}

// Fragment is a kept entry's bytes.
func (r *reader) Fragment(key feed.FragmentKey) ([]byte, error) { return r.AppendFragment(nil, key) }

// AppendFragment appends a kept entry's bytes.
func (r *reader) AppendFragment(to []byte, key feed.FragmentKey) ([]byte, error) {
	data, err := r.find(inFragment, fragmentKey(key))
	if err != nil {
		return to, fmt.Errorf("read fragment of post %d %s: %w", key.Post, key.Format, err)
	}
	return r.copied(to, data), r.fault
}

// entryPlan is what a publication does to the kept entries.
type entryPlan struct {
	packed  map[feed.Format][]byte // the entries of each artifact
	given   map[feed.FragmentKey]bool
	added   map[feed.FragmentKey]int // references, less those given up
	changed []feed.FragmentKey       // the keys of added, in order
}

func (e *entryPlan) refer(keys []feed.FragmentKey, by int) {
	for _, k := range keys {
		if _, known := e.added[k]; !known {
			e.changed = append(e.changed, k)
		}
		e.added[k] += by
	}
}

// differing leaves out what two lists begin and end with alike: nearly all of
// two windows of one feed.
func differing(old, new []feed.FragmentKey) (gone, come []feed.FragmentKey) {
	for len(old) > 0 && len(new) > 0 && old[0] == new[0] {
		old, new = old[1:], new[1:]
	}
	for len(old) > 0 && len(new) > 0 && old[len(old)-1] == new[len(new)-1] {
		old, new = old[:len(old)-1], new[:len(new)-1]
	}
	return old, new
}

// planEntries counts references: an artifact releases those of the one that it
// replaces. An entry that the publication takes for kept and that has gone is
// a conflict.
func (t *tx) planEntries(p store.Publication) (entryPlan, error) {
	e := entryPlan{packed: map[feed.Format][]byte{}, given: make(map[feed.FragmentKey]bool), added: make(map[feed.FragmentKey]int)}
	for _, f := range p.Fragments {
		e.given[f.Key] = true
	}
	if p.Drop && len(p.Artifacts) > 0 {
		return e, errors.New("a category is published or dropped, not both")
	}
	for _, a := range p.Artifacts {
		if a.Category != p.Category.Num || e.packed[a.Format] != nil || !slices.Contains(feed.Formats[:], a.Format) {
			return e, fmt.Errorf("format %d of category %d is not one of its feeds, or comes twice", a.Format, a.Category)
		}
		var err error
		if e.packed[a.Format], err = packEntries(a); err != nil {
			return e, err
		}
		if err := t.planReplaced(&e, a); err != nil {
			return e, err
		}
	}
	if p.Drop {
		kept, err := t.Artifacts(p.Category.Num)
		if err != nil {
			return e, err
		}
		for _, old := range kept {
			e.refer(old.Entries, -1)
		}
	}
	for _, k := range e.changed {
		if e.added[k] > 0 && !e.given[k] && !t.has(inFragment, fragmentKey(k)) {
			return e, fmt.Errorf("%w: the entry of post %d has gone", store.ErrConflict, k.Post)
		}
	}
	return e, t.fault
}

// refs is how many entries of artifacts name the kept one. Most have one, and
// no row that says so.
func (t *tx) refs(key []byte) uint64 {
	if row := t.get(inFragmentRef, key); row != nil {
		return number(row)
	}
	if t.has(inFragment, key) {
		return 1
	}
	return 0
}

// planReplaced counts what the artifact names otherwise than the one that it
// replaces: nothing, when only its head is another.
func (t *tx) planReplaced(e *entryPlan, a feed.Artifact) error {
	data := t.get(inArtifact, artifactKey(a.Category, a.Format))
	if data == nil {
		e.refer(a.Entries, 1)
		return t.fault
	}
	old, same, err := decodeEntries(data, a.Format, e.packed[a.Format])
	if err != nil {
		return fmt.Errorf("read feed %d %s: %w", a.Category, a.Format, err)
	}
	if same {
		return nil
	}
	gone, come := differing(old, a.Entries)
	e.refer(come, 1)
	e.refer(gone, -1)
	return nil
}

// writeArtifacts writes the feeds and counts the entries that they name, and
// drops those that none names any more.
func (t *tx) writeArtifacts(p store.Publication, e entryPlan) error {
	for _, f := range feed.Formats {
		if key := artifactKey(p.Category.Num, f); p.Drop && t.has(inArtifact, key) {
			t.drop(inArtifact, key)
		}
	}
	for _, a := range p.Artifacts {
		data, err := encodePacked(a, e.packed[a.Format])
		if err != nil {
			return err
		}
		t.put(inArtifact, artifactKey(a.Category, a.Format), data)
	}
	for _, k := range e.changed {
		if e.added[k] == 0 {
			continue // most of them: named before and after
		}
		key := fragmentKey(k)
		refs := int64(t.refs(key)) + int64(e.added[k])
		if refs <= 0 {
			t.drop(inFragment, key)
		}
		switch {
		case refs > 1:
			t.put(inFragmentRef, key, numKey(uint64(refs)))
		case t.has(inFragmentRef, key):
			t.drop(inFragmentRef, key)
		}
	}
	return t.fault
}

// writeEntries writes the given entries that a feed names, also those that are
// kept already with other bytes, as after damage. It tells whether a feed that
// is not written anew reads otherwise from now on. It comes after
// writeArtifacts, which has the counts of the references as they will be.
func (t *tx) writeEntries(p store.Publication, e entryPlan) (mended bool, err error) {
	for _, f := range p.Fragments {
		key := fragmentKey(f.Key)
		old := t.get(inFragment, key)
		if old != nil && bytes.Equal(old, f.Data) {
			continue
		}
		if old == nil && e.added[f.Key] <= 0 {
			// Nobody names it, unless it was lost.
			if named, err := t.named(p.Category.Num, f.Key); err != nil || !named {
				if err != nil {
					return false, err
				}
				continue
			}
		}
		mended = mended || e.added[f.Key] == 0
		t.put(inFragment, key, f.Data)
	}
	return mended, t.fault
}

// named tells whether the category's feed names an entry.
func (t *tx) named(category uint64, k feed.FragmentKey) (bool, error) {
	a, err := t.Artifact(category, k.Format)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return slices.Contains(a.Entries, k), err
}
