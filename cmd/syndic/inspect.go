package main

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"syndic/feed"
)

// httpRules are those of how a feed is served, by name.
var httpRules = map[string]feed.Rule{
	"http-type":             {Severity: feed.Error, Source: "RFC 9110 §8.3", Text: "A feed has a media type of feeds, or of XML or JSON."},
	"http-encoding":         {Severity: feed.Error, Source: "RFC 9110 §8.4", Text: "An encoded feed decodes to the feed."},
	"http-revalidation":     {Severity: feed.Error, Source: "RFC 9110 §15.4.5", Text: "An answer 304 has no body and is for who has the feed."},
	"http-type-general":     {Severity: feed.Warning, Source: "W3C Feed Validation Service", Text: "The media type is that of the format."},
	"http-charset":          {Severity: feed.Warning, Source: "RFC 7303 §3", Text: "The charset is that of the feed."},
	"http-redirect":         {Severity: feed.Warning, Source: "RFC 9110 §15.4", Text: "The URL is the feed's own."},
	"http-etag":             {Severity: feed.Warning, Source: "RFC 9110 §8.8.3", Text: "There is a strong ETag."},
	"http-etag-encoding":    {Severity: feed.Warning, Source: "RFC 9110 §8.8.1", Text: "Each encoding has a strong ETag of its own."},
	"http-etag-ignored":     {Severity: feed.Warning, Source: "RFC 9110 §13.1.2", Text: "If-None-Match is answered with 304."},
	"http-modified":         {Severity: feed.Warning, Source: "RFC 9110 §8.8.2", Text: "There is a Last-Modified."},
	"http-modified-ignored": {Severity: feed.Warning, Source: "RFC 9110 §13.1.3", Text: "If-Modified-Since is answered with 304."},
	"http-compression":      {Severity: feed.Warning, Source: "RFC 9110 §8.4", Text: "The feed is offered compressed."},
	"http-vary":             {Severity: feed.Warning, Source: "RFC 9110 §12.5.5", Text: "What depends on Accept-Encoding says so."},
	"http-cache-control":    {Severity: feed.Warning, Source: "RFC 9111 §5.2", Text: "Readers are told when to come again."},
	"http-unstable":         {Severity: feed.Warning, Source: "syndic", Text: "A feed changes only when its posts do."},
	"http-self":             {Severity: feed.Warning, Source: "W3C Feed Validation Service", Text: "The feed's link to itself is its URL."},
	"http-hub":              {Severity: feed.Warning, Source: "WebSub §4", Text: "Link header fields and feed name the same hubs."},
}

// inspection is a look at a foreign feed and at how it is served.
type inspection struct {
	fetcher *fetcher
	format  feed.Format
	first   *answer
	found   []feed.Finding
}

// inspect fetches a feed and judges it.
func inspect(ctx context.Context, url string) (feed.Format, []feed.Finding, error) {
	i := &inspection{fetcher: newFetcher(url)}
	defer i.fetcher.close()
	var err error
	if i.first, err = i.fetcher.get(ctx); err != nil {
		return 0, nil, err
	}
	if i.first.status != http.StatusOK {
		return 0, nil, fmt.Errorf("the answer is %d %s", i.first.status, http.StatusText(i.first.status))
	}
	i.redirected()
	b, err := i.first.decoded()
	if err != nil {
		return 0, nil, fmt.Errorf("decode: %w", err)
	}
	i.first.body = b
	if i.format, err = feed.Detect(b, i.first.header.Get("Content-Type")); err != nil {
		return 0, nil, err
	}
	lint := feed.Lint(i.format, b)
	i.mediaType(lint)
	i.links()
	for _, look := range []func(context.Context) error{i.revalidate, i.compressed} {
		if err := look(ctx); err != nil {
			return 0, nil, err
		}
	}
	return i.format, append(i.found, lint...), nil
}

func (i *inspection) report(rule, format string, args ...any) {
	i.found = append(i.found, feed.Finding{Rule: rule, Severity: httpRules[rule].Severity, Message: fmt.Sprintf(format, args...)})
}

// redirected tells where the feed really is.
func (i *inspection) redirected() {
	for _, h := range i.fetcher.hops {
		if h.status == http.StatusMovedPermanently || h.status == http.StatusPermanentRedirect {
			i.report("http-redirect", "it has moved to %s for good: use that URL", h.to)
		} else {
			i.report("http-redirect", "it redirects with %d to %s, which readers ask for each time", h.status, h.to)
		}
	}
}

// mediaType checks Content-Type and what else the first answer says.
func (i *inspection) mediaType(lint []feed.Finding) {
	written := i.first.header.Get("Content-Type")
	base, params, _ := mime.ParseMediaType(written)
	general := []string{"application/xml", "text/xml"}
	if i.format == feed.JSON {
		general = []string{"application/json"}
	}
	switch {
	case base == i.format.MediaType():
	case slices.Contains(general, base):
		i.report("http-type-general", "Content-Type is %s: write %s", base, i.format.MediaType())
	default:
		i.report("http-type", "Content-Type is %q: write %s", written, i.format.MediaType())
	}
	isUTF8 := !slices.ContainsFunc(lint, func(f feed.Finding) bool { return f.Rule == "xml-utf-8" })
	if c := params["charset"]; c != "" && isUTF8 && !strings.EqualFold(c, "utf-8") {
		i.report("http-charset", "Content-Type says charset=%s, but the feed is in UTF-8", c)
	}
	if i.first.header.Get("Cache-Control") == "" {
		i.report("http-cache-control", "there is no Cache-Control: readers guess when to come again")
	}
}

