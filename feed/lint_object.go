package feed

import (
	"strconv"
	"strings"
)

// jsonKey is what JSON Feed 1.1 says of a key.
type jsonKey struct {
	kind  kind
	of    kind // what an array holds
	in    jsonKeys
	check func(*linter, *node)
}

// jsonKeys are the keys that an object may have, besides those of extensions.
type jsonKeys map[string]jsonKey

var (
	jsonPlain = jsonKey{kind: jsonString}
	jsonText  = jsonKey{kind: jsonString, check: (*linter).jsonText}
	jsonURL   = jsonKey{kind: jsonString, check: (*linter).jsonURL}
	jsonDate  = jsonKey{kind: jsonString, check: (*linter).jsonDate}
	jsonLang  = jsonKey{kind: jsonString, check: (*linter).jsonLanguage}

	jsonAuthorKeys  = jsonKeys{"name": jsonPlain, "url": jsonURL, "avatar": jsonURL}
	jsonAuthorList  = jsonKey{kind: jsonArray, of: jsonObject, in: jsonAuthorKeys, check: (*linter).jsonAuthors}
	jsonAuthorAlone = jsonKey{kind: jsonObject, in: jsonAuthorKeys, check: (*linter).jsonAuthorOld}
)

var jsonFeedKeys = jsonKeys{
	"version": {kind: jsonString, check: (*linter).jsonVersion}, "title": jsonText, "description": jsonText, "user_comment": jsonPlain,
	"home_page_url": jsonURL, "feed_url": jsonURL, "next_url": jsonURL, "icon": jsonURL, "favicon": jsonURL,
	"author": jsonAuthorAlone, "authors": jsonAuthorList, "language": jsonLang, "expired": {kind: jsonBoolean},
	"hubs":  {kind: jsonArray, of: jsonObject, in: jsonKeys{"type": jsonPlain, "url": jsonURL}, check: (*linter).jsonHubs},
	"items": {kind: jsonArray, of: jsonObject},
}

var jsonItemKeys = jsonKeys{
	"id": {kind: jsonString, check: (*linter).jsonID}, "url": jsonURL, "external_url": jsonURL, "title": jsonText,
	"content_html": {kind: jsonString, check: (*linter).jsonHTML}, "content_text": jsonPlain, "summary": jsonText,
	"image": jsonURL, "banner_image": jsonURL, "date_published": jsonDate, "date_modified": jsonDate,
	"author": jsonAuthorAlone, "authors": jsonAuthorList, "tags": {kind: jsonArray, of: jsonString}, "language": jsonLang,
	"attachments": {kind: jsonArray, of: jsonObject, in: jsonAttachmentKeys, check: (*linter).jsonAttachments},
}

var jsonAttachmentKeys = jsonKeys{
	"url": jsonURL, "mime_type": {kind: jsonString, check: (*linter).jsonMediaType}, "title": jsonPlain,
	"size_in_bytes":       {kind: jsonNumber, check: (*linter).jsonSize},
	"duration_in_seconds": {kind: jsonNumber, check: (*linter).jsonDuration},
}

// object checks an object's members.
func (l *linter) object(v *node, keys jsonKeys) {
	for _, m := range v.items {
		k, ok := keys[m.key]
		switch {
		case !ok && !strings.HasPrefix(m.key, "_"):
			l.report(m.spot(), "json-unknown-key", "JSON Feed has no key %s here: names of extensions begin with an underscore", clip(m.key))
		case ok:
			l.member(m, k)
		}
	}
}

func (l *linter) member(m *node, k jsonKey) {
	if !l.isKind(m, k.kind) {
		return
	}
	if k.kind == jsonObject {
		l.object(m, k.in)
	}
	if k.kind == jsonArray {
		for _, item := range m.items {
			if l.isKind(item, k.of) && k.in != nil {
				l.object(item, k.in)
			}
		}
	}
	if k.check != nil {
		k.check(l, m)
	}
}

func (l *linter) isKind(v *node, want kind) bool {
	if v.kind != want {
		l.report(v.spot(), "json-type", "%s is %s: it is to be %s", clip(v.key), v.kind, want)
	}
	return v.kind == want
}

// needs reports what an object lacks.
func (l *linter) needs(v *node, rule string, keys ...string) {
	for _, key := range keys {
		if v.member(key) == nil {
			l.report(v.spot(), rule, "there is no %q, which is required", key)
		}
	}
}

// jsonDocument checks a whole feed.
func (l *linter) jsonDocument(root *node) {
	var entries []Facts
	if items := root.member("items"); items != nil && items.kind == jsonArray {
		for _, item := range items.items {
			if item.kind == jsonObject {
				entries = append(entries, l.jsonItem(item))
			}
		}
	}
	l.jsonFrame(root, entries)
}

