package feed

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"sync"
)

// renderer is what sets one format apart.
type renderer struct {
	entry func(*bytes.Buffer, entry) error      // one entry, indented as in a feed
	whole func(io.Writer, frame, []entry) error // a feed with these entries
	tail  string                                // what follows the last entry
	sep   string                                // what stands between two entries
	end   string                                // what stands between the last entry and the tail
}

// renderers is indexed by Format.
var renderers = [3]renderer{
	RSS:  {entry: writeRSSEntry, whole: writeRSS, tail: "\n  </channel>\n</rss>", sep: "\n"},
	Atom: {entry: writeAtomEntry, whole: writeAtom, tail: "\n</feed>", sep: "\n"},
	JSON: {entry: writeJSONEntry, whole: writeJSON, tail: "]\n}\n", sep: ",\n", end: "\n  "},
}

// RenderEntry renders one post's entry in format f, as Join wants it. p.Labels
// must be filled in. The same bytes stand in every feed that holds the post.
func RenderEntry(s Site, p Post, f Format) ([]byte, error) {
	ready, err := Prepare(s, p)
	if err != nil {
		return nil, err
	}
	return ready.Render(f)
}

// Prepared is a post with its source converted, which most of an entry's price
// is: what RenderEntry gives in every format, for the price of one. It may be
// rendered by several goroutines.
type Prepared struct{ entry entry }

// Prepare converts a post. p.Labels must be filled in.
func Prepare(s Site, p Post) (Prepared, error) {
	e, err := newEntry(s, p)
	return Prepared{e}, err
}

// Render is the post's entry in format f.
func (p Prepared) Render(f Format) ([]byte, error) { return p.entry.render(f) }

func (e entry) render(f Format) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(e.content) + len(e.content)/16 + 2*len(e.summary) + 1024)
	if err := renderers[f].entry(&b, e); err != nil {
		return nil, fmt.Errorf("render post %q as %s: %w", e.id, f, err)
	}
	return b.Bytes(), nil
}

// EntryKey names the bytes that RenderEntry gives without rendering them.
func EntryKey(s Site, p Post, f Format) FragmentKey {
	// %q keeps neighbours apart. Labels and the site change without a revision.
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %d %d %d %d %q %q %q %q", RendererVersion, f,
		p.Num, p.Revision, p.Published.Unix(), p.Updated.Unix(), p.Labels, s.URL, s.Author, s.Iframes))
	return FragmentKey{Post: p.Num, Format: f, Variant: [16]byte(sum[:16])}
}

// EntryFingerprint digests what RenderEntry makes of the site, and the
// renderer's version. While it is the same, and no category was renamed, a
// post's entry stays the same for as long as the post does.
func EntryFingerprint(s Site) string {
	return DigestOf(fmt.Appendf(nil, "%d %q %q %q", RendererVersion, s.URL, s.Author, s.Iframes))
}

// RenderFrames renders what stands before and after the entries in each format,
// which show there no more than their dates, in any order. c is effective
// (Site.Effective, Every).
func RenderFrames(c Category, dates []EntryDates) (heads, tails [3][]byte, err error) {
	h := newFrame(c, dates, RSS)
	for _, f := range Formats {
		h.self = Clean(c.Site.Topic(c, f))
		if heads[f], tails[f], err = h.halves(f); err != nil {
			return heads, tails, err
		}
	}
	return heads, tails, nil
}

func (h frame) halves(f Format) (head, tail []byte, err error) {
	whole, err := render(h, nil, f)
	if err != nil {
		return nil, nil, err
	}
	tail = []byte(renderers[f].tail)
	head, ok := bytes.CutSuffix(whole, tail)
	if !ok {
		return nil, nil, fmt.Errorf("render feed %q as %s: it does not end in %q", h.id, f, tail)
	}
	return head, tail, nil
}

// before is what stands in front of the entry at index i.
func (r renderer) before(i int) string {
	if i == 0 {
		return "\n"
	}
	return r.sep
}

// Join puts a feed together.
func Join(f Format, head []byte, entries [][]byte, tail []byte) []byte {
	r := renderers[f]
	size := len(head) + len(tail) + len(r.end)
	for _, e := range entries {
		size += len(r.sep) + len(e)
	}
	b := append(make([]byte, 0, size), head...)
	for i, e := range entries {
		b = append(append(b, r.before(i)...), e...)
	}
	if len(entries) > 0 {
		b = append(b, r.end...)
	}
	return append(b, tail...)
}

// Render renders a whole feed from nothing: the same bytes as joining kept
// fragments. The posts are in feed order and already cut to the window.
func Render(c Category, posts []Post, f Format) ([]byte, error) {
	entries := make([]entry, len(posts))
	for i, p := range posts {
		e, err := newEntry(c.Site, p)
		if err != nil {
			return nil, err
		}
		entries[i] = e
	}
	return render(newFrame(c, DatesOfAll(posts), f), entries, f)
}

func render(h frame, entries []entry, f Format) ([]byte, error) {
	var b bytes.Buffer
	if err := renderers[f].whole(&b, h, entries); err != nil {
		return nil, fmt.Errorf("render feed %q as %s: %w", h.id, f, err)
	}
	return b.Bytes(), nil
}

// Fingerprint digests the effective configuration of c and the renderer's
// version: a feed whose artifact has another one is to be rendered again. The
// site's title is that of its own feed only. The titles of other categories, which entries show, are not part of it: whoever
// changes one marks the feeds that show it.
func Fingerprint(c Category) string {
	s := c.Site
	b := fmt.Appendf(nil, "%d %d %q %q %q %d %q %q %q %d", RendererVersion, c.Num, c.ID, c.Slug, c.Title,
		c.Created.Unix(), c.Description, c.Language, c.Image, c.Every)
	if c.Hubs != nil {
		b = fmt.Appendf(b, " %q", *c.Hubs)
	}
	if c.Window != nil {
		b = fmt.Appendf(b, " %d", *c.Window)
	}
	b = fmt.Appendf(b, " %q %q %q %q %q %q %q", s.URL, s.Author, s.Copyright, s.Icon, s.Favicon, s.Logo, s.Iframes)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// writeEntryXML writes v as feeds.WriteXML would at that depth of a document.
func writeEntryXML(b *bytes.Buffer, v any, indent string) error {
	w := xmlBuffers.Get().(*bufio.Writer)
	w.Reset(b)
	defer func() {
		w.Reset(nil) // or it would keep b
		xmlBuffers.Put(w)
	}()
	e := xml.NewEncoder(w) // it takes no buffer of its own then
	e.Indent(indent, "  ")
	return e.Encode(v)
}

// xmlBuffers are what XML is written through.
var xmlBuffers = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}
