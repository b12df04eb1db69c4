package feed

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// extensions are the elements of other namespaces that the linter knows; they
// may stand in a feed and in an entry of either kind.
var extensions = joinVocabularies(
	map[string]vocabulary{
		contentNamespace: {
			{Local: "encoded"}: {check: (*linter).rssHTML},
			{Local: "items"}:   {open: true},
		},
		dcNamespace: {
			{Local: "title"}: {}, {Local: "description"}: {}, {Local: "type"}: {}, {Local: "format"}: {}, {Local: "source"}: {}, {Local: "rights"}: {},
			{Local: "creator"}: {many: true}, {Local: "subject"}: {many: true}, {Local: "publisher"}: {many: true}, {Local: "contributor"}: {many: true},
			{Local: "identifier"}: {many: true}, {Local: "relation"}: {many: true}, {Local: "coverage"}: {many: true},
			{Local: "date"}:     {many: true, check: (*linter).w3cDate},
			{Local: "language"}: {check: (*linter).dcLanguage},
		},
		syNamespace: {
			{Local: "updatePeriod"}:    {check: (*linter).syPeriod},
			{Local: "updateFrequency"}: {check: (*linter).syFrequency},
			{Local: "updateBase"}:      {check: (*linter).w3cDate},
		},
		threadNamespace: {
			{Local: "in-reply-to"}: {many: true, attrs: "ref href type source", open: true, check: (*linter).reply},
			{Local: "total"}:       {check: (*linter).total},
		},
		"http://purl.org/syndication/history/1.0": {{Local: "complete"}: {}, {Local: "archive"}: {}},
		"http://wellformedweb.org/CommentAPI/": {
			{Local: "comment"}: {check: (*linter).extensionURL}, {Local: "commentRss"}: {check: (*linter).extensionURL},
		},
		"http://purl.org/rss/1.0/modules/slash/": {
			{Local: "comments"}: {check: (*linter).total}, {Local: "section"}: {}, {Local: "department"}: {}, {Local: "hit_parade"}: {},
		},
		"http://backend.userland.com/creativeCommonsRssModule": {{Local: "license"}: {many: true, check: (*linter).extensionURL}},
		mediaNamespace: withMedia(vocabulary{
			{Local: "content"}: mediaContent,
			{Local: "group"}:   {many: true, check: (*linter).mediaGroup, in: mediaIn(vocabulary{{Local: "content"}: mediaContent})},
		}),
		podcastNamespace: podcast,
		atomNamespace:    atomInRSS,
	},
)

// joinVocabularies makes one of many, with the names in their namespaces.
func joinVocabularies(byNamespace map[string]vocabulary) vocabulary {
	all := vocabulary{}
	for space, v := range byNamespace {
		for name, p := range v {
			all[xml.Name{Space: space, Local: name.Local}] = p
		}
	}
	return all
}

// mediaParts describe a media object, wherever they stand (Media RSS 1.5.1,
// "Optional Elements").
var mediaParts = vocabulary{
	{Local: "adult"}: {}, {Local: "keywords"}: {}, {Local: "category"}: {many: true, attrs: "scheme label"},
	{Local: "rating"}: {many: true, attrs: "scheme"}, {Local: "copyright"}: {attrs: "url"},
	{Local: "title"}: {attrs: "type", check: (*linter).mediaText}, {Local: "description"}: {attrs: "type", check: (*linter).mediaText},
	{Local: "credit"}: {many: true, attrs: "role scheme"}, {Local: "hash"}: {many: true, attrs: "algo"},
	{Local: "player"}:      {attrs: "url width height", check: (*linter).mediaImage},
	{Local: "thumbnail"}:   {many: true, attrs: "url width height time", check: (*linter).mediaImage},
	{Local: "text"}:        {many: true, attrs: "type lang start end"},
	{Local: "restriction"}: {many: true, attrs: "relationship type"},
	{Local: "community"}:   {open: true}, {Local: "comments"}: {open: true}, {Local: "embed"}: {attrs: "url width height", open: true},
	{Local: "responses"}: {open: true}, {Local: "backLinks"}: {open: true}, {Local: "status"}: {attrs: "state reason"},
	{Local: "price"}: {many: true, attrs: "type info price currency"}, {Local: "license"}: {attrs: "type href"},
	{Local: "subTitle"}: {many: true, attrs: "type lang href"}, {Local: "peerLink"}: {many: true, attrs: "type href"},
	{Local: "location"}: {attrs: "description start end", open: true}, {Local: "rights"}: {attrs: "status"}, {Local: "scenes"}: {open: true},
}

var mediaContent = part{
	many: true, in: mediaIn(nil), check: (*linter).mediaContent,
	attrs: "url fileSize type medium isDefault expression bitrate framerate samplingrate channels duration height width lang",
}

func withMedia(v vocabulary) vocabulary {
	for name, p := range mediaParts {
		v[name] = p
	}
	return v
}

