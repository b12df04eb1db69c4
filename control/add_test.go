package control

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// What becomes of a document when a post of its slug, or its id, is there.
func TestSamePost(t *testing.T) {
	first := md("a.md", "A", "text")
	for _, c := range []struct {
		name   string
		first  Document
		before func(*rig)
		second Document
		update bool
		want   AddStatus
		says   []string
	}{
		{name: "same file, same text", first: first, second: first, want: Unchanged},
		{name: "same file, new text", first: first, second: md("a.md", "A", "other"), want: Changed},
		{name: "same file, new title", first: first, second: md("a.md", "B", "text"), want: Changed},
		{name: "another file, same slug", first: first, second: md("b.md", "A", "text", slugged("a")), want: Rejected, says: []string{"a.md", "b.md", `"a"`, "--update"}},
		{name: "another file with --update", first: first, second: md("b.md", "A", "other", slugged("a")), update: true, want: Changed},
		{name: "standard input with the slug", first: first, second: md("", "A", "other"), want: Changed},
		{name: "standard input, nothing new", first: first, second: md("", "A", "text"), want: Unchanged},
		{name: "a file after standard input", first: md("", "A", "text"), second: md("a.md", "A", "other"), want: Changed},
		{name: "by its id from another file", first: first, second: md("b.md", "A", "other", withID("tag:example.org,2026-01-02:a"), slugged("")), want: Changed},
		{name: "by its id with a slug of its own", first: first, second: md("b.md", "A", "text", withID("tag:example.org,2026-01-02:a")), want: Changed},
		{name: "an id that nobody has, the same file", first: first, second: md("a.md", "A", "other", withID("urn:example:1")), want: Changed, says: []string{"keeps the id tag:example.org,2026-01-02:a", "urn:example:1"}},
		{name: "two given ids", first: md("a.md", "A", "text", withID("urn:example:1")), second: md("a.md", "A", "other", withID("urn:example:2")), want: Rejected, says: []string{"urn:example:1", "urn:example:2"}},
		{name: "recalled", first: first, before: func(r *rig) { r.act(PostAction{Name: "a", Action: "recall"}) }, second: md("a.md", "A", "other"), want: Skipped, says: []string{"recalled", "syndic post publish tag:example.org,2026-01-02:a"}},
		{name: "recalled, nothing new", first: first, before: func(r *rig) { r.act(PostAction{Name: "a", Action: "recall"}) }, second: first, want: Skipped, says: []string{"recalled"}},
		{name: "removed", first: first, before: func(r *rig) { r.act(PostAction{Name: "a", Action: "rm"}) }, second: first, want: Skipped, says: []string{"removed", "another slug"}},
		{name: "removed, another file", first: first, before: func(r *rig) { r.act(PostAction{Name: "a", Action: "rm"}) }, second: md("b.md", "B", "b", slugged("a")), want: Rejected, says: []string{"a.md", "b.md"}},
		{name: "a former slug, the same file", first: first, before: func(r *rig) { r.mustAdd(md("a.md", "A", "text", slugged("z"), withID("tag:example.org,2026-01-02:a"))) }, second: first, want: Changed},
		{name: "a former slug, another file", first: first, before: func(r *rig) { r.mustAdd(md("a.md", "A", "text", slugged("z"), withID("tag:example.org,2026-01-02:a"))) }, second: md("b.md", "B", "b", slugged("a")), want: Rejected, says: []string{"a.md", "b.md"}},
		{name: "a former slug, standard input", first: first, before: func(r *rig) { r.mustAdd(md("a.md", "A", "text", slugged("z"), withID("tag:example.org,2026-01-02:a"))) }, second: md("", "B", "b", slugged("a")), want: Rejected, says: []string{"a.md", `"a"`, "once", `"z"`, "--update"}},
		{name: "a former slug, standard input with --update", first: first, before: func(r *rig) { r.mustAdd(md("a.md", "A", "text", slugged("z"), withID("tag:example.org,2026-01-02:a"))) }, second: md("", "B", "b", slugged("a")), update: true, want: Changed},
		{name: "its id, another post's slug", first: first, before: func(r *rig) { r.mustAdd(md("b.md", "B", "b")) }, second: md("a.md", "A", "text", withID("tag:example.org,2026-01-02:a"), slugged("b")), want: Rejected, says: []string{`"b"`, "b.md"}},
		{name: "another post", first: first, second: md("c.md", "C", "text"), want: Added},
		{name: "draft of what is queued", first: first, second: md("a.md", "A", "text", draft), want: Changed},
		{name: "draft of what is out", first: first, before: (*rig).publish, second: md("a.md", "A", "half a text", draft), want: Skipped, says: []string{"draft", "syndic post recall"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			id := r.mustAdd(c.first).ID
			if c.before != nil {
				c.before(r)
			}
			seq := r.seq()
			res := r.addAll(AddRequest{Documents: []Document{c.second}, Update: c.update})[0]
			if res.Status != c.want {
				t.Fatalf("%+v, want %s", res, c.want)
			}
			says(t, res.Error+strings.Join(res.Warnings, " "), c.says...)
			if wrote := r.seq() != seq; wrote != (c.want == Added || c.want == Changed) {
				t.Errorf("%s: committed %t", c.want, wrote)
			}
			if c.want == Changed && res.ID != id {
				t.Errorf("id %s, was %s", res.ID, id)
			}
			if p := r.kept(id); p.ID != id {
				t.Errorf("%s now finds %s", id, p.ID)
			}
		})
	}
}

