package control

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"

	"syndic/feed"
	"syndic/store"
)

// How far a search for a mistyped name looks, in posts.
const nearPosts = 1000

// findPost finds a post by its ID, its slug, now or once, or a prefix that no
// other ID has.
func findPost(r store.Reader, name string) (feed.Post, error) {
	if name = strings.TrimSpace(name); name == "" {
		return feed.Post{}, refuse("invalid", "a post is missing: name it by its id, its slug, or the beginning of its id")
	}
	for _, find := range []func(string) (feed.Post, error){r.PostByID, r.PostBySlug} {
		if p, err := find(name); !isNotFound(err) {
			return p, err
		}
	}
	posts, err := r.PostsByIDPrefix(name, 6)
	switch {
	case err != nil:
		return feed.Post{}, err
	case len(posts) == 1:
		return posts[0], nil
	case len(posts) > 1:
		return feed.Post{}, refuse("conflict", "%q begins the ids of several posts: %s; write more of it", name, listIDs(posts))
	}
	hint, err := nearestPost(r, name)
	if err != nil {
		return feed.Post{}, err
	}
	return feed.Post{}, refuse("not_found", "no post %q%s", name, hint)
}

func listIDs(posts []feed.Post) string {
	var ids []string
	for _, p := range posts[:min(len(posts), 5)] {
		ids = append(ids, p.ID)
	}
	if len(posts) > 5 {
		ids = append(ids, "…")
	}
	return strings.Join(ids, ", ")
}

// nearestPost looks among the newest live posts and the oldest of all.
func nearestPost(r store.Reader, name string) (string, error) {
	live, err := r.Timeline(feed.SiteNum, store.Cursor{}, nearPosts)
	if err != nil {
		return "", err
	}
	all, err := r.Posts(0, nearPosts)
	if err != nil {
		return "", err
	}
	var slugs []string
	for _, p := range append(live, all...) {
		slugs = append(slugs, p.Slug)
	}
	return nearest(name, slugs, "post"), nil
}

// findCategory finds a category by its slug, its title or a former one, else by
// its id, as lists print it; "" and the site's title are the site's own.
func findCategory(r store.Reader, site feed.Site, name string) (feed.Category, error) {
	name = strings.TrimSpace(name)
	if name == "" || name == "/" {
		return r.Category(feed.SiteNum)
	}
	c, err := r.CategoryByName(name)
	if !isNotFound(err) {
		return c, err
	}
	if (feed.Category{Title: site.Title}).Named(name) {
		return r.Category(feed.SiteNum)
	}
	if c, err := r.CategoryByID(name); !isNotFound(err) {
		return c, err
	}
	var names []string
	for c, err := range eachCategory(r) {
		if err != nil {
			return c, err
		}
		names = append(names, c.Slug, c.Title)
	}
	return c, refuse("not_found", "no category %q%s", name, nearest(name, names, "category"))
}

// nearest suggests the known name that is close to what was typed, or the
// command that lists the names of the kind.
func nearest(name string, known []string, kind string) string {
	best, least := "", max(2, len([]rune(name))/3)+1
	for _, k := range known {
		// A name of which every letter differs is not near.
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); d < least && d < len([]rune(k)) {
			best, least = k, d
		}
	}
	if best == "" {
		return fmt.Sprintf(": `syndic %s list` shows them all", kind)
	}
	return fmt.Sprintf(": did you mean %q?", best)
}
