package main

import (
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"syndic/feed"
	"syndic/scheduler"
)

// configHints are examples for keys whose values people get wrong.
var configHints = map[string]string{
	"site.url":              `"https://journal.example/"`,
	"listen":                `"127.0.0.1:8080" or "fd"`,
	"admin.listen":          `"127.0.0.1:8081", "fd", or "" for none`,
	"schedule":              `"*/5 * * * *" or "@change"`,
	"hubs":                  `["https://hub.example/"]`,
	"content.iframes":       `["player.vimeo.com"]`,
	"websub.verify":         "auto, on or off",
	"backup.schedule":       `"0 4 * * *", or "" for none`,
	"backup.keep":           "7",
	"window.posts":          "50",
	"window.hours":          "48",
	"serve.memory":          "64MB",
	"serve.rate_limit.per":  "1h",
	"serve.trusted_proxies": `["127.0.0.1", "10.0.0.0/8"]`,
	"log.requests":          "0.01",
}

// maxHours is a hundred years, which still fit a time.Duration.
const maxHours = 100 * 366 * 24

// maxBackups is one an hour for more than a year.
const maxBackups = 10_000

// checker looks at values that have the right type already.
type checker struct {
	*decoder
	*Config
}

// check reports every value of c that cannot be used.
func check(d *decoder, c *Config) {
	ch := checker{d, c}
	ch.site()
	ch.listeners()
	ch.window("window", &c.Window.Posts, &c.Window.Hours)
	ch.hubs("hubs", c.Hubs)
	ch.iframes("content.iframes", c.Content.Iframes)
	ch.categories()
	ch.redirects()
	ch.schedules()
	ch.oneOf("websub.verify", c.WebSub.Verify, "auto", "on", "off")
	ch.memory()
	ch.limits()
	ch.oneOf("log.level", c.Log.Level, "trace", "debug", "info", "warn", "error")
	ch.oneOf("log.format", c.Log.Format, "auto", "console", "json")
	if strings.Contains(c.Store.Path, "://") {
		ch.bad("store.path", "%q is not a file: the store is a bbolt file on a local disk", c.Store.Path)
	}
}

// bad reports a key's value at the place where it stands. What has a default
// and stands nowhere is reported at the key above it, or at the first line.
// The report goes into the log, which holds no secret.
func (ch checker) bad(key, format string, args ...any) {
	at, found := place{}, false
	for up := key; up != ""; up = parent(up) {
		if ch.wrong[up] {
			return // said already
		}
		if !found {
			at, found = ch.at[up]
		}
	}
	if !found {
		at = place{1, 1}
	}
	message := maskUsers(fmt.Sprintf(format, args...))
	if strings.Contains(key, "hubs[") {
		message = maskURLs(message)
	}
	ch.add(at, key, "%s", message)
}

func parent(key string) string {
	if i := strings.LastIndexAny(key, ".["); i >= 0 {
		return key[:i]
	}
	return ""
}

func (ch checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		ch.bad(key, "%q is unknown: use %s", value, strings.Join(allowed, ", "))
	}
}

