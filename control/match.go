package control

import (
	"fmt"
	"strings"

	"syndic/feed"
)

// match finds the post that a document is a new text of: by its id, else by
// its slug, which may be a former one. Num is 0 when there is none.
func (a *adder) match(e *entry) (feed.Post, error) {
	if e.post.ID != "" {
		old, err := a.tx.PostByID(e.post.ID)
		if err == nil {
			return old, a.move(e, old)
		}
		if !isNotFound(err) {
			return old, err
		}
	}
	old, err := a.tx.PostBySlug(e.slug)
	if isNotFound(err) {
		return feed.Post{}, nil
	}
	if err != nil {
		return old, err
	}
	return old, a.claim(e, old)
}

// move lets a post that was found otherwise have the document's slug, or keep
// its own when the document has none.
func (a *adder) move(e *entry, old feed.Post) error {
	if e.post.Slug == "" || e.post.Slug == old.Slug {
		e.slug = old.Slug
		return nil
	}
	other, err := a.tx.PostBySlug(e.post.Slug)
	if isNotFound(err) || err == nil && other.Num == old.Num {
		return nil
	}
	if err != nil {
		return err
	}
	return refuse("conflict", "the slug %q is, or was, that of the post %s: choose another", e.post.Slug, describePost(other))
}

// claim tells whether a document that has a post's slug is that post. Two ids
// that were both given, not minted here, are two posts; so are two files.
func (a *adder) claim(e *entry, old feed.Post) error {
	minted := strings.HasPrefix(old.ID, "tag:"+strings.ToLower(a.authority)+",")
	if e.post.ID != "" && !minted && !a.req.Update {
		return refuse("conflict", "the slug %q is, or was, that of the post %s: give this one, whose id is %s, a slug of its own", e.slug, describePost(old), e.post.ID)
	}
	if err := a.claimed(e, old); err != nil && !a.req.Update {
		return err
	}
	if e.post.ID != "" {
		e.warnings = append(e.warnings, fmt.Sprintf("id: the post keeps the id %s, which never changes; leave %s out", old.ID, e.post.ID))
	}
	return nil
}

// claimed refuses a file that is not the one that the post came from, and a slug
// that is a former one, under which the post's old addresses still lead to it,
// of a document that does not say by its file's name that it is that post.
func (a *adder) claimed(e *entry, old feed.Post) error {
	takenBack := old.State.TakenBack()
	named := e.post.File != "" && old.File != ""
	former := e.slug != old.Slug
	switch {
	case named && e.post.File == old.File, !named && (takenBack || !former):
		return nil
	case takenBack:
		return refuse("conflict", "the slug %q stays that of the post %s, which was %s: give %s a slug of its own", e.slug, describePost(old), old.State, e.post.File)
	case former:
		return refuse("conflict", "the slug %q%s once was that of the post %s, which has %q now: choose another, or say with --update that they are one post", e.slug, of(e.post), describePost(old), old.Slug)
	}
	return refuse("conflict", "%s and %s have the same slug %q: give one a slug of its own, or say with --update that they are one post", e.post.File, old.File, e.slug)
}

// of names a document's file, if it has one.
func of(p feed.Post) string {
	if p.File == "" {
		return ""
	}
	return " of " + p.File
}

// describePost names a post for a message.
func describePost(p feed.Post) string {
	if p.File != "" {
		return fmt.Sprintf("%s (from %s)", p.ID, p.File)
	}
	return p.ID
}