// mediaIn is what stands within an element of Media RSS.
func mediaIn(more vocabulary) vocabulary {
	v := vocabulary{}
	for name, p := range more {
		v[name] = p
	}
	return joinVocabularies(map[string]vocabulary{mediaNamespace: withMedia(v)})
}

func (l *linter) w3cDate(e *element) {
	if badW3CDate(e.value()) {
		l.report(e.spot, "extension-date", "<%s> is %s: write a date such as 2026-01-05T15:04:05Z", e, clip(e.value()))
	}
}

func (l *linter) dcLanguage(e *element) {
	l.language(e.spot, "dc-language", bracketed{e}, e.value())
}

func (l *linter) syPeriod(e *element) {
	if !slices.Contains([]string{"hourly", "daily", "weekly", "monthly", "yearly"}, e.value()) {
		l.report(e.spot, "sy-period", "<%s> is %s: write hourly, daily, weekly, monthly or yearly", e, clip(e.value()))
	}
}

func (l *linter) syFrequency(e *element) {
	if !positive(e.value()) {
		l.report(e.spot, "sy-frequency", "<%s> is %s: write how often in a period, from 1 on", e, clip(e.value()))
	}
}

// reply is RFC 4685 §3.
func (l *linter) reply(e *element) {
	ref, _ := e.attr("ref")
	if bad := badIRI(ref); bad != "" {
		l.report(e.spot, "thr-reference", "the ref of <%s> is %s, which is to be the id of an entry: %s", e, clip(ref), bad)
	}
	for _, name := range []string{"href", "source"} {
		if val, ok := e.attr(name); ok && badReference(val) != "" {
			l.report(e.spot, "thr-reference", "the %s of <%s> is %s: %s", name, e, clip(val), badReference(val))
		}
	}
	if val, ok := e.attr("type"); ok && !isMedia(val) {
		l.report(e.spot, "thr-reference", "the type of <%s> is %s, which is no media type", e, clip(val))
	}
}

func (l *linter) total(e *element) {
	if _, ok := count(e.value()); !ok {
		l.report(e.spot, "extension-count", "<%s> is %s: write a whole number", e, clip(e.value()))
	}
}

func (l *linter) extensionURL(e *element) {
	if bad := badIRI(e.value()); bad != "" {
		l.report(e.spot, "extension-url", "<%s> is %s, which is no URL: %s", e, clip(e.value()), bad)
	}
}

func (l *linter) mediaText(e *element) {
	if kind, ok := e.attr("type"); ok && kind != "plain" && kind != "html" {
		l.report(e.spot, "media-attribute", "the type of <%s> is %s: write plain or html", e, clip(kind))
	}
}

// mediaImage is an element that is nothing without its url.
func (l *linter) mediaImage(e *element) {
	url, _ := e.attr("url")
	if bad := badIRI(url); bad != "" {
		l.report(e.spot, "media-url", "the url of <%s> is %s: %s", e, clip(url), bad)
	}
	l.mediaAttributes(e)
}

// mediaContent needs a url or a player (Media RSS 1.5.1, "media:content").
func (l *linter) mediaContent(e *element) {
	if url, ok := e.attr("url"); ok || e.child(mediaNamespace, "player") == nil {
		if bad := badIRI(url); bad != "" {
			l.report(e.spot, "media-url", "the url of <%s> is %s: %s", e, clip(url), bad)
		}
	}
	l.mediaAttributes(e)
}

// mediaForms are what attributes of Media RSS are to be.
var mediaForms = map[string]struct {
	ok   func(string) bool
	want string
}{
	"fileSize": {positive, "a size in bytes"}, "width": {positive, "a width in pixels"}, "height": {positive, "a height in pixels"},
	"channels": {positive, "a number"}, "bitrate": {decimal, "a number"}, "framerate": {decimal, "a number"},
	"samplingrate": {decimal, "a number"}, "duration": {decimal, "a number of seconds"},
	"type":       {isMedia, "a media type"},
	"medium":     {oneOf("image audio video document executable"), "image, audio, video, document or executable"},
	"isDefault":  {oneOf("true false"), "true or false"},
	"expression": {oneOf("sample full nonstop"), "sample, full or nonstop"},
	"lang":       {func(s string) bool { return badLanguage(s) == "" }, "a language tag"},
}

func decimal(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n >= 0
}

func oneOf(list string) func(string) bool {
	words := strings.Fields(list)
	return func(s string) bool { return slices.Contains(words, s) }
}

func (l *linter) mediaAttributes(e *element) {
	for _, a := range e.attrs {
		if form, ok := mediaForms[a.Name.Local]; ok && a.Name.Space == "" && !form.ok(a.Value) {
			l.report(e.spot, "media-attribute", "the %s of <%s> is %s: write %s", a.Name.Local, e, clip(a.Value), form.want)
		}
	}
}

func (l *linter) mediaGroup(e *element) {
	if n := len(e.all(mediaNamespace, "content")); n < 2 {
		l.report(e.spot, "media-group", "<%s> holds %d media:content: a group is of the same thing in several forms", e, n)
	}
}