// authority is the tagging entity of RFC 4151 §2.1: a host name or an e-mail
// address.
var authority = pattern(`^([a-z0-9._-]+@)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func (ch checker) site() {
	s := ch.Site
	if strings.TrimSpace(s.Title) == "" {
		ch.bad("site.title", "is empty: every feed needs a title")
	}
	if u := ch.web("site.url", s.URL); u != nil && (u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil) {
		ch.bad("site.url", "%q has a query, a fragment or a user: give the plain address that readers use", u.Redacted())
	}
	if a := strings.ToLower(s.Authority); a != "" && !authority().MatchString(a) {
		ch.bad("site.authority", "%q is neither a host name nor an e-mail address, such as journal.example", s.Authority)
	}
	ch.language("site.language", s.Language)
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		ch.bad("site.time_zone", "%q is no time zone: use a name such as UTC or Europe/Berlin", s.TimeZone)
	}
	if s.Author.Email != "" {
		if a, err := mail.ParseAddress(s.Author.Email); err != nil || a.Address != s.Author.Email {
			ch.bad("site.author.email", "%q is no e-mail address, such as editor@journal.example", s.Author.Email)
		}
	}
	if s.Author.URL != "" {
		ch.web("site.author.url", s.Author.URL)
	}
	ch.image("site.icon", s.Icon)
	ch.image("site.favicon", s.Favicon)
	ch.image("site.logo", s.Logo)
}

// web checks an absolute address of the web, and returns it when it is one.
func (ch checker) web(key, raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.ContainsAny(raw, " \t\r\n") {
		ch.bad(key, "%q is not an absolute http or https URL, such as https://journal.example/", raw)
		return nil
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			ch.bad(key, "%q has a port that does not exist: use 1 to 65535", raw)
			return nil
		}
	}
	if err := feed.CheckIRI(raw); err != nil {
		ch.bad(key, "%q cannot stand in a feed, as %v", raw, err)
		return nil
	}
	return u
}

// image checks the address of a picture, which may be relative to the site.
func (ch checker) image(key, raw string) {
	u, err := url.Parse(raw)
	if err != nil || strings.ContainsAny(raw, " \t\r\n") || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		ch.bad(key, "%q is neither an http or https URL nor a path below the site", raw)
	}
}

func (ch checker) language(key, tag string) {
	if tag == "" {
		return
	}
	if _, err := language.Parse(tag); err != nil || strings.Contains(tag, "_") {
		ch.bad(key, "%q is no language tag: use one such as en or de-AT (BCP 47)", tag)
	}
}

func (ch checker) window(key string, posts, hours *int) {
	if posts != nil && (*posts < 1 || *posts > feed.MaxPosts) {
		ch.bad(key+".posts", "%d is out of range: use 1 to %d", *posts, feed.MaxPosts)
	}
	if hours != nil && (*hours < 0 || *hours > maxHours) {
		ch.bad(key+".hours", "%d is out of range: use 0 (for none) to %d", *hours, maxHours)
	}
}

func (ch checker) hubs(key string, list []string) {
	for i, hub := range list {
		at := fmt.Sprintf("%s[%d]", key, i)
		if u := ch.web(at, hub); u != nil && (u.Fragment != "" || u.User != nil) {
			ch.bad(at, "%q has a fragment or a user: give the hub's plain address", u.Redacted())
		}
		if first := slices.Index(list, hub); first < i {
			ch.bad(at, "%q is there twice: remove one", hub)
		}
	}
}

// hostName is a host name in lower case and ASCII, with a port where it needs one.
var hostName = pattern(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$`)

func (ch checker) iframes(key string, list []string) {
	for i, name := range list {
		if !hostName().MatchString(name) {
			ch.bad(fmt.Sprintf("%s[%d]", key, i), "%q is no host name in lower case, such as player.vimeo.com", name)
		}
	}
}

func (ch checker) listeners() {
	if ch.Listen != "fd" {
		ch.address("listen", ch.Listen, configHints["listen"])
	}
	if ch.Admin.Listen == "" || ch.Admin.Listen == "fd" {
		return
	}
	ch.address("admin.listen", ch.Admin.Listen, configHints["admin.listen"])
	if ch.Admin.Listen == ch.Listen && !strings.HasSuffix(ch.Listen, ":0") {
		ch.bad("admin.listen", "%q is the public listener's address too: give it another port, or \"\" for none", ch.Listen)
	}
}

func (ch checker) address(key, addr, hint string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || strings.ContainsAny(host, " /") {
		ch.bad(key, "%q is not host:port: use %s", addr, hint)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		ch.bad(key, "%q has no port from 0 to 65535: use %s", addr, hint)
	}
}