// Feeding an empty store from the same folder mints the same ids, in any order.
func TestFeedAgain(t *testing.T) {
	docs := examples(t)
	ids := map[string]string{}
	first := newRig(t)
	for i, res := range first.addAll(AddRequest{Documents: docs}) {
		if res.Status != Added || len(res.Warnings) > 0 || !strings.HasPrefix(res.ID, "tag:example.org,2026-") || !strings.HasSuffix(res.ID, ":"+docs[i].Post.Slug) {
			t.Errorf("%s: %+v", docs[i].Post.File, res)
		}
		ids[res.File] = res.ID
	}
	seq := first.seq()
	for _, res := range first.addAll(AddRequest{Documents: docs}) {
		if res.Status != Unchanged || res.ID != ids[res.File] {
			t.Errorf("again: %+v", res)
		}
	}
	if first.seq() != seq {
		t.Error("what changes nothing was committed")
	}
	second := newRig(t)
	for i := range docs {
		if res := second.mustAdd(docs[len(docs)-1-i]); res.ID != ids[res.File] {
			t.Errorf("%s: %s, before %s", res.File, res.ID, ids[res.File])
		}
	}
	a, errA := first.Category(t.Context(), "design")
	b, errB := second.Category(t.Context(), "Design")
	if errA != nil || errB != nil || a.ID != b.ID || a.ID == "" {
		t.Errorf("category ids %q and %q, %v, %v", a.ID, b.ID, errA, errB)
	}
}

func TestRefusedDocuments(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("c.md", "C", "text", in("C++")))
	for _, c := range []struct {
		name string
		doc  Document
		says []string
	}{
		{"nothing in it", md("a.md", "", " \n"), []string{"neither a title nor a body"}},
		{"a date that is none", md("a.md", "A", "", dated("soon")), []string{"date:", `"soon"`, "2026-01-05"}},
		{"year 0", md("a.md", "A", "", dated("0000-01-01")), []string{"1 to 9999"}},
		{"year 0 in UTC", md("a.md", "A", "", dated("0001-01-01T00:00:00+01:00")), []string{"1 to 9999"}},
		{"updated that is none", md("a.md", "A", "", func(d *Document) { d.Updated = "x" }), []string{"updated:"}},
		{"a relative url", md("a.md", "A", "", func(d *Document) { d.Post.URL = "/a" }), []string{"url:", `"/a"`}},
		{"another scheme", md("a.md", "A", "", func(d *Document) { d.Post.URL = "javascript:alert(1)" }), []string{"url:"}},
		{"an attachment of nothing", md("a.md", "A", "", func(d *Document) { d.Post.Attachments = []feed.Attachment{{}} }), []string{"attachments:"}},
		{"an id with a space", md("a.md", "A", "", withID("a b")), []string{"id:"}},
		{"an id that no feed can carry", md("a.md", "A", "", withID("tag:example.org:a")), []string{"id:", "RFC 4151", "leave it out"}},
		{"a slug of nothing", md("a.md", "A", "", slugged("--")), []string{"slug:", `"--"`}},
		{"unknown markup", md("a.md", "A", "", func(d *Document) { d.Post.Markup = "rst" }), []string{`"rst"`}},
		{"a category of nothing", md("a.md", "A", "", in("!!!")), []string{`"!!!"`, "categories.<slug>.title"}},
		{"two titles, one slug", md("a.md", "A", "", in("C#")), []string{`"C#"`, `"C++"`, "categories.<slug>.title"}},
		{"two new titles, one slug", md("a.md", "A", "", in("F#", "F*")), []string{`"F#"`, `"F*"`}},
		{"a very long category", md("a.md", "A", "", in(strings.Repeat("x", 501))), []string{"501"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			seq := r.seq()
			res := r.add(c.doc)
			if res.Status != Rejected || res.File != "a.md" || res.ID != "" {
				t.Errorf("%+v", res)
			}
			says(t, res.Error, c.says...)
			if r.seq() != seq {
				t.Error("a refused document was committed")
			}
		})
	}
}

