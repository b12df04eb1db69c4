package feed

import (
	"bytes"
	"slices"
	"strings"
)

// rssChannelParts are what a channel may hold (RSS 2.0, "Required channel
// elements" and "Optional channel elements").
var rssChannelParts = vocabulary{
	{Local: "title"}:          {check: (*linter).rssTitle},
	{Local: "link"}:           {check: (*linter).rssURL},
	{Local: "description"}:    {check: (*linter).rssText},
	{Local: "language"}:       {check: (*linter).rssLanguage},
	{Local: "copyright"}:      {check: (*linter).rssText},
	{Local: "managingEditor"}: {check: (*linter).rssEmail},
	{Local: "webMaster"}:      {check: (*linter).rssEmail},
	{Local: "pubDate"}:        {check: (*linter).rssDate},
	{Local: "lastBuildDate"}:  {check: (*linter).rssDate},
	{Local: "category"}:       {many: true, attrs: "domain", check: (*linter).rssTitle},
	{Local: "generator"}:      {},
	{Local: "docs"}:           {check: (*linter).rssURL},
	{Local: "cloud"}:          {attrs: "domain port path registerProcedure protocol", check: (*linter).rssCloud},
	{Local: "ttl"}:            {check: (*linter).rssTTL},
	{Local: "rating"}:         {},
	{Local: "image"}:          {in: rssImageParts, check: (*linter).rssImage},
	{Local: "textInput"}:      {in: rssInputParts, check: (*linter).rssInput},
	{Local: "skipHours"}:      {in: vocabulary{{Local: "hour"}: {many: true}}, check: (*linter).rssHours},
	{Local: "skipDays"}:       {in: vocabulary{{Local: "day"}: {many: true}}, check: (*linter).rssDays},
	{Local: "item"}:           {entry: true},
}

var rssImageParts = vocabulary{
	{Local: "url"}:         {check: (*linter).rssURL},
	{Local: "title"}:       {check: (*linter).rssTitle},
	{Local: "link"}:        {check: (*linter).rssURL},
	{Local: "width"}:       {},
	{Local: "height"}:      {},
	{Local: "description"}: {check: (*linter).rssText},
}

var rssInputParts = vocabulary{
	{Local: "title"}:       {check: (*linter).rssTitle},
	{Local: "description"}: {check: (*linter).rssText},
	{Local: "name"}:        {},
	{Local: "link"}:        {check: (*linter).rssURL},
}

// rssVersions are those that a reader of RSS 2.0 reads.
var rssVersions = []string{"2.0", "2.0.1", "0.94", "0.93", "0.92", "0.91"}

// rssFrame checks a feed but for the insides of its items.
func (l *linter) rssFrame(root *element, items []Facts) {
	if root.name.Local != "rss" || root.name.Space != "" {
		l.report(root.spot, "rss-root", "the root element is <%s>: RSS begins with <rss> of no namespace", root)
		return
	}
	version, _ := root.attr("version")
	if i := slices.Index(rssVersions, version); i < 0 {
		l.report(root.spot, "rss-version", "the version is %s: write 2.0", clip(version))
	} else if i > 0 {
		l.report(root.spot, "rss-version-old", "RSS %s is superseded: write 2.0", version)
	}
	l.attributes(root, "version")
	l.contents(root, vocabulary{{Local: "channel"}: {many: true, open: true}})
	channels := root.all("", "channel")
	if len(channels) != 1 {
		l.report(root.spot, "rss-channel", "<rss> holds %d channels: it is to hold one", len(channels))
		return
	}
	c := channels[0]
	l.contents(c, rssChannelParts)
	l.required(c, "rss-channel-required", "title", "link", "description")
	l.rssOrder(c)
	l.rssSelf(c)
	l.rssTwice(c, [][2]string{
		{"managingEditor", "creator"}, {"webMaster", "publisher"}, {"pubDate", "date"},
		{"language", "language"}, {"copyright", "rights"}, {"category", "subject"},
	})
	l.unique("rss-guid-twice", "guid", items)
}

// required reports what an element of no namespace lacks.
func (l *linter) required(e *element, rule string, names ...string) {
	for _, name := range names {
		if e.child("", name) == nil {
			l.report(e.spot, rule, "<%s> lacks its <%s>, which is required", e, name)
		}
	}
}

// unique checks that no two entries have the same id.
func (l *linter) unique(rule, what string, entries []Facts) {
	first := map[string]int{}
	for i, e := range entries {
		if e.ID == "" {
			continue
		}
		if n, ok := first[e.ID]; ok {
			l.report(nowhere, rule, "entries %d and %d have the same %s %s: readers show one of them", n+1, i+1, what, clip(e.ID))
			continue
		}
		first[e.ID] = i
	}
}

