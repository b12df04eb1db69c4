package control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

const ahead = "2998-01-01T00:00:00Z"

// What each action makes of a post in each state.
func TestActions(t *testing.T) {
	prepare := map[string]func(*rig){
		"draft":     func(r *rig) { r.mustAdd(md("a.md", "A", "text", draft)) },
		"scheduled": func(r *rig) { r.mustAdd(md("a.md", "A", "text", dated(ahead))) },
		"queued":    func(r *rig) { r.mustAdd(md("a.md", "A", "text")) },
		"published": func(r *rig) { r.mustAdd(md("a.md", "A", "text")); r.publish() },
		"changed":   func(r *rig) { r.mustAdd(md("a.md", "A", "text")); r.publish(); r.mustAdd(md("a.md", "B", "")) },
		"recalled": func(r *rig) {
			r.mustAdd(md("a.md", "A", "text"))
			r.publish()
			r.act(PostAction{Name: "a", Action: "recall"})
			r.publish()
		},
		"recalled draft": func(r *rig) {
			r.mustAdd(md("a.md", "A", "text", draft))
			r.act(PostAction{Name: "a", Action: "recall"})
		},
		"removed": func(r *rig) { r.mustAdd(md("a.md", "A", "text")); r.act(PostAction{Name: "a", Action: "rm"}) },
	}
	for _, c := range []struct {
		from, do string
		now      bool
		want     feed.State
		status   AddStatus
		code     string
		soon     bool
	}{
		{from: "draft", do: "publish", want: feed.Queued, status: Changed, soon: true},
		{from: "scheduled", do: "publish", want: feed.Queued, status: Changed, soon: true},
		{from: "queued", do: "publish", want: feed.Queued, status: Changed, soon: true},
		{from: "published", do: "publish", want: feed.Published, status: Unchanged},
		{from: "changed", do: "publish", want: feed.Published, status: Changed, soon: true},
		{from: "recalled", do: "publish", want: feed.Queued, status: Changed, soon: true},
		{from: "removed", do: "publish", code: "gone"},
		{from: "draft", do: "schedule", want: feed.Scheduled, status: Changed},
		{from: "scheduled", do: "schedule", want: feed.Scheduled, status: Changed},
		{from: "queued", do: "schedule", want: feed.Scheduled, status: Changed},
		{from: "published", do: "schedule", code: "conflict"},
		{from: "recalled", do: "schedule", code: "conflict"},
		{from: "recalled draft", do: "schedule", want: feed.Scheduled, status: Changed},
		{from: "removed", do: "schedule", code: "gone"},
		{from: "draft", do: "recall", want: feed.Recalled, status: Changed},
		{from: "scheduled", do: "recall", want: feed.Recalled, status: Changed},
		{from: "published", do: "recall", want: feed.Recalled, status: Changed},
		{from: "published", do: "recall", now: true, want: feed.Recalled, status: Changed, soon: true},
		{from: "recalled", do: "recall", want: feed.Recalled, status: Unchanged},
		{from: "recalled", do: "recall", now: true, want: feed.Recalled, status: Changed, soon: true},
		{from: "removed", do: "recall", code: "gone"},
		{from: "draft", do: "rm", want: feed.Removed, status: Changed},
		{from: "published", do: "rm", want: feed.Removed, status: Changed},
		{from: "published", do: "rm", now: true, want: feed.Removed, status: Changed, soon: true},
		{from: "recalled", do: "rm", want: feed.Removed, status: Changed},
		{from: "removed", do: "rm", want: feed.Removed, status: Unchanged},
		{from: "removed", do: "edit", code: "gone"},
		{from: "queued", do: "edit", code: "invalid"}, // no text
		{from: "queued", do: "burn", code: "invalid"},
	} {
		t.Run(fmt.Sprint(c.do, " ", c.from, " ", c.now), func(t *testing.T) {
			r := newRig(t)
			prepare[c.from](r)
			before := r.kept("a")
			a := PostAction{Name: "a", Action: c.do, Now: c.now}
			if c.do == "schedule" {
				a.At = "2999-01-01"
			}
			seq := r.seq()
			res, err := r.Act(t.Context(), a)
			if c.code != "" {
				refused(t, err, c.code)
				return
			}
			p := r.kept("a")
			if err != nil || res.Status != c.status || res.State != c.want || p.State != c.want || p.ID != before.ID {
				t.Errorf("%+v, %v; kept %+v", res, err, p)
			}
			if wrote := r.seq() != seq; wrote != (c.status == Changed) {
				t.Errorf("%s: committed %t", res.Status, wrote)
			}
			if c.status == Changed && r.soon("design") != c.soon {
				t.Errorf("due at once: %t", !c.soon)
			}
		})
	}
}

// A post that is published before its date is dated as it goes out.
func TestPublishAhead(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", "text", dated(ahead)))
	r.act(PostAction{Name: "a", Action: "publish"})
	r.publish()
	if p := r.kept("a"); p.State != feed.Published || p.Published.After(time.Now()) || p.Published.IsZero() {
		t.Errorf("%+v", p)
	}
	// Its file still has the date ahead, which no longer counts.
	if res := r.mustAdd(md("a.md", "A", "text", dated(ahead))); res.Status != Unchanged || len(res.Warnings) != 1 {
		t.Errorf("%+v", res)
	}
}

