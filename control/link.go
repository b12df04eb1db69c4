package control

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"syndic/feed"
)

// maxNamed is how many links a warning names.
const maxNamed = 5

// unserved warns of relative links to what nothing serves. Those of a post
// whose page is elsewhere lead there.
func (a *adder) unserved(p feed.Post, links []string) ([]string, error) {
	if len(links) == 0 {
		return nil, nil
	}
	base, err := url.Parse(a.site.PageURL(p))
	if err != nil || p.URL != "" {
		return nil, nil
	}
	var missing []string
	for _, link := range links {
		ok, err := a.serves(base, link)
		if err != nil {
			return nil, err
		}
		if !ok && !slices.Contains(missing, link) {
			missing = append(missing, link)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	more := ""
	if len(missing) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(missing)-maxNamed)
		missing = missing[:maxNamed]
	}
	return []string{"nothing serves " + strings.Join(missing, ", ") + more + ": readers will not find it; link to a full address"}, nil
}

// serves tells whether a relative link leads to a page or a feed of ours. A
// path of the same host beyond the site's is somebody else's matter.
func (a *adder) serves(base *url.URL, link string) (bool, error) {
	to, err := base.Parse(link)
	if err != nil {
		return false, nil
	}
	root, err := url.Parse(a.site.URL)
	if err != nil || to.Host != root.Host || !strings.HasPrefix(to.Path, strings.TrimSuffix(root.Path, "/")+"/") {
		return true, nil
	}
	path := strings.TrimPrefix(to.Path, strings.TrimSuffix(root.Path, "/")+"/")
	if _, ok := a.site.Redirects["/"+path]; ok {
		return true, nil
	}
	return a.page(path)
}

// page tells whether a path below the site's URL is served.
func (a *adder) page(path string) (bool, error) {
	dir, rest, _ := strings.Cut(path, "/")
	if path == "" || path == "feeds.opml" || rest == "" && isFeedFile(path) {
		return true, nil
	}
	num := uint64(0)
	if dir != "posts" {
		c, err := a.tx.CategoryBySlug(dir)
		if isNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if rest == "" || isFeedFile(rest) {
			return true, nil
		}
		num = c.Num
	}
	_, err := a.tx.PostByPath(num, rest)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func isFeedFile(name string) bool {
	for _, f := range feed.Formats {
		if name == f.File() {
			return true
		}
	}
	return false
}
