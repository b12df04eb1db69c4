package control

import (
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

func TestDates(t *testing.T) {
	for _, c := range []struct {
		zone, date string
		state      feed.State
		published  string // RFC 3339
		day        string // in the id
	}{
		{"UTC", "2026-01-02T10:00:00Z", feed.Queued, "2026-01-02T10:00:00Z", "2026-01-02"},
		{"UTC", "2026-01-02T10:00:00.9+02:00", feed.Queued, "2026-01-02T08:00:00Z", "2026-01-02"},
		{"Europe/Berlin", "2026-01-02", feed.Queued, "2026-01-01T23:00:00Z", "2026-01-02"},
		{"Europe/Berlin", "2026-07-02 09:30", feed.Queued, "2026-07-02T07:30:00Z", "2026-07-02"},
		{"Europe/Berlin", "2026-07-02 09:30:15", feed.Queued, "2026-07-02T07:30:15Z", "2026-07-02"},
		{"Pacific/Auckland", "2026-01-01T20:00:00Z", feed.Queued, "2026-01-01T20:00:00Z", "2026-01-02"},
		{"America/New_York", "2026-01-02T02:00:00Z", feed.Queued, "2026-01-02T02:00:00Z", "2026-01-01"},
		{"Africa/Cairo", "2026-04-24", feed.Queued, "2026-04-23T22:00:00Z", "2026-04-24"}, // clocks skip 00:00 to 01:00
		{"America/Santiago", "2026-09-06", feed.Queued, "2026-09-06T04:00:00Z", "2026-09-06"},
		{"UTC", "2998-02-03", feed.Scheduled, "2998-02-03T00:00:00Z", "2998-02-03"},
		{"UTC", "0001-01-02", feed.Queued, "0001-01-02T00:00:00Z", "0001-01-02"},
	} {
		t.Run(c.zone+" "+c.date, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) { cfg.Site.TimeZone = c.zone })
			res := r.mustAdd(md("a.md", "A", "", dated(c.date)))
			p := r.kept("a")
			if got := p.Published.Format(time.RFC3339); got != c.published || p.State != c.state || res.State != c.state {
				t.Errorf("%s at %s, want %s at %s", p.State, got, c.state, c.published)
			}
			if p.ID != "tag:example.org,"+c.day+":a" {
				t.Errorf("id %s", p.ID)
			}
			if want := p.State == feed.Scheduled; p.PublishAt.Equal(p.Published) != want || p.PublishAt.IsZero() == want {
				t.Errorf("publish at %s", p.PublishAt)
			}
			if !p.Updated.IsZero() || p.Revision != 1 {
				t.Errorf("updated %s, revision %d", p.Updated, p.Revision)
			}
		})
	}
}

// An undated post is dated when it first goes out, and keeps that.
func TestUndated(t *testing.T) {
	r := newRig(t)
	doc := md("a.md", "A", "", dated(""))
	res := r.mustAdd(doc)
	if p := r.kept("a"); p.State != feed.Queued || !p.Published.IsZero() || res.ID != "tag:example.org,"+time.Now().UTC().Format(time.DateOnly)+":a" {
		t.Errorf("%+v", p)
	}
	r.publish()
	out := r.kept("a")
	if out.Published.IsZero() || out.State != feed.Published {
		t.Fatalf("%+v", out)
	}
	if res := r.mustAdd(doc); res.Status != Unchanged {
		t.Errorf("again: %+v", res)
	}
	r.mustAdd(md("a.md", "B", "", dated("")))
	if p := r.kept("a"); !p.Published.Equal(out.Published) || p.Title != "B" {
		t.Errorf("%q published %s, it was %s", p.Title, p.Published, out.Published)
	}
}

