package feed

// Rule is what the linter knows of one rule.
type Rule struct {
	Name     string   `json:"rule"` // stable: people and programs rely on it
	Severity Severity `json:"severity"`
	Source   string   `json:"source"` // where it is written
	Text     string   `json:"text"`   // what it asks for
}

// RuleNamed finds a rule.
func RuleNamed(name string) (Rule, bool) {
	r, ok := rules[name]
	return r, ok
}

// The documents that rules come from.
const (
	xml10      = "XML 1.0"
	names10    = "Namespaces in XML 1.0"
	rss20      = "RSS 2.0"
	profile    = "RSS Best Practices Profile"
	rfc4287    = "RFC 4287"
	rfc4685    = "RFC 4685"
	jsonFeed11 = "JSON Feed 1.1"
	w3c        = "W3C Feed Validation Service"
	media15    = "Media RSS 1.5.1"
)

// rules is the one table of them, by name.
var rules = byName(
	// XML
	Rule{"xml-encoding", Error, xml10 + " §4.3.3", "A feed is in the encoding that it declares, and in one that is known."},
	Rule{"xml-character", Error, xml10 + " §2.2", "There are no characters that XML cannot carry."},
	Rule{"xml-well-formed", Error, xml10 + " §2.1", "The document is well-formed."},
	Rule{"xml-root", Error, xml10 + " §2.1", "There is one root element."},
	Rule{"xml-depth", Error, "libxml2", "Elements are not nested more deeply than readers follow."},
	Rule{"xml-attribute-twice", Error, xml10 + " §3.1", "No attribute stands twice in one tag."},
	Rule{"xml-prefix", Error, names10 + " §5", "Each prefix is declared, and names have one colon at most."},
	Rule{"xml-entity", Error, w3c, "No entities are declared: readers refuse them, for safety."},
	Rule{"xml-lang", Error, xml10 + " §2.12", "xml:lang is a language tag."},
	Rule{"xml-doctype", Warning, w3c, "There is no document type."},
	Rule{"xml-utf-8", Warning, w3c, "The feed is in UTF-8."},

	// Any format
	Rule{"self-differs", Error, "WebSub §4", "The feed's link to itself is the URL at which it is."},
	Rule{"text-control", Warning, w3c, "There are no control codes in texts."},
	Rule{"text-replacement", Warning, w3c, "There are no replacement characters in texts."},
	Rule{"date-implausible", Warning, w3c, "Dates are not before there were feeds."},

	// RSS
	Rule{"rss-root", Error, rss20, "The root element is rss."},
	Rule{"rss-version", Error, rss20, "The version is one that exists."},
	Rule{"rss-channel", Error, rss20, "There is one channel."},
	Rule{"rss-channel-required", Error, rss20 + ", Required channel elements", "The channel has a title, a link and a description."},
	Rule{"rss-twice", Error, rss20, "Elements that stand once stand once."},
	Rule{"rss-unknown-element", Error, rss20 + ", Extending RSS", "Elements that are not of RSS are in a namespace."},
	Rule{"rss-unknown-attribute", Error, rss20, "Attributes that are not of RSS are in a namespace."},
	Rule{"rss-unexpected-text", Error, w3c, "Elements that hold elements hold no text beside them."},
	Rule{"rss-url", Error, rss20, "URLs are whole, and in ASCII."},
	Rule{"rss-date", Error, "RFC 822 §5", "Dates are of RFC 822, and of days that exist."},
	Rule{"rss-date-weekday", Error, "RFC 822 §5.2", "The day of the week is that of the date."},
	Rule{"rss-email", Error, rss20, "managingEditor, webMaster and author have a mail address."},
	Rule{"rss-language", Error, rss20, "The language is a language tag."},
	Rule{"rss-ttl", Error, rss20, "ttl is a number of minutes, from 1 on."},
	Rule{"rss-skip-hours", Error, rss20, "Hours are from 0 to 23, each once."},
	Rule{"rss-skip-days", Error, rss20, "Days are from Monday to Sunday, each once."},
	Rule{"rss-cloud", Error, rss20, "cloud has its five attributes."},
	Rule{"rss-text-input", Error, rss20, "textInput has a title, a description, a name and a link."},
	Rule{"rss-image-required", Error, rss20, "An image has a url, a title and a link."},
	Rule{"rss-image-size", Error, rss20, "An image is at most 144 wide and 400 high."},
	Rule{"rss-item-title-or-description", Error, rss20 + ", Elements of <item>", "An item has a title or a description."},
	Rule{"rss-guid-empty", Error, rss20, "A guid is not empty."},
	Rule{"rss-guid-twice", Error, rss20, "No two items have the same guid."},
	Rule{"rss-guid-permalink", Error, rss20, "A guid is the URL of a page unless isPermaLink is false."},
	Rule{"rss-enclosure-url", Error, rss20, "An enclosure has the URL of a file."},
	Rule{"rss-enclosure-length", Error, rss20, "An enclosure has its length in bytes."},
	Rule{"rss-enclosure-type", Error, rss20, "An enclosure has its media type."},
	Rule{"rss-source-url", Error, rss20, "source has the URL of a feed."},
	Rule{"rss-version-old", Warning, profile, "The version is 2.0."},
	Rule{"rss-blank", Warning, w3c, "Titles and categories are not empty."},
	Rule{"rss-date-form", Warning, profile + ", Date and Time", "Dates have a year of four digits and a known zone."},
	Rule{"rss-email-form", Warning, profile, "Mail addresses are followed by a name in brackets."},
	Rule{"rss-text-markup", Warning, profile + ", Character Data", "Plain texts do not look like HTML."},
	Rule{"rss-image-format", Warning, w3c, "An image is a GIF, JPEG or PNG."},
	Rule{"rss-image-match", Warning, profile + ", Image", "An image's title and link are the channel's."},
	Rule{"rss-item-guid", Warning, profile + ", guid", "An item has a guid."},
	Rule{"rss-guid-short", Warning, w3c, "A guid is not a short number."},
	Rule{"rss-enclosure-several", Warning, profile + ", enclosure", "An item has one enclosure."},
	Rule{"rss-description-first", Warning, profile + ", content:encoded", "content:encoded follows a description."},
	Rule{"rss-said-twice", Warning, w3c, "Nothing is said by RSS and by Dublin Core at once."},
	Rule{"rss-metadata-after-item", Warning, profile, "Items are last."},
	Rule{"rss-self", Warning, profile + ", atom:link", "The channel links to itself."},
	Rule{"rss-atom-link-first", Warning, "syndic", "atom:link comes before link, for readers that know no namespaces."},

	// Atom
	Rule{"atom-root", Error, rfc4287 + " §2", "The root element is feed, of Atom's namespace."},
	Rule{"atom-feed-required", Error, rfc4287 + " §4.1.1", "A feed has an id, a title and a date of its last update."},
	Rule{"atom-entry-required", Error, rfc4287 + " §4.1.2", "An entry has an id, a title and a date of its last update."},
	Rule{"atom-twice", Error, rfc4287 + " §4.1", "Elements that stand once stand once."},
	Rule{"atom-unknown-element", Error, rfc4287 + " §6.3", "Elements that are not of Atom are in a namespace of their own."},
	Rule{"atom-unknown-attribute", Error, rfc4287 + " §6.3", "Attributes that are not of Atom are in a namespace of their own."},
	Rule{"atom-unexpected-text", Error, rfc4287 + " §4.1", "Elements that hold elements hold no text beside them."},
	Rule{"atom-metadata-after-entry", Error, rfc4287 + " §4.1.1", "Entries are last."},
	Rule{"atom-author", Error, rfc4287 + " §4.1.1", "The feed has an author, or each entry has."},
	Rule{"atom-person-name", Error, rfc4287 + " §3.2.1", "A person has a name."},
	Rule{"atom-email", Error, rfc4287 + " §3.2.3", "A person's email is a mail address."},
	Rule{"atom-date", Error, rfc4287 + " §3.3", "Dates are of RFC 3339."},
	Rule{"atom-id", Error, rfc4287 + " §4.2.6", "An id is an absolute IRI."},
	Rule{"atom-id-twice", Error, rfc4287 + " §4.1.1", "No two entries have the same id, nor has one the feed's."},
	Rule{"atom-iri", Error, rfc4287 + " §2", "Links and other references are IRIs."},
	Rule{"atom-text-type", Error, rfc4287 + " §3.1.1", "A text is of type text, html or xhtml."},
	Rule{"atom-text-child", Error, rfc4287 + " §3.1.1.1", "A text that is not xhtml holds no elements."},
	Rule{"atom-xhtml-div", Error, rfc4287 + " §3.1.1.3", "A text of type xhtml is one div of XHTML."},
	Rule{"atom-content-type", Error, rfc4287 + " §4.1.3.1", "Content has a type that there is, and none that is composite."},
	Rule{"atom-content-base64", Error, rfc4287 + " §4.1.3.3", "Content that is not text is in Base64."},
	Rule{"atom-content-src", Error, rfc4287 + " §4.1.3.2", "Content that is elsewhere is empty here."},
	Rule{"atom-content-or-alternate", Error, rfc4287 + " §4.1.2", "An entry without content has an alternate link."},
	Rule{"atom-summary-required", Error, rfc4287 + " §4.1.2", "Content that readers cannot show has a summary."},
	Rule{"atom-category-term", Error, rfc4287 + " §4.2.2.1", "A category has a term."},
	Rule{"atom-link-href", Error, rfc4287 + " §4.2.7.1", "A link has an href."},
	Rule{"atom-link-type", Error, rfc4287 + " §4.2.7.3", "A link's type is a media type."},
	Rule{"atom-link-language", Error, rfc4287 + " §4.2.7.4", "A link's hreflang is a language tag."},
	Rule{"atom-link-length", Error, rfc4287 + " §4.2.7.6", "A link's length is a number of bytes."},
	Rule{"atom-alternate-twice", Error, rfc4287 + " §4.1.1", "There is one alternate link of a type and a language."},
	Rule{"atom-link-rel", Warning, rfc4287 + " §4.2.7.2", "A link's rel is registered, or a URI."},
	Rule{"atom-link-text", Warning, w3c, "A link holds no text."},
	Rule{"atom-self", Warning, rfc4287 + " §4.1.1", "A feed links to itself."},
	Rule{"atom-self-type", Warning, w3c, "A feed's link to itself has the type of the feed."},
	Rule{"atom-updated-twice", Warning, w3c, "No two entries were updated at the same time."},
	Rule{"atom-blank", Warning, w3c, "Texts are not empty, but for the title of an entry."},
	Rule{"atom-text-markup", Warning, w3c, "Texts of type text do not look like HTML."},
	Rule{"atom-relative-iri", Warning, w3c, "References are absolute, or have a base."},
	Rule{"atom-content-or-summary", Warning, rfc4287 + " §4.1.1.1", "An entry has content or a summary."},
	Rule{"atom-content-untyped", Warning, rfc4287 + " §4.1.3.2", "Content that is elsewhere has a type."},

	// Namespaces of RSS and Atom
	Rule{"extension-twice", Error, w3c, "Elements that stand once stand once."},
	Rule{"extension-unknown-element", Error, w3c, "A known namespace has the element, and is written whole."},
	Rule{"extension-unknown-attribute", Error, w3c, "A known element has the attribute."},
	Rule{"extension-unexpected-text", Error, w3c, "Elements that hold elements hold no text beside them."},
	Rule{"extension-date", Error, "W3C Date and Time Formats", "Dates of Dublin Core and of the syndication module have W3C's forms."},
	Rule{"extension-url", Error, w3c, "URLs are whole."},
	Rule{"extension-count", Error, w3c, "Counts are whole numbers."},
	Rule{"dc-language", Error, "Dublin Core", "dc:language is a language tag."},
	Rule{"sy-period", Error, "RSS 1.0 Syndication", "sy:updatePeriod is one of five words."},
	Rule{"sy-frequency", Error, "RSS 1.0 Syndication", "sy:updateFrequency is a number from 1 on."},
	Rule{"thr-reference", Error, rfc4685 + " §3", "thr:in-reply-to has the id of an entry."},
	Rule{"thr-link", Error, rfc4685 + " §4", "thr:count and thr:updated stand on links to replies."},
	Rule{"media-url", Error, media15, "A media object has a URL or a player, a thumbnail a URL."},
	Rule{"media-attribute", Error, media15, "Attributes of media objects are of their kind."},
	Rule{"media-group", Error, media15, "A group has two forms of a thing at least."},
	Rule{"podcast-value", Error, "Apple Podcasts", "Podcasts say what they say in the words that players know."},

	// HTML in any format
	Rule{"content-script", Warning, w3c, "There is nothing in the HTML that runs, or that reaches out of it."},
	Rule{"content-iframe", Warning, w3c, "There is no iframe in the HTML."},
	Rule{"content-style", Warning, w3c, "Styles in the HTML do nothing but style."},
	Rule{"content-relative-url", Warning, profile + ", description", "URLs in the HTML are whole."},
	Rule{"content-balance", Warning, w3c, "Elements in the HTML are closed in their order."},
	Rule{"content-escaped-twice", Warning, w3c, "HTML is escaped once."},

	// JSON Feed
	Rule{"json-syntax", Error, "RFC 8259", "The document is JSON, in UTF-8."},
	Rule{"json-root", Error, jsonFeed11, "The document is an object."},
	Rule{"json-required", Error, jsonFeed11 + ", Top-level", "A feed has a version, a title and items, if none."},
	Rule{"json-version", Error, jsonFeed11 + ", Top-level", "The version is the URL of one that exists."},
	Rule{"json-type", Error, jsonFeed11, "Values are of the type that the key has."},
	Rule{"json-url", Error, jsonFeed11, "URLs are whole."},
	Rule{"json-date", Error, jsonFeed11 + ", Items", "Dates are of RFC 3339."},
	Rule{"json-language", Error, jsonFeed11, "Languages are language tags."},
	Rule{"json-item-id", Error, jsonFeed11 + ", Items", "An item has an id, which is not empty."},
	Rule{"json-id-twice", Error, jsonFeed11 + ", Items", "No two items have the same id."},
	Rule{"json-content", Error, jsonFeed11 + ", Items", "An item has a content_html or a content_text."},
	Rule{"json-author", Error, jsonFeed11 + ", Authors", "An author has a name, a url or an avatar."},
	Rule{"json-hub", Error, jsonFeed11 + ", Subscribing", "A hub has a type and a url."},
	Rule{"json-attachment", Error, jsonFeed11 + ", Attachments", "An attachment has a url and a mime_type."},
	Rule{"json-media-type", Error, jsonFeed11 + ", Attachments", "A mime_type is a media type."},
	Rule{"json-number", Error, jsonFeed11 + ", Attachments", "Sizes and durations are not negative."},
	Rule{"json-next-url", Error, jsonFeed11 + ", Top-level", "next_url is not the feed itself."},
	Rule{"json-version-old", Warning, jsonFeed11 + ", Changes", "The version is 1.1."},
	Rule{"json-author-old", Warning, jsonFeed11 + ", Changes", "\"authors\" has taken the place of \"author\"."},
	Rule{"json-recommended", Warning, jsonFeed11 + ", Top-level", "A feed has a home_page_url and a feed_url."},
	Rule{"json-unknown-key", Warning, jsonFeed11 + ", Extensions", "Keys that are not of JSON Feed begin with an underscore."},
	Rule{"json-key-twice", Warning, "RFC 8259 §4", "No key stands twice in an object."},
	Rule{"json-text-markup", Warning, jsonFeed11, "Plain texts do not look like HTML."},
	Rule{"json-duration", Warning, "syndic", "Durations are whole seconds, for readers that know no fractions."},
)

func byName(list ...Rule) map[string]Rule {
	table := make(map[string]Rule, len(list))
	for _, r := range list {
		table[r.Name] = r
	}
	return table
}
