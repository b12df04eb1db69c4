package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

func (w *world) seq() (seq store.Seq) {
	w.t.Helper()
	w.view(func(r store.Reader) error { seq = r.Seq(); return nil })
	return seq
}

func (w *world) bySlug(slug string) (c feed.Category) {
	w.t.Helper()
	w.view(func(r store.Reader) (err error) {
		c, err = r.CategoryBySlug(slug)
		return err
	})
	return c
}

// published are the categories of the runs since it was last asked.
func (w *world) published() (slugs []string) {
	w.t.Helper()
	for _, run := range w.runs {
		w.view(func(r store.Reader) error {
			c, err := r.Category(run.Category)
			slugs = append(slugs, c.Slug)
			return err
		})
	}
	w.runs = nil
	slices.Sort(slugs)
	return slugs
}

func TestApplyIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("0 6 * * *", "design", "@change", "code", "")
		site.Redirects = map[string]string{"/feed/": "/rss.xml"}
		site.Categories[0].Hubs = &[]string{}
		w := newWorld(t, site, nil)
		if c := w.bySlug(""); c.ID != feed.CategoryID("example.org", "", 0) || c.Created.IsZero() {
			t.Errorf("the site's category is %+v", c)
		}
		before := w.seq()
		ch := w.apply(site)
		if w.seq() != before || ch.Site || ch.Added != nil || ch.Updated != nil || ch.Marked != 0 || ch.Authority != "example.org" {
			t.Errorf("applied twice, it changes %+v", ch)
		}
		w.step()
		before = w.seq()
		if ch := w.apply(site); w.seq() != before {
			t.Errorf("applied after the publication, it changes %+v", ch)
		}
		site.Authority = "other.example.org"
		if ch := w.apply(site); !ch.Site || ch.Authority != "example.org" {
			t.Errorf("another authority later gives %+v, want the first one kept", ch)
		}
	})
}

func TestApplyPublishesWhatItTouches(t *testing.T) {
	window := func(n int) *feed.Window { return &feed.Window{Posts: n} }
	tests := []struct {
		name   string
		change func(*feed.Site)
		runs   []string // categories that are published again
		fresh  []string // those of them with other bytes
	}{
		{"nothing", func(*feed.Site) {}, nil, nil},
		{"a window", func(s *feed.Site) { s.Categories[1].Window = window(1) }, []string{"design"}, []string{"design"}},
		{"a description", func(s *feed.Site) { s.Categories[0].Description = "Of code." }, []string{"code"}, []string{"code"}},
		{"the site's window, which holds all anyway", func(s *feed.Site) { s.Window.Posts = 60 }, []string{"", "code", "design", "loose"}, nil},
		{"the site's hubs", func(s *feed.Site) { s.Hubs = nil }, []string{"", "code", "design", "loose"}, []string{"", "code", "design", "loose"}},
		{"the site's address", func(s *feed.Site) { s.URL = "https://example.org/blog/" }, []string{"", "code", "design", "loose"}, []string{"", "code", "design", "loose"}},
		{"a schedule, which ttl comes from", func(s *feed.Site) { s.Categories[1].Schedule = "0 * * * *" }, []string{"design"}, []string{"design"}},
		{"another category", func(s *feed.Site) { s.Categories = append(s.Categories, feed.Configured{Slug: "new", Title: "New"}) }, []string{"new"}, nil},
		{"a title, which entries show", func(s *feed.Site) { s.Categories[0].Title = "Programs" }, []string{"", "code", "design"}, []string{"", "code", "design"}},
		{"a slug for a title that exists", func(s *feed.Site) { s.Categories = append(s.Categories, feed.Configured{Slug: "free", Title: "loose"}) }, []string{"", "design", "free"}, []string{"", "design", "loose"}},
		{"the site's title, which its own feed shows", func(s *feed.Site) { s.Title = "Other" }, []string{""}, []string{""}},
		{"a redirect", func(s *feed.Site) { s.Redirects = map[string]string{"/feed/": "/rss.xml"} }, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				site := siteWith("@change", "code", "", "design", "")
				w := newWorld(t, site, nil)
				w.add(nil, store.PutOptions{}, "design", "loose")
				w.add(nil, store.PutOptions{}, "design", "code")
				w.clean()
				before := map[string][]uint64{}
				for _, slug := range []string{"", "code", "design", "loose"} {
					before[slug] = w.generations(slug)
				}
				site.Categories = slices.Clone(site.Categories)
				test.change(&site)
				w.apply(site)
				w.step()
				if got := w.published(); !slices.Equal(got, test.runs) {
					t.Errorf("published %q, want %q", got, test.runs)
				}
				for slug, old := range before {
					if fresh := !slices.Equal(old, w.generations(slug)); fresh != slices.Contains(test.fresh, slug) {
						t.Errorf("generations of %q went from %v to %v", slug, old, w.generations(slug))
					}
				}
			})
		})
	}
}

