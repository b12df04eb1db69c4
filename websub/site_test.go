package websub

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"sync"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

const siteTopic = "http://site.test/a/rss.xml"

// front is the public address of a site: what it answers is said by the test.
type front struct {
	mu     sync.Mutex
	asked  []string // the encodings asked for
	answer http.HandlerFunc
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Header.Get("Accept-Encoding"))
	answer := f.answer
	f.mu.Unlock()
	answer(w, r)
}

func (f *front) set(answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *front) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

// site is a store whose feeds have a public address.
type site struct {
	t     *testing.T
	store store.Store
	net   *network
	front *front
	c     Config
}

// verifying runs fn in a bubble in which pings are verified.
func verifying(t *testing.T, fn func(t *testing.T, w *site)) {
	t.Helper()
	bubble(t, func(t *testing.T, s store.Store, n *network, c Config) {
		w := &site{t: t, store: s, net: n, front: &front{}, c: c}
		n.serve(t, "site.test", w.front)
		w.c.Verify, w.c.Published, w.c.Reach = func(string) bool { return true }, w.published, n
		fn(t, w)
	})
}

func (w *site) published(topic string) (a feed.Artifact, ok bool) {
	for _, one := range w.artifacts() {
		if one.Topic == topic {
			return one, true
		}
	}
	return a, false
}

func (w *site) artifacts() (list []feed.Artifact) {
	if err := w.store.View(w.t.Context(), func(r store.Reader) (err error) {
		list, err = r.Artifacts(feed.SiteNum)
		return err
	}); err != nil {
		w.t.Error(err)
	}
	return list
}

// edition is one generation of a feed as a copy of it is kept.
type edition struct {
	feed.Artifact
	body string
}

// publish publishes a text as the site's feed and has the hubs told.
func (w *site) publish(text string, hubs ...string) (e edition) {
	w.t.Helper()
	e.body = "<rss>" + siteTopic + " " + text + "</rss>"
	err := w.store.Update(w.t.Context(), func(tx store.Tx) error {
		c, err := tx.Category(feed.SiteNum)
		if err != nil {
			return err
		}
		e.Artifact = feed.Artifact{
			Category: c.Num, Format: feed.RSS, Topic: siteTopic, Path: "rss.xml", Head: []byte(e.body), Digest: feed.DigestOf([]byte(e.body)),
			Size: len(e.body), Modified: time.Now().UTC().Truncate(time.Second), Generation: uint64(tx.Seq()),
		}
		if err := tx.Publish(store.Publication{Category: c, Artifacts: []feed.Artifact{e.Artifact}}); err != nil {
			return err
		}
		for _, hub := range hubs {
			if err := tx.Enqueue(hub, siteTopic, e.Generation, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// serve answers as syndic does.
func (e edition) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("ETag", `"`+e.Digest+`"`)
	w.Header().Set("Last-Modified", e.Modified.Format(http.TimeFormat))
	_, _ = w.Write([]byte(e.body))
}

// without answers with some header fields missing.
func (e edition) without(fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e.serve(&stripper{w, fields}, r)
	}
}

type stripper struct {
	http.ResponseWriter
	fields []string
}

func (s *stripper) Write(b []byte) (int, error) {
	for _, f := range s.fields {
		s.Header().Del(f)
	}
	return s.ResponseWriter.Write(b)
}

// zipped answers compressed, with the tag that a proxy makes of ours.
func (e edition) zipped(tag string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(e.body))
		_ = z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", tag)
		_, _ = w.Write(b.Bytes())
	}
}

func text(body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = w.Write([]byte(body))
	}
}