// A bad document undoes no other, nor leaves a category behind.
func TestOneBadDocument(t *testing.T) {
	r := newRig(t)
	seq := r.seq()
	res := r.addAll(AddRequest{Documents: []Document{md("a.md", "A", ""), md("b.md", "B", "", in("New"), dated("x")), md("c.md", "C", "")}})
	if res[0].Status != Added || res[1].Status != Rejected || res[2].Status != Added {
		t.Errorf("%+v", res)
	}
	if r.seq() != seq+1 {
		t.Errorf("%d commits, want one", r.seq()-seq)
	}
	_, err := r.Category(t.Context(), "New")
	refused(t, err, "not_found")
}

// Two files of one name and one slug in one request are not one post: the
// second would hide the first.
func TestTwoFilesOfOneName(t *testing.T) {
	r := newRig(t)
	for _, first := range []AddStatus{Added, Unchanged} {
		res := r.addAll(AddRequest{Documents: []Document{md("index.md", "A", "a"), md("index.md", "B", "b"), md("index.md", "A", "a")}})
		if res[0].Status != first || res[1].Status != Rejected || res[2].Status != Unchanged {
			t.Errorf("%+v", res)
		}
	}
	if p := r.kept("index"); p.Title != "A" {
		t.Errorf("the post is %q", p.Title)
	}
}

// A file whose slug was changed is another post, by the rule that a document
// without an id is known by its slug; its author hears of both.
func TestSlugOfAFileChanges(t *testing.T) {
	for _, c := range []struct {
		name string
		doc  Document
		says []string
	}{
		{"a slug of its own", md("2026-01-02-a.md", "A", "text", slugged("better")), []string{"slug:", "syndic post recall tag:example.org,2026-01-02:a", "id: tag:example.org,2026-01-02:a"}},
		{"another file", md("b.md", "A", "text", slugged("better")), nil},
		{"a file with that name's end", md("a.md", "A", "text", slugged("better")), nil},
		{"standard input", md("", "A", "text", slugged("better")), nil},
		{"the slug that its name gives", md("2026-01-02-b.md", "A", "text", slugged("b")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.mustAdd(md("2026-01-02-a.md", "A", "text", slugged("a")))
			res := r.mustAdd(c.doc)
			if res.Status != Added || len(res.Warnings) > 0 != (c.says != nil) {
				t.Errorf("%+v", res)
			}
			says(t, strings.Join(res.Warnings, " "), c.says...)
			if c.says == nil {
				return
			}
			r.act(PostAction{Name: "a", Action: "recall"})
			c.doc.Post.Slug = "best"
			if res := r.mustAdd(c.doc); res.Status != Added || len(res.Warnings) > 0 {
				t.Errorf("after a recall: %+v", res)
			}
		})
	}
}

func TestSlug(t *testing.T) {
	for _, c := range []struct {
		name string
		doc  Document
		want string
	}{
		{"as written", md("", "A Title", "", slugged("My Slug")), "my-slug"},
		{"from the title", md("", "Über uns!", ""), "über-uns"},
		{"from the end of the id", md("", "", "x", withID("https://example.org/2026/an-entry/")), "an-entry"},
		{"from the end of a tag", md("", "", "x", withID("tag:example.org,2020:one")), "one"},
		{"from the text", md("", "", "x"), "2026-01-02-2d711642b726"},
		{"from the undated text", md("", "", "x", dated("")), "2d711642b726"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			if res := r.mustAdd(c.doc); res.Slug != c.want {
				t.Errorf("slug %q, want %q", res.Slug, c.want)
			}
			if res := r.mustAdd(c.doc); res.Status != Unchanged {
				t.Errorf("again: %+v", res)
			}
		})
	}
}

// An id that a tombstone has is not given again.
func TestIDSuffix(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("", "Old", "", withID("tag:example.org,2026-01-02:new")))
	r.act(PostAction{Name: "old", Action: "rm"})
	if res := r.mustAdd(md("", "New", "")); res.ID != "tag:example.org,2026-01-02:new-2" {
		t.Errorf("%+v", res)
	}
}

func TestAuthority(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site.URL, c.Site.Authority = "http://127.0.0.1:8080/", "Journal.Example" })
	if res := r.mustAdd(md("", "A", "")); res.ID != "tag:journal.example,2026-01-02:a" {
		t.Errorf("%+v", res)
	}
	r.update(func(tx store.Tx) error {
		site, err := tx.Site()
		if err != nil || site.Title != "Example Journal" {
			t.Errorf("kept site %+v, %v", site, err)
		}
		site.Authority = "other.example"
		return tx.PutSite(site)
	})
	if res := r.mustAdd(md("", "B", "")); res.ID != "tag:journal.example,2026-01-02:b" {
		t.Errorf("%+v: the first authority stays", res)
	}
	bare := newRig(t, func(c *Config) { c.Site.URL = "" })
	_, err := bare.Add(t.Context(), AddRequest{Documents: []Document{md("", "A", "")}})
	refused(t, err, "invalid", "site.url")
}

