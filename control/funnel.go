package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// maxBody bounds a request, in bytes.
const maxBody = 64 << 20

// endpoint answers one request that passed the funnel.
type endpoint func(r *http.Request) (any, error)

// raw is an answer that is not JSON.
type raw struct {
	data      []byte
	mediaType string
}

// serve makes an endpoint of a function over the request's body, or over the
// query of a GET.
func serve[In, Out any](fn func(context.Context, In) (Out, error)) endpoint {
	spare := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	take := func(r *http.Request) (in In, err error) {
		b := spare.Get().(*bytes.Buffer)
		b.Reset()
		defer spare.Put(b) // decoding copies what it keeps
		err = read(r, b, &in)
		return in, err
	}
	return func(r *http.Request) (any, error) {
		in, err := take(r)
		if err != nil {
			return nil, err
		}
		return fn(r.Context(), in)
	}
}

// read reads a request into v; b is for its use.
func read(r *http.Request, b *bytes.Buffer, v any) error {
	bulk := r.Header.Get("Content-Type") == cborType
	if req, ok := v.(*AddRequest); ok && bulk {
		return decodeBulk(r.Body, b, req)
	}
	data, err := input(r, b)
	switch {
	case err != nil:
		return err
	case bulk:
		return decodeCBOR(data, v)
	}
	return decode(data, v)
}

// input is the request as a JSON object, in b; a query is one of strings.
func input(r *http.Request, b *bytes.Buffer) ([]byte, error) {
	if r.Method != http.MethodGet {
		if n := r.ContentLength; 0 < n && n <= maxBody {
			b.Grow(int(n) + bytes.MinRead)
		}
		_, err := b.ReadFrom(r.Body)
		return b.Bytes(), brokenOff(err)
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("the query cannot be read: %v", err)
	}
	object := make(map[string]string, len(q))
	for key, vals := range q {
		if len(vals) != 1 {
			return nil, malformed("the query has %q %d times: give it once", key, len(vals))
		}
		object[key] = vals[0]
	}
	return json.Marshal(object)
}

// number is a number in a query.
type number uint64

// UnmarshalText reads decimal digits.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 10, 63)
	if err != nil {
		return fmt.Errorf("%q is not a number", text)
	}
	*n = number(v)
	return nil
}

// decode reads exactly one JSON value and refuses fields that v does not have.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return malformed("the request has no body: send a JSON object")
		}
		return unreadable(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("the request goes on after its JSON value")
	}
	return nil
}

// ServeHTTP is the one funnel: every request passes it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	w.Header().Set(VersionHeader, APIVersion)
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	out, err := h.answer(r)
	code := h.write(w, r, out, err)
	if h.cfg.Observe != nil {
		name := r.URL.Path
		if h.routes[name] == nil {
			name = "unknown"
		}
		h.cfg.Observe(name, code, time.Since(began))
	}
}

// answer finds the endpoint and calls it; a panic in it is an error.
func (h *Handler) answer(r *http.Request) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			h.cfg.Log.Error().Str("component", "control").Str("path", r.URL.Path).
				Str("error", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a request panicked")
			err = refuse("internal", "the request failed inside syndic: its log says where")
		}
	}()
	methods := h.routes[r.URL.Path]
	if methods == nil {
		return nil, refuse("not_found", "the control API has no %q", r.URL.Path)
	}
	fn := methods[r.Method]
	if fn == nil {
		return nil, refuse("method", "%s takes %s, not %s", r.URL.Path, h.allowed(r.URL.Path), r.Method)
	}
	if v := r.Header.Get(VersionHeader); v != APIVersion {
		return nil, refuse("version", "this daemon speaks version %s of the control API, the request has %q in its header %s: restart the daemon", APIVersion, v, VersionHeader)
	}
	return fn(r)
}

// write sends an answer and returns its status.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, out any, err error) int {
	if err != nil {
		return h.writeError(w, r, describe(err))
	}
	if b, ok := out.(raw); ok {
		return send(w, http.StatusOK, b.mediaType, b.data)
	}
	if s, ok := out.(Snapshot); ok {
		return sendSnapshot(w, s)
	}
	mediaType, write := "application/json", encode
	if r.Header.Get("Accept") == cborType {
		mediaType, write = cborType, encodeCBOR
	}
	data, err := write(out)
	if err != nil {
		return h.writeError(w, r, describe(fmt.Errorf("encode the answer: %w", err)))
	}
	return send(w, http.StatusOK, mediaType, data)
}

func (h *Handler) writeError(w http.ResponseWriter, r *http.Request, e *Error) int {
	if e.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", h.allowed(r.URL.Path))
	}
	data, err := encode(map[string]*Error{"error": e})
	if err != nil { // two strings always encode
		data = nil
	}
	return send(w, e.Status, "application/json", data)
}

// send writes a whole answer. Whoever went away meanwhile does not get it,
// which is no error of ours.
func send(w http.ResponseWriter, code int, mediaType string, data []byte) int {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(code)
	_, _ = w.Write(data)
	return code
}
