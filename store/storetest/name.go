package storetest

import (
	"syndic/feed"
	"syndic/store"
)

var nameCases = []suiteCase{
	{"post names are never another's", postNames},
	{"post paths", postPaths},
	{"tombstone keeps its names", tombstone},
	{"category names", categoryNames},
	{"category names are never another's", categoryNamesTaken},
	{"category renamed and back", categoryBack},
}

// postNames: an id or slug that another post has or once had is taken, and the
// Update may go on with another.
func postNames(k *kit) {
	k.post(1)
	k.edit(1, func(p *feed.Post) { p.Slug = "second" })
	k.update(func(tx store.Tx) {
		try := func(id, slug string) error {
			p := Post(2)
			p.ID, p.Slug = id, slug
			_, err := tx.PutPost(p, store.PutOptions{})
			return err
		}
		is("id", try(Post(1).ID, "free"), store.ErrTaken)
		is("slug", try("tag:free", "second"), store.ErrTaken)
		is("former slug", try("tag:free", "post-1"), store.ErrTaken)
		_, err := tx.PostByID("tag:free")
		is("nothing of it is left", err, store.ErrNotFound)
		done(try("tag:free", "free"))
	})
	k.view(func(r store.Reader) {
		same("present slug", must(r.PostBySlug("second")).Num, 1)
		same("former slug", must(r.PostBySlug("post-1")).Num, 1)
		same("the other", must(r.PostBySlug("free")).Num, 2)
	})
	k.edit(1, func(p *feed.Post) { p.Slug = "post-1" })
	k.view(func(r store.Reader) { same("own former slug", must(r.PostBySlug("second")).Slug, "post-1") })
}

// postPaths: every path that a post had stays its own, and a category's new
// slug changes none.
func postPaths(k *kit) {
	a, b := k.category("A"), k.category("B")
	p := k.post(1, a, b)
	k.edit(p.Num, func(p *feed.Post) { p.Slug = "new" })
	k.edit(p.Num, func(p *feed.Post) { p.Categories = []string{b.ID, a.ID} })
	k.edit(p.Num, func(p *feed.Post) { p.Categories = nil })
	a.Slug = "renamed"
	k.update(func(tx store.Tx) { must(tx.PutCategory(a)) })
	k.view(func(r store.Reader) {
		for _, path := range []struct {
			category uint64
			slug     string
		}{{a.Num, "post-1"}, {a.Num, "new"}, {b.Num, "new"}, {0, "new"}} {
			same("post at path", must(r.PostByPath(path.category, path.slug)).Num, p.Num)
		}
		_, err := r.PostByPath(b.Num, "post-1")
		is("a path that never was", err, store.ErrNotFound)
		_, err = r.PostByPath(0, "post-1")
		is("a path that never was", err, store.ErrNotFound)
	})
}

// tombstone: a removed post keeps its id, slug and paths from all others.
func tombstone(k *kit) {
	c := k.category("Design")
	p := k.post(1, c)
	k.publish(c, k.site())
	k.edit(p.Num, func(p *feed.Post) {
		*p = feed.Post{Num: p.Num, ID: p.ID, Slug: p.Slug, Categories: p.Categories, State: feed.Removed, Revision: p.Revision, Live: p.Live}
	})
	k.publish(c, k.site())
	k.update(func(tx store.Tx) {
		_, err := tx.PutPost(Post(1), store.PutOptions{})
		is("its names", err, store.ErrTaken)
		same("state", must(tx.PostByPath(c.Num, p.Slug)).State, feed.Removed)
		same("body", must(tx.PostByID(p.ID)).Body, "")
		same("listed", len(must(tx.Posts(0, 10))), 1)
	})
}

func categoryNames(k *kit) {
	c := k.category("Web Design")
	c.Slug, c.Title = "the-web", "The  Web"
	k.update(func(tx store.Tx) { c = must(tx.PutCategory(c)) })
	k.want("aliases", c.Aliases, []string{"web-design", "Web Design"})
	c.Slug = "web3"
	k.update(func(tx store.Tx) { c = must(tx.PutCategory(c)) })
	k.want("aliases", c.Aliases, []string{"web-design", "Web Design", "the-web"})
	k.reopen()
	k.view(func(r store.Reader) {
		for _, name := range []string{"web-design", "web design", "WEB DESIGN", "the-web", "the web", "The  Web", "web3"} {
			same("by name "+name, must(r.CategoryByName(name)), c)
		}
		for _, slug := range []string{"web-design", "the-web", "web3"} {
			same("by slug "+slug, must(r.CategoryBySlug(slug)), c)
		}
		_, err := r.CategoryBySlug("The Web")
		is("a title is not a slug", err, store.ErrNotFound)
		same("by id", must(r.CategoryByID(c.ID)), c)
		same("the site", must(r.CategoryBySlug("")).Num, feed.SiteNum)
	})
}

// categoryNamesTaken: what names a category, or once did, names no other.
func categoryNamesTaken(k *kit) {
	a := k.category("Alpha")
	a.Slug, a.Title = "aleph", "Aleph"
	k.update(func(tx store.Tx) { must(tx.PutCategory(a)) })
	b := k.category("Beta")
	k.update(func(tx store.Tx) {
		try := func(slug, title string) error {
			_, err := tx.PutCategory(feed.Category{ID: "tag:c", Slug: slug, Title: title})
			return err
		}
		is("slug", try("aleph", "Free"), store.ErrTaken)
		is("former slug", try("alpha", "Free"), store.ErrTaken)
		is("title", try("free", "ALEPH"), store.ErrTaken)
		is("former title", try("free", " alpha "), store.ErrTaken)
		b.Slug = "alpha"
		_, err := tx.PutCategory(b)
		is("slug of a rename", err, store.ErrTaken)
		_, err = tx.PutCategory(feed.Category{ID: a.ID, Slug: "free", Title: "Free"})
		is("id", err, store.ErrTaken)
		_, err = tx.PutCategory(feed.Category{Num: 99, ID: "tag:c", Slug: "free", Title: "Free"})
		is("an unknown number", err, store.ErrNotFound)
		_, err = tx.CategoryByName("free")
		is("nothing of it is left", err, store.ErrNotFound)
		done(try("free", "Free"))
	})
}

// categoryBack: a category may take a name back that it had.
func categoryBack(k *kit) {
	c := k.category("Design")
	for _, title := range []string{"Style", "Design", "Style", "Design"} {
		c.Slug, c.Title = feed.Slug(title), title
		k.update(func(tx store.Tx) { c = must(tx.PutCategory(c)) })
	}
	k.view(func(r store.Reader) {
		same("by present name", must(r.CategoryByName("design")).Num, c.Num)
		same("by former name", must(r.CategoryByName("STYLE")).Num, c.Num)
		same("named", must(r.Category(c.Num)).Named("style"), true)
	})
}