func TestAt(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site.TimeZone = "Europe/Berlin" })
	req := AddRequest{Documents: []Document{md("a.md", "A", "")}, At: "2998-07-01 12:00"}
	if res := r.addAll(req)[0]; res.State != feed.Scheduled || res.PublishAt == nil || res.PublishAt.Format(time.RFC3339) != "2998-07-01T10:00:00Z" {
		t.Errorf("%+v", res)
	}
	if p := r.kept("a"); p.PublishAt.Format(time.RFC3339) != "2998-07-01T10:00:00Z" {
		t.Errorf("%+v", p)
	}
	if res := r.addAll(req)[0]; res.Status != Unchanged {
		t.Errorf("again: %+v", res)
	}
	_, err := r.Add(t.Context(), AddRequest{Documents: req.Documents, At: "tomorrow"})
	refused(t, err, "invalid", "--at", `"tomorrow"`)
}

// The states that a post which is not out yet goes through as its file changes.
func TestBeforeItIsOut(t *testing.T) {
	r := newRig(t)
	for i, step := range []struct {
		doc  Document
		want feed.State
	}{
		{md("a.md", "A", "", draft), feed.Draft},
		{md("a.md", "A", "", dated("2998-01-01"), draft), feed.Draft},
		{md("a.md", "A", "", dated("2998-01-01")), feed.Scheduled},
		{md("a.md", "A", "", dated("2998-01-02")), feed.Scheduled},
		{md("a.md", "A", "", dated("")), feed.Scheduled},
		{md("a.md", "A", "", dated(""), draft), feed.Draft},
		{md("a.md", "A", "", dated("2998-01-02")), feed.Scheduled},
		{md("a.md", "A", "", dated("2026-01-02")), feed.Queued},
		{md("a.md", "A", "", dated("2998-01-03")), feed.Scheduled},
		{md("a.md", "A", "", dated("2026-01-02")), feed.Queued},
	} {
		res := r.mustAdd(step.doc)
		p := r.kept("a")
		if p.State != step.want || res.State != step.want || (p.State == feed.Scheduled) == p.PublishAt.IsZero() {
			t.Errorf("step %d: %s, publish at %s; want %s", i, p.State, p.PublishAt, step.want)
		}
		if p.State == feed.Scheduled && step.doc.Date != "" && p.PublishAt.Format(time.DateOnly) != step.doc.Date {
			t.Errorf("step %d: publish at %s", i, p.PublishAt)
		}
	}
}

// A post whose hour has come, but which the scheduler has not taken yet, is
// left to it: it goes out at its hour, not at the next slot.
func TestItsHourHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		at := time.Now().Add(time.Minute)
		doc := md("a.md", "A", "", dated(at.Format(time.RFC3339)))
		r.mustAdd(doc)
		timer := time.NewTimer(time.Hour)
		<-timer.C
		if res := r.mustAdd(doc); res.Status != Unchanged || res.State != feed.Scheduled {
			t.Errorf("%+v", res)
		}
		if p := r.kept("a"); !p.PublishAt.Equal(at) {
			t.Errorf("publish at %s, want %s", p.PublishAt, at)
		}
		r.store.Close()
	})
}

func TestDateOfWhatIsOut(t *testing.T) {
	r := newRig(t)
	id := r.mustAdd(md("a.md", "A", "")).ID
	r.publish()
	res := r.mustAdd(md("a.md", "A", "", dated("2026-01-01")))
	if p := r.kept("a"); p.Published.Format(time.DateOnly) != "2026-01-01" || p.State != feed.Published || p.ID != id || p.Revision != 2 || res.Status != Changed {
		t.Errorf("%+v", p)
	}
	res = r.mustAdd(md("a.md", "A", "", dated("2998-01-01")))
	if res.Status != Unchanged || len(res.Warnings) != 1 {
		t.Errorf("%+v", res)
	}
	says(t, res.Warnings[0], "2998-01-01", "ahead", "syndic post recall "+id)
}