// rssOrder checks what readers want first. Where items are, the channel's own
// elements stand before them (RSS Profile, "Channel").
func (l *linter) rssOrder(c *element) {
	link, item := false, false
	for _, e := range c.children {
		switch {
		case e.name.Space == "" && e.name.Local == "item":
			item = true
		case e.name.Space == "" && item:
			l.report(e.spot, "rss-metadata-after-item", "<%s> stands after an item: write the items last", e)
		case e.name.Space == "" && e.name.Local == "link":
			link = true
		case e.name.Space == atomNamespace && e.name.Local == "link" && link:
			l.report(e.spot, "rss-atom-link-first", "atom:link stands after <link>: write it before, for readers that know no namespaces and take the wrong one")
		}
	}
}

// rssSelf checks the feed's links.
func (l *linter) rssSelf(c *element) {
	l.alternates(c)
	l.selfLinks(c, "rss-self", "the channel has no atom:link with rel=\"self\": say where the feed is")
}

// selfLinks compares a feed's links to itself with where it is to be found. To
// have none is a fault of its own, unless the feed is our own.
func (l *linter) selfLinks(e *element, rule, missing string) {
	any := false
	for _, link := range e.all(atomNamespace, "link") {
		if relation(link) == "self" {
			href, _ := link.attr("href")
			l.selfURL(link.spot, href)
			any = true
		}
	}
	switch {
	case any:
	case l.self != "":
		l.selfURL(nowhere, "")
	default:
		l.report(e.spot, rule, "%s", missing)
	}
}

func (l *linter) selfURL(at spot, url string) {
	if l.self != "" && url != l.self {
		l.report(at, "self-differs", "the feed says that it is at %s, but it is at %s: hubs and readers would look elsewhere", clip(url), clip(l.self))
	}
}

// dcTwins are elements of Dublin Core that say what one of RSS says.
func (l *linter) rssTwice(e *element, twins [][2]string) {
	for _, pair := range twins {
		if e.child("", pair[0]) == nil {
			continue
		}
		if twin := e.child(dcNamespace, pair[1]); twin != nil {
			l.report(twin.spot, "rss-said-twice", "<%s> says the same as <%s>: write one of them", twin, pair[0])
		}
	}
}

// rssTitle is a text that is to say something.
func (l *linter) rssTitle(e *element) {
	if e.value() == "" {
		l.report(e.spot, "rss-blank", "<%s> is empty: write it, or leave it out", e)
	}
	l.rssText(e)
}

// numeric is how the RSS Profile writes the two characters that make HTML of a
// plain text, for those who mean them ("Character Data").
var numeric = [][]byte{[]byte("&#x26;"), []byte("&#38;"), []byte("&#x3C;"), []byte("&#x3c;"), []byte("&#60;")}

// rssText is plain text.
func (l *linter) rssText(e *element) {
	src := l.src[e.from:e.to]
	if !slices.ContainsFunc(numeric, func(ref []byte) bool { return bytes.Contains(src, ref) }) {
		l.plainText(e.spot, "rss-text-markup", bracketed{e}, e.text)
	}
}

func (l *linter) rssURL(e *element) {
	if bad := badURL(e.value()); bad != "" {
		l.report(e.spot, "rss-url", "<%s> is %s, which is no URL: %s", e, clip(e.value()), bad)
	}
}

func (l *linter) rssLanguage(e *element) {
	l.language(e.spot, "rss-language", bracketed{e}, e.value())
}

func (l *linter) rssDate(e *element) { l.rfc822(e.spot, bracketed{e}, e.value()) }

// rssEmail is "address (name)" (RSS Profile, "managingEditor").
func (l *linter) rssEmail(e *element) {
	address, name, _ := strings.Cut(strings.TrimPrefix(e.value(), "mailto:"), " ")
	switch {
	case isAddress(address) && strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")") && address == strings.Fields(e.value())[0]:
	case strings.ContainsFunc(e.value(), func(r rune) bool { return r == '@' }) && someAddress(e.value()):
		l.report(e.spot, "rss-email-form", "<%s> is %s: write it as name@example.org (Name)", e, clip(e.value()))
	default:
		l.report(e.spot, "rss-email", "<%s> is %s, which has no mail address in it: write name@example.org (Name), or leave it out", e, clip(e.value()))
	}
}

// someAddress tells whether one of the words is a mail address.
func someAddress(s string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" <>(),:;\"", r) }), isAddress)
}
