package feed

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/gorilla/feeds"
)

type rssItem struct {
	Title       *rssText `xml:"title"`
	Description string   `xml:"description,omitempty"` // before content:encoded, as the profile asks
	feeds.RssItem
	Author     *rssText      `xml:"author"`
	Creators   []string      `xml:"dc:creator"`
	Language   string        `xml:"dc:language,omitempty"`
	Categories []rssCategory `xml:"category"`
	Source     *rssSource    `xml:"source"`
	Media      []rssMedia    `xml:"media:content"`
	Thumbnail  *rssThumbnail `xml:"media:thumbnail"`
}

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	rssText
}

type rssSource struct {
	URL string `xml:"url,attr"`
	rssText
}

// rssEscape makes plain text what readers show as that text: they take a
// description for HTML.
var rssEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func newRSSItem(e entry) rssItem {
	i := rssItem{
		Title:       someRSSText(e.title),
		Description: rssEscape.Replace(e.summary),
		RssItem: feeds.RssItem{
			Link:     e.url,
			Comments: e.comments,
			Guid:     &feeds.RssGuid{Id: e.id, IsPermaLink: "false"},
			PubDate:  rssTime(e.published),
		},
		Language:  e.lang,
		Media:     rssMediaOf(e),
		Thumbnail: rssThumbnailOf(e),
	}
	if e.content != "" {
		i.Content = &feeds.RssContent{Content: e.content}
	}
	if i.Description == "" && (e.content != "" || e.title == "") {
		// Content wants a description before it, and an item one or a title.
		i.Description = rssEscape.Replace(cmp.Or(e.title, e.url))
	}
	i.setAuthors(e.authors)
	for _, t := range e.topics {
		i.Categories = append(i.Categories, rssCategory{t.scheme, newRSSText(t.title)})
	}
	for _, a := range e.attachments { // the first: more than one confuses readers
		if i.Enclosure == nil && strings.HasPrefix(a.URL, "http") {
			i.Enclosure = &feeds.RssEnclosure{Url: a.URL, Length: strconv.FormatInt(a.Size, 10), Type: a.Type}
		}
	}
	if e.origin.URL != "" {
		i.Source = &rssSource{e.origin.URL, newRSSText(e.origin.Title)}
	}
	return i
}

// setAuthors puts a lone author with an address where RSS wants one, and all
// others where a name is enough. An item takes one author only, and not both
// elements at a time (Best Practices Profile, "author" and "dc:creator").
func (i *rssItem) setAuthors(authors []Person) {
	if rssMailable(authors) {
		i.Author = new(newRSSText(rssMailbox(authors[0])))
		return
	}
	for _, a := range authors {
		i.Creators = append(i.Creators, a.Name)
	}
}

// rssMailable tells whether authors are one that has a name and an address. A
// name with parentheses would be misread in those that stand around it.
func rssMailable(authors []Person) bool {
	return len(authors) == 1 && authors[0].Email != "" && authors[0].Email != authors[0].Name &&
		!strings.ContainsAny(authors[0].Name, `()\`)
}

func rssMailbox(p Person) string { return p.Email + " (" + p.Name + ")" }
