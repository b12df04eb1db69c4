package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

func TestCategoryInfo(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", "text"))
	info, err := r.Category(t.Context(), "DESIGN")
	if err != nil || info.Slug != "design" || info.Page != "http://example.org/design/" || info.Schedule != "*/5 * * * *" || info.Window.Posts != 50 || len(info.Hubs) != 1 || info.DirtySince == nil || info.Run != nil {
		t.Errorf("%+v, %v", info, err)
	}
	if len(info.Feeds) != 3 || info.Feeds[0].URL != "http://example.org/design/rss.xml" || info.Feeds[0].Generation != 0 {
		t.Errorf("%+v", info.Feeds)
	}
	r.publish()
	r.update(func(tx store.Tx) error {
		return tx.PutRun(store.Run{Category: r.num("design"), At: tx.Now(), Error: "it burns"})
	})
	info, err = r.Category(t.Context(), "design")
	if err != nil || len(info.Feeds) != 1 || info.Feeds[0].Generation == 0 || info.DirtySince != nil || info.Run == nil || info.Run.Error != "it burns" || info.Run.Good != nil {
		t.Errorf("%+v, %v", info, err)
	}
	list, err := r.Categories(t.Context())
	if err != nil || len(list) != 2 || list[0].Slug != "" || list[0].Title != "Example Journal" || list[1].Slug != "design" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, name := range []string{"", "/", "example journal"} {
		if site, err := r.Category(t.Context(), name); err != nil || site.Slug != "" || site.Page != "http://example.org/" {
			t.Errorf("%q: %+v, %v", name, site, err)
		}
	}
	for _, c := range list {
		if named, err := r.Category(t.Context(), c.ID); err != nil || named.ID != c.ID || named.Slug != c.Slug {
			t.Errorf("%q: %+v, %v", c.ID, named, err)
		}
	}
	r.mustAdd(md("b.md", "B", "text", in(list[1].ID)))
	if p := r.kept("b"); len(p.Categories) != 1 || p.Categories[0] != list[1].ID {
		t.Errorf("a post in a category by its id: %+v", p)
	}
	_, err = r.Category(t.Context(), "Desing")
	refused(t, err, "not_found", `"Desing"`, `did you mean "design"`)
	_, err = r.Category(t.Context(), "xyz")
	refused(t, err, "not_found", "syndic category list")
}

