package storetest

import (
	"syndic/feed"
	"syndic/store"
)

var categoryCases = []suiteCase{
	{"category round trip", categoryRoundTrip},
	{"category refused", categoryRefused},
	{"the site's category", siteCategory},
	{"site and authority", siteAndAuthority},
	{"what changes nothing commits nothing", categoryUnchanged},
	{"renamed categories", categoryRenamed},
}

func categoryRoundTrip(k *kit) {
	var none []string
	c := feed.Category{ID: "tag:c", Slug: "c", Title: "C", State: feed.Retired, Created: Day, Settings: feed.Settings{
		Description: "About C", Language: "fr", Image: "http://example.org/c.png", Schedule: "@change", Window: &feed.Window{Posts: 3}, Hubs: &none,
	}}
	configured := feed.Site{Categories: []feed.Configured{{Slug: "c", Settings: feed.Settings{Hubs: &none}}}}
	k.update(func(tx store.Tx) {
		c = must(tx.PutCategory(c))
		done(tx.PutSite(configured))
	})
	k.want("number", c.Num, feed.SiteNum+1)
	plain := k.category("Plain")
	k.reopen()
	k.view(func(r store.Reader) {
		got := must(r.Category(c.Num))
		same("kept", got, c)
		same("no hubs of its own is not the site's", got.Hubs != nil && len(*got.Hubs) == 0, true)
		same("nor in the configuration", must(r.Site()).Categories[0].Hubs != nil, true)
		same("nothing of its own", must(r.Category(plain.Num)).Settings, feed.Settings{})
		all := must(r.Categories(0, 10))
		same("all", len(all), 3)
		same("the site first", all[0].Num, feed.SiteNum)
		same("after the site", must(r.Categories(feed.SiteNum, 1))[0], c)
		same("after all", len(must(r.Categories(plain.Num, 10))), 0)
	})
}

func categoryRefused(k *kit) {
	c := k.category("Design")
	k.update(func(tx store.Tx) {
		_, err := tx.PutCategory(feed.Category{ID: "tag:c", Title: "No slug"})
		refused("no slug", err)
		_, err = tx.PutCategory(feed.Category{Slug: "c", Title: "No id"})
		refused("no id", err)
		c.ID = "tag:other"
		_, err = tx.PutCategory(c)
		refused("another id", err)
		site := must(tx.Category(feed.SiteNum))
		site.Slug = "site"
		_, err = tx.PutCategory(site)
		refused("a slug for the site", err)
	})
	k.view(func(r store.Reader) { same("categories", len(must(r.Categories(0, 10))), 2) })
}

// siteCategory: its id comes with the authority, and then stays.
func siteCategory(k *kit) {
	c := k.site()
	c.ID = "tag:example.org:site"
	k.update(func(tx store.Tx) { must(tx.PutCategory(c)) })
	k.reopen()
	k.want("the site's category", k.site(), c)
	k.view(func(r store.Reader) { same("by id", must(r.CategoryByID(c.ID)), c) })
}

func siteAndAuthority(k *kit) {
	s := Site()
	s.Redirects = map[string]string{"/b": "/2", "/a": "/1", "/c": "/3"}
	s.Categories = []feed.Configured{{Slug: "design", Title: "Design"}}
	k.update(func(tx store.Tx) {
		done(tx.PutSite(s))
		same("own write", must(tx.Site()), s)
		done(tx.PutAuthority("example.org"))
		same("own write", tx.Authority(), "example.org")
	})
	k.update(func(tx store.Tx) { done(tx.PutAuthority("example.net")) })
	k.reopen()
	k.view(func(r store.Reader) {
		same("site", must(r.Site()), s)
		same("the first authority", r.Authority(), "example.org")
	})
}

func categoryUnchanged(k *kit) {
	c := k.category("Design")
	s := Site()
	s.Redirects = map[string]string{"/a": "/1", "/b": "/2", "/c": "/3", "/d": "/4"}
	k.update(func(tx store.Tx) { done(tx.PutSite(s)) })
	before := k.seq()
	k.update(func(tx store.Tx) {
		done(tx.PutSite(s))
		done(tx.PutAuthority(""))
		must(tx.PutCategory(c))
	})
	k.want("Seq", k.seq(), before)
}

func (k *kit) seq() (seq store.Seq) {
	k.Helper()
	k.view(func(r store.Reader) { seq = r.Seq() })
	return seq
}

// categoryRenamed: only another slug or title of a category that was there is
// a new name.
func categoryRenamed(k *kit) {
	renamed := func() (seq store.Seq) {
		k.view(func(r store.Reader) { seq = r.Renamed() })
		return seq
	}
	c := k.category("Design")
	k.want("a new category", renamed(), store.Seq(0))
	change := func(edit func(*feed.Category)) store.Seq {
		k.update(func(tx store.Tx) {
			edit(&c)
			c = must(tx.PutCategory(c))
		})
		return k.seq()
	}
	change(func(c *feed.Category) { c.Description = "About" })
	k.want("another description", renamed(), store.Seq(0))
	k.want("another title", change(func(c *feed.Category) { c.Title = "Designs" }), renamed())
	k.want("another slug", change(func(c *feed.Category) { c.Slug = "designs" }), renamed())
	last := renamed()
	change(func(c *feed.Category) { c.Language = "fr" })
	k.want("another language", renamed(), last)
}
