package scheduler

import (
	"cmp"
	"runtime"
	"sync/atomic"

	"syndic/feed"
)

// soon is how many posts are begun with while the rest is read. More are left
// to render, which has every core for them.
const soon = 2

// making is what an entry is made from.
type making struct {
	post  feed.Post // with labels
	bytes [3][]byte // as the store has them, or as they are rendered
	anew  bool      // it is rendered
	other [3]bool   // the store has not these bytes

	ready  feed.Prepared
	early  [3]*rendered  // of one that was begun
	linted bool          // early is
	next   atomic.Int32  // the format of early that nobody has taken on
	begun  chan struct{} // closed when it is ready, or is not to be; nil when prepare is to do it
	ended  chan struct{} // closed when who began has ended
	failed error         // of who began
}

// rendered is an entry as it was made just now.
type rendered struct {
	bytes []byte
	sum   feed.EntrySum
	lint  *verdict // nil when that was left out
}

// verdict is what feed.LintEntry says.
type verdict struct {
	found []feed.Finding
	facts feed.Facts
}

// begin makes the entry meanwhile. It is the longest part of a publication, so
// it begins at once, and it is the caller who waits for another core.
func (m *making) begin(site feed.Site, lint bool) {
	m.begun, m.ended, m.linted = make(chan struct{}), make(chan struct{}), lint
	m.next.Store(int32(len(feed.Formats))) // until it is ready
	go func() {
		defer close(m.ended)
		m.failed = caught(0, func(int) error {
			if err := m.convert(site); err != nil {
				return err
			}
			return m.renderAll()
		})
	}()
	runtime.Gosched()
}

func (m *making) convert(site feed.Site) (err error) {
	defer close(m.begun)
	if m.ready, err = feed.Prepare(site, m.post); err == nil {
		m.next.Store(0)
	}
	return err
}

// prepare prepares the post now, or lends a hand where that was begun.
func (m *making) prepare(site feed.Site) (err error) {
	if m.begun == nil {
		m.ready, err = feed.Prepare(site, m.post)
		return err
	}
	<-m.begun
	err = m.renderAll()
	<-m.ended
	return cmp.Or(m.failed, err)
}

// renderAll renders the formats that nobody has taken on.
func (m *making) renderAll() error {
	for f := m.next.Add(1) - 1; int(f) < len(feed.Formats); f = m.next.Add(1) - 1 {
		r, err := m.render(feed.Format(f))
		if err != nil {
			return err
		}
		if m.linted {
			r.lint = new(verdict)
			r.lint.found, r.lint.facts = feed.LintEntry(feed.Format(f), r.bytes)
		}
		m.early[f] = &r
	}
	return nil
}

// render makes the entry in one format, unless that was done early.
func (m *making) render(f feed.Format) (r rendered, err error) {
	if m.early[f] != nil {
		return *m.early[f], nil
	}
	if r.bytes, err = m.ready.Render(f); err == nil {
		r.sum = feed.SumOf(r.bytes)
	}
	return r, err
}

// verdict is that on what was rendered early; nil for none.
func (m *making) verdict(f feed.Format) *verdict {
	if m.early[f] == nil {
		return nil
	}
	return m.early[f].lint
}

// kept tells whether the store has the entry in every format.
func (e *entry) kept() bool {
	for f := range e.bytes {
		if e.bytes[f] == nil && !e.summed[f] {
			return false
		}
	}
	return true
}
