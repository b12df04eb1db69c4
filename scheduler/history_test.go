package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// refusingStore is a full disk while told to be one.
type refusingStore struct {
	store.Store
	refuse atomic.Bool
}

func (s *refusingStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	if s.refuse.Load() {
		return fmt.Errorf("commit: %w", store.ErrFull)
	}
	return s.Store.Update(ctx, fn)
}

// counter counts lines of a log.
type counter struct{ atomic.Int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.Add(1)
	return len(b), nil
}

// fromNothing renders a category's feed from its timeline alone.
func (w *world) fromNothing(c feed.Category, f feed.Format) (whole []byte) {
	w.t.Helper()
	w.view(func(r store.Reader) error {
		site, err := r.Site()
		if err != nil {
			return err
		}
		c = w.slots.effective(site, c)
		posts, err := r.Timeline(c.Num, store.Cursor{}, feed.MaxPosts)
		if err != nil {
			return err
		}
		posts = posts[:c.Window.Take(len(posts), func(i int) time.Time { return posts[i].Published })]
		for i, p := range posts {
			for _, id := range p.Categories {
				of, err := r.CategoryByID(id)
				if err != nil {
					return err
				}
				posts[i].Labels = append(posts[i].Labels, feed.Label{Slug: of.Slug, Title: of.Title})
			}
		}
		whole, err = feed.Render(c, posts, f)
		return err
	})
	return whole
}

// Whatever happens to posts, categories and the configuration, what is joined
// from kept entries is what the same posts give from nothing, after each
// publication, and in the end also in a store that has seen nothing else.
func TestJoinedAsFromNothing(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := history{site: randomSite(seed), rand: rand.New(rand.NewPCG(seed, 1))}
				h.world = newWorld(t, h.site, nil)
				h.sched.chunk = 5
				for range 40 {
					h.happen()
					h.runs = nil
					h.step()
					h.comparePublished()
					<-time.After(time.Duration(1+h.rand.IntN(900)) * time.Second)
				}
				h.republish(Request{})
				<-time.After(time.Second)
				h.compare()
				h.compareFresh()
				for _, r := range h.republish(Request{}) {
					if r.Status != Unchanged {
						t.Errorf("%s is %s by a second republish", r.Topic, r.Status)
					}
				}
			})
		})
	}
}

func randomSite(seed uint64) feed.Site {
	site := siteWith([]string{"@change", "*/5 * * * *", "@every 20m"}[seed%3], "a", "7 * * * *")
	site.Window = feed.Window{Posts: int(1 + seed*2), Hours: int(seed%2) * 24}
	return site
}

// history is a world to which things happen by chance.
type history struct {
	*world
	site feed.Site
	rand *rand.Rand
	nums []uint64
}

func (h *history) some() []string {
	all := []string{"a", "b", "c", "d"}
	h.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:h.rand.IntN(3)]
}

// happen does one thing that may happen to posts and categories.
func (h *history) happen() {
	h.t.Helper()
	if n := h.rand.IntN(10); n < 4 || len(h.nums) == 0 {
		p := h.add(func(p *feed.Post) {
			p.Published = time.Time{}
			if n == 0 {
				p.Published = start.Add(time.Duration(h.rand.IntN(1000)) * time.Minute)
			}
			if n == 1 {
				p.State, p.PublishAt = feed.Scheduled, time.Now().Add(time.Duration(h.rand.IntN(3600))*time.Second)
			}
		}, store.PutOptions{}, h.some()...)
		h.nums = append(h.nums, p.Num)
		return
	}
	num := h.nums[h.rand.IntN(len(h.nums))]
	var ids []string
	for _, title := range h.some() {
		ids = append(ids, h.category(title).ID)
	}
	switch h.rand.IntN(9) {
	case 0:
		h.edit(num, store.PutOptions{}, func(p *feed.Post) {
			p.Categories = ids
			p.Revision -= uint64(h.rand.IntN(2)) // an entry shows them all the same
		})
	case 1:
		h.edit(num, store.PutOptions{}, func(p *feed.Post) {
			if p.State.CanBecome(feed.Recalled) {
				p.State = feed.Recalled
			} else {
				p.State = feed.Queued
			}
		})
	case 2:
		h.edit(num, store.PutOptions{Due: time.Now()}, func(p *feed.Post) { p.Published = start.Add(time.Duration(num) * time.Hour) })
	case 3:
		h.rename()
	case 4:
		h.reconfigure()
	case 6:
		h.mend()
	case 7:
		h.republish(Request{})
		h.comparePublished()
	case 5: // many at once, as an import: more than one commit takes
		for _, num := range h.nums {
			h.edit(num, store.PutOptions{Due: time.Now()}, func(p *feed.Post) { p.Title += "'" })
		}
	default:
		h.edit(num, store.PutOptions{}, func(p *feed.Post) { p.Body += fmt.Sprintf("\n\nMore & <b>more</b> %d.\n", h.rand.Uint32()) })
	}
}