// links compares what the feed says of itself with what goes around it.
func (i *inspection) links() {
	self, hubs := feed.Advertised(i.format, i.first.body)
	if self != "" && self != i.fetcher.url && self != i.first.url {
		i.report("http-self", "the feed says that it is at %s", self)
	}
	named := linkedHubs(i.first.header.Values("Link"))
	slices.Sort(hubs)
	slices.Sort(named)
	if !slices.Equal(slices.Compact(hubs), slices.Compact(named)) {
		i.report("http-hub", "Link header fields name the hubs [%s], the feed names [%s]", strings.Join(named, " "), strings.Join(hubs, " "))
	}
}

// linkedHubs are the targets of rel=hub in Link header fields (RFC 8288 §3).
func linkedHubs(fields []string) []string {
	var hubs []string
	for _, field := range fields {
		for _, link := range splitOutside(field, ',') {
			parts := splitOutside(link, ';')
			target, ok := strings.CutPrefix(parts[0], "<")
			target, closed := strings.CutSuffix(target, ">")
			if ok && closed && slices.ContainsFunc(parts[1:], isHub) {
				hubs = append(hubs, target)
			}
		}
	}
	return hubs
}

// isHub tells whether a parameter of a link is rel=hub, or has it among others.
func isHub(param string) bool {
	name, value, _ := strings.Cut(param, "=")
	return strings.EqualFold(strings.TrimSpace(name), "rel") &&
		slices.Contains(strings.Fields(strings.ToLower(strings.Trim(value, "\" \t"))), "hub")
}

// splitOutside splits at a separator that is neither in <> nor in quotes.
func splitOutside(s string, sep rune) []string {
	var parts []string
	start, end := 0, rune(0)
	for i, r := range s {
		switch {
		case end != 0:
			if r == end {
				end = 0
			}
		case r == '<':
			end = '>'
		case r == '"':
			end = '"'
		case r == sep:
			parts = append(parts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

// revalidate asks again as a reader does who has the feed.
func (i *inspection) revalidate(ctx context.Context) error {
	tag, modified := i.first.header.Get("ETag"), i.first.header.Get("Last-Modified")
	switch {
	case tag == "":
		i.report("http-etag", "there is no ETag: each visit of a reader costs the whole feed")
	case strings.HasPrefix(tag, "W/"):
		i.report("http-etag", "the ETag %s is a weak one", tag)
	}
	if modified == "" {
		i.report("http-modified", "there is no Last-Modified: readers that know no ETag ask for the whole feed")
	} else if _, err := http.ParseTime(modified); err != nil {
		i.report("http-modified", "Last-Modified is %q, which is no date", modified)
		modified = ""
	}
	for _, ask := range []struct{ field, value, rule string }{
		{"If-None-Match", tag, "http-etag-ignored"}, {"If-Modified-Since", modified, "http-modified-ignored"},
	} {
		if ask.value == "" {
			continue
		}
		a, err := i.fetcher.get(ctx, ask.field, ask.value)
		switch {
		case err != nil:
			return err
		case a.status == http.StatusNotModified && len(a.body) > 0:
			i.report("http-revalidation", "the answer 304 to %s has a body", ask.field)
		case a.status == http.StatusOK && bytes.Equal(a.body, i.first.body):
			i.report(ask.rule, "%s: %s is answered with the whole feed, though it is the same", ask.field, ask.value)
		case a.status == http.StatusOK:
			i.unstable()
		case a.status != http.StatusNotModified:
			i.report(ask.rule, "%s: %s is answered with %d", ask.field, ask.value, a.status)
		}
	}
	a, err := i.fetcher.get(ctx, "If-None-Match", `"syndic-feed-lint"`)
	if err == nil && a.status == http.StatusNotModified {
		i.report("http-revalidation", "who has another ETag gets 304, too, and never sees a change")
	}
	return err
}

// unstable reports a feed that is another one at each visit.
func (i *inspection) unstable() {
	if !slices.ContainsFunc(i.found, func(f feed.Finding) bool { return f.Rule == "http-unstable" }) {
		i.report("http-unstable", "two visits in a row get two different feeds")
	}
}

// compressed asks for each encoding that readers know.
func (i *inspection) compressed(ctx context.Context) error {
	offered := 0
	for _, encoding := range []string{"gzip", "br", "zstd"} {
		a, err := i.fetcher.get(ctx, "Accept-Encoding", encoding)
		if err != nil {
			return err
		}
		if a.encoding() == "" || a.status != http.StatusOK {
			continue
		}
		offered++
		if err := i.encoded(ctx, a, encoding); err != nil {
			return err
		}
	}
	if offered == 0 {
		i.report("http-compression", "the feed is not offered compressed, not even with gzip: it is %d bytes", len(i.first.body))
	}
	return nil
}

func (i *inspection) encoded(ctx context.Context, a *answer, asked string) error {
	b, err := a.decoded()
	if err != nil {
		i.report("http-encoding", "asked for %s, the feed cannot be decoded: %v", asked, err)
		return nil
	}
	if !bytes.Equal(b, i.first.body) {
		again, err := i.fetcher.get(ctx)
		switch {
		case err != nil:
			return err
		case bytes.Equal(again.body, i.first.body):
			i.report("http-encoding", "asked for %s, the feed decodes to something else", asked)
		default:
			i.unstable()
		}
	}
	if tag := a.header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") && tag == i.first.header.Get("ETag") {
		i.report("http-etag-encoding", "with %s the feed has the same strong ETag %s as without", asked, tag)
	}
	if vary := strings.ToLower(strings.Join(a.header.Values("Vary"), ",")); !strings.Contains(vary, "accept-encoding") && !strings.Contains(vary, "*") {
		i.report("http-vary", "with %s the answer lacks Vary: Accept-Encoding: caches mix them up", asked)
	}
	return nil
}
