package store

import "syndic/feed"

// labelPage is how many categories MarkLabelled reads at a time.
const labelPage = 500

// MarkLabelled makes every category due whose feeds show the name of c, for the
// commit that gives it another one: its own, the site's, and those that its
// posts are in as well. Where it has more posts than a feed can hold, that is
// all categories: those without such a post render the same bytes again, which
// announces nothing.
func MarkLabelled(tx Tx, c feed.Category) error {
	posts, err := tx.Timeline(c.Num, Cursor{}, feed.MaxPosts)
	if err != nil {
		return err
	}
	all := len(posts) == feed.MaxPosts
	ids := map[string]bool{c.ID: true}
	for _, p := range posts {
		for _, id := range p.Categories {
			ids[id] = true
		}
	}
	for after, more := uint64(0), true; more; {
		page, err := tx.Categories(after, labelPage)
		if err != nil {
			return err
		}
		more = len(page) == labelPage
		for _, o := range page {
			after = o.Num
			if o.Num != feed.SiteNum && (o.State != feed.Active || !all && !ids[o.ID]) {
				continue
			}
			if err := tx.PutMark(o.Num, tx.Now(), false); err != nil {
				return err
			}
		}
	}
	return nil
}
