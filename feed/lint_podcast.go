package feed

import (
	"strings"
)

const podcastNamespace = "http://www.itunes.com/dtds/podcast-1.0.dtd"

// podcast is Apple's vocabulary, with the words that it no longer names but
// that podcasts still carry.
var podcast = vocabulary{
	{Local: "author"}: {}, {Local: "title"}: {}, {Local: "subtitle"}: {}, {Local: "summary"}: {}, {Local: "keywords"}: {},
	{Local: "block"}: {}, {Local: "complete"}: {}, {Local: "isClosedCaptioned"}: {}, {Local: "order"}: {}, {Local: "applepodcastsverify"}: {},
	{Local: "category"}:     podcastCategory,
	{Local: "image"}:        {attrs: "href", check: (*linter).podcastImage},
	{Local: "explicit"}:     {check: podcastWord("true false yes no clean explicit")},
	{Local: "type"}:         {check: podcastWord("episodic serial")},
	{Local: "episodeType"}:  {check: podcastWord("full trailer bonus")},
	{Local: "duration"}:     {check: (*linter).podcastDuration},
	{Local: "season"}:       {check: (*linter).podcastNumber},
	{Local: "episode"}:      {check: (*linter).podcastNumber},
	{Local: "new-feed-url"}: {check: (*linter).extensionURL},
	{Local: "owner"}: {in: joinVocabularies(map[string]vocabulary{
		podcastNamespace: {{Local: "name"}: {}, {Local: "email"}: {}},
	})},
}

// podcastCategory may hold one below it.
var podcastCategory = part{many: true, attrs: "text", check: (*linter).podcastCategory, in: joinVocabularies(map[string]vocabulary{
	podcastNamespace: {{Local: "category"}: {many: true, attrs: "text", check: (*linter).podcastCategory}},
})}

// podcastWord is a check for one of some words, in any case.
func podcastWord(list string) func(*linter, *element) {
	known := oneOf(list)
	return func(l *linter, e *element) {
		if !known(strings.ToLower(e.value())) {
			l.report(e.spot, "podcast-value", "<%s> is %s: write %s", e, clip(e.value()), strings.Join(strings.Fields(list), " or "))
		}
	}
}

// podcastLength is seconds, or what a player shows.
var podcastLength = pattern(`^[0-9]+(:[0-5]?[0-9]){0,2}$`)

func (l *linter) podcastDuration(e *element) {
	if !podcastLength().MatchString(e.value()) {
		l.report(e.spot, "podcast-value", "<%s> is %s: write seconds, or 1:02:03", e, clip(e.value()))
	}
}

func (l *linter) podcastNumber(e *element) {
	if _, ok := count(e.value()); !ok {
		l.report(e.spot, "podcast-value", "<%s> is %s: write a whole number", e, clip(e.value()))
	}
}

func (l *linter) podcastImage(e *element) {
	href, _ := e.attr("href")
	if bad := badIRI(href); bad != "" {
		l.report(e.spot, "podcast-value", "the href of <%s> is %s: %s", e, clip(href), bad)
	}
}

func (l *linter) podcastCategory(e *element) {
	if text, _ := e.attr("text"); strings.TrimSpace(text) == "" {
		l.report(e.spot, "podcast-value", "<%s> lacks its text: write the category there", e)
	}
}
