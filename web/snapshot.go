package web

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"syndic/feed"
)

// snapshot is everything that is served at one time. It never changes, but for
// encodings that are added to its documents when they are first asked for.
type snapshot struct {
	head
	loaded bool
	zone   *time.Location
	origin string // of the site's URL, without a path
	prefix string // path of the site's URL, decoded, without a slash at its end

	categories []*category // those that readers know of, the site's first
	byNum      map[uint64]*category
	bySlug     map[string]*category   // of every slug that a category has or had
	paths      map[string]*servedFeed // by path, with the site's prefix and without it
	escaped    map[string]*servedFeed // by path as it is in URLs, where that differs
	topics     map[string]*servedFeed
	redirects  map[string]string

	modified time.Time // no page shows anything newer
	opml     func() *document
	replaced chan struct{} // closed when a newer snapshot is served
}

// category is a category with its feeds.
type category struct {
	feed.Category // effective
	feeds         categoryFeeds
}

// published tells whether readers may know of the category.
func (c *category) published() bool {
	return c.State != feed.Retired && c.feeds != categoryFeeds{}
}

func newSnapshot(h head, feeds map[uint64]categoryFeeds) *snapshot {
	sn := &snapshot{
		head: h, loaded: !h.read.IsZero(), zone: time.UTC, modified: h.read,
		byNum: map[uint64]*category{}, bySlug: map[string]*category{},
		paths: map[string]*servedFeed{}, escaped: map[string]*servedFeed{}, topics: map[string]*servedFeed{}, redirects: map[string]string{},
		replaced: make(chan struct{}),
	}
	if zone, err := time.LoadLocation(h.site.TimeZone); err == nil {
		sn.zone = zone
	}
	if u, err := url.Parse(h.site.URL); err == nil && u.Host != "" {
		sn.origin = u.Scheme + "://" + u.Host
		sn.prefix = norm.NFC.String(strings.TrimSuffix(u.Path, "/"))
	}
	for _, c := range h.records {
		sn.addCategory(&category{Category: h.site.Effective(c), feeds: feeds[c.Num]})
	}
	sn.addPaths()
	for from, to := range h.site.Redirects {
		sn.redirects[norm.NFC.String("/"+strings.TrimPrefix(from, "/"))] = to
	}
	sn.opml = sync.OnceValue(sn.newOPML)
	return sn
}

func (sn *snapshot) addCategory(c *category) {
	sn.byNum[c.Num] = c
	for _, a := range c.Aliases {
		// Former titles are aliases too.
		if sn.bySlug[a] == nil && feed.Slug(a) == a {
			sn.bySlug[a] = c
		}
	}
	if c.Slug != "" {
		sn.bySlug[c.Slug] = c
	}
	if c.published() {
		sn.categories = append(sn.categories, c)
	}
}

// addPaths makes each feed known under its path. With the site at /blog/, it
// is both /blog/rss.xml, and /rss.xml for a proxy that strips the prefix. Where
// one category's path is another's with the prefix, the public URL wins.
func (sn *snapshot) addPaths() {
	prefixes := []string{"/"}
	if sn.prefix != "" {
		prefixes = append(prefixes, sn.prefix+"/")
	}
	for _, prefix := range prefixes {
		for _, c := range sn.categories {
			for f, served := range c.feeds {
				if served != nil {
					// A renamed category's feed keeps its path until it is published again.
					sn.addPath(prefix+norm.NFC.String(c.FeedPath(feed.Format(f))), served)
				}
			}
		}
		for _, c := range sn.categories {
			for _, served := range c.feeds {
				if served != nil {
					sn.addPath(prefix+norm.NFC.String(served.Path), served)
					sn.addServed(served)
				}
			}
		}
	}
}

func (sn *snapshot) addPath(path string, f *servedFeed) {
	sn.paths[path] = f
	if escaped := (&url.URL{Path: path}).EscapedPath(); escaped != path {
		sn.escaped[escaped] = f
	}
}

func (sn *snapshot) addServed(f *servedFeed) {
	if f.document == nil {
		return
	}
	sn.topics[f.Topic] = f
	if f.Modified.After(sn.modified) {
		sn.modified = f.Modified
	}
}

// below is the path below the site's URL.
func (sn *snapshot) below(path string) string {
	if sn.prefix != "" && (path == sn.prefix || strings.HasPrefix(path, sn.prefix+"/")) {
		path = path[len(sn.prefix):]
	}
	return strings.TrimPrefix(path, "/")
}

// href is a link to a path below the site's URL. It leaves out the origin, so
// that it also holds for whoever comes by another name of the host.
func (sn *snapshot) href(path string) string {
	return strings.TrimPrefix(sn.site.Abs(path), sn.origin)
}

// redirect is where the configuration sends a path below the site's URL, with
// or without a query; empty for nowhere.
func (sn *snapshot) redirect(path, query string) string {
	path = "/" + path
	keys := []string{path, path + "/", strings.TrimSuffix(path, "/")}
	if query != "" {
		keys = append([]string{path + "?" + query}, keys...)
	}
	for _, key := range keys {
		if to := sn.redirects[key]; to != "" && key != "" {
			return sn.target(to)
		}
	}
	return ""
}

// target is a configured address, which is absolute or below the site's URL.
func (sn *snapshot) target(to string) string {
	if u, err := url.Parse(to); err != nil || u.IsAbs() || u.Host != "" {
		return to
	}
	base := strings.TrimPrefix(strings.TrimSuffix(sn.site.URL, "/"), sn.origin)
	return base + "/" + strings.TrimPrefix(to, "/")
}
