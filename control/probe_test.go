package control

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"syndic/feed"
	"syndic/store"
)

// remote answers for servers and keeps what it was asked.
type remote struct {
	mu      sync.Mutex
	asked   []string
	answers map[string]told // by address; other files have 1000 bytes
	hook    func()          // called with each question, if there is one
}

func (f *remote) probe(_ context.Context, address string) (int64, string, error) {
	f.mu.Lock()
	f.asked = append(f.asked, address)
	t, ok := f.answers[address]
	f.mu.Unlock()
	if f.hook != nil {
		f.hook()
	}
	if !ok {
		t = told{size: 1000, mediaType: "audio/test"}
	}
	return t.size, t.mediaType, t.err
}

// take lists what was asked since the last time.
func (f *remote) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.Sort(f.asked)
	defer func() { f.asked = nil }()
	return strings.Join(f.asked, " ")
}

func newProbeRig(t *testing.T, change ...func(*Config)) (*rig, *remote) {
	f := &remote{answers: map[string]told{}}
	return newRig(t, append(change, func(c *Config) { c.Probe = f.probe })...), f
}

func attach(list ...feed.Attachment) func(*Document) {
	return func(d *Document) { d.Post.Attachments = list }
}

func TestAttachmentsAreAskedAbout(t *testing.T) {
	const file = "https://files.example/a.mp3"
	for _, c := range []struct {
		name     string
		doc      Document
		answer   told
		want     feed.Attachment
		asked    string
		refused  string
		warnings string
	}{
		{name: "nothing to ask", doc: md("", "A", "", attach(feed.Attachment{URL: file, Type: "a/b", Size: 5})), want: feed.Attachment{URL: file, Type: "a/b", Size: 5}},
		{name: "no size", doc: md("", "A", "", attach(feed.Attachment{URL: file, Type: "a/b", Duration: 7, Title: "T"})), answer: told{size: 9, mediaType: "c/d"}, want: feed.Attachment{URL: file, Type: "a/b", Size: 9, Duration: 7, Title: "T"}, asked: file},
		{name: "no type", doc: md("", "A", "", attach(feed.Attachment{URL: file, Size: 5})), answer: told{size: 9, mediaType: "c/d"}, want: feed.Attachment{URL: file, Type: "c/d", Size: 5}, asked: file},
		{name: "neither", doc: md("", "A", "", attach(feed.Attachment{URL: file})), answer: told{size: 9, mediaType: "c/d"}, want: feed.Attachment{URL: file, Type: "c/d", Size: 9}, asked: file},
		{name: "a fragment", doc: md("", "A", "", attach(feed.Attachment{URL: file + "#t=9"})), answer: told{size: 9, mediaType: "c/d"}, want: feed.Attachment{URL: file + "#t=9", Type: "c/d", Size: 9}, asked: file},
		{name: "refused", doc: md("", "A", "", attach(feed.Attachment{URL: file})), answer: told{err: errors.New("HEAD answered 404")}, asked: file, refused: "attachment " + file + ": HEAD answered 404: write size and type in the front matter, or add it with --no-probe"},
		{name: "no size told", doc: md("", "A", "", attach(feed.Attachment{URL: file})), answer: told{mediaType: "c/d"}, asked: file, refused: "attachment " + file + ": its server does not tell it: write size in the front matter, or add it with --no-probe"},
		{name: "no type told", doc: md("", "A", "", attach(feed.Attachment{URL: file})), answer: told{size: 9}, asked: file, refused: "does not tell it: write type in"},
		{name: "no type told and none wanted", doc: md("", "A", "", attach(feed.Attachment{URL: file, Type: "a/b"})), answer: told{size: 9}, want: feed.Attachment{URL: file, Type: "a/b", Size: 9}, asked: file},
		{name: "silence", doc: md("", "A", "", attach(feed.Attachment{URL: file})), answer: told{err: fmt.Errorf("dial: %w", context.DeadlineExceeded)}, asked: file, refused: file + ": its server did not answer in time: write"},
		{name: "beside a page elsewhere", doc: md("", "A", "", attach(feed.Attachment{URL: "../a.mp3"}), func(d *Document) { d.Post.URL = "https://files.example/post/one" }), answer: told{size: 9, mediaType: "c/d"}, want: feed.Attachment{URL: "../a.mp3", Type: "c/d", Size: 9}, asked: file},
		{name: "beside a page of ours", doc: md("", "A", "", attach(feed.Attachment{URL: "a.mp3"})), want: feed.Attachment{URL: "a.mp3"}, warnings: "attachment a.mp3: it goes out without size and type: write size and type in the front matter"},
		{name: "on our host, by its whole address", doc: md("", "A", "", attach(feed.Attachment{URL: "http://example.org/a.mp3", Type: "a/b"})), want: feed.Attachment{URL: "http://example.org/a.mp3", Type: "a/b", Size: 1000}, asked: "http://example.org/a.mp3"},
		{name: "on another host, without a scheme", doc: md("", "A", "", attach(feed.Attachment{URL: "//files.example/b.mp3", Type: "a/b"})), want: feed.Attachment{URL: "//files.example/b.mp3", Type: "a/b", Size: 1000}, asked: "http://files.example/b.mp3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, f := newProbeRig(t)
			f.answers[file] = c.answer
			seq := r.seq()
			res := r.add(c.doc)
			if asked := f.take(); asked != c.asked {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			if c.refused != "" {
				says(t, res.Error, c.refused)
				if res.Status != Rejected || r.seq() != seq {
					t.Errorf("%+v; committed %t", res, r.seq() != seq)
				}
				return
			}
			if got := r.kept("a").Attachments; res.Status != Added || len(got) != 1 || got[0] != c.want || strings.Join(res.Warnings, "|") != c.warnings {
				t.Errorf("%+v; kept %+v", res, got)
			}
		})
	}
}

