package bolt

import (
	"bytes"
	"fmt"
	"slices"

	"syndic/feed"
	"syndic/store"
)

// Site is the configuration that was kept last.
func (r *reader) Site() (s feed.Site, err error) {
	data, err := r.find(inMeta, []byte("site"))
	if err == nil {
		err = decode(data, &s)
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