// --category comes after the document's own, each once.
func TestMoreCategories(t *testing.T) {
	r := newRig(t)
	r.addAll(AddRequest{Documents: []Document{md("a.md", "A", "", in("Design", " design ", "DESIGN"))}, Categories: []string{"Posts", "Design"}})
	info, err := r.Post(t.Context(), "a")
	if err != nil || fmt.Sprint(info.Categories) != "[design posts-posts]" || info.Page != "http://example.org/design/a" {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestDeclaredCategory(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Site.Categories = []feed.Configured{{Slug: "cpp", Title: "C++", Settings: feed.Settings{Description: "about C++"}}}
	})
	r.mustAdd(md("a.md", "A", "", in("c++", "C")))
	c, err := r.Category(t.Context(), "C++")
	if err != nil || c.Slug != "cpp" || c.Title != "C++" || c.Description != "about C++" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = r.Category(t.Context(), "C"); err != nil || c.Slug != "c" {
		t.Errorf("%+v, %v", c, err)
	}
}

// --now makes the category due at once, also for what waits already.
func TestNow(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", ""))
	if r.soon("design") || r.soon("") {
		t.Error("due before its slot")
	}
	req := AddRequest{Documents: []Document{md("a.md", "A", "")}, Now: true}
	if res := r.addAll(req)[0]; res.Status != Unchanged || res.State != feed.Queued || !r.soon("design") || !r.soon("") {
		t.Errorf("%+v, due at once: %t", res, r.soon("design"))
	}
	r.publish()
	seq := r.seq()
	if r.addAll(req); r.seq() != seq {
		t.Error("what is out and unchanged was committed")
	}
	req.Documents[0].Post.Title = "B"
	if res := r.addAll(req)[0]; res.Status != Changed || !r.soon("design") || len(res.Warnings) != 0 {
		t.Errorf("%+v", res)
	}
	req.Documents = []Document{md("c.md", "C", "", draft), md("d.md", "D", "", dated("2099-01-05"))}
	for _, res := range r.addAll(req) {
		if len(res.Warnings) != 1 {
			t.Fatalf("%+v", res)
		}
		says(t, res.Warnings[0], "--now", string(res.State), "post publish "+res.ID)
	}
}

// A commit that was reported failed may stand: the same request again finds
// everything done.
func TestReportedFailed(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After, storetest.Again} {
		r := newRig(t)
		faulty := storetest.NewFaulty(r.store, func(n int) storetest.Fault {
			if n == 1 {
				return fault
			}
			return storetest.None
		})
		cfg := r.cfg
		cfg.Store = faulty
		c := Local(New(cfg))
		req := AddRequest{Documents: examples(t)}
		_, err := c.Add(context.Background(), req)
		if fault == storetest.Again {
			if err != nil {
				t.Errorf("a function that runs twice: %v", err)
			}
		} else {
			refused(t, err, "internal", "injected")
		}
		want := Unchanged
		if fault == storetest.Before {
			want = Added
		}
		seq := r.seq()
		res, err := c.Add(context.Background(), req)
		if err != nil || len(res) != 10 || (r.seq() == seq) != (want == Unchanged) {
			t.Errorf("fault %d: %d results, seq %d after %d, %v", fault, len(res), r.seq(), seq, err)
		}
		for _, a := range res {
			if a.Status != want {
				t.Errorf("fault %d: %+v", fault, a)
			}
		}
	}
}

// A large request goes in parts and in batches, with one result a document.
func TestManyDocuments(t *testing.T) {
	r := newRig(t)
	var docs []Document
	for i := range partDocuments + 2 {
		docs = append(docs, md(fmt.Sprintf("n%d.md", i), "N", "text"))
	}
	seq := r.seq()
	res := r.addAll(AddRequest{Documents: docs})
	if len(res) != len(docs) || res[partDocuments].Slug != fmt.Sprintf("n%d", partDocuments) || r.seq() != seq+2 {
		t.Errorf("%d results, %d commits", len(res), r.seq()-seq)
	}
	n := 0
	for p, err := range r.Posts(t.Context(), PostQuery{Category: "Design", State: feed.Queued}) {
		if err != nil || p.Slug != fmt.Sprintf("n%d", n) {
			t.Fatalf("post %d: %+v, %v", n, p, err)
		}
		n++
	}
	if n != len(docs) {
		t.Errorf("%d posts listed", n)
	}
}