// jsonFrame checks a feed but for the insides of its items.
func (l *linter) jsonFrame(root *node, items []Facts) {
	if root.kind != jsonObject {
		l.report(root.spot(), "json-root", "the document is %s: a JSON Feed is an object", root.kind)
		return
	}
	l.object(root, jsonFeedKeys)
	l.needs(root, "json-required", "version", "title", "items")
	for _, key := range []string{"home_page_url", "feed_url"} {
		if root.member(key) == nil && (key != "feed_url" || l.self == "") {
			l.report(root.spot(), "json-recommended", "there is no %q, which a public feed should have", key)
		}
	}
	if next := root.member("next_url"); next != nil && next.text == root.string("feed_url") {
		l.report(next.spot(), "json-next-url", "next_url is the feed's own URL: readers would go in a circle")
	}
	if url := root.member("feed_url"); url != nil {
		l.selfURL(url.spot(), url.text)
	} else {
		l.selfURL(nowhere, "")
	}
	l.unique("json-id-twice", "id", items)
}

// jsonItem checks one item.
func (l *linter) jsonItem(v *node) Facts {
	if !l.isKind(v, jsonObject) {
		return Facts{}
	}
	l.object(v, jsonItemKeys)
	l.needs(v, "json-item-id", "id")
	if v.member("content_html") == nil && v.member("content_text") == nil {
		l.report(v.spot(), "json-content", "the item has neither a content_html nor a content_text: write one of them, if only \"\"")
	}
	return Facts{ID: v.string("id")}
}

func (l *linter) jsonVersion(v *node) {
	switch strings.TrimSuffix(v.text, "/") {
	case "https://jsonfeed.org/version/1.1":
	case "https://jsonfeed.org/version/1":
		l.report(v.spot(), "json-version-old", "JSON Feed 1 is superseded: write https://jsonfeed.org/version/1.1")
	default:
		l.report(v.spot(), "json-version", "the version is %s: write https://jsonfeed.org/version/1.1", clip(v.text))
	}
}

func (l *linter) jsonURL(v *node) {
	if bad := badIRI(v.text); bad != "" {
		l.report(v.spot(), "json-url", "%s is %s, which is no URL: %s", v.key, clip(v.text), bad)
	}
}

func (l *linter) jsonDate(v *node) { l.rfc3339(v.spot(), "json-date", v, v.text) }

func (l *linter) jsonLanguage(v *node) { l.language(v.spot(), "json-language", v, v.text) }

func (l *linter) jsonText(v *node) { l.plainText(v.spot(), "json-text-markup", v, v.text) }

func (l *linter) jsonHTML(v *node) { l.html(v.spot(), v, v.text, false) }

func (l *linter) jsonID(v *node) {
	if strings.TrimSpace(v.text) == "" {
		l.report(v.spot(), "json-item-id", "the item's id is empty: write one that no other item has")
	}
}

func (l *linter) jsonAuthors(v *node) {
	for _, author := range v.items {
		l.jsonAuthor(author)
	}
}

func (l *linter) jsonAuthor(v *node) {
	if v.kind == jsonObject && v.string("name") == "" && v.string("url") == "" && v.string("avatar") == "" {
		l.report(v.spot(), "json-author", "the author has neither a name nor a url nor an avatar: write one of them")
	}
}

func (l *linter) jsonAuthorOld(v *node) {
	l.report(v.spot(), "json-author-old", "JSON Feed 1.1 has \"authors\", an array, in place of \"author\"")
	l.jsonAuthor(v)
}

func (l *linter) jsonHubs(v *node) {
	for _, hub := range v.items {
		if hub.kind == jsonObject {
			l.needs(hub, "json-hub", "type", "url")
		}
	}
}

func (l *linter) jsonAttachments(v *node) {
	for _, a := range v.items {
		if a.kind == jsonObject {
			l.needs(a, "json-attachment", "url", "mime_type")
		}
	}
}

func (l *linter) jsonMediaType(v *node) {
	if !isMedia(v.text) {
		l.report(v.spot(), "json-media-type", "mime_type is %s, which is no media type: write one such as audio/mpeg", clip(v.text))
	}
}

func (l *linter) jsonSize(v *node) {
	if n, err := strconv.ParseFloat(v.text, 64); err != nil || n < 0 {
		l.report(v.spot(), "json-number", "%s is %s: it cannot be less than nothing", v.key, v.text)
	}
}

// jsonDuration warns of fractions, at which Miniflux rejects the feed.
func (l *linter) jsonDuration(v *node) {
	l.jsonSize(v)
	if strings.ContainsAny(v.text, ".eE") {
		l.report(v.spot(), "json-duration", "duration_in_seconds is %s: some readers take whole seconds only", v.text)
	}
}