// Below the site's URL syndic would have to serve a file; beyond it somebody
// else may.
func TestAttachmentBesideTheSite(t *testing.T) {
	r, f := newProbeRig(t, func(c *Config) { c.Site.URL = "http://example.org/blog/" })
	r.mustAdd(md("", "A", "", attach(feed.Attachment{URL: "/files/a.mp3", Type: "a/b"}, feed.Attachment{URL: "/blog/files/a.mp3", Type: "a/b"})))
	if asked := f.take(); asked != "http://example.org/files/a.mp3" {
		t.Errorf("asked %q", asked)
	}
}

// A file is asked about once, whatever has become of it since.
func TestAttachmentsAreAskedAboutOnce(t *testing.T) {
	r, f := newProbeRig(t)
	a, b := feed.Attachment{URL: "https://files.example/a.mp3", Type: "a/b"}, feed.Attachment{URL: "https://files.example/b.mp3"}
	r.mustAdd(md("a.md", "A", "text", attach(a)))
	r.publish()
	f.take()
	f.answers[a.URL] = told{err: errors.New("HEAD answered 410")}
	seq := r.seq()
	if res := r.mustAdd(md("a.md", "A", "text", attach(a))); res.Status != Unchanged || r.seq() != seq {
		t.Errorf("again: %+v", res)
	}
	if res := r.mustAdd(md("a.md", "B", "text", attach(a, b))); res.Status != Changed {
		t.Errorf("with another: %+v", res)
	}
	if asked := f.take(); asked != b.URL {
		t.Errorf("asked %q", asked)
	}
	if got := r.kept("a").Attachments; got[0].Size != 1000 || got[1].Type != "audio/test" {
		t.Errorf("kept %+v", got)
	}
	// What the author writes wins, and another post knows nothing of it.
	r.mustAdd(md("a.md", "B", "text", attach(feed.Attachment{URL: a.URL, Type: "c/d", Size: 5})))
	if got := r.kept("a").Attachments; len(got) != 1 || got[0].Size != 5 || got[0].Type != "c/d" {
		t.Errorf("kept %+v", got)
	}
	if res := r.add(md("c.md", "C", "", attach(a))); res.Status != Rejected || f.take() != a.URL {
		t.Errorf("%+v", res)
	}
}

// --no-probe takes everything as it is, until the document comes without it.
func TestNoProbe(t *testing.T) {
	for _, probes := range []bool{true, false} {
		r, f := newProbeRig(t)
		req := AddRequest{Documents: []Document{md("a.md", "A", "", attach(feed.Attachment{URL: "https://files.example/a.mp3", Type: "a/b"}))}, NoProbe: probes}
		if !probes {
			r.Client = Local(New(Config{Store: r.store, Site: r.cfg.Site}))
		}
		for _, want := range []AddStatus{Added, Unchanged} {
			res := r.addAll(req)[0]
			if res.Status != want || len(res.Warnings) != 1 || f.take() != "" {
				t.Errorf("%+v", res)
			}
			says(t, strings.Join(res.Warnings, ""), "https://files.example/a.mp3", "without size:", "write size")
		}
		if got := r.kept("a").Attachments; len(got) != 1 || got[0].Size != 0 {
			t.Errorf("kept %+v", got)
		}
		if req.NoProbe = false; probes {
			if res := r.addAll(req)[0]; res.Status != Changed || len(res.Warnings) > 0 || r.kept("a").Attachments[0].Size != 1000 {
				t.Errorf("%+v", res)
			}
		}
	}
}

// A document without its answer undoes no other; one that would not be taken
// in is not asked about; nothing is asked inside a transaction.
func TestProbeManyDocuments(t *testing.T) {
	r, f := newProbeRig(t)
	file := func(name string) func(*Document) {
		return attach(feed.Attachment{URL: "https://files.example/" + name})
	}
	r.mustAdd(md("old.md", "Old", "", draft))
	r.act(PostAction{Name: "old", Action: "recall"})
	f.hook = func() {
		r.update(func(tx store.Tx) error { return tx.PutMark(feed.SiteNum, tx.Now(), false) })
	}
	f.answers["https://files.example/down"] = told{err: errors.New("connection refused")}
	res := r.addAll(AddRequest{Documents: []Document{
		md("a.md", "A", "", file("one")), md("b.md", "B", "", file("down"), in("New")), md("c.md", "C", "", file("one")), md("d.md", "D", ""),
		md("e.md", "E", "", file("dated"), dated("never")), md("old.md", "Old", "", file("old")), md("f.md", "F", "", file("two")),
	}})
	var got []AddStatus
	for _, a := range res {
		got = append(got, a.Status)
	}
	if want := []AddStatus{Added, Rejected, Added, Added, Rejected, Skipped, Added}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if asked := f.take(); asked != "https://files.example/down https://files.example/one https://files.example/two" {
		t.Errorf("asked %q", asked)
	}
	_, err := r.Category(t.Context(), "New")
	refused(t, err, "not_found")
}

