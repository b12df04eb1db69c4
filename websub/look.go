package websub

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// finding is what one look at a topic's public URL found.
type finding struct {
	view       view
	generation uint64 // of what is served, when it is fresh
	reason     string // else what is wrong
}

// readLimit bounds what is read of a public URL, in bytes: more than any feed
// has.
const readLimit = 8 << 20

// sample is an answer of a public URL.
type sample struct {
	status int
	header http.Header
	body   []byte // without its encoding; nil when it could not be read
}

// find looks at a topic's public URL as a hub would. When a newer generation
// came meanwhile, it looks again.
func (s *sights) find(ctx context.Context, topic string, t *sight) finding {
	f := finding{view: elsewhere, reason: topic + " is not published any more"}
	for range 3 {
		a, ok := s.c.Published(topic)
		if !ok {
			break
		}
		s.remember(t, a)
		if f = s.compare(ctx, t, a); f.view == fresh || f.view == unseen {
			break
		}
		if now, _ := s.c.Published(topic); now.Generation == a.Generation {
			break
		}
	}
	return f
}

// remember keeps what an artifact's bytes are known by.
func (s *sights) remember(t *sight, a feed.Artifact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(t.past); n > 0 && t.past[n-1].digest == a.Digest {
		t.past[n-1].generation = a.Generation
		return
	}
	t.past = append(t.past, print{digest: a.Digest, generation: a.Generation})
	t.past = t.past[max(0, len(t.past)-pastPrints):]
}

