package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/net/idna"

	"syndic/feed"
)

// Config is the whole configuration, as the file has it.
type Config struct {
	Site       SiteConfig                `yaml:"site" json:"site"`
	Listen     string                    `yaml:"listen" json:"listen"` // feeds and pages; "fd" takes a systemd socket
	Admin      AdminConfig               `yaml:"admin" json:"admin"`
	Serve      ServeConfig               `yaml:"serve" json:"serve"`
	Store      StoreConfig               `yaml:"store" json:"store"`
	Backup     BackupConfig              `yaml:"backup" json:"backup"`
	Schedule   string                    `yaml:"schedule" json:"schedule"` // cron in Site.TimeZone, or "@change"
	Window     WindowConfig              `yaml:"window" json:"window"`
	Hubs       []string                  `yaml:"hubs" json:"hubs"`
	WebSub     WebSubConfig              `yaml:"websub" json:"websub"`
	Redirects  map[string]string         `yaml:"redirects" json:"redirects"` // old path to present one
	Content    ContentConfig             `yaml:"content" json:"content"`
	Categories map[string]CategoryConfig `yaml:"categories" json:"categories"` // by slug
	Log        LogConfig                 `yaml:"log" json:"log"`
}

// SiteConfig is what every feed shares.
type SiteConfig struct {
	Title       string       `yaml:"title" json:"title"`
	URL         string       `yaml:"url" json:"url"`             // the public base of every URL, as readers see it
	Authority   string       `yaml:"authority" json:"authority"` // tagging entity of new ids (RFC 4151 §2.1); "" is the URL's host
	Description string       `yaml:"description" json:"description"`
	Language    string       `yaml:"language" json:"language"`   // BCP 47
	TimeZone    string       `yaml:"time_zone" json:"time_zone"` // IANA name
	Author      AuthorConfig `yaml:"author" json:"author"`
	Copyright   string       `yaml:"copyright" json:"copyright"`
	Icon        string       `yaml:"icon" json:"icon"`
	Favicon     string       `yaml:"favicon" json:"favicon"`
	Logo        string       `yaml:"logo" json:"logo"`
}

// AuthorConfig is the author of posts that name none.
type AuthorConfig struct {
	Name  string `yaml:"name" json:"name"`
	Email string `yaml:"email" json:"email"`
	URL   string `yaml:"url" json:"url"`
}

// AdminConfig is the listener for operators.
type AdminConfig struct {
	Listen string `yaml:"listen" json:"listen"` // "" turns it off
}

// ServeConfig says how feeds are served.
type ServeConfig struct {
	FastLane       bool            `yaml:"fast_lane" json:"fast_lane"` // plain requests for feeds do not pass through net/http
	Memory         string          `yaml:"memory" json:"memory"`       // a size: the most that is held of feeds, in all encodings
	RateLimit      RateLimitConfig `yaml:"rate_limit" json:"rate_limit"`
	TrustedProxies []string        `yaml:"trusted_proxies" json:"trusted_proxies"` // addresses and networks whose word on their clients is believed
}

// StoreConfig says where the posts are kept.
type StoreConfig struct {
	Path string `yaml:"path" json:"path"` // a bbolt file, relative to the data directory
}

// BackupConfig says when the daemon copies the database, and where to.
type BackupConfig struct {
	Schedule  string `yaml:"schedule" json:"schedule"`   // cron in Site.TimeZone; "" is never
	Keep      int    `yaml:"keep" json:"keep"`           // the newest ones; older ones of its own are removed
	Directory string `yaml:"directory" json:"directory"` // relative to the data directory; "" is backups there
}

// WindowConfig says how much a feed holds.
type WindowConfig struct {
	Posts int `yaml:"posts" json:"posts"`
	Hours int `yaml:"hours" json:"hours"` // of the newest post; 0 for none
}

// WebSubConfig says how hubs are told.
type WebSubConfig struct {
	Verify string `yaml:"verify" json:"verify"` // auto, on or off: pings wait for the public URL
}

// ContentConfig says what may stand in posts.
type ContentConfig struct {
	Iframes []string `yaml:"iframes" json:"iframes"` // hosts whose iframes stay; others become links
}

// CategoryConfig is what may differ from the site for one category; what is
// absent or empty falls back to the site's.
type CategoryConfig struct {
	Title       string          `yaml:"title" json:"title"`
	Description string          `yaml:"description" json:"description"`
	Language    string          `yaml:"language" json:"language"`
	Image       string          `yaml:"image" json:"image"`
	Schedule    string          `yaml:"schedule" json:"schedule"`
	Window      *CategoryWindow `yaml:"window,omitempty" json:"window,omitempty"`
	Hubs        *[]string       `yaml:"hubs,omitempty" json:"hubs,omitempty"` // an empty list means none
}

// CategoryWindow is a window of which either half may be left to the site.
type CategoryWindow struct {
	Posts *int `yaml:"posts,omitempty" json:"posts,omitempty"`
	Hours *int `yaml:"hours,omitempty" json:"hours,omitempty"`
}