// A post dated ahead takes the category's changes along, and is one itself.
func TestCategoryIsDueWithAPostAhead(t *testing.T) {
	r := newRig(t) // its slots are an hour away
	soon, late := time.Now().Add(10*time.Minute).UTC().Truncate(time.Second), time.Now().Add(48*time.Hour).UTC().Truncate(time.Second)
	at := func(at time.Time, category string) func(*Document) {
		return func(d *Document) { d.Date, d.Categories = at.Format(time.RFC3339), []string{category} }
	}
	for _, d := range []Document{
		md("a.md", "A", "text"), md("b.md", "B", "text", at(late, "Design")), md("c.md", "C", "text", at(soon, "Design")),
		md("d.md", "D", "text", at(late, "Later")),
		md("e.md", "E", "text", func(d *Document) { d.Categories = []string{"Slot"} }), md("f.md", "F", "text", at(late, "Slot")),
	} {
		r.mustAdd(d)
	}
	list, err := r.Categories(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, info := range list {
		one, err := r.Category(t.Context(), info.Slug)
		if err != nil || one.DirtySince == nil || info.DirtySince == nil || !one.DirtySince.Equal(*info.DirtySince) {
			t.Fatalf("%+v is shown as %+v, %v", info, one, err)
		}
		switch due := *info.DirtySince; info.Slug {
		case "", "design":
			if !due.Equal(soon) {
				t.Errorf("%q is due %s, want %s with the post", info.Slug, due, soon)
			}
		case "later":
			if !due.Equal(late) {
				t.Errorf("%q is due %s, want %s with its only post", info.Slug, due, late)
			}
		default:
			if !due.After(soon) || !due.Before(late) {
				t.Errorf("%q is due %s, want its slot", info.Slug, due)
			}
		}
	}
}

func TestFeed(t *testing.T) {
	r := newRig(t)
	r.mustAdd(md("a.md", "A", "text"))
	_, _, err := r.Feed(t.Context(), "design", "rss")
	refused(t, err, "conflict", "syndic republish design")
	r.publish()
	data, kind, err := r.Feed(t.Context(), "Design", "rss")
	if err != nil || string(data) != "<design></>" || kind != "application/rss+xml" {
		t.Errorf("%q, %q, %v", data, kind, err)
	}
	_, _, err = r.Feed(t.Context(), "design", "html")
	refused(t, err, "invalid", `"html"`, "rss, atom or json")
	r.update(func(tx store.Tx) error {
		p := store.Publication{}
		p.Category, _ = tx.CategoryBySlug("design")
		p.Artifacts, _ = tx.Artifacts(p.Category.Num)
		p.Artifacts[0].Digest = feed.DigestOf([]byte("else"))
		return tx.Publish(p)
	})
	_, _, err = r.Feed(t.Context(), "design", "rss")
	refused(t, err, "damaged", "syndic check")
	r.publish() // whole again
}

func TestRetire(t *testing.T) {
	r := newRig(t)
	doc := md("a.md", "A", "text")
	r.mustAdd(doc)
	r.publish()
	info, err := r.Retire(t.Context(), "Design")
	if err != nil || info.State != feed.Retired || !r.soon("design") || len(info.Warnings) != 0 {
		t.Errorf("%+v, %v", info, err)
	}
	seq := r.seq()
	if info, err = r.Retire(t.Context(), "design"); err != nil || len(info.Warnings) != 1 || r.seq() != seq {
		t.Errorf("again: %+v, %v", info, err)
	}
	if res := r.add(md("b.md", "B", "")); res.Status != Rejected {
		t.Errorf("%+v", res)
	} else {
		says(t, res.Error, `"Design" is retired`)
	}
	if res := r.add(doc); res.Status != Unchanged {
		t.Errorf("a post that is in it already: %+v", res)
	}
	for _, name := range []string{"", "Example Journal"} {
		_, err = r.Retire(t.Context(), name)
		refused(t, err, "invalid", "site")
	}
}

func TestRename(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site.Categories = []feed.Configured{{Slug: "design", Title: "Design"}} })
	r.mustAdd(md("a.md", "A", "", in("Design", "Art")))
	r.mustAdd(md("b.md", "B", "", in("Music")))
	r.publish()
	before, err := r.Category(t.Context(), "design")
	if err != nil {
		t.Fatal(err)
	}
	if before.Aliases == nil {
		t.Error("no former name is null in JSON, not an empty list")
	}
	info, err := r.Rename(t.Context(), "design", "  Graphic  Design ")
	if err != nil || info.Title != "Graphic Design" || info.Slug != "graphic-design" || info.ID != before.ID || !slices.Contains(info.Aliases, "design") {
		t.Errorf("%+v, %v", info, err)
	}
	if len(info.Warnings) != 1 {
		t.Errorf("warnings %q", info.Warnings)
	}
	for name, want := range map[string]bool{"graphic-design": true, "": true, "art": true, "music": false} {
		if r.soon(name) != want {
			t.Errorf("%q due at once: %t", name, !want)
		}
	}
	if res := r.mustAdd(md("a.md", "A", "", in("Design", "Art"))); res.Status != Unchanged {
		t.Errorf("a file with the old title: %+v", res)
	}
	seq := r.seq()
	if _, err = r.Rename(t.Context(), "design", "Graphic Design"); err != nil || r.seq() != seq {
		t.Errorf("again: %v", err)
	}
	for title, code := range map[string]string{"Music": "conflict", "music!": "conflict", "posts": "invalid", "": "invalid", "!": "invalid"} {
		_, err = r.Rename(t.Context(), "design", title)
		refused(t, err, code)
	}
	if info, err = r.Rename(t.Context(), "graphic-design", "Design"); err != nil || info.Slug != "design" {
		t.Errorf("back: %+v, %v", info, err)
	}
	_, err = r.Rename(t.Context(), "", "X")
	refused(t, err, "invalid", "site.title")
}

// A category with more posts than a feed holds may share any with any other.
func TestRenameOfMany(t *testing.T) {
	r := newRig(t)
	var docs []Document
	for i := range feed.MaxPosts {
		docs = append(docs, md("", fmt.Sprintf("N %d", i), ""))
	}
	r.addAll(AddRequest{Documents: append(docs, md("", "M", "", in("Music")))})
	r.publish()
	if _, err := r.Rename(t.Context(), "design", "Other"); err != nil || !r.soon("music") {
		t.Errorf("music due at once: %t, %v", r.soon("music"), err)
	}
}