// mend damages a kept entry and republishes what shows it.
func (h *history) mend() {
	h.t.Helper()
	list := h.artifacts("")
	if len(list) == 0 || len(list[0].Entries) == 0 {
		return
	}
	a := list[h.rand.IntN(len(list))]
	key := a.Entries[h.rand.IntN(len(a.Entries))]
	h.update(func(tx store.Tx) error {
		c, err := tx.Category(a.Category)
		if err != nil {
			return err
		}
		return tx.Publish(store.Publication{Category: c, Fragments: []feed.Fragment{{Key: key, Data: []byte("rot")}}})
	})
	h.republish(Request{})
	h.comparePublished()
}

// rename gives a category another title.
func (h *history) rename() {
	h.t.Helper()
	c := h.category("b")
	c.Title = fmt.Sprint("B ", h.rand.Uint32())
	h.update(func(tx store.Tx) error {
		_, err := tx.PutCategory(c)
		if err != nil {
			return err
		}
		return tx.PutMark(c.Num, tx.Now(), false)
	})
}

// reconfigure changes what every head shows, or every entry.
func (h *history) reconfigure() {
	h.t.Helper()
	switch h.rand.IntN(4) {
	case 0:
		h.site.Title += "!"
	case 1:
		h.site.Window.Posts = 1 + h.rand.IntN(12)
	case 2:
		h.site.Categories = slices.Clone(h.site.Categories)
		h.site.Categories[0].Description = fmt.Sprint("About ", h.rand.Uint32())
	default:
		h.site.URL += "x/"
	}
	h.apply(h.site)
}

// comparePublished holds the feeds that were just published against ones made
// from nothing.
func (h *history) comparePublished() {
	h.t.Helper()
	for _, run := range h.runs {
		var c feed.Category
		h.view(func(r store.Reader) (err error) {
			c, err = r.Category(run.Category)
			return err
		})
		for _, a := range h.artifacts(c.Slug) {
			if !bytes.Equal(h.bytes(a), h.fromNothing(c, a.Format)) {
				h.t.Errorf("%s, just published, is other than from nothing", a.Path)
			}
		}
	}
}

// compareFresh feeds an empty store the posts as they are in the end.
func (h *history) compareFresh() {
	h.t.Helper()
	fresh := newWorld(h.t, h.site, nil)
	h.view(func(r store.Reader) error {
		all, err := r.Categories(0, 100)
		for _, c := range all {
			fresh.update(func(tx store.Tx) error {
				old, err := tx.CategoryByID(c.ID)
				c.Num, c.Aliases = old.Num, nil
				if err == nil || errors.Is(err, store.ErrNotFound) {
					_, err = tx.PutCategory(c)
				}
				return err
			})
		}
		h.must(err)
		for _, num := range h.nums {
			p, err := r.LivePost(num)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			h.must(err)
			p.Num, p.State = 0, feed.Queued
			fresh.update(func(tx store.Tx) error {
				_, err := tx.PutPost(p, store.PutOptions{})
				return err
			})
		}
		return nil
	})
	fresh.republish(Request{})
	for _, slug := range []string{"", "a", "b", "c", "d"} {
		want := h.artifacts(slug)
		got := fresh.artifacts(slug)
		if declared := slug == "" || slug == "a"; !declared && len(want) > 0 && len(want[0].Entries) == 0 {
			want = nil // it is known for what it once held
		}
		if len(got) != len(want) {
			h.t.Errorf("category %q has %d feeds, in a fresh store %d", slug, len(want), len(got))
			continue
		}
		for i, a := range want {
			if !bytes.Equal(h.bytes(a), fresh.bytes(got[i])) {
				h.t.Errorf("%s is other than in a fresh store", a.Path)
			}
		}
	}
}

// compare holds every feed against one made from nothing.
func (h *history) compare() {
	h.t.Helper()
	h.wantFromNothing(5)
	for _, slug := range []string{"", "a", "b", "c", "d"} {
		for _, a := range h.artifacts(slug) {
			if len(a.Hubs) != 1 {
				h.t.Errorf("category %q advertises %q", slug, a.Hubs)
			}
		}
	}
}
