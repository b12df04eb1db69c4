package feed

import (
	"net/url"
	"regexp"
	"testing"
	"time"
)

func TestPostID(t *testing.T) {
	day := time.Date(2026, 11, 6, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		authority, slug string
		n               int
		want            string
	}{
		{"example.org", "first", 0, "tag:example.org,2026-11-06:first"},
		{"example.org", "first", 1, "tag:example.org,2026-11-06:first"},
		{"Example.ORG", "first", 2, "tag:example.org,2026-11-06:first-2"},
		{"127.0.0.1", "über", 0, "tag:127.0.0.1,2026-11-06:%C3%BCber"},
		{"example.org", "語", 13, "tag:example.org,2026-11-06:%E8%AA%9E-13"},
		{"example.org", "a b#c%d[e]", 0, "tag:example.org,2026-11-06:a%20b%23c%25d%5Be%5D"},
		{"me@example.org", "a/b?c:d@e!", 0, "tag:me@example.org,2026-11-06:a/b?c:d@e!"},
	} {
		got := PostID(c.authority, day, c.slug, c.n)
		if got != c.want {
			t.Errorf("PostID(%q, %q, %d) = %q, want %q", c.authority, c.slug, c.n, got, c.want)
		}
		checkTag(t, got)
	}
	// The day is the one that the clock shows where the site is.
	zone := time.FixedZone("", 10*3600)
	if got := PostID("example.org", time.Date(2026, 11, 6, 20, 0, 0, 0, time.UTC).In(zone), "x", 0); got != "tag:example.org,2026-11-07:x" {
		t.Errorf("in a zone: %q", got)
	}
}

func TestCategoryID(t *testing.T) {
	for _, c := range []struct {
		slug string
		n    int
		want string
	}{
		{"", 0, "tag:example.org,2026:site"},
		{"site", 0, "tag:example.org,2026:category/site"},
		{"design", 0, "tag:example.org,2026:category/design"},
		{"design", 2, "tag:example.org,2026:category/design-2"},
		{"gestaltung-für-alle", 0, "tag:example.org,2026:category/gestaltung-f%C3%BCr-alle"},
	} {
		got := CategoryID("example.org", c.slug, c.n)
		if got != c.want {
			t.Errorf("CategoryID(%q, %d) = %q, want %q", c.slug, c.n, got, c.want)
		}
		checkTag(t, got)
	}
}

// tagURI is the grammar of RFC 4151 §2.1.
var tagURI = regexp.MustCompile(`^tag:([0-9a-z._-]+@)?[0-9a-z.-]+,[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?:([0-9A-Za-z._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*$`)

func checkTag(t *testing.T, id string) {
	t.Helper()
	if _, err := url.Parse(id); err != nil || !tagURI.MatchString(id) {
		t.Errorf("%q is no tag URI: %v", id, err)
	}
}

func TestCheckIRI(t *testing.T) {
	for _, good := range []string{
		"tag:example.org,2026-01-05:first", "tag:ann@example.org,2026:a/b?c#d", "tag:--1,2026:site", "tag:my_host,2026-01:x", "tag:example.org,2026:schuß",
		"https://example.org/", "HTTP://EXAMPLE.ORG", "https://author:secret@example.org:8080/a?b=c#d", "http://[::1]:80/", "https://büro.example/ä",
		"urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "URN:ISBN:0451450523", "mailto:ann@example.org", "x:y",
	} {
		if err := CheckIRI(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "a", "/a", "//example.org/a", "1", "a b:c", "x:a b", "x:\n", "x:\x00", "x:\xff", "x:<", "x:100%", "x:%2g", "x:#a#b", "1x:y", "ht'p://a/",
		"https://", "https:///a", "https:a", "https://:80/", "https://example.org:http/", "https://example.org/[a]", "https://[::1",
		"tag:a", "tag:example.org:a", "tag:example.org,26:a", "tag:büro.example,2026:a", "urn:x", "urn:uuid:1", "urn::a",
	} {
		if CheckIRI(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