// LogConfig says what is logged and how.
type LogConfig struct {
	Level    string  `yaml:"level" json:"level"`
	Format   string  `yaml:"format" json:"format"`     // auto: console on a terminal, else json
	Requests float64 `yaml:"requests" json:"requests"` // share of public requests that get a line
}

// defaultConfigFile is read when it is there and no other is named.
const defaultConfigFile = "/etc/syndic/config.yaml"

// defaultConfig is what an empty file means.
func defaultConfig() Config {
	return Config{
		Site:       SiteConfig{Title: "Example Journal", URL: "http://127.0.0.1:8080/", Language: "en", TimeZone: "UTC"},
		Listen:     "127.0.0.1:8080",
		Admin:      AdminConfig{Listen: "127.0.0.1:8081"},
		Serve:      ServeConfig{FastLane: true, Memory: "256MB", RateLimit: RateLimitConfig{Per: "1h"}, TrustedProxies: []string{}},
		Backup:     BackupConfig{Keep: 7},
		Schedule:   "*/5 * * * *",
		Window:     WindowConfig{Posts: 50, Hours: 48},
		Hubs:       []string{},
		WebSub:     WebSubConfig{Verify: "auto"},
		Redirects:  map[string]string{},
		Content:    ContentConfig{Iframes: []string{"www.youtube-nocookie.com", "www.youtube.com", "player.vimeo.com"}},
		Categories: map[string]CategoryConfig{},
		Log:        LogConfig{Level: "info", Format: "auto"},
	}
}

// parseConfig reads a configuration; name is the file's, for its errors. The
// error tells everything that is wrong.
func parseConfig(name string, src []byte) (Config, error) {
	c := defaultConfig()
	d := decoder{problems: problems{file: name}, hint: configHints}
	d.decode(src, &c)
	check(&d, &c)
	return c, d.err()
}

// readConfig reads the file, or the default one when path is empty; found
// tells whether there was one. A file that was named must be there.
func (a *app) readConfig(path string) (c Config, found bool, err error) {
	name := path
	if name == "" {
		name = defaultConfigFile
	}
	var src bytes.Buffer
	err = a.readFile(name, maxConfigBytes+1, &src)
	switch {
	case err == nil:
		c, err = parseConfig(name, src.Bytes())
		return c, true, err
	case errors.Is(err, context.Canceled):
		return c, false, err
	case path == "" && errors.Is(err, fs.ErrNotExist):
		return defaultConfig(), false, nil
	case errors.Is(err, fs.ErrPermission):
		return c, false, fail(exitNotPermitted, "read configuration %s: not permitted: run as a user who may, or name another with --config", name)
	case errors.Is(err, fs.ErrNotExist):
		return c, false, &configError{lines: []string{name + ": no such file: name one that exists with --config, or leave the flag out for the defaults"}}
	}
	return c, false, &configError{lines: []string{fmt.Sprintf("read configuration: %v", err)}}
}

// site is the part of the configuration that shapes feeds.
func (c Config) site() feed.Site {
	s := feed.Site{
		Title: c.Site.Title, URL: baseURL(c.Site.URL), Authority: strings.ToLower(c.Site.Authority),
		Description: c.Site.Description, Language: c.Site.Language, TimeZone: c.Site.TimeZone,
		Author:    feed.Person(c.Site.Author),
		Copyright: c.Site.Copyright, Icon: c.Site.Icon, Favicon: c.Site.Favicon, Logo: c.Site.Logo,
		Schedule: c.Schedule, Window: feed.Window(c.Window), Hubs: c.Hubs, Redirects: c.Redirects,
		Iframes: c.Content.Iframes,
	}
	for slug, one := range c.Categories {
		s.Categories = append(s.Categories, c.configured(slug, one))
	}
	slices.SortFunc(s.Categories, func(a, b feed.Configured) int { return strings.Compare(a.Slug, b.Slug) })
	return s
}

func (c Config) configured(slug string, one CategoryConfig) feed.Configured {
	conf := feed.Configured{Slug: slug, Title: one.Title, Settings: feed.Settings{
		Description: one.Description, Language: one.Language, Image: one.Image, Schedule: one.Schedule, Hubs: one.Hubs,
	}}
	if w := one.Window; w != nil && (w.Posts != nil || w.Hours != nil) {
		merged := feed.Window(c.Window)
		if w.Posts != nil {
			merged.Posts = *w.Posts
		}
		if w.Hours != nil {
			merged.Hours = *w.Hours
		}
		conf.Window = &merged
	}
	return conf
}

// baseURL writes a checked site URL in the one form that feeds carry: ASCII
// host, lower case, a slash at the end.
func baseURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	if host, err := idna.Lookup.ToASCII(u.Hostname()); err == nil && host != "" && !strings.Contains(u.Host, "[") {
		u.Host = strings.Replace(u.Host, u.Hostname(), host, 1)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path, u.RawPath = u.Path+"/", ""
	}
	return u.String()
}

// write gives the effective configuration as a file that reads as the same.
func (c Config) write(format string) ([]byte, error) {
	if format == formatJSON {
		var b bytes.Buffer
		err := encoder(&b, "  ").Encode(c)
		return b.Bytes(), err
	}
	return yaml.MarshalWithOptions(c, yaml.IndentSequence(true))
}
