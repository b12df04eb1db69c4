package web

import (
	"errors"
	"net/http"
	"time"

	"syndic/feed"
	"syndic/store"
)

// How much the dashboard shows.
const (
	dashboardCategories = 1000
	dashboardAttempts   = 50
)

// dashboardPage is the operator's page.
type dashboardPage struct {
	page
	Version    string
	Ready      string // why the daemon is not ready; empty when it is
	Facts      []Fact
	Categories []dashboardCategory
	Deliveries []store.Delivery
	Attempts   []store.Attempt
}

type dashboardCategory struct {
	Title, Slug, State string
	Run                store.Run
	Due                time.Time // zero when nothing waits
	Feeds              []dashboardFeed
}

type dashboardFeed struct {
	feed.Artifact
	Served uint64 // generation that readers get
}

// Stamp shows a time; a dash for none. Templates call it.
func (dashboardPage) Stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// Short shows the beginning of a digest. Templates call it.
func (dashboardPage) Short(digest string) string { return digest[:min(12, len(digest))] }

// Bytes shows a size. Templates call it.
func (dashboardPage) Bytes(n int) string { return byteSize(int64(n)) }

func (s *Server) dashboard(r *http.Request) (*document, error) {
	sn := s.current.Load()
	d := dashboardPage{page: page{Style: s.pages.style, Lang: "en", Dir: "ltr", Title: "syndic", Robots: "noindex", Wide: true},
		Version: s.version, Ready: s.unready()}
	if s.status != nil {
		d.Facts = s.status()
	}
	_, err := s.view(r.Context(), "the dashboard", func(r store.Reader) (err error) {
		if d.Categories, err = dashboardCategoriesOf(r, sn); err != nil {
			return err
		}
		if d.Deliveries, err = r.Deliveries(""); err != nil {
			return err
		}
		d.Attempts, err = r.Attempts(dashboardAttempts)
		return err
	})
	if err != nil {
		return nil, err
	}
	doc, err := s.pages.document("dashboard", d, time.Now())
	if err == nil {
		doc.always.Set("Cache-Control", "no-store")
	}
	return doc, err
}

func dashboardCategoriesOf(r store.Reader, sn *snapshot) ([]dashboardCategory, error) {
	all, err := r.Categories(0, dashboardCategories)
	if err != nil {
		return nil, err
	}
	ahead, err := store.ReadAhead(r)
	if err != nil {
		return nil, err
	}
	var rows []dashboardCategory
	for _, c := range all {
		row := dashboardCategory{Title: c.Title, Slug: c.Slug, State: string(c.State)}
		if c.Num == feed.SiteNum {
			row.Title = sn.site.Title
		}
		if row.Run, err = r.Run(c.Num); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		mark, err := r.Mark(c.Num)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		row.Due = ahead.Due(c, mark)
		artifacts, err := r.Artifacts(c.Num)
		if err != nil {
			return nil, err
		}
		for _, a := range artifacts {
			served, _ := sn.served(a.Topic)
			row.Feeds = append(row.Feeds, dashboardFeed{header(a), served})
		}
		rows = append(rows, row)
	}
	return rows, nil
}
