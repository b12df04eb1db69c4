package web

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"syndic/feed"
)

// find is the public listener's endpoint. A feed costs one look into a map.
func (s *Server) find(r *http.Request) (*document, error) {
	sn := s.current.Load()
	full := norm.NFC.String(r.URL.Path)
	if f := sn.paths[full].served(); f != nil {
		if f.unreadable {
			return nil, errUnreadable
		}
		return f.document(opened{s, f, time.Now()}), nil
	}
	if !sn.loaded || !sn.configured {
		return nil, errStarting
	}
	path := sn.below(full)
	if to := sn.redirect(path, r.URL.RawQuery); to != "" {
		return nil, movedTo(to)
	}
	switch path {
	case "":
		return s.sitePage(r, sn)
	case opmlFile:
		return s.opmlOf(), nil
	case "favicon.ico":
		return nil, sn.favicon()
	default:
		return s.findBelow(r, sn, path)
	}
}

// findBelow answers what lies below a category, or below "posts". The feeds
// that there are have been found by then.
func (s *Server) findBelow(r *http.Request, sn *snapshot, path string) (*document, error) {
	dir, name, inside := strings.Cut(path, "/")
	if strings.Contains(strings.TrimSuffix(name, "/"), "/") {
		return nil, errNotFound
	}
	_, isFeed := formatOf(name)
	if dir == "posts" && name != "" && !isFeed {
		return s.postPage(r, sn, 0, path)
	}
	c := sn.bySlug[dir]
	switch {
	case c == nil:
		return nil, errNotFound
	case name != "" && !isFeed:
		return s.postPage(r, sn, c.Num, path)
	case c.State == feed.Retired:
		return nil, errGone
	case !c.published():
		return nil, errNotFound
	case !inside || dir != c.Slug:
		return nil, sn.moved(c, name, r.URL.RawQuery)
	case isFeed:
		return nil, errNotFound
	default:
		return s.categoryPage(r, sn, c)
	}
}

// moved sends an old name of a category, or one without its slash, to the
// present page or feed. A page keeps its query, which is a place in it.
func (sn *snapshot) moved(c *category, file, query string) error {
	to := sn.href(c.Path() + file)
	if file == "" && query != "" {
		to += "?" + query
	}
	return movedTo(to)
}

// favicon sends browsers to the configured icon.
func (sn *snapshot) favicon() error {
	to := sn.site.Favicon
	if to == "" {
		return errNotFound
	}
	if to = sn.target(to); strings.TrimPrefix(to, sn.origin) == sn.href("favicon.ico") {
		return errNotFound
	}
	return foundAt(to)
}
