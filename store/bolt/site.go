package bolt

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"

	"syndic/feed"
	"syndic/store"
)

// siteCache keeps the configuration as it was decoded last: every publication
// asks for it, and it grows with the categories.
type siteCache struct{ last atomic.Pointer[decodedSite] }

type decodedSite struct {
	data []byte // the record
	site feed.Site
}

// decode is safe for use by several goroutines.
func (c *siteCache) decode(data []byte) (feed.Site, error) {
	if last := c.last.Load(); last != nil && bytes.Equal(last.data, data) {
		return last.site, nil
	}
	d := &decodedSite{data: bytes.Clone(data)}
	if err := decode(d.data, &d.site); err != nil {
		return feed.Site{}, err
	}
	c.last.Store(d)
	return d.site, nil
}

// Site is the configuration that was kept last.
func (r *reader) Site() (s feed.Site, err error) {
	data, err := r.find(inMeta, []byte("site"))
	if err == nil {
		s, err = r.sites.decode(data)
	}
	if err != nil {
		return feed.Site{}, fmt.Errorf("read site: %w", err)
	}
	return s, nil
}

// Authority is the tagging entity of every id.
func (r *reader) Authority() string { return string(r.get(inMeta, []byte("authority"))) }

// PutSite keeps the configuration; one that is kept already is not a change.
func (t *tx) PutSite(s feed.Site) error {
	s.Categories = slices.Clone(s.Categories)
	for i := range s.Categories {
		s.Categories[i].Settings = listed(s.Categories[i].Settings)
	}
	data, err := encode(s)
	if err != nil {
		return fmt.Errorf("put site: %w", err)
	}
	if bytes.Equal(data, t.get(inMeta, []byte("site"))) {
		return t.fault
	}
	t.put(inMeta, []byte("site"), data)
	clear(t.slots)
	return t.log(store.SiteChanged, 0, 0)
}

// PutAuthority keeps the first authority; it is never replaced.
func (t *tx) PutAuthority(authority string) error {
	if authority != "" && !t.has(inMeta, []byte("authority")) {
		t.put(inMeta, []byte("authority"), []byte(authority))
	}
	return t.fault
}
