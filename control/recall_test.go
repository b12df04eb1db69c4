package control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// What named a post that was taken back names no other one, whoever comes with
// it, by which door, and with whatever flags.
func TestTakenBackNamesStayTaken(t *testing.T) {
	const id = "tag:example.org,2026-01-02:a"
	for _, action := range []string{"recall", "rm"} {
		for _, out := range []bool{true, false} {
			for _, c := range []struct {
				name string
				doc  Document
				with bool // --update makes it the same post, which is skipped; else it is refused
			}{
				{"the same file", md("a.md", "A", "text"), true},
				{"the same file, another text", md("a.md", "B", "new", in("Other")), true},
				{"standard input with its slug", md("", "A", "new"), true},
				{"its id, another file and slug", md("b.md", "B", "b", withID(id)), true},
				{"its former slug, the same file", md("a.md", "A", "text", slugged("was")), true},
				{"its slug, another file", md("b.md", "B", "b", slugged("a")), false},
				{"its former slug, another file", md("b.md", "B", "b", slugged("was")), false},
				{"its slug, another id and file", md("b.md", "B", "b", slugged("a"), withID("urn:example:2")), false},
				{"its slug in capitals, another file", md("b.md", "B", "b", slugged("A")), false},
			} {
				for _, update := range []bool{true, false} {
					t.Run(fmt.Sprint(action, " ", c.name, ", was out ", out, ", update ", update), func(t *testing.T) {
						r := newRig(t)
						r.mustAdd(md("a.md", "A", "text", slugged("was"), withID(id)))
						r.mustAdd(md("a.md", "A", "text", withID(id)))
						if out {
							r.publish()
						}
						r.act(PostAction{Name: id, Action: action})
						seq, was := r.seq(), r.kept(id)
						res := r.addAll(AddRequest{Documents: []Document{c.doc}, Update: update, Now: true})[0]
						want := Rejected
						if c.with || update {
							want = Skipped
						}
						if res.Status != want || r.seq() != seq {
							t.Errorf("%+v, want %s; committed %t", res, want, r.seq() != seq)
						}
						for _, name := range []string{id, "a", "was"} {
							if p := r.kept(name); p.Num != was.Num || p.State != was.State {
								t.Errorf("%q names %+v", name, p)
							}
						}
						if want == Rejected {
							says(t, res.Error, "which was "+string(was.State), "b.md", "slug of its own")
						}
					})
				}
			}
		}
	}
}

// Whoever takes back a post that is out hears when the last of its feeds goes
// without it, and how to have that at once.
func TestTakenBackStaysInFeeds(t *testing.T) {
	for _, action := range []string{"recall", "rm"} {
		for _, c := range []struct{ out, now, says bool }{{true, false, true}, {true, true, false}, {false, false, false}} {
			r := newRig(t, func(cfg *Config) { cfg.Site.TimeZone = "Asia/Tokyo" })
			r.mustAdd(md("a.md", "A", "text", in("Design", "Code")))
			if c.out {
				r.publish()
			}
			res := r.act(PostAction{Name: "a", Action: action, Now: c.now})
			if len(res.Warnings) > 0 != c.says {
				t.Errorf("%s, out %t, now %t: %q", action, c.out, c.now, res.Warnings)
			}
			if c.says {
				says(t, strings.Join(res.Warnings, " "), "in feeds", "+09:00", "--now")
			}
		}
	}
}

