package web

import (
	"iter"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/text/unicode/norm"

	"syndic/feed"
)

// snapshot is what is served and where. It is made anew when the site or a
// category changes; a publication changes the slots of its feeds alone.
type snapshot struct {
	head
	loaded bool
	zone   *time.Location
	origin string // of the site's URL, without a path
	prefix string // path of the site's URL, decoded, without a slash at its end

	categories []*category // those that are not retired, the site's first
	byNum      map[uint64]*category
	bySlug     map[string]*category // of every slug that a category has or had
	paths      map[string]*slot     // by path, with the site's prefix and without it
	escaped    map[string]*slot     // by path as it is in URLs, where that differs
	topics     map[string]*slot
	redirects  map[string]string

	newest atomic.Int64 // second of the newest feed
}

// category is a category with its feeds.
type category struct {
	feed.Category // effective
	feeds         *categoryFeeds
}

// published tells whether readers may know of the category.
func (c *category) published() bool {
	return c.State != feed.Retired && (c.served(feed.RSS) != nil || c.served(feed.Atom) != nil || c.served(feed.JSON) != nil)
}

// served is one of the category's feeds, nil for none.
func (c *category) served(f feed.Format) *servedFeed {
	if c.feeds == nil {
		return nil
	}
	return c.feeds[f].now.Load()
}

func newSnapshot(h head, feeds map[uint64]*categoryFeeds) *snapshot {
	n := len(h.records)
	sn := &snapshot{
		head: h, loaded: !h.read.IsZero(), zone: time.UTC,
		byNum: make(map[uint64]*category, n), bySlug: make(map[string]*category, n),
		paths: make(map[string]*slot, n*len(feed.Formats)), escaped: map[string]*slot{}, topics: make(map[string]*slot, n*len(feed.Formats)),
		redirects: map[string]string{},
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
	if c.State != feed.Retired && c.feeds != nil {
		sn.categories = append(sn.categories, c)
	}
}

// addPaths makes each feed known under its path, also before it is published
// for the first time. With the site at /blog/, it is both /blog/rss.xml, and
// /rss.xml for a proxy that strips the prefix. Where one category's path is
// another's with the prefix, the public URL wins.
func (sn *snapshot) addPaths() {
	prefixes := []string{"/"}
	if sn.prefix != "" {
		prefixes = append(prefixes, sn.prefix+"/")
	}
	for _, prefix := range prefixes {
		for _, c := range sn.categories {
			for _, f := range feed.Formats {
				// A renamed category's feed keeps its path until it is published again.
				sn.addPath(prefix+norm.NFC.String(c.FeedPath(f)), &c.feeds[f])
				sn.topics[sn.site.Topic(c.Category, f)] = &c.feeds[f]
			}
		}
		for _, c := range sn.categories {
			for f := range c.feeds {
				if served := c.feeds[f].now.Load(); served != nil && !served.unreadable {
					sn.addPath(prefix+norm.NFC.String(served.Path), served.slot)
					sn.addServed(served)
				}
			}
		}
	}
}

func (sn *snapshot) addPath(path string, at *slot) {
	sn.paths[path] = at
	if escaped := (&url.URL{Path: path}).EscapedPath(); escaped != path {
		sn.escaped[escaped] = at
	}
}

func (sn *snapshot) addServed(f *servedFeed) {
	sn.topics[f.Topic] = f.slot
	sn.addNewest(f)
}

func (sn *snapshot) addNewest(f *servedFeed) {
	if second := f.Modified.Unix(); second > sn.newest.Load() {
		sn.newest.Store(second)
	}
}

// leadsTo tells whether the slot's feed is found by its path and its topic.
func (sn *snapshot) leadsTo(at *slot) bool {
	f := at.now.Load()
	return f == nil || f.unreadable ||
		sn.topics[f.Topic] == at && sn.paths["/"+norm.NFC.String(f.Path)] == at
}

// newer brings the snapshot up to newer generations of feeds that it leads to.
func (sn *snapshot) newer(feeds map[uint64]*categoryFeeds, list []found) {
	for _, found := range list {
		if of := feeds[found.category]; of != nil {
			for i := range of {
				if f := of[i].now.Load(); f != nil && !f.unreadable {
					sn.addNewest(f)
				}
			}
		}
	}
}

// modified is when the newest of all that pages show came: no page shows
// anything newer.
func (sn *snapshot) modified() time.Time {
	if at := time.Unix(sn.newest.Load(), 0).UTC(); at.After(sn.read) {
		return at
	}
	return sn.read
}

// published are the categories that readers know of.
func (sn *snapshot) published() iter.Seq[*category] {
	return func(yield func(*category) bool) {
		for _, c := range sn.categories {
			if c.published() && !yield(c) {
				return
			}
		}
	}
}

// feedsServed are all feeds that can be read.
func (sn *snapshot) feedsServed() iter.Seq[*servedFeed] {
	return func(yield func(*servedFeed) bool) {
		for _, c := range sn.categories {
			for i := range c.feeds {
				if f := c.feeds[i].now.Load(); f != nil && !f.unreadable && !yield(f) {
					return
				}
			}
		}
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
