package control

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// rig is a handler over a real store, and a client of it in process.
type rig struct {
	t testing.TB
	*Client
	store store.Store
	cfg   Config
}

func newRig(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	slot := func(_ feed.Site, _ feed.Category, after time.Time) time.Time { return after.Add(time.Hour) }
	s := storetest.MustOpen(t, func(path string) (store.Store, error) {
		return bolt.Open(path, bolt.Options{Create: true, Slot: slot})
	})
	cfg := Config{Store: s, Site: storetest.Site(), Version: "1.2.3", Data: "/data"}
	for _, c := range change {
		c(&cfg)
	}
	return &rig{t, Local(New(cfg)), s, cfg}
}

func (r *rig) view(fn func(store.Reader) error) {
	r.t.Helper()
	if err := r.store.View(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) update(fn func(store.Tx) error) {
	r.t.Helper()
	if err := r.store.Update(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) seq() (seq store.Seq) {
	r.t.Helper()
	r.view(func(rd store.Reader) error { seq = rd.Seq(); return nil })
	return seq
}

// kept is the post as the store has it.
func (r *rig) kept(name string) (p feed.Post) {
	r.t.Helper()
	r.view(func(rd store.Reader) (err error) { p, err = findPost(rd, name); return err })
	return p
}

// soon tells whether the category is due by now, not at the slot in an hour;
// false when it is not due at all.
func (r *rig) soon(category string) (due bool) {
	r.t.Helper()
	r.view(func(rd store.Reader) error {
		c, err := findCategory(rd, r.cfg.Site, category)
		if err != nil {
			return err
		}
		m, err := rd.Mark(c.Num)
		due = err == nil && !m.Due.After(time.Now())
		return nil
	})
	return due
}

func (r *rig) addAll(req AddRequest) []AddResult {
	r.t.Helper()
	res, err := r.Add(context.Background(), req)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

// add adds one document.
func (r *rig) add(d Document) AddResult {
	r.t.Helper()
	return r.addAll(AddRequest{Documents: []Document{d}})[0]
}

// mustAdd adds one document that is to be accepted.
func (r *rig) mustAdd(d Document) AddResult {
	r.t.Helper()
	res := r.add(d)
	if res.Status == Rejected || res.Status == Skipped {
		r.t.Fatalf("add: %+v", res)
	}
	return res
}

func (r *rig) act(a PostAction) AddResult {
	r.t.Helper()
	res, err := r.Act(context.Background(), a)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

// publish publishes every category's waiting posts, as the scheduler does,
// with one made-up artifact each.
func (r *rig) publish() {
	r.t.Helper()
	r.update(func(tx store.Tx) error {
		site, err := tx.Site()
		if err != nil {
			return err
		}
		for c, err := range eachCategory(tx) {
			if err != nil {
				return err
			}
			if err := tx.Publish(publication(tx, site, c)); err != nil {
				return err
			}
		}
		return nil
	})
}

func publication(tx store.Tx, site feed.Site, c feed.Category) store.Publication {
	p := store.Publication{Category: c}
	p.Mark, _ = tx.Mark(c.Num)
	p.Handled, _ = tx.Pending(c.Num, 0, 1000)
	for _, h := range p.Handled {
		post, err := tx.Post(h.Post)
		if err != nil || !post.State.Goes() {
			continue
		}
		if post.Published.IsZero() {
			post.Published = tx.Now().Truncate(time.Second)
		}
		post.State, post.Live = feed.Published, post.Revision
		p.Posts = append(p.Posts, post)
	}
	head, tail := []byte("<"+c.Slug+">"), []byte("</>")
	p.Artifacts = []feed.Artifact{{
		Category: c.Num, Format: feed.RSS, Topic: site.Topic(c, feed.RSS), Path: c.FeedPath(feed.RSS), Head: head, Tail: tail,
		Digest: feed.DigestOf(feed.Join(feed.RSS, head, nil, tail)), Size: len(head) + len(tail), Generation: uint64(tx.Seq()),
		Modified: tx.Now().Truncate(time.Second), Hubs: *site.Effective(c).Hubs,
	}}
	return p
}

// md is a document as the importer makes one of a file.
func md(file, title, body string, change ...func(*Document)) Document {
	d := Document{Post: feed.Post{File: file, Title: title, Body: body, Markup: feed.Markdown}}
	if file != "" {
		d.Post.Slug = feed.Slug(strings.TrimSuffix(file, ".md"))
	}
	d.Categories, d.Date = []string{"Design"}, "2026-01-02T10:00:00Z"
	for _, c := range change {
		c(&d)
	}
	return d
}

func dated(date string) func(*Document)     { return func(d *Document) { d.Date = date } }
func slugged(slug string) func(*Document)   { return func(d *Document) { d.Post.Slug = slug } }
func withID(id string) func(*Document)      { return func(d *Document) { d.Post.ID = id } }
func draft(d *Document)                     { d.Draft = true }
func in(names ...string) func(*Document)    { return func(d *Document) { d.Categories = names } }
func links(links ...string) func(*Document) { return func(d *Document) { d.Links = links } }

// examples are the posts that the repository ships, read by no more than their
// front matter uses.
func examples(t testing.TB) []Document {
	t.Helper()
	files, err := filepath.Glob("../examples/*.md")
	if err != nil || len(files) != 10 {
		t.Fatalf("examples: %d files, %v", len(files), err)
	}
	var docs []Document
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.SplitN(string(src), "---\n", 3)
		d := Document{Post: feed.Post{File: filepath.Base(f), Body: parts[2], Markup: feed.Markdown}}
		for line := range strings.Lines(parts[1]) {
			key, val, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch val = strings.Trim(val, `"[]`); key {
			case "title":
				d.Post.Title = val
			case "slug":
				d.Post.Slug = val
			case "date":
				d.Date = val
			case "categories":
				d.Categories = []string{val}
			}
		}
		docs = append(docs, d)
	}
	return docs
}

// refused checks an error's code, and that its message has each of the words.
func refused(t testing.TB, err error, code string, words ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("error %v, want the code %q", err, code)
		return
	}
	says(t, e.Message, words...)
}

func says(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not say %q", text, w)
		}
	}
	if strings.Contains(text, "\n") {
		t.Errorf("%q has more than one line", text)
	}
}

// num is a category's number.
func (r *rig) num(category string) (num uint64) {
	r.t.Helper()
	r.view(func(rd store.Reader) error {
		c, err := findCategory(rd, r.cfg.Site, category)
		num = c.Num
		return err
	})
	return num
}
