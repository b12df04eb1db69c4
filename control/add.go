package control

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// batchSize is how many documents one commit takes. More would go in faster, but
// whoever else adds something waits for the whole of it.
const batchSize = 1000

// add adds or updates posts, a batch a commit. A crash in between leaves whole
// batches; the same request then finds them unchanged.
func (h *Handler) add(ctx context.Context, req AddRequest) ([]AddResult, error) {
	results := make([]AddResult, 0, len(req.Documents))
	touched := map[uint64]bool{}
	for docs := range slices.Chunk(req.Documents, batchSize) {
		told, err := h.probe(ctx, req, docs, func(a *adder) ([]lack, error) { return a.lackAll(docs) })
		if err != nil {
			return nil, fmt.Errorf("ask about attachments: %w", err)
		}
		var batch []AddResult
		seen := make(map[uint64]bool, len(touched)+len(docs))
		err = h.cfg.Store.Update(ctx, func(tx store.Tx) error {
			clear(seen)
			for num := range touched {
				seen[num] = true
			}
			a, err := h.adder(tx, req, seen)
			if err != nil {
				return err
			}
			a.told = told
			batch, err = a.addAll(docs)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("add posts: %w", err)
		}
		touched = seen
		results = append(results, batch...)
	}
	return results, nil
}

// addAll adds a batch. Links are looked at last: documents link to each other.
func (a *adder) addAll(docs []Document) ([]AddResult, error) {
	results := make([]AddResult, len(docs))
	linking := map[int]feed.Post{} // by the document's place
	for i := range docs {
		res, p, err := a.addOne(&docs[i])
		if err != nil {
			return nil, err
		}
		if results[i] = res; p.Num != 0 && len(docs[i].Links) > 0 {
			linking[i] = p
		}
	}
	for i := range docs {
		p, ok := linking[i]
		if !ok {
			continue
		}
		w, err := a.unserved(p, docs[i].Links)
		if err != nil {
			return nil, err
		}
		results[i].Warnings = append(results[i].Warnings, w...)
	}
	return results, nil
}

// addOne adds a document. A refusal is part of its result; the error is the
// store's. The post has no Num when nothing came of the document.
func (a *adder) addOne(d *Document) (AddResult, feed.Post, error) {
	res := AddResult{File: d.Post.File, Slug: d.Post.Slug, Title: d.Post.Title, Warnings: slices.Clone(d.Warnings)}
	p, status, warnings, err := a.accept(d)
	var no *Error
	if errors.As(err, &no) {
		res.Status, res.Error = Rejected, no.Message
		return res, feed.Post{}, nil
	}
	if err != nil {
		return res, p, err
	}
	res.ID, res.Slug, res.Title, res.State, res.PublishAt = p.ID, p.Slug, p.Title, p.State, timeOrNil(p.PublishAt)
	res.Status, res.Warnings = status, warnings
	if status == Skipped {
		p.Num = 0
	}
	return res, p, nil
}

// lackAll lists what attachments lack of the documents that would be taken in.
func (a *adder) lackAll(docs []Document) (all []lack, err error) {
	for i := range docs {
		e, old, cats, err := a.consider(&docs[i])
		var list []lack
		if err == nil && skip(old, e) == "" {
			list, err = a.lacks(&e, cats)
		}
		var no *Error
		if err != nil && !errors.As(err, &no) {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// consider reads a document and finds the post that it is a text of.
func (a *adder) consider(d *Document) (e entry, old feed.Post, cats []feed.Category, err error) {
	if e, err = a.read(d); err != nil {
		return e, old, nil, err
	}
	if old, err = a.match(&e); err != nil {
		return e, old, nil, err
	}
	e.remember(old)
	cats, err = a.resolve(e.names, old)
	return e, old, cats, err
}

// accept decides what becomes of a document, and does it.
func (a *adder) accept(d *Document) (feed.Post, AddStatus, []string, error) {
	e, old, cats, err := a.consider(d)
	if err != nil {
		return old, "", nil, err
	}
	if why := skip(old, e); why != "" {
		return old, Skipped, append(e.warnings, why), nil
	}
	if err := a.complete(&e, cats); err != nil {
		return old, "", nil, err
	}
	p, status := old, Added
	if old.Num == 0 {
		p, err = a.addNew(&e, cats)
	} else {
		p, status, err = a.change(old, &e, cats)
	}
	if a.req.Now && (p.State == feed.Draft || p.State == feed.Scheduled) {
		e.warnings = append(e.warnings, fmt.Sprintf("its state is %s, which --now does not change: `syndic post publish %s` publishes it", p.State, p.ID))
	}
	return p, status, e.warnings, err
}

// skip tells why a document is left alone, if it is.
func skip(old feed.Post, e entry) string {
	switch {
	case old.State == feed.Recalled:
		return fmt.Sprintf("it was recalled and stays so: `syndic post publish %s` brings it back", old.ID)
	case old.State == feed.Removed:
		return fmt.Sprintf("it was removed, and `syndic post publish %s` cannot bring it back: give it another slug and no id to add it as a new post", old.ID)
	case e.draft && wasOut(old):
		return fmt.Sprintf("it is marked a draft, but is out already and stays as it is: `syndic post recall %s` takes it back", old.ID)
	}
	return ""
}

// addNew mints the post's id, unless the document has one.
func (a *adder) addNew(e *entry, cats []feed.Category) (feed.Post, error) {
	if err := a.wasAnother(e); err != nil {
		return feed.Post{}, err
	}
	p := a.merge(feed.Post{}, e, cats)
	p.ID = e.post.ID
	day := p.Published
	if day.IsZero() {
		day = a.now
	}
	for n := 0; p.ID == ""; n = max(n+1, 2) {
		id := feed.PostID(a.authority, day.In(a.zone), p.Slug, n)
		_, err := a.tx.PostByID(id)
		if isNotFound(err) {
			p.ID = id
		} else if err != nil {
			return p, err
		}
	}
	return a.put(p, cats, a.req.Now)
}

// wasAnother warns of a file that has made a post before, by the slug that its
// name gives, and comes with a slug of its own now: readers would have both.
func (a *adder) wasAnother(e *entry) error {
	_, stem := feed.FileStem(e.post.File)
	named := feed.Slug(stem)
	if e.post.File == "" || named == "" || named == e.slug {
		return nil
	}
	old, err := a.tx.PostBySlug(named)
	if isNotFound(err) || err == nil && (old.File != e.post.File || old.State.TakenBack()) {
		return nil
	}
	if err == nil {
		e.warnings = append(e.warnings, fmt.Sprintf("slug: with another one it is another post, and the one that this file made before stays: `syndic post recall %s` takes that back; a line `id: %[1]s` in the file keeps it one post", old.ID))
	}
	return err
}

// change writes a post's new text, if anything is new. Nothing is lost when
// two files of one request have the same name and slug: the second is refused,
// whether the first was new or in already.
func (a *adder) change(old feed.Post, e *entry, cats []feed.Category) (feed.Post, AddStatus, error) {
	p := a.merge(old, e, cats)
	if same(p, old) {
		a.touched[old.Num] = true
		if a.req.Now && waits(old) {
			_, err := a.put(old, cats, true)
			return p, Unchanged, err
		}
		p.Labels = labels(cats)
		return p, Unchanged, nil
	}
	if a.touched[old.Num] {
		return p, "", refuse("conflict", "another document of this request is the post %s already: give one a slug of its own", describePost(old))
	}
	p, err := a.put(p, cats, a.req.Now)
	return p, Changed, err
}

// waits tells whether a post has something that is not out yet.
func waits(p feed.Post) bool {
	return p.State == feed.Queued || p.State == feed.Published && p.Revision > p.Live
}
