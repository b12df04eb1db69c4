package control

import (
	"time"

	"syndic/feed"
	"syndic/store"
)

// adder adds and changes posts in one transaction. It reads all that it needs
// to decide about a document before it writes anything of it, so that a
// refused one leaves nothing.
type adder struct {
	tx        store.Tx
	site      feed.Site
	authority string
	zone      *time.Location
	now       time.Time // whole seconds
	kept      bool      // site and authority are in the store
	names     map[string]feed.Category
	touched   map[uint64]bool // posts that this request has a document of
	req       AddRequest
	at        time.Time       // req.At; zero for none
	told      map[string]told // what servers said of attachments, by address; nil when nobody was to be asked
}

// adder prepares a transaction for the documents of a request.
func (h *Handler) adder(tx store.Tx, req AddRequest, touched map[uint64]bool) (*adder, error) {
	site, err := h.site(tx)
	if err != nil {
		return nil, err
	}
	if site.URL == "" {
		return nil, refuse("invalid", "the site has no URL yet: set site.url in the configuration")
	}
	a := &adder{tx: tx, site: site, authority: tx.Authority(), now: tx.Now().Truncate(time.Second), req: req, touched: touched, names: map[string]feed.Category{}}
	a.kept = a.authority != ""
	if !a.kept {
		a.authority = site.FirstAuthority()
	}
	if a.zone, err = time.LoadLocation(site.TimeZone); err != nil {
		return nil, refuse("invalid", "site.time_zone: %v", err)
	}
	if req.At != "" {
		if a.at, err = a.date(req.At); err != nil {
			return nil, refuse("invalid", "--at: %v", err)
		}
	}
	return a, nil
}

// keep stores the site and the authority, which the first id fixes.
func (a *adder) keep() error {
	if a.kept {
		return nil
	}
	if _, err := a.tx.Site(); isNotFound(err) {
		if err := a.tx.PutSite(a.site); err != nil {
			return err
		}
	}
	a.kept = true
	return a.tx.PutAuthority(a.authority)
}

// put writes a post in its categories, making those that are new.
func (a *adder) put(p feed.Post, cats []feed.Category, now bool) (feed.Post, error) {
	if err := a.keep(); err != nil {
		return p, err
	}
	p.Categories = nil
	for i, c := range cats {
		if c.Num == 0 {
			made, err := a.make(c)
			if err != nil {
				return p, err
			}
			cats[i] = made
		}
		p.Categories = append(p.Categories, cats[i].ID)
	}
	var o store.PutOptions
	if now {
		o.Due = a.now
	}
	p, err := a.tx.PutPost(p, o)
	p.Labels = labels(cats)
	if err == nil {
		a.touched[p.Num] = true
	}
	return p, err
}

func labels(cats []feed.Category) []feed.Label {
	var l []feed.Label
	for _, c := range cats {
		l = append(l, feed.Label{Slug: c.Slug, Title: c.Title})
	}
	return l
}