// The name of the site is no category's.
func TestNameOfTheSite(t *testing.T) {
	r := newRig(t)
	r.update(func(tx store.Tx) error {
		c, err := tx.Category(feed.SiteNum)
		if err != nil {
			return err
		}
		c.ID, c.Title = feed.CategoryID("example.org", "", 0), "Example Journal"
		_, err = tx.PutCategory(c)
		return err
	})
	res := r.add(md("a.md", "A", "", in("Example journal")))
	if res.Status != Rejected {
		t.Errorf("%+v", res)
	}
	says(t, res.Error, "name of the site")
}

func TestLinks(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Site.URL = "http://example.org/blog/"
		c.Site.Redirects = map[string]string{"/old/": "/rss.xml"}
	})
	res := r.addAll(AddRequest{Documents: []Document{
		md("a.md", "A", "", links("images/a.png", "b", "/blog/design/b", "../", "../atom.xml", "../music/", "#top", "", "rss.xml", "/blog/posts/n", "/blog/old/", "/elsewhere/x.png", "images/a.png", "/blog/feeds.opml")),
		md("b.md", "B", "", links("x1", "x2", "x3", "x4", "x5", "x6", "%zz")),
		md("c.md", "C", "", links("images/c.png"), func(d *Document) { d.Post.URL = "https://example.com/c" }),
		md("n.md", "N", "", in(), links("../design/a", "../nowhere/", "../nowhere/rss.xml")),
		md("m.md", "M", "", in("Music"), func(d *Document) { d.Warnings = []string{"m.md:1: odd"} }),
	}})
	for i, want := range []string{
		"[nothing serves images/a.png: readers will not find it; link to a full address]",
		"[nothing serves x1, x2, x3, x4, x5 and 2 more: readers will not find it; link to a full address]",
		"[]",
		"[nothing serves ../nowhere/, ../nowhere/rss.xml: readers will not find it; link to a full address]",
		"[m.md:1: odd]",
	} {
		if got := fmt.Sprint(res[i].Warnings); got != want {
			t.Errorf("%s: %s, want %s", res[i].File, got, want)
		}
	}
}

// More categories than a page has come in the order of their making, once.
func TestCategoriesByPage(t *testing.T) {
	r := newRig(t)
	const n = categoryPage + 20
	r.update(func(tx store.Tx) error {
		for i := range n {
			if _, err := tx.PutCategory(storetest.Category(fmt.Sprintf("C%04d", i))); err != nil {
				return err
			}
		}
		return nil
	})
	list, err := r.Categories(t.Context())
	if err != nil || len(list) != n+1 || list[0].Slug != "" {
		t.Fatalf("%d categories (%v), want %d, the site's own first", len(list), err, n+1)
	}
	for i, c := range list[1:] {
		if want := fmt.Sprintf("c%04d", i); c.Slug != want {
			t.Errorf("category %d is %s, want %s", i, c.Slug, want)
		}
	}
	if s, err := r.Status(t.Context()); err != nil || s.Categories != n || s.Feeds != 0 {
		t.Errorf("status has %d categories with %d feeds (%v), want %d with none", s.Categories, s.Feeds, err, n)
	}
}

// A category's list has its posts in whatever state, but for those removed.
func TestPostsOfACategory(t *testing.T) {
	r := newRig(t)
	req := AddRequest{Categories: []string{"Design"}}
	for _, name := range []string{"queued", "draft", "scheduled", "removed", "left"} {
		d := Document{Post: feed.Post{Title: name, Body: "x", File: name + ".md"}, Draft: name == "draft"}
		if name == "scheduled" {
			d.Date = "2999-01-01"
		}
		req.Documents = append(req.Documents, d)
	}
	if _, err := r.Add(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Act(t.Context(), PostAction{Name: "removed", Action: "rm"}); err != nil {
		t.Fatal(err)
	}
	moved := AddRequest{Categories: []string{"Notes"}, Documents: []Document{{Post: feed.Post{Title: "left", Body: "x", File: "left.md"}}}}
	if _, err := r.Add(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	names := func(q PostQuery) (list []string) {
		for p, err := range r.Posts(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, p.Slug)
		}
		return list
	}
	for q, want := range map[PostQuery]string{
		{Category: "Design"}:                      "queued draft scheduled",
		{Category: "Design", State: feed.Removed}: "removed",
		{Category: "Design", State: feed.Draft}:   "draft",
		{Category: "Notes"}:                       "left",
	} {
		if got := strings.Join(names(q), " "); got != want {
			t.Errorf("%+v lists %q, want %q", q, got, want)
		}
	}
}
