package control

import (
	"context"
	"fmt"
	"iter"
	"time"

	"syndic/feed"
	"syndic/store"
)

// categoryPage is how many categories are read at a time.
const categoryPage = 500

// eachCategory lists all categories, the site's own first.
func eachCategory(r store.Reader) iter.Seq2[feed.Category, error] {
	return func(yield func(feed.Category, error) bool) {
		for after := uint64(0); ; {
			page, err := r.Categories(after, categoryPage)
			if err != nil {
				yield(feed.Category{}, err)
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
				after = c.Num
			}
			if len(page) < categoryPage {
				return
			}
		}
	}
}

type nameQuery struct {
	Name string `json:"name"`
}

// pageQuery is the cursor of a list's next page.
type pageQuery struct {
	After number `json:"after"`
}

func (h *Handler) categories(ctx context.Context, q pageQuery) (page CategoryPage, err error) {
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		page = CategoryPage{Categories: []CategoryInfo{}}
		site, err := h.site(r)
		if err != nil {
			return err
		}
		ahead, err := store.ReadAhead(r)
		if err != nil {
			return err
		}
		list, err := r.Categories(uint64(q.After), categoryPage)
		if err != nil {
			return err
		}
		if len(list) == categoryPage {
			page.Next = list[len(list)-1].Num
		}
		for _, c := range list {
			info, err := categoryInfo(r, site, ahead, c)
			if err != nil {
				return err
			}
			page.Categories = append(page.Categories, info)
		}
		return nil
	})
	return page, wrap("list categories", err)
}

func (h *Handler) category(ctx context.Context, q nameQuery) (info CategoryInfo, err error) {
	err = h.cfg.Store.View(ctx, func(r store.Reader) error {
		site, c, err := h.siteAndCategory(r, q.Name)
		if err == nil {
			info, err = oneCategory(r, site, c)
		}
		return err
	})
	return info, wrap(fmt.Sprintf("show category %q", q.Name), err)
}

func (h *Handler) siteAndCategory(r store.Reader, name string) (feed.Site, feed.Category, error) {
	site, err := h.site(r)
	if err != nil {
		return site, feed.Category{}, err
	}
	c, err := findCategory(r, site, name)
	return site, c, err
}

// oneCategory gathers what is known of a category that is shown alone.
func oneCategory(r store.Reader, site feed.Site, c feed.Category) (CategoryInfo, error) {
	ahead, err := store.ReadAhead(r)
	if err != nil {
		return CategoryInfo{}, err
	}
	return categoryInfo(r, site, ahead, c)
}

// categoryInfo gathers what is known of a category.
func categoryInfo(r store.Reader, site feed.Site, ahead store.Ahead, c feed.Category) (CategoryInfo, error) {
	c = site.Effective(c)
	info := CategoryInfo{
		ID: c.ID, Slug: c.Slug, Title: c.Title, Aliases: append([]string{}, c.Aliases...), State: c.State,
		Description: c.Description, Language: c.Language, Schedule: c.Schedule, Window: *c.Window,
		Hubs: append([]string{}, *c.Hubs...), Page: site.Abs(c.Path()),
	}
	var err error
	if info.Feeds, err = feeds(r, site, c); err != nil {
		return info, err
	}
	mark, err := r.Mark(c.Num)
	if err != nil && !isNotFound(err) {
		return info, err
	}
	info.DirtySince = timeOrNil(ahead.Due(c, mark))
	run, err := r.Run(c.Num)
	if isNotFound(err) {
		return info, nil
	}
	info.Run = &RunInfo{At: run.At, DurationMS: float64(run.Duration) / float64(time.Millisecond), Error: run.Error, Good: timeOrNil(run.Good)}
	return info, err
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