// What counts as a revision, and what as an update for readers.
func TestUpdated(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*Document)
		revision uint64
		updated  string // "" as published, "now", or RFC 3339
	}{
		{"title", func(d *Document) { d.Post.Title = "B" }, 2, "now"},
		{"content", func(d *Document) { d.Post.Body = "B" }, 2, "now"},
		{"markup", func(d *Document) { d.Post.Markup = feed.HTML }, 2, "now"},
		{"summary", func(d *Document) { d.Post.Summary = "B" }, 2, "now"},
		{"url", func(d *Document) { d.Post.URL = "https://example.org/b" }, 2, "now"},
		{"attachments", func(d *Document) { d.Post.Attachments = []feed.Attachment{{URL: "https://example.org/b.mp3"}} }, 2, "now"},
		{"tags", func(d *Document) { d.Post.Tags = []string{"B"} }, 2, ""},
		{"authors", func(d *Document) { d.Post.Authors = []feed.Person{{Name: "B"}} }, 2, ""},
		{"categories", in("Design", "B"), 2, ""},
		{"no categories", in(), 2, ""},
		{"slug", func(d *Document) { d.Post.Slug, d.Post.ID = "b", "tag:example.org,2026-01-02:a" }, 2, ""},
		{"date", dated("2026-01-03T00:00:00Z"), 2, ""},
		{"updated", func(d *Document) { d.Updated = "2026-01-05" }, 2, "2026-01-05T00:00:00Z"},
		{"updated with a title", func(d *Document) { d.Updated, d.Post.Title = "2026-01-05", "B" }, 2, "2026-01-05T00:00:00Z"},
		{"updated before the date", func(d *Document) { d.Updated = "2025-01-05" }, 1, ""},
		{"updated as the date", func(d *Document) { d.Updated = d.Date }, 1, ""},
		{"empty lists", func(d *Document) { d.Post.Tags, d.Post.Authors = []string{}, []feed.Person{} }, 1, ""},
		{"what an author cannot say", func(d *Document) { d.Post.State, d.Post.Revision, d.Post.Live, d.Post.Num = feed.Removed, 9, 9, 9 }, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.mustAdd(md("a.md", "A", "text"))
			r.publish()
			doc := md("a.md", "A", "text", c.change)
			began := time.Now().Truncate(time.Second)
			res := r.mustAdd(doc)
			if want := map[bool]AddStatus{true: Changed, false: Unchanged}[c.revision > 1]; res.Status != want {
				t.Errorf("%+v, want %s", res, want)
			}
			p := r.kept(res.ID)
			ok := p.Updated.IsZero()
			switch c.updated {
			case "":
			case "now":
				ok = !p.Updated.Before(began) && p.Updated.Nanosecond() == 0
			default:
				ok = p.Updated.Format(time.RFC3339) == c.updated
			}
			if !ok || p.Revision != c.revision {
				t.Errorf("updated %s, revision %d; want %q, %d", p.Updated, p.Revision, c.updated, c.revision)
			}
			if res := r.mustAdd(doc); res.Status != Unchanged {
				t.Errorf("again: %+v", res)
			}
		})
	}
}

// A file that goes by another name now is known by it; that is no revision.
func TestRenamedFile(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", ""))
	doc := md("b.md", "A", "", slugged("a"))
	if res := r.addAll(AddRequest{Documents: []Document{doc}, Update: true})[0]; res.Status != Changed {
		t.Errorf("%+v", res)
	}
	if p := r.kept("a"); p.File != "b.md" || p.Revision != 1 {
		t.Errorf("%+v", p)
	}
	if res := r.add(doc); res.Status != Unchanged {
		t.Errorf("without --update: %+v", res)
	}
}

// A retitled file stays the same post, at the same address.
func TestRetitled(t *testing.T) {
	r := newRig(t)
	before := r.mustAdd(md("2026-a.md", "A", "", slugged("a")))
	r.publish()
	after := r.mustAdd(md("2026-a.md", "Quite another", "", slugged("a"), in("Design", "Other")))
	if after.ID != before.ID || after.Slug != "a" || after.State != feed.Published {
		t.Errorf("%+v, before %+v", after, before)
	}
	r.view(func(rd store.Reader) error {
		live, err := rd.LivePost(r.kept("a").Num)
		if err != nil || live.Title != "A" {
			t.Errorf("live is %q, %v", live.Title, err)
		}
		return nil
	})
}
