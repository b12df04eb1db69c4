package control

import (
	"testing"
	"time"

	"syndic/feed"
)

// What a command decided of when a post goes out stays while its document says
// nothing new about that, before the post is out and after.
func TestOverruled(t *testing.T) {
	act := func(action, at string) func(*rig) {
		return func(r *rig) { r.act(PostAction{Name: "a", Action: action, At: at}) }
	}
	again := func(req AddRequest, d Document) func(*rig) {
		return func(r *rig) { req.Documents = []Document{d}; r.addAll(req) }
	}
	undated := md("a.md", "A", "", dated(""))
	for name, c := range map[string]struct {
		doc  Document
		do   func(*rig)
		want feed.State
	}{
		"scheduled, dated":          {md("a.md", "A", "", dated("2026-01-02")), act("schedule", "2997-06-06"), feed.Scheduled},
		"scheduled, dated ahead":    {md("a.md", "A", "", dated("2998-05-05")), act("schedule", "2997-06-06"), feed.Scheduled},
		"scheduled, undated":        {undated, act("schedule", "2997-06-06"), feed.Scheduled},
		"scheduled, a draft":        {md("a.md", "A", "", draft), act("schedule", "2997-06-06"), feed.Scheduled},
		"published, a draft":        {md("a.md", "A", "", draft), act("publish", ""), feed.Queued},
		"published, an undated one": {md("a.md", "A", "", dated(""), draft), act("publish", ""), feed.Queued},
		"published, dated ahead":    {md("a.md", "A", "", dated("2998-05-05")), act("publish", ""), feed.Queued},
		"recalled as a draft": {md("a.md", "A", "", draft), func(r *rig) {
			act("recall", "")(r)
			act("publish", "")(r)
		}, feed.Queued},
		"--at":               {undated, again(AddRequest{At: "2997-06-06"}, undated), feed.Scheduled},
		"--draft":            {undated, again(AddRequest{Draft: true}, undated), feed.Draft},
		"--draft, scheduled": {undated, func(r *rig) { again(AddRequest{Draft: true}, undated)(r); act("schedule", "2997-06-06")(r) }, feed.Scheduled},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.mustAdd(c.doc)
			c.do(r)
			decided := r.kept("a")
			if decided.State != c.want {
				t.Fatalf("%+v", decided)
			}
			if res := r.mustAdd(c.doc); res.Status != Unchanged || res.State != c.want {
				t.Errorf("the same again: %+v", res)
			}
			retitled := c.doc
			retitled.Post.Title = "B"
			r.mustAdd(retitled)
			p := r.kept("a")
			if p.Title != "B" || p.State != c.want || !p.PublishAt.Equal(decided.PublishAt) || !p.Published.Equal(decided.Published) {
				t.Errorf("retitled: %+v, it was %+v", p, decided)
			}
			other := c.doc
			other.Date, other.Draft = "2996-04-04", false
			r.mustAdd(other)
			if p := r.kept("a"); p.State != feed.Scheduled || p.PublishAt.Format(time.DateOnly) != other.Date || p.Overruled != nil {
				t.Errorf("with another date: %+v", p)
			}
		})
	}
}

// The date at which a post went out stays after its file's own date has come.
func TestOverruledDateComes(t *testing.T) {
	r := newRig(t)
	doc := md("a.md", "A", "", dated("2026-01-02"))
	r.mustAdd(doc)
	r.act(PostAction{Name: "a", Action: "schedule", At: "2997-06-06"})
	r.act(PostAction{Name: "a", Action: "publish"})
	r.publish()
	out := r.kept("a")
	if res := r.mustAdd(doc); res.Status != Unchanged {
		t.Errorf("%+v", res)
	}
	if p := r.kept("a"); !p.Published.Equal(out.Published) {
		t.Errorf("dated %s, it went out %s", p.Published, out.Published)
	}
	r.mustAdd(md("a.md", "A", "", dated("2026-01-03")))
	if p := r.kept("a"); p.Published.Format(time.DateOnly) != "2026-01-03" {
		t.Errorf("with another date: %s", p.Published)
	}
}

// A flag of the command wins over what was decided, and an edit over both; the
// file's own word counts only when it is another.
func TestOverruledAgain(t *testing.T) {
	r := newRig(t)
	doc := md("a.md", "A", "", dated("2026-01-02"))
	r.mustAdd(doc)
	r.act(PostAction{Name: "a", Action: "schedule", At: "2997-06-06"})
	r.addAll(AddRequest{Documents: []Document{doc}, Draft: true})
	if p := r.kept("a"); p.State != feed.Draft {
		t.Errorf("--draft: %+v", p)
	}
	edited := md("", "E", "", dated("2996-05-05"))
	r.act(PostAction{Name: "a", Action: "edit", Edit: &edited})
	p := r.kept("a")
	if p.State != feed.Scheduled || p.PublishAt.Format(time.DateOnly) != "2996-05-05" || p.Overruled == nil {
		t.Errorf("edited: %+v", p)
	}
	r.mustAdd(doc)
	if p := r.kept("a"); p.State != feed.Scheduled || p.PublishAt.Format(time.DateOnly) != "2996-05-05" || p.Title != "A" {
		t.Errorf("the file again: %+v", p)
	}
}