// Nor can a post that is there already take them over.
func TestTakenBackNamesAreNotTakenOver(t *testing.T) {
	for _, action := range []string{"recall", "rm"} {
		r := newRig(t)
		r.mustAdd(md("a.md", "A", "text", slugged("was"), withID("tag:example.org,2026-01-02:a")))
		r.mustAdd(md("a.md", "A", "text", withID("tag:example.org,2026-01-02:a")))
		b := r.mustAdd(md("b.md", "B", "text"))
		r.publish()
		r.act(PostAction{Name: "a", Action: action})
		seq := r.seq()
		for _, slug := range []string{"a", "was"} {
			d := md("", "B", "new", slugged(slug))
			_, err := r.Act(t.Context(), PostAction{Name: b.ID, Action: "edit", Edit: &d})
			refused(t, err, "conflict", `"`+slug+`"`, "a.md")
			res := r.addAll(AddRequest{Documents: []Document{md("b.md", "B", "new", slugged(slug), withID(b.ID))}, Update: true})[0]
			if res.Status != Rejected {
				t.Errorf("%+v", res)
			}
		}
		if r.seq() != seq {
			t.Errorf("%s: something was committed", action)
		}
		// A title that gives the slug, without a file, is the post itself.
		if res := r.add(md("", "was", "new")); res.Status != Skipped {
			t.Errorf("%+v", res)
		}
	}
}

// Brought back, a post is what it was: id, slug, paths and dates.
func TestRecallAndPublish(t *testing.T) {
	for _, date := range []string{"2026-01-02T10:00:00Z", ""} {
		r := newRig(t)
		id := r.mustAdd(md("a.md", "A", "text", dated(date))).ID
		r.publish()
		was := r.kept(id)
		for range 2 {
			r.act(PostAction{Name: id, Action: "recall"})
			r.publish()
			if res := r.act(PostAction{Name: "a", Action: "publish"}); res.Status != Changed || res.State != feed.Queued || !r.soon("design") || !r.soon("") {
				t.Errorf("%+v, due at once: %t", res, r.soon("design"))
			}
			r.publish()
			if got := r.kept(id); !same(got, was) {
				t.Errorf("%+v, was %+v", got, was)
			}
		}
		r.view(func(rd store.Reader) error {
			list, err := rd.Timeline(r.num("design"), store.Cursor{}, 10)
			if err != nil || len(list) != 1 || list[0].ID != id {
				t.Errorf("the category shows %+v, %v", list, err)
			}
			return nil
		})
		if res := r.add(md("a.md", "A", "text", dated(date))); res.Status != Unchanged {
			t.Errorf("its file again: %+v", res)
		}
	}
}

// A post whose hour had not come when it was recalled goes out when it is
// published, and is dated then; its hour brings nothing.
func TestRecallScheduled(t *testing.T) {
	r := newRig(t)
	id := r.mustAdd(md("a.md", "A", "text", dated(ahead))).ID
	r.act(PostAction{Name: id, Action: "recall"})
	r.view(func(rd store.Reader) error {
		due, err := rd.DuePosts(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), 10)
		if err != nil || len(due) > 0 || !rd.NextPost().IsZero() {
			t.Errorf("%+v is due still, %v", due, err)
		}
		return nil
	})
	r.publish()
	if p := r.kept(id); p.State != feed.Recalled || p.Live != 0 || !p.PublishAt.IsZero() {
		t.Errorf("%+v", p)
	}
	r.act(PostAction{Name: id, Action: "publish"})
	r.publish()
	if p := r.kept(id); p.State != feed.Published || p.ID != id || p.Published.IsZero() || p.Published.After(time.Now()) {
		t.Errorf("%+v", p)
	}
}

// A recalled post can be corrected while it is away.
func TestEditRecalled(t *testing.T) {
	r := newRig(t)
	id := r.mustAdd(md("a.md", "A", "text")).ID
	r.publish()
	r.act(PostAction{Name: id, Action: "recall"})
	d := md("", "A", "better")
	if res := r.act(PostAction{Name: id, Action: "edit", Edit: &d}); res.State != feed.Recalled {
		t.Errorf("%+v", res)
	}
	r.publish()
	if p := r.kept(id); p.State != feed.Recalled {
		t.Errorf("an edit brought it back: %+v", p)
	}
	r.act(PostAction{Name: id, Action: "publish"})
	r.publish()
	if p := r.kept(id); p.State != feed.Published || p.Body != "better" || p.Live != p.Revision {
		t.Errorf("%+v", p)
	}
}
