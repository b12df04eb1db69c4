package control

import (
	"context"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

const (
	removePage  = 500 // posts that one request looks at
	removeBatch = 25  // and one commit removes: scattered rows take their time, and other writers wait
)

// remove removes one page of a category's posts. Whoever is cut off begins
// again: what is removed already is passed over.
func (h *Handler) remove(ctx context.Context, r RemoveRequest) (page RemovePage, err error) {
	var c feed.Category
	var nums []uint64
	err = h.cfg.Store.View(ctx, func(rd store.Reader) error {
		site, err := h.site(rd)
		if err != nil {
			return err
		}
		if c, err = findCategory(rd, site, r.Category); err != nil {
			return err
		}
		if c.Num == feed.SiteNum {
			return refuse("invalid", "name a category: the site's own holds every post")
		}
		posts, err := rd.PostsIn(c.Num, r.After, removePage)
		for _, p := range posts {
			page.Next = p.Num
			if removable(p, c) {
				nums = append(nums, p.Num)
			}
		}
		if len(posts) < removePage {
			page.Next = 0
		}
		return err
	})
	for batch := range slices.Chunk(nums, removeBatch) {
		if err == nil {
			err = h.removeAll(ctx, c, batch)
			page.Removed += len(batch)
		}
	}
	if err != nil {
		return RemovePage{}, fmt.Errorf("remove posts of category %q: %w", r.Category, err)
	}
	return page, nil
}

func removable(p feed.Post, c feed.Category) bool {
	return p.State != feed.Removed && slices.Contains(p.Categories, c.ID)
}

// removeAll removes posts in one commit, but for those that left the category.
func (h *Handler) removeAll(ctx context.Context, c feed.Category, nums []uint64) error {
	return h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		a, err := h.adder(tx, AddRequest{}, map[uint64]bool{})
		if err != nil {
			return err
		}
		for _, num := range nums {
			p, err := tx.Post(num)
			if err != nil {
				return err
			}
			if !removable(p, c) {
				continue
			}
			if _, _, _, err := a.remove(p, PostAction{}); err != nil {
				return err
			}
		}
		return nil
	})
}
