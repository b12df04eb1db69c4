package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"syndic/store"
)

// fault is an answer that is not a document: a refusal or a redirect.
type fault struct {
	status int
	to     string // Location of a redirect
	detail string // what the page says beside the status
	after  int    // Retry-After of 429, in seconds
}

// Error is for the log; people get a page.
func (f *fault) Error() string {
	return fmt.Sprintf("%d %s: %s", f.status, http.StatusText(f.status), f.detail)
}

var (
	errMethod        = &fault{status: http.StatusMethodNotAllowed, detail: "This address can only be read."}
	errOptions       = &fault{status: http.StatusNoContent}
	errNotFound      = &fault{status: http.StatusNotFound, detail: "There is nothing at this address."}
	errGone          = &fault{status: http.StatusGone, detail: "What was at this address has been taken back for good."}
	errCursor        = &fault{status: http.StatusBadRequest, detail: "The address names a place among older posts that does not exist. Begin at the newest posts and follow the link at the end of the page."}
	errNotAcceptable = &fault{status: http.StatusNotAcceptable, detail: "The request allows none of the encodings that there are: gzip, br, zstd and identity."}
	errStarting      = &fault{status: http.StatusServiceUnavailable, detail: "The site is starting. Try again in a minute."}
	errUnreadable    = &fault{status: http.StatusServiceUnavailable, detail: "This feed cannot be read at the moment. Try again in a minute."}
	errUnavailable   = &fault{status: http.StatusServiceUnavailable, detail: "The page cannot be read at the moment. Try again in a minute."}
	errInternal      = &fault{status: http.StatusInternalServerError, detail: "The page could not be made."}
)

// errPanic means that an endpoint panicked.
var errPanic = errors.New("panic")

// retryAfter is in seconds.
const retryAfter = 30

// tooManyRequests is for a client that asks too often, until it may again.
func tooManyRequests(wait time.Duration) *fault {
	return &fault{
		status: http.StatusTooManyRequests, after: int((wait + time.Second - 1) / time.Second),
		detail: "This feed was asked for too often from one address. Ask with If-None-Match and the ETag of the last answer, which is never too often, or ask later.",
	}
}

func movedTo(to string) *fault {
	return &fault{status: http.StatusMovedPermanently, to: to, detail: "This has moved."}
}

func foundAt(to string) *fault {
	return &fault{status: http.StatusTemporaryRedirect, to: to, detail: "This is elsewhere at the moment."}
}

// faultOf maps every error to what the client is told; unexpected tells
// whether it belongs in the log.
func faultOf(err error) (f *fault, unexpected bool) {
	switch {
	case errors.As(err, &f):
		return f, false
	case errors.Is(err, store.ErrNotFound):
		return errNotFound, false
	case errors.Is(err, errReplaced):
		return errUnreadable, false // what replaces it is damaged, and logged
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errUnavailable, false
	case errors.Is(err, errTemplate), errors.Is(err, errPanic):
		return errInternal, true
	default:
		return errUnavailable, true
	}
}

// refuse answers with what err maps to.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) sent {
	f, unexpected := faultOf(err)
	if unexpected {
		s.log.Error().Err(err).Str("path", r.URL.Path).Int("status", f.status).Msg("a request failed")
	}
	h := w.Header()
	f.setHeaders(h)
	if f.status == http.StatusNoContent {
		w.WriteHeader(f.status)
		return sent{status: f.status}
	}
	body := s.pages.fault(s.current.Load(), f)
	h.Set("Content-Type", pageType)
	h.Set("Content-Security-Policy", s.pages.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.status)
	a := sent{status: f.status, coding: identity.String()}
	if r.Method != http.MethodHead {
		a.bytes, _ = w.Write(body)
	}
	return a
}

const methods = "GET, HEAD, OPTIONS"

func (f *fault) setHeaders(h http.Header) {
	switch f.status {
	case http.StatusNoContent:
		h.Set("Allow", methods)
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Accept, Cache-Control, If-Modified-Since, If-None-Match")
		h.Set("Access-Control-Max-Age", "86400")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", methods)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(f.after))
		h.Set("Connection", "close") // the next one begins in the lane again
		h.Set("Cache-Control", "no-store")
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
		h.Set("Cache-Control", "no-store")
	case http.StatusMovedPermanently:
		// A redirect that browsers keep for ever would make a loop of a name
		// that is given back.
		h.Set("Cache-Control", "public, max-age=3600")
	case http.StatusNotFound, http.StatusGone:
		h.Set("Cache-Control", "public, max-age=60")
	default:
		h.Set("Cache-Control", "no-store")
	}
	if f.to != "" {
		h.Set("Location", f.to)
	}
}