func TestApplyCategories(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("0 6 * * *", "design", "@change")
		w := newWorld(t, site, nil)
		if c := w.bySlug("design"); c.Title != "design" || c.Schedule != "@change" || c.ID != feed.CategoryID("example.org", "design", 0) {
			t.Errorf("declared: %+v", c)
		}
		code := w.category("Code")

		site.Categories = []feed.Configured{{Slug: "design", Title: "Design"}, {Slug: "programs", Title: "CODE"}}
		if ch := w.apply(site); !slices.Equal(ch.Updated, []string{"design", "programs"}) {
			t.Errorf("updated %q", ch.Updated)
		}
		if c := w.bySlug("design"); c.Title != "Design" || c.Schedule != "" {
			t.Errorf("with a new title and no schedule: %+v", c)
		}
		if c := w.bySlug("code"); c.Num != code.Num || c.Slug != "programs" {
			t.Errorf("a slug of its own for a title that exists: %+v", c)
		}

		w.update(func(tx store.Tx) error { // renamed through a door
			c, err := tx.CategoryBySlug("design")
			c.Slug, c.Title = "form", "Form"
			if err == nil {
				_, err = tx.PutCategory(c)
			}
			return err
		})
		site.Categories[0].Description = "Of form."
		w.apply(site)
		if c := w.bySlug("form"); c.Title != "Form" || c.Description != "Of form." {
			t.Errorf("renamed since: %+v", c)
		}

		site.Categories = nil
		if ch := w.apply(site); !slices.Equal(ch.Cleared, []string{"form"}) {
			t.Errorf("cleared %q", ch.Cleared)
		}
		if c := w.bySlug("form"); c.Description != "" || c.State != feed.Active {
			t.Errorf("out of the configuration: %+v", c)
		}

		site.Categories = []feed.Configured{{Slug: "other", Title: "Form"}, {Slug: "form"}}
		var key *KeyError
		if _, err := w.sched.Apply(w.ctx, site); !errors.As(err, &key) || key.Key != "categories.other" {
			t.Errorf("a title of another category: %v", err)
		}
		site.Title, site.Categories = "Elsewhere", []feed.Configured{{Slug: "brand-new"}, {Slug: "design"}, {Slug: "form"}}
		if _, err := w.sched.Apply(w.ctx, site); !errors.As(err, &key) || key.Key != "categories.design" {
			t.Errorf("a former name beside the present one: %v", err)
		}
		w.view(func(r store.Reader) error {
			kept, err := r.Site()
			if _, missing := r.CategoryBySlug("brand-new"); kept.Title == "Elsewhere" || !errors.Is(missing, store.ErrNotFound) {
				t.Errorf("a configuration that is refused leaves the title %q and %v", kept.Title, missing)
			}
			return err
		})

		w.update(func(tx store.Tx) error {
			c, err := tx.CategoryBySlug("form")
			for _, title := range []string{"looks", "Form"} {
				if c.Title = title; err == nil {
					c, err = tx.PutCategory(c)
				}
			}
			return err
		})
		site.Categories = []feed.Configured{{Slug: "form"}, {Slug: "looks", Title: "Looking"}}
		if ch := w.apply(site); !slices.Equal(ch.Added, []string{"looks"}) {
			t.Errorf("a slug that looks like another's former title: %+v", ch)
		}
	})
}

func TestApplyFirstFeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("0 6 * * *", "design", "")
		w := newWorld(t, site, nil)
		w.add(nil, store.PutOptions{}, "waiting")
		w.apply(site)
		w.step()
		if got := w.published(); !slices.Equal(got, []string{"", "design"}) {
			t.Errorf("at the start %q is published, want the site and what is declared", got)
		}
		if w.waiting() != 3 {
			// The post came before the site's first feed, and goes along with it.
			t.Errorf("%d pings, want the site's three", w.waiting())
		}
		until(start.Add(6 * time.Hour))
		w.step()
		if got := w.published(); !slices.Equal(got, []string{"waiting"}) {
			t.Errorf("at the slot %q is published", got)
		}
	})
}

func TestApplyRedatesMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("0 6 * * *")
		w := newWorld(t, site, nil).clean()
		p := w.add(nil, store.PutOptions{}, "design")
		due := func() (due time.Time) {
			w.view(func(r store.Reader) error {
				m, err := r.Mark(w.bySlug("design").Num)
				due = m.Due
				return err
			})
			return due
		}
		site.Schedule = "0 12 * * *"
		w.apply(site)
		if want := start.Add(6 * time.Hour); !due().Equal(want) {
			t.Errorf("a later schedule moved the mark to %v, want %v", due(), want)
		}
		site.Schedule = "0 * * * *"
		if ch := w.apply(site); ch.Redated != 1 {
			t.Errorf("redated %d marks, want one", ch.Redated)
		}
		if want := start.Add(time.Hour); !due().Equal(want) {
			t.Errorf("an earlier schedule moved the mark to %v, want %v", due(), want)
		}
		until(start.Add(time.Hour))
		w.step()
		w.wantTitles("design", p.Title)
	})
}

func TestApplyDropsHubs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("@change", "design", "")
		site.Hubs = []string{"http://a.example/", "http://b.example/"}
		site.Categories[0].Hubs = &[]string{"http://b.example/", "http://c.example/"}
		w := newWorld(t, site, nil)
		w.add(nil, store.PutOptions{}, "design")
		w.step()
		if n := w.waiting(); n != 12 {
			t.Fatalf("%d deliveries, want two feeds, three formats, two hubs", n)
		}
		site.Hubs = site.Hubs[1:]
		w.apply(site)
		if n := w.waiting(); n != 9 {
			t.Errorf("%d deliveries without the hub that is named nowhere, want 9", n)
		}
		site.Categories = slices.Clone(site.Categories)
		site.Categories[0].Hubs = &[]string{"http://c.example/"}
		w.apply(site)
		<-time.After(time.Second)
		w.step()
		want := []string{}
		w.view(func(r store.Reader) error {
			rows, err := r.Deliveries("http://b.example/")
			for _, d := range rows {
				want = append(want, d.Topic)
			}
			return err
		})
		if !slices.Equal(want, []string{"http://example.org/atom.xml", "http://example.org/feed.json", "http://example.org/rss.xml"}) {
			t.Errorf("the hub that design left is told of %q", want)
		}
	})
}

// A crash after any commit of Apply is repaired by the next one.
func TestApplyRepairsItself(t *testing.T) {
	for k := 1; k <= 9; k++ {
		for _, fault := range []storetest.Fault{storetest.Before, storetest.After} {
			t.Run(fmt.Sprintf("update %d, fault %d", k, fault), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site := siteWith("@change", "code", "", "design", "0 * * * *")
					w := newWorld(t, site, nil)
					w.add(nil, store.PutOptions{}, "design", "gone")
					w.clean()
					faulty := storetest.NewFaulty(w.store, func(n int) storetest.Fault {
						if n == k {
							return fault
						}
						return storetest.None
					})
					other := siteWith("*/5 * * * *", "code", "@change", "new", "")
					other.Hubs = []string{"http://else.example/"}
					broken := w.scheduler(func(c *Config) { c.Store = faulty })
					if _, err := broken.Apply(w.ctx, other); err != nil && !errors.Is(err, storetest.ErrInjected) {
						t.Fatal(err)
					}
					w.apply(other)
					w.step()
					for _, slug := range []string{"", "code", "design", "gone", "new"} {
						c := w.slots.effective(other, w.bySlug(slug))
						for _, a := range w.artifacts(slug) {
							if a.Fingerprint != feed.Fingerprint(c) {
								t.Errorf("%s is of another configuration", a.Path)
							}
						}
						if len(w.artifacts(slug)) != 3 {
							t.Errorf("%q has %d feeds", slug, len(w.artifacts(slug)))
						}
					}
				})
			})
		}
	}
}
