package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// endpoint finds what a request asks for.
type endpoint func(r *http.Request) (*document, error)

// Public is the handler of the public listener: feeds, pages and the OPML.
func (s *Server) Public() http.Handler { return s.handler(s.find, true) }

// handler is the one funnel: it limits methods, sends what the endpoint finds
// or maps its error, and counts.
func (s *Server) handler(find endpoint, public bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		if public {
			allowAnyOrigin(w.Header())
			if s.gate.closing() {
				w.Header()["Connection"] = []string{"close"}
			}
		}
		d, err := guarded(find, r)
		var f *servedFeed
		if d != nil {
			f = d.feed
		}
		if err == nil {
			err = s.limits.Load().check(r, f)
		}
		var a sent
		if err == nil {
			a, err = d.send(w, r)
		}
		for try := 1; errors.Is(err, errReplaced) && try < fetchTries; try++ {
			if d, err = guarded(find, r); err == nil {
				a, err = d.send(w, r)
			}
		}
		if err != nil {
			a = s.refuse(w, r, err)
		}
		if public {
			took := time.Since(start)
			s.metrics.observe(kindOf(r.URL.Path), f, a, took)
			s.requests.handled(r, f, a, took)
		}
	})
}

// allowAnyOrigin lets readers in browsers read what is public anyway.
func allowAnyOrigin(h http.Header) { h["Access-Control-Allow-Origin"] = []string{"*"} }

// guarded calls find for the methods that there are, and turns a panic into an
// error with its stack, for the log alone.
func guarded(find endpoint, r *http.Request) (d *document, err error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		return nil, errOptions
	default:
		return nil, errMethod
	}
	defer func() {
		if p := recover(); p != nil {
			d, err = nil, panicked(p)
		}
	}()
	return find(r)
}

func panicked(p any) error {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	return fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
}

// What the metrics call what is no feed.
const (
	opmlFormat = "opml"
	pageFormat = "page"
)

// kindOf is what the metrics call a path: a feed's format, "opml" or "page".
func kindOf(path string) string {
	file := path[strings.LastIndexByte(path, '/')+1:]
	if f, ok := formatOf(file); ok {
		return f.String()
	}
	if file == opmlFile {
		return opmlFormat
	}
	return pageFormat
}
