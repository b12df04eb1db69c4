package feed

import (
	"encoding/xml"
	"fmt"
)

// atomPerson is RFC 4287 §3.2.
var atomPerson = part{many: true, in: joinVocabularies(map[string]vocabulary{atomNamespace: {
	{Local: "name"}:  {},
	{Local: "uri"}:   {check: (*linter).atomIRI},
	{Local: "email"}: {check: (*linter).atomEmail},
}}), check: (*linter).atomName}

var (
	atomText = part{attrs: "type", open: true, check: (*linter).atomText} // RFC 4287 §3.1
	atomDate = part{check: (*linter).atomDate}                            // §3.3
	atomURI  = part{check: (*linter).atomIRI}
)

// atomShared is what feeds and entries have in common.
var atomShared = vocabulary{
	{Local: "author"}:      atomPerson,
	{Local: "contributor"}: atomPerson,
	{Local: "category"}:    {many: true, attrs: "term scheme label", open: true, check: (*linter).atomCategory},
	{Local: "link"}:        {many: true, attrs: "href rel type hreflang title length", open: true, check: (*linter).atomLink},
	{Local: "id"}:          {check: (*linter).atomID},
	{Local: "title"}:       atomText,
	{Local: "rights"}:      atomText,
	{Local: "updated"}:     atomDate,
}

// atomFeedOnly is what only feeds have (§4.1.1), atomEntryOnly what only
// entries have (§4.1.2).
var (
	atomFeedOnly = vocabulary{
		{Local: "subtitle"}:  atomText,
		{Local: "generator"}: {attrs: "uri version", check: (*linter).atomGenerator},
		{Local: "icon"}:      atomURI,
		{Local: "logo"}:      atomURI,
	}
	atomEntryOnly = vocabulary{
		{Local: "content"}:   {attrs: "type src", open: true, check: (*linter).atomContent},
		{Local: "summary"}:   atomText,
		{Local: "published"}: atomDate,
		{Local: "source"}:    {in: joinVocabularies(map[string]vocabulary{atomNamespace: mergeVocabularies(atomShared, atomFeedOnly)})},
	}
	atomFeedParts = joinVocabularies(map[string]vocabulary{atomNamespace: mergeVocabularies(atomShared, atomFeedOnly, vocabulary{
		{Local: "entry"}: {entry: true},
	})})
	atomEntryParts = joinVocabularies(map[string]vocabulary{atomNamespace: mergeVocabularies(atomShared, atomEntryOnly)})
	atomInRSS      = mergeVocabularies(atomShared, atomFeedOnly, atomEntryOnly)
)

func mergeVocabularies(list ...vocabulary) vocabulary {
	all := vocabulary{}
	for _, v := range list {
		for name, p := range v {
			all[name] = p
		}
	}
	return all
}

// atomFrame checks a feed but for the insides of its entries.
func (l *linter) atomFrame(root *element, entries []Facts) {
	if want := (xml.Name{Space: atomNamespace, Local: "feed"}); root.name != want {
		l.report(root.spot, "atom-root", "the root element is <%s> of the namespace %s: Atom begins with <feed> of %s", root.name.Local, clip(root.name.Space), atomNamespace)
		return
	}
	l.attributes(root, "")
	l.contents(root, atomFeedParts)
	l.atomRequired(root, "atom-feed-required", "id", "title", "updated")
	l.atomOrder(root)
	l.alternates(root)
	l.selfLinks(root, "atom-self", "the feed has no link with rel=\"self\": say where it is")
	l.atomAuthors(root, entries)
	l.unique("atom-id-twice", "id", entries)
	l.atomUpdates(root, entries)
}

func (l *linter) atomRequired(e *element, rule string, names ...string) {
	for _, name := range names {
		if e.child(atomNamespace, name) == nil {
			l.report(e.spot, rule, "<%s> lacks its <%s>, which is required", e, name)
		}
	}
}

// atomOrder is the grammar of RFC 4287 §4.1.1: entries are last, after elements
// of other namespaces too.
func (l *linter) atomOrder(root *element) {
	entry := false
	for _, e := range root.children {
		if e.name.Local == "entry" && e.name.Space == atomNamespace {
			entry = true
		} else if entry {
			l.report(e.spot, "atom-metadata-after-entry", "<%s> stands after an entry: write the entries last", e)
		}
	}
}

// atomAuthors is RFC 4287 §4.1.1: the feed names one, or each entry does.
func (l *linter) atomAuthors(root *element, entries []Facts) {
	if root.child(atomNamespace, "author") != nil {
		return
	}
	if len(entries) == 0 {
		l.report(root.spot, "atom-author", "the feed has no <author>, and no entry that could have one: write one")
	}
	for i, e := range entries {
		if !e.Author {
			l.report(nowhere, "atom-author", "entry %d has no <author>, and the feed has none: write one of them", i+1)
			return
		}
	}
}