// A few questions are under way at a time, and a host that was silent once is
// asked nothing more.
func TestProbeLimit(t *testing.T) {
	r, f := newProbeRig(t)
	var docs []Document
	for i := range 40 {
		at := feed.Attachment{URL: fmt.Sprintf("https://dead.example/%d", i)}
		f.answers[at.URL] = told{err: context.DeadlineExceeded}
		docs = append(docs, md(fmt.Sprintf("n%d.md", i), "N", "", attach(at)))
	}
	waiting, go4 := 0, make(chan struct{})
	f.hook = func() {
		f.mu.Lock()
		if waiting++; waiting == probeLimit {
			close(go4)
		}
		f.mu.Unlock()
		<-go4
	}
	for _, res := range r.addAll(AddRequest{Documents: docs}) {
		if res.Status != Rejected || !strings.Contains(res.Error, "did not answer in time") {
			t.Errorf("%+v", res)
		}
	}
	if n := len(strings.Fields(f.take())); n < probeLimit || n > 2*probeLimit {
		t.Errorf("a dead host was asked %d times", n)
	}
}

// Whoever goes away takes the questions along, and nothing is added.
func TestProbeInterrupted(t *testing.T) {
	r, f := newProbeRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.hook = cancel
	seq := r.seq()
	_, err := r.Add(ctx, AddRequest{Documents: []Document{md("a.md", "A", "", attach(feed.Attachment{URL: "https://files.example/a"}))}})
	refused(t, err, "canceled")
	if r.seq() != seq {
		t.Error("a document was added")
	}
}

// What was known when the questions were asked may be gone afterwards.
func TestProbeOvertaken(t *testing.T) {
	r, f := newProbeRig(t)
	a, b := feed.Attachment{URL: "https://files.example/a"}, feed.Attachment{URL: "https://files.example/b"}
	r.mustAdd(md("a.md", "A", "", attach(a)))
	f.hook = func() {
		f.hook = nil
		r.mustAdd(md("a.md", "A", ""))
	}
	res := r.add(md("a.md", "A", "", attach(a, b)))
	if res.Status != Rejected {
		t.Errorf("%+v", res)
	}
	says(t, res.Error, a.URL, "add it again")
}

func TestProbeEdit(t *testing.T) {
	r, f := newProbeRig(t)
	a, b := feed.Attachment{URL: "https://files.example/a", Type: "a/b"}, feed.Attachment{URL: "https://files.example/b"}
	r.mustAdd(md("a.md", "A", "", attach(a)))
	f.take()
	f.answers[a.URL], f.answers[b.URL] = told{err: errors.New("HEAD answered 500")}, told{err: errors.New("HEAD answered 500")}
	edit := func(noProbe bool, list ...feed.Attachment) (AddResult, error) {
		d := md("", "A", "new", attach(list...))
		return r.Act(t.Context(), PostAction{Name: "a", Action: "edit", Edit: &d, NoProbe: noProbe})
	}
	if res, err := edit(false, a); err != nil || res.Status != Changed || f.take() != "" {
		t.Errorf("%+v, %v", res, err)
	}
	seq := r.seq()
	_, err := edit(false, a, b)
	refused(t, err, "invalid", "attachment "+b.URL+": HEAD answered 500: write size and type")
	if f.take() != b.URL || r.seq() != seq {
		t.Error("a refused edit was committed, or the wrong file asked about")
	}
	if res, err := edit(true, a, b); err != nil || len(res.Warnings) != 1 || f.take() != "" {
		t.Errorf("%+v, %v", res, err)
	}
	delete(f.answers, b.URL)
	if res, err := edit(false, a, b); err != nil || res.Status != Changed || f.take() != b.URL {
		t.Errorf("%+v, %v", res, err)
	}
	if got := r.kept("a").Attachments; len(got) != 2 || got[0].Size != 1000 || got[1].Size != 1000 {
		t.Errorf("kept %+v", got)
	}
	r.act(PostAction{Name: "a", Action: "rm"})
	_, err = edit(false, b, feed.Attachment{URL: "https://files.example/c"})
	refused(t, err, "gone")
	_, err = r.Act(t.Context(), PostAction{Name: "nobody", Action: "edit", Edit: &Document{Post: feed.Post{Attachments: []feed.Attachment{b}}}})
	refused(t, err, "not_found")
	if asked := f.take(); asked != "" {
		t.Errorf("asked %q", asked)
	}
}
