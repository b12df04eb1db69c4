package web

import (
	"container/list"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/html"

	"syndic/feed"
)

// How much converted HTML is kept.
const (
	cacheEntries = 512
	cacheBytes   = 32 << 20
)

// contentKey names a post's content as it stands on one kind of page.
type contentKey struct {
	num, revision uint64
	page          string // the post's own
	heading       int    // level of the highest heading
	mark          string // before every id; empty on the post's own page
	frames        string // hosts whose iframes stay, with blanks between
}

// contentCache keeps the content of the posts that were shown last. It is safe
// for use by several goroutines.
type contentCache struct {
	mu      sync.Mutex
	entries int
	bytes   int
	free    int        // bytes
	order   *list.List // of contentEntry, the last used in front
	byKey   map[contentKey]*list.Element
}

type contentEntry struct {
	key  contentKey
	html string
}

func newContentCache(entries, bytes int) *contentCache {
	return &contentCache{entries: entries, bytes: bytes, free: bytes, order: list.New(), byKey: map[contentKey]*list.Element{}}
}

// of is the content of a post, sanitised and fitted into the page.
func (c *contentCache) of(p feed.Post, k contentKey) (string, error) {
	if html, ok := c.get(k); ok {
		return html, nil
	}
	html, err := feed.Content(p.Body, p.Markup, k.page, strings.Fields(k.frames)...)
	if err != nil {
		return "", err
	}
	html = fitInto(html, k)
	c.put(k, html)
	return html, nil
}

func (c *contentCache) get(k contentKey) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[k]
	if e == nil {
		return "", false
	}
	c.order.MoveToFront(e)
	return e.Value.(contentEntry).html, true
}

func (c *contentCache) put(k contentKey, html string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[k] != nil || len(html) > c.bytes {
		return
	}
	c.byKey[k] = c.order.PushFront(contentEntry{k, html})
	c.free -= len(html)
	for c.free < 0 || c.order.Len() > c.entries {
		oldest := c.order.Remove(c.order.Back()).(contentEntry)
		c.free += len(oldest.html)
		delete(c.byKey, oldest.key)
	}
}

// fitInto fits sanitised content into a page that holds more: its headings
// begin at the level that the page leaves to it and skip none on the way down,
// it brings no main landmark of its own, its ids are told apart from other
// posts', and links into the post stay in the page.
func fitInto(content string, k contentKey) string {
	shift, last := k.heading-topHeading(content), k.heading-1
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			t := z.Token()
			if l := level(t.Data); l != 0 {
				if kind == html.StartTagToken {
					last = min(6, l+shift, last+1)
				}
				t.Data = "h" + strconv.Itoa(last)
			}
			if t.Data == "main" {
				t.Data = "div"
			}
			for i := range t.Attr {
				fitAttr(&t.Attr[i], k)
				if role := footnoteRoles[t.Attr[i].Val]; role != "" && t.Attr[i].Key == "class" {
					t.Attr = append(t.Attr, html.Attribute{Key: "role", Val: role})
				}
			}
			if t.Data == "iframe" && kind != html.EndTagToken {
				nameFrame(&t)
			}
			b.WriteString(t.String())
		default:
			b.Write(z.Raw())
		}
	}
}

// nameFrame gives a frame that has no title its host's name, so that who
// listens to the page knows what it is (WCAG 2.2, 4.1.2).
func nameFrame(t *html.Token) {
	host := ""
	for _, a := range t.Attr {
		if a.Key == "title" && a.Val != "" {
			return
		}
		if u, err := url.Parse(a.Val); err == nil && a.Key == "src" {
			host = u.Host
		}
	}
	t.Attr = append(slices.DeleteFunc(t.Attr, func(a html.Attribute) bool { return a.Key == "title" }), html.Attribute{Key: "title", Val: host})
}

// footnoteRoles says what the parts of a footnote are to those who listen
// (DPUB-ARIA 1.1). In a feed a validator takes a role for a risk.
var footnoteRoles = map[string]string{
	"footnote-ref": "doc-noteref", "footnote-backref": "doc-backlink", "footnotes": "doc-endnotes",
}

// level is a heading's, 0 for another element.
func level(name string) int {
	if len(name) == 2 && name[0] == 'h' && '1' <= name[1] && name[1] <= '6' {
		return int(name[1] - '0')
	}
	return 0
}

// topHeading is the level of the highest heading in the content, 1 for none.
func topHeading(content string) int {
	top := 7
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if top == 7 {
				return 1
			}
			return top
		case html.StartTagToken:
			name, _ := z.TagName()
			if l := level(string(name)); l != 0 {
				top = min(top, l)
			}
		}
	}
}

func fitAttr(a *html.Attribute, k contentKey) {
	switch a.Key {
	case "id":
		a.Val = k.mark + a.Val
	case "headers":
		ids := strings.Fields(a.Val)
		for i := range ids {
			ids[i] = k.mark + ids[i]
		}
		a.Val = strings.Join(ids, " ")
	case "href":
		if page, id, _ := strings.Cut(a.Val, "#"); id != "" && sameAddress(page, k.page) {
			a.Val = "#" + k.mark + id
		}
	}
}

// sameAddress tells whether two URLs lead to one page. The content spells out
// what an author may have written with letters of every script and a fragment.
func sameAddress(a, b string) bool {
	b, _, _ = strings.Cut(b, "#")
	if a == b {
		return true
	}
	u, err := url.PathUnescape(a)
	v, failed := url.PathUnescape(b)
	return err == nil && failed == nil && u == v
}