func TestScheduleTimes(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site.TimeZone = "Europe/Berlin" })
	r.mustAdd(md("a.md", "A", "text", draft))
	for _, c := range []struct{ at, says string }{{"", "--at"}, {"x", `"x"`}, {"2020-01-01", "not ahead"}} {
		_, err := r.Act(t.Context(), PostAction{Name: "a", Action: "schedule", At: c.at})
		refused(t, err, "invalid", c.says)
	}
	a := PostAction{Name: "a", Action: "schedule", At: "2998-07-01 09:00"}
	r.act(a)
	if p := r.kept("a"); p.PublishAt.Format(time.RFC3339) != "2998-07-01T07:00:00Z" || !p.Published.Equal(p.PublishAt) {
		t.Errorf("%+v", p)
	}
	if res := r.act(a); res.Status != Unchanged {
		t.Errorf("again: %+v", res)
	}
}

// A tombstone keeps what names the post, and nothing of its text.
func TestTombstone(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", "secret", func(d *Document) { d.Post.Tags, d.Post.Summary = []string{"t"}, "s" }))
	r.publish()
	before := r.kept("a")
	r.act(PostAction{Name: "a", Action: "rm"})
	p := r.kept("a")
	if p.ID != before.ID || p.Slug != "a" || len(p.Categories) != 1 || p.Title+p.Body+p.Summary != "" || p.Tags != nil {
		t.Errorf("%+v", p)
	}
	r.view(func(rd store.Reader) error {
		if _, err := rd.LivePost(p.Num); !isNotFound(err) {
			t.Errorf("its live revision: %v", err)
		}
		return nil
	})
	for info, err := range r.Posts(t.Context(), PostQuery{}) {
		t.Errorf("it is listed: %+v, %v", info, err)
	}
	n := 0
	for info, err := range r.Posts(t.Context(), PostQuery{State: feed.Removed}) {
		if n++; err != nil || info.ID != p.ID {
			t.Errorf("%+v, %v", info, err)
		}
	}
	if n != 1 {
		t.Errorf("%d removed posts are listed", n)
	}
}

// The text that is shown for editing, sent back as it is, changes nothing.
func TestEditRoundTrip(t *testing.T) {
	for _, doc := range []Document{
		md("a.md", "A", "text"), md("a.md", "A", "text", draft), md("a.md", "A", "text", dated(ahead)), md("a.md", "A", "text", dated("")),
		md("a.md", "A", "text", in("Design", "Other"), func(d *Document) { d.Updated, d.Post.Tags = "2026-03-01", []string{"t"} }),
	} {
		r := newRig(t, func(c *Config) { c.Site.TimeZone = "Europe/Berlin" })
		r.mustAdd(doc)
		info, err := r.Post(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if res := r.act(PostAction{Name: info.ID, Action: "edit", Edit: info.Document}); res.Status != Unchanged || len(res.Warnings) > 0 {
			t.Errorf("%+v: %+v", doc, res)
		}
	}
}

func TestEdit(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("b.md", "B", "text"))
	id := r.mustAdd(md("a.md", "A", "text")).ID
	r.publish()
	edit := func(change ...func(*Document)) (AddResult, error) {
		d := md("", "A", "new", change...)
		return r.Act(t.Context(), PostAction{Name: id, Action: "edit", Edit: &d})
	}
	res, err := edit(func(d *Document) { d.Post.File, d.Post.Slug, d.Post.ID = "edit-1234.md", "edit-1234", "urn:example:1" })
	if err != nil || res.Status != Changed || res.ID != id || res.Slug != "a" || len(res.Warnings) != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if p := r.kept(id); p.Body != "new" || p.File != "a.md" || p.State != feed.Published || p.Updated.IsZero() {
		t.Errorf("%+v", p)
	}
	if res, err = edit(slugged("moved")); err != nil || res.Slug != "moved" || res.ID != id {
		t.Errorf("%+v, %v", res, err)
	}
	if p := r.kept("a"); p.ID != id {
		t.Errorf("the former slug finds %s", p.ID)
	}
	_, err = edit(slugged("b"))
	refused(t, err, "conflict", `"b"`, "b.md")
	_, err = edit(dated("never"))
	refused(t, err, "invalid", "date:")
	r.act(PostAction{Name: id, Action: "recall"})
	if res, err = edit(func(d *Document) { d.Post.Title = "Z" }); err != nil || res.State != feed.Recalled || res.Status != Changed {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestFindPost(t *testing.T) {
	r := newRig(t)
	for i := range 7 {
		r.mustAdd(md("", fmt.Sprintf("Entry %d", i), "", dated(fmt.Sprintf("2026-01-%02d", 1+i%6))))
	}
	for name, want := range map[string]string{
		"tag:example.org,2026-01-02:entry-1": "entry-1", "entry-1": "entry-1", " entry-1 ": "entry-1", "tag:example.org,2026-01-02": "entry-1",
	} {
		if info, err := r.Post(t.Context(), name); err != nil || info.Slug != want {
			t.Errorf("%q: %q, %v", name, info.Slug, err)
		}
	}
	_, err := r.Post(t.Context(), "tag:example.org,2026-01-01")
	refused(t, err, "conflict", "several", "entry-0", "entry-6")
	_, err = r.Post(t.Context(), "tag:")
	refused(t, err, "conflict", "…")
	if err != nil && strings.Count(err.Error(), "tag:example.org") != 5 {
		t.Errorf("%v does not list five", err)
	}
	_, err = r.Post(t.Context(), "entri-1")
	refused(t, err, "not_found", `did you mean "entry-1"`)
	_, err = r.Post(t.Context(), "something else")
	refused(t, err, "not_found")
	if err != nil && strings.Contains(err.Error(), "mean") {
		t.Errorf("%v suggests what is far away", err)
	}
	_, err = r.Post(t.Context(), "")
	refused(t, err, "invalid")
}
