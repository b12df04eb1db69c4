package store

import (
	"errors"
	"time"

	"syndic/feed"
)

// aheadPosts is how many scheduled posts ReadAhead looks at: enough for people
// who plan, and still some milliseconds where a million posts are scheduled.
const aheadPosts = 500

// Ahead says when scheduled posts go out, which take the waiting changes of their
// categories along. The zero value knows of none.
type Ahead struct {
	first time.Time            // of all
	by    map[string]time.Time // of each category, by its ID
}

// ReadAhead finds when the first scheduled post of each category goes out. Of
// very many posts it looks at the earliest alone; a category that has none among
// these counts as having none. So do all when one of the posts is damaged: what
// else there is to tell of categories does not depend on it.
func ReadAhead(r Reader) (Ahead, error) {
	a := Ahead{first: r.NextPost(), by: map[string]time.Time{}}
	if a.first.IsZero() {
		return a, nil
	}
	posts, err := r.DuePosts(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), aheadPosts)
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound) {
		return a, nil
	}
	for _, p := range posts {
		for _, id := range p.Categories {
			if _, ok := a.by[id]; !ok {
				a.by[id] = p.PublishAt // the earliest come first
			}
		}
	}
	return a, err
}

// Due is when the category's changes go out: when its mark, which is the zero
// value for none, is due, or with a scheduled post before that. It is zero when
// nothing waits.
func (a Ahead) Due(c feed.Category, m Mark) time.Time {
	at := a.by[c.ID]
	if c.Num == feed.SiteNum {
		at = a.first
	}
	if c.State == feed.Retired || at.IsZero() || !m.Due.IsZero() && m.Due.Before(at) {
		return m.Due
	}
	return at
}
