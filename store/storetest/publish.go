package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// WindowPosts is how many posts the feeds of Publication hold.
const WindowPosts = 5

// Publish publishes all that is pending in the category, with the plain feeds
// of Publication.
func Publish(t testing.TB, s store.Store, category uint64) {
	t.Helper()
	err := s.Update(context.Background(), func(tx store.Tx) error {
		p, err := Publication(tx, category, tx.Now())
		if err != nil {
			return err
		}
		return tx.Publish(p)
	})
	if err != nil {
		t.Fatalf("publish category %d: %v", category, err)
	}
}

// Publication is what a publication of all that is pending in the category
// commits. Its feeds are plain text, not documents: a line for each of the
// newest posts.
func Publication(r store.Reader, category uint64, now time.Time) (store.Publication, error) {
	return publicationOf(r, category, now, func(store.Pending) bool { return true })
}

// publicationOf takes in what take wants of what is pending.
func publicationOf(r store.Reader, category uint64, now time.Time, take func(store.Pending) bool) (store.Publication, error) {
	c, err := r.Category(category)
	if err != nil {
		return store.Publication{}, err
	}
	p := store.Publication{Category: c}
	if p.Mark, err = r.Mark(category); err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	if p.Handled, err = r.Pending(category, 0, 1<<20); err != nil {
		return p, err
	}
	p.Handled = slices.DeleteFunc(p.Handled, func(h store.Pending) bool { return !take(h) })
	if err := handle(r, &p, now); err != nil {
		return p, err
	}
	window, err := window(r, p)
	if err != nil {
		return p, err
	}
	for _, f := range feed.Formats {
		if err := render(r, &p, f, window, now); err != nil {
			return p, err
		}
	}
	return p, nil
}

// handle makes the handled posts live that go into the category.
func handle(r store.Reader, p *store.Publication, now time.Time) error {
	for _, h := range p.Handled {
		post, err := r.Post(h.Post)
		if err != nil {
			return err
		}
		if !post.State.Goes() || p.Category.Num != feed.SiteNum && !slices.Contains(post.Categories, p.Category.ID) {
			continue
		}
		if post.Published.IsZero() {
			post.Published = now
		}
		post.State, post.Live = feed.Published, post.Revision
		p.Posts = append(p.Posts, post)
	}
	return nil
}

// window is the newest posts of the category once the publication is made.
func window(r store.Reader, p store.Publication) ([]feed.Post, error) {
	kept, err := r.Timeline(p.Category.Num, store.Cursor{}, WindowPosts+len(p.Handled))
	if err != nil {
		return nil, err
	}
	kept = slices.DeleteFunc(kept, func(post feed.Post) bool {
		return slices.ContainsFunc(p.Handled, func(h store.Pending) bool { return h.Post == post.Num })
	})
	all := append(kept, p.Posts...)
	slices.SortFunc(all, feed.Newer)
	return all[:min(len(all), WindowPosts)], nil
}

func render(r store.Reader, p *store.Publication, f feed.Format, posts []feed.Post, now time.Time) error {
	a := feed.Artifact{
		Category: p.Category.Num, Format: f, Path: p.Category.FeedPath(f), Topic: "http://example.org/" + p.Category.FeedPath(f),
		Head: fmt.Appendf(nil, "%s of %q\n", f, p.Category.Slug), Tail: []byte("end\n"),
		Modified: now.Truncate(time.Second), Generation: uint64(r.Seq()), MaxAge: time.Minute, Fingerprint: "plain",
		Sums: []feed.EntrySum{},
	}
	for _, post := range posts {
		e := Fragment(post, f)
		a.Entries, a.Dates, a.Sums = append(a.Entries, e.Key), append(a.Dates, feed.DatesOf(post)), append(a.Sums, feed.SumOf(e.Data))
		if _, err := r.Fragment(e.Key); errors.Is(err, store.ErrNotFound) {
			p.Fragments = append(p.Fragments, e)
		} else if err != nil {
			return err
		}
	}
	a.Digest, a.Size = feed.DigestParts(f, a.Head, a.Sums, a.Tail)
	p.Artifacts = append(p.Artifacts, a)
	return nil
}

// Fragment is the post's entry in a plain feed.
func Fragment(p feed.Post, f feed.Format) feed.Fragment {
	key := feed.FragmentKey{Post: p.Num, Format: f}
	binary.BigEndian.PutUint64(key.Variant[:], p.Revision)
	return feed.Fragment{Key: key, Data: fmt.Appendf(nil, "%s: %s, revision %d\n", f, p.ID, p.Revision)}
}