func (ch checker) categories() {
	slugs := slices.Sorted(maps.Keys(ch.Categories))
	for i, slug := range slugs {
		key, c := "categories."+slug, ch.Categories[slug]
		ch.slug(key, slug)
		for _, other := range slugs[:i] {
			ch.distinct(key, slug, other)
		}
		ch.language(key+".language", c.Language)
		ch.image(key+".image", c.Image)
		if c.Window != nil {
			ch.window(key+".window", c.Window.Posts, c.Window.Hours)
		}
		if c.Hubs != nil {
			ch.hubs(key+".hubs", *c.Hubs)
		}
	}
}

func (ch checker) slug(key, slug string) {
	switch want := feed.Slug(slug); {
	case feed.Reserved(slug):
		ch.bad(key, "the name is reserved, syndic serves something else there: use another, such as %s-posts", want)
	case want == "":
		ch.bad(key, "%q has no letter or digit: a category's key is its slug, such as design", slug)
	case want != slug:
		ch.bad(key, "%q is no slug: use %s, and put the words for readers into its title", slug, want)
	}
}

// distinct refuses a name that would mean two categories.
func (ch checker) distinct(key, slug, other string) {
	a := feed.Category{Slug: slug, Title: ch.named(slug)}
	b := feed.Category{Slug: other, Title: ch.named(other)}
	if a.Named(b.Title) || a.Named(b.Slug) || b.Named(a.Title) || b.Named(a.Slug) {
		ch.bad(key+".title", "%q names the category %s too: give one of them another title", a.Title, other)
	}
}

// named is a category's title; one without takes its slug's place.
func (ch checker) named(slug string) string {
	if title := ch.Categories[slug].Title; title != "" {
		return title
	}
	return slug
}

func (ch checker) redirects() {
	for _, from := range slices.Sorted(maps.Keys(ch.Redirects)) {
		key, to := "redirects."+from, ch.Redirects[from]
		if !strings.HasPrefix(from, "/") || strings.HasPrefix(from, "//") || strings.ContainsAny(from, "?#") {
			ch.bad(key, "the old path must begin with one / and have no query, such as /feed/")
			continue
		}
		if ch.served(from) {
			ch.bad(key, "syndic serves %s itself: remove the redirect", from)
		}
		if _, again := ch.Redirects[to]; again {
			ch.bad(key, "%q is redirected itself: name the last place", to)
		}
		if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			ch.web(key, to)
		}
	}
}

// schedules checks each cron spec in the site's time zone.
func (ch checker) schedules() {
	loc, err := time.LoadLocation(ch.Site.TimeZone)
	if err != nil {
		loc = time.UTC // reported already
	}
	ch.schedule("schedule", ch.Schedule, loc)
	if spec := ch.Backup.Schedule; strings.TrimSpace(spec) == "@change" {
		ch.bad("backup.schedule", "@change would copy the database after each change: use a time such as \"0 4 * * *\"")
	} else if spec != "" {
		ch.schedule("backup.schedule", spec, loc)
	}
	if n := ch.Backup.Keep; n < 1 || n > maxBackups {
		ch.bad("backup.keep", "%d is out of range: use 1 to %d", n, maxBackups)
	}
	for _, slug := range slices.Sorted(maps.Keys(ch.Categories)) {
		if spec := ch.Categories[slug].Schedule; spec != "" {
			ch.schedule("categories."+slug+".schedule", spec, loc)
		}
	}
}

func (ch checker) schedule(key, spec string, loc *time.Location) {
	if _, err := scheduler.Parse(spec, loc); err != nil {
		ch.bad(key, "%q: %v", spec, err)
	}
}

// served tells whether a path is one that the configuration makes us serve.
func (ch checker) served(path string) bool {
	first, rest, deeper := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	_, category := ch.Categories[first]
	switch {
	case !deeper:
		return first == "" || category || slices.Contains([]string{"rss.xml", "atom.xml", "feed.json", "feeds.opml"}, first)
	case first == "posts":
		return rest != ""
	}
	return category && slices.Contains([]string{"", "rss.xml", "atom.xml", "feed.json"}, rest)
}