// recognise keeps what a generation's bytes are known by without its tag.
func (s *sights) recognise(t *sight, digest string, sum [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range t.past {
		if t.past[i].digest == digest {
			t.past[i].sum = sum
		}
	}
}

// compare asks for the feed plainly, and compressed where that is another copy
// to a cache. No hub sees an older one if neither is.
func (s *sights) compare(ctx context.Context, t *sight, a feed.Artifact) (f finding) {
	for _, coding := range []string{"identity", "gzip"} {
		got, f := s.fetch(ctx, a.Topic, coding)
		if got == nil {
			return f
		}
		if f = s.judge(ctx, t, a, got); f.view != fresh {
			return f
		}
		vary := strings.ToLower(strings.Join(got.header.Values("Vary"), ","))
		if coding == "gzip" || !strings.Contains(vary, "accept-encoding") && !strings.Contains(vary, "*") {
			return f
		}
	}
	return f
}

// judge compares an answer with what readers get here: by its ETag, which may
// have become weak or have got a suffix on its way, else by its bytes. Older is
// what has the tag or the bytes of an earlier generation, and a feed of that
// address that was last modified before.
func (s *sights) judge(ctx context.Context, t *sight, a feed.Artifact, got *sample) finding {
	if got.status != http.StatusOK {
		return finding{view: elsewhere, reason: fmt.Sprintf("%s answers %d %s", a.Topic, got.status, http.StatusText(got.status))}
	}
	s.mu.Lock()
	past := slices.Clone(t.past)
	s.mu.Unlock()
	slices.Reverse(past)
	tag, sum := tagOf(got.header.Get("ETag")), sha256.Sum256(got.body)
	for _, p := range past {
		if isTag(tag, p.digest) || p.sum == sum {
			return aged(a, p.generation)
		}
	}
	whole, err := s.whole(ctx, a)
	switch modified, _ := http.ParseTime(got.header.Get("Last-Modified")); {
	case err != nil && ctx.Err() != nil:
		return finding{}
	case err != nil:
		return finding{view: elsewhere, reason: fmt.Sprintf("%s cannot be compared with the store: %v", a.Topic, err)}
	case bytes.Equal(whole, got.body):
		s.recognise(t, a.Digest, sum)
		return aged(a, a.Generation)
	case modified.Before(a.Modified) && !modified.IsZero() && names(got.body, a.Topic):
		return aged(a, 0)
	}
	return finding{view: elsewhere, reason: a.Topic + " serves bytes that were never published here"}
}

// aged is the finding for a URL that serves the generation.
func aged(a feed.Artifact, generation uint64) finding {
	if generation < a.Generation {
		return finding{view: stale, reason: a.Topic + " still serves the previous generation"}
	}
	return finding{view: fresh, generation: generation}
}

// names tells whether a feed says that it is the topic's.
func names(body []byte, topic string) bool {
	return bytes.Contains(body, []byte(topic)) || bytes.Contains(body, []byte(html.EscapeString(topic)))
}

// tagOf is an entity tag without what proxies put around it.
func tagOf(field string) string {
	field = strings.TrimPrefix(strings.TrimSpace(field), "W/")
	return strings.Trim(field, `"`)
}

// isTag tells whether a tag is the digest's, of whatever encoding: ours are
// digest-gzip, others' digest;gzip and the like.
func isTag(tag, digest string) bool {
	rest, ok := strings.CutPrefix(tag, digest)
	return ok && digest != "" && (rest == "" || strings.ContainsAny(rest[:1], "-;:+._~"))
}

// whole is a feed's bytes as it is published; an error if it no longer is.
func (s *sights) whole(ctx context.Context, a feed.Artifact) (b []byte, err error) {
	err = s.c.Store.View(ctx, func(r store.Reader) error {
		now, err := r.Artifact(a.Category, a.Format)
		if err != nil {
			return err
		}
		entries := make([][]byte, len(now.Entries))
		for i, key := range now.Entries {
			if entries[i], err = r.Fragment(key); err != nil {
				return err
			}
		}
		b, err = now.Whole(entries)
		return err
	})
	return b, err
}

// fetch asks for a topic; without a sample the finding says why there is none.
// A host that gave no answer is left alone for a while, whatever the topic.
func (s *sights) fetch(ctx context.Context, topic, coding string) (*sample, finding) {
	u, err := url.Parse(topic)
	if err != nil {
		return nil, finding{view: elsewhere, reason: topic + " is no URL"}
	}
	done := s.turn(ctx)
	if done == nil {
		return nil, finding{}
	}
	defer done()
	if reason, silent := s.silent(u.Host); silent {
		return nil, finding{view: elsewhere, reason: reason}
	}
	got, err := s.get(ctx, topic, coding)
	if ctx.Err() != nil {
		return nil, finding{}
	}
	if err != nil {
		f := finding{view: elsewhere, reason: fmt.Sprintf("%s cannot be reached: %s", topic, line(err.Error()))}
		s.answered(u.Host, f.reason, 0)
		return nil, f
	}
	if after := retryAfter(got.header.Get("Retry-After"), time.Now()); after > 0 && got.status/100 != 2 {
		s.answered(u.Host, fmt.Sprintf("%s answers %d %s", topic, got.status, http.StatusText(got.status)), after)
	} else {
		s.answered(u.Host, "", 0)
	}
	return got, finding{}
}

// get fetches a URL with the encoding, and follows redirects as hubs do.
func (s *sights) get(ctx context.Context, topic, coding string) (*sample, error) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, topic, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", s.c.UserAgent())
	req.Header.Set("Accept-Encoding", coding)
	res, err := (&http.Client{Transport: s.c.Reach}).Do(req)
	if err != nil {
		var in *url.Error // which would say the URL again
		if errors.As(err, &in) {
			err = in.Err
		}
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, readLimit))
	if err != nil {
		return nil, err
	}
	if e := strings.ToLower(res.Header.Get("Content-Encoding")); strings.TrimPrefix(e, "x-") == "gzip" {
		body = unzip(body)
	}
	return &sample{res.StatusCode, res.Header, body}, nil
}

// unzip is nil for what is not gzip; then the ETag alone decides.
func unzip(b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(r, readLimit))
	if err != nil {
		return nil
	}
	return plain
}
