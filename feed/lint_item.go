package feed

import (
	"path"
	"strconv"
	"strings"
)

// rssItemParts are what an item may hold (RSS 2.0, "Elements of <item>").
var rssItemParts = vocabulary{
	{Local: "title"}:       {check: (*linter).rssTitle},
	{Local: "link"}:        {check: (*linter).rssURL},
	{Local: "description"}: {check: (*linter).rssHTML},
	{Local: "author"}:      {check: (*linter).rssEmail},
	{Local: "category"}:    {many: true, attrs: "domain", check: (*linter).rssTitle},
	{Local: "comments"}:    {check: (*linter).rssURL},
	{Local: "enclosure"}:   {many: true, attrs: "url length type", check: (*linter).rssEnclosure},
	{Local: "guid"}:        {attrs: "isPermaLink", check: (*linter).rssGUID},
	{Local: "pubDate"}:     {check: (*linter).rssDate},
	{Local: "source"}:      {attrs: "url", check: (*linter).rssSource},
}

// rssItem checks one item.
func (l *linter) rssItem(e *element) Facts {
	l.attributes(e, "")
	l.contents(e, rssItemParts)
	title, description, guid := e.child("", "title"), e.child("", "description"), e.child("", "guid")
	if title == nil && description == nil {
		l.report(e.spot, "rss-item-title-or-description", "the item has neither a <title> nor a <description>: write one of them")
	}
	if guid == nil {
		l.report(e.spot, "rss-item-guid", "the item has no <guid>: readers cannot tell it from others for sure")
	}
	if list := e.all("", "enclosure"); len(list) > 1 {
		l.report(list[1].spot, "rss-enclosure-several", "the item has %d enclosures: readers take one of them, the first or the last", len(list))
	}
	if encoded := e.child(contentNamespace, "encoded"); encoded != nil && (description == nil || description.offset > encoded.offset) {
		l.report(encoded.spot, "rss-description-first", "content:encoded stands without a <description> before it: write a summary there")
	}
	l.rssTwice(e, [][2]string{
		{"author", "creator"}, {"pubDate", "date"}, {"category", "subject"}, {"source", "source"}, {"guid", "identifier"},
	})
	if guid == nil {
		return Facts{}
	}
	return Facts{ID: guid.value()}
}

func (l *linter) rssHTML(e *element) { l.html(e.spot, bracketed{e}, e.text, e.based()) }

func (l *linter) rssEnclosure(e *element) {
	url, _ := e.attr("url")
	if bad := badWebURL(url); bad != "" {
		l.report(e.spot, "rss-enclosure-url", "the enclosure's url is %s: %s", clip(url), bad)
	}
	length, ok := e.attr("length")
	if _, whole := count(length); !ok || !whole {
		l.report(e.spot, "rss-enclosure-length", "the enclosure's length is %s: write its size in bytes, or 0 if it is not known", clip(length))
	}
	mediaType, _ := e.attr("type")
	if !isMedia(mediaType) {
		l.report(e.spot, "rss-enclosure-type", "the enclosure's type is %s: write its media type, such as audio/mpeg", clip(mediaType))
	}
}

// shortNumber is an id that the next feed has, too.
var shortNumber = pattern(`^\d{1,8}$`)

func (l *linter) rssGUID(e *element) {
	id := e.value()
	if id == "" {
		l.report(e.spot, "rss-guid-empty", "<guid> is empty: write an id that no other item has")
		return
	}
	switch permanent, ok := e.attr("isPermaLink"); {
	case ok && permanent != "true" && permanent != "false":
		l.report(e.spot, "rss-guid-permalink", "isPermaLink is %s: write true or false", clip(permanent))
	case permanent == "false" && shortNumber().MatchString(id):
		l.report(e.spot, "rss-guid-short", "<guid> is %s, which other feeds have as well: write a URI", clip(id))
	case permanent != "false" && badWebURL(id) != "":
		l.report(e.spot, "rss-guid-permalink", "<guid> is %s, which is no URL of a page: write isPermaLink=\"false\"", clip(id))
	}
}

func (l *linter) rssSource(e *element) {
	url, ok := e.attr("url")
	if bad := badURL(url); !ok || bad != "" {
		l.report(e.spot, "rss-source-url", "the url of <source> is %s: write the URL of the feed that the item comes from", clip(url))
	}
	l.rssText(e)
}

func (l *linter) rssCloud(e *element) {
	for _, name := range []string{"domain", "port", "path", "registerProcedure", "protocol"} {
		val, ok := e.attr(name)
		n, whole := count(val)
		if !ok || name == "port" && (!whole || n == 0 || n > 65535) {
			l.report(e.spot, "rss-cloud", "the %s of <cloud> is %s: it needs domain, port, path, registerProcedure and protocol", name, clip(val))
		}
	}
}

func (l *linter) rssTTL(e *element) {
	if n, ok := count(e.value()); !ok || n == 0 {
		l.report(e.spot, "rss-ttl", "<ttl> is %s: write how many minutes the feed may be kept, from 1 on", clip(e.value()))
	}
}

// rssHours are the hours of a day in UTC (RSS 2.0, "skipHours").
func (l *linter) rssHours(e *element) {
	seen := map[int64]bool{}
	for _, hour := range e.all("", "hour") {
		n, ok := count(hour.value())
		if !ok || n > 23 || seen[n] {
			l.report(hour.spot, "rss-skip-hours", "the hour %s is not from 0 to 23, or stands twice", clip(hour.value()))
		}
		seen[n] = true
	}
}

func (l *linter) rssDays(e *element) {
	seen := map[string]bool{}
	for _, day := range e.all("", "day") {
		name := day.value()
		if !strings.Contains("|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|", "|"+name+"|") || name == "" || seen[name] {
			l.report(day.spot, "rss-skip-days", "the day %s is none of Monday to Sunday, or stands twice", clip(name))
		}
		seen[name] = true
	}
}

// rssImage checks the channel's image: browsers show it as the channel's link.
func (l *linter) rssImage(e *element) {
	l.required(e, "rss-image-required", "url", "title", "link")
	for name, most := range map[string]int64{"width": 144, "height": 400} {
		if c := e.child("", name); c != nil {
			if n, ok := count(c.value()); !ok || n == 0 || n > most {
				l.report(c.spot, "rss-image-size", "the image's %s is %s: write a number from 1 to %d", name, clip(c.value()), most)
			}
		}
	}
	if c := e.child("", "url"); c != nil {
		switch ext := strings.ToLower(path.Ext(c.value())); ext {
		case ".svg", ".webp", ".avif", ".ico", ".bmp", ".tif", ".tiff", ".heic":
			l.report(c.spot, "rss-image-format", "the image is in the format %s: readers of RSS show GIF, JPEG and PNG", ext)
		}
	}
	for _, name := range []string{"title", "link"} {
		own, channels := e.child("", name), e.parent.child("", name)
		if own != nil && channels != nil && own.value() != channels.value() {
			l.report(own.spot, "rss-image-match", "the image's <%s> is %s, the channel's %s: write the same", name, clip(own.value()), clip(channels.value()))
		}
	}
}

func (l *linter) rssInput(e *element) {
	l.required(e, "rss-text-input", "title", "description", "name", "link")
}

// positive tells whether s is a whole number from 1 on.
func positive(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0
}