// atomUpdates warns of entries that readers cannot put in an order, and of a
// feed that has the id of one of its entries.
func (l *linter) atomUpdates(root *element, entries []Facts) {
	first := map[string]int{}
	for i, e := range entries {
		if id := root.child(atomNamespace, "id"); id != nil && e.ID != "" && id.value() == e.ID {
			l.report(nowhere, "atom-id-twice", "entry %d has the id of the feed, %s", i+1, clip(e.ID))
		}
		n, ok := first[e.Updated]
		switch {
		case e.Updated == "":
		case !ok:
			first[e.Updated] = i
		case entries[n].ID != e.ID:
			l.report(nowhere, "atom-updated-twice", "entries %d and %d were both updated at %s: readers cannot tell which is newer", n+1, i+1, clip(e.Updated))
		}
	}
}

// atomEntry checks one entry.
func (l *linter) atomEntry(e *element) Facts {
	l.attributes(e, "")
	l.contents(e, atomEntryParts)
	l.atomRequired(e, "atom-entry-required", "id", "title", "updated")
	l.alternates(e)
	l.atomBody(e)
	facts := Facts{Author: e.child(atomNamespace, "author") != nil}
	if source := e.child(atomNamespace, "source"); source != nil && source.child(atomNamespace, "author") != nil {
		facts.Author = true
	}
	if id := e.child(atomNamespace, "id"); id != nil {
		facts.ID = id.value()
	}
	if updated := e.child(atomNamespace, "updated"); updated != nil {
		facts.Updated = updated.value()
	}
	return facts
}

// atomBody is RFC 4287 §4.1.2 on content, summary and the alternate link.
func (l *linter) atomBody(e *element) {
	content, summary := e.child(atomNamespace, "content"), e.child(atomNamespace, "summary")
	if content == nil {
		alternate := false
		for _, link := range e.all(atomNamespace, "link") {
			alternate = alternate || relation(link) == "alternate"
		}
		if !alternate {
			l.report(e.spot, "atom-content-or-alternate", "the entry has neither a <content> nor a link with rel=\"alternate\": write one of them")
		}
		if summary == nil {
			l.report(e.spot, "atom-content-or-summary", "the entry has neither a <content> nor a <summary>: readers have nothing to show")
		}
		return
	}
	_, remote := content.attr("src")
	if kind, _ := content.attr("type"); summary == nil && (remote || isBinary(kind)) {
		l.report(e.spot, "atom-summary-required", "the entry's <content> is elsewhere or in Base64, so it needs a <summary>")
	}
}

// atomDate is RFC 4287 §3.3.
func (l *linter) atomDate(e *element) {
	l.rfc3339(e.spot, "atom-date", bracketed{e}, e.text)
}

func (l *linter) atomIRI(e *element) {
	l.atomReference(e, bracketed{e}, e.text)
}

// atomReference checks an IRI reference, which may be relative if there is a
// base for it.
func (l *linter) atomReference(e *element, what fmt.Stringer, ref string) {
	if bad := badReference(ref); bad != "" && ref != "" { // which is one: of the base itself
		l.report(e.spot, "atom-iri", "%s is %s, which is no IRI: %s", what, clip(ref), bad)
	} else if schemeOf(ref) == "" && !e.based() {
		l.report(e.spot, "atom-relative-iri", "%s is the relative IRI %s: write it whole", what, clip(ref))
	}
}

// atomID is RFC 4287 §4.2.6.
func (l *linter) atomID(e *element) {
	if bad := badIRI(e.text); bad != "" {
		l.report(e.spot, "atom-id", "<id> is %s, which is no absolute IRI: %s", clip(e.text), bad)
	}
}

func (l *linter) atomName(e *element) {
	if name := e.child(atomNamespace, "name"); name == nil || name.value() == "" {
		l.report(e.spot, "atom-person-name", "<%s> has no <name>, which is required", e)
	}
}

func (l *linter) atomEmail(e *element) {
	if !isAddress(e.text) {
		l.report(e.spot, "atom-email", "<email> is %s, which is no mail address: write one such as name@example.org", clip(e.text))
	}
}

func (l *linter) atomCategory(e *element) {
	if term, _ := e.attr("term"); term == "" {
		l.report(e.spot, "atom-category-term", "<category> has no term, which is required")
	}
	if scheme, ok := e.attr("scheme"); ok && badIRI(scheme) != "" {
		l.report(e.spot, "atom-iri", "the scheme of <category> is %s, which is no IRI: %s", clip(scheme), badIRI(scheme))
	}
}

func (l *linter) atomGenerator(e *element) {
	if e.value() == "" {
		l.report(e.spot, "atom-blank", "<generator> is empty: write the program's name")
	}
	if uri, ok := e.attr("uri"); ok {
		l.atomReference(e, subject("the uri of <generator>"), uri)
	}
}
