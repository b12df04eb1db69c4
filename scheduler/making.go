package scheduler

import (
	"runtime"

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
	early  [3]rendered // of one that was begun
	failed error
	begun  chan struct{} // closed when early is filled or that has failed; nil when prepare is to do it
}

// rendered is an entry as it was made just now.
type rendered struct {
	bytes []byte
	sum   feed.EntrySum
}

// begin makes the entry meanwhile. It is the longest part of a publication, so
// it begins at once, and it is the caller who waits for another core.
func (m *making) begin(site feed.Site) {
	m.begun = make(chan struct{})
	go func() {
		defer close(m.begun)
		m.failed = caught(0, func(int) (err error) {
			if m.ready, err = feed.Prepare(site, m.post); err != nil {
				return err
			}
			for _, f := range feed.Formats {
				if m.early[f], err = m.render(f); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	runtime.Gosched()
}

// render makes the entry in one format, unless that was done early.
func (m *making) render(f feed.Format) (r rendered, err error) {
	if r = m.early[f]; r.bytes != nil {
		return r, nil
	}
	if r.bytes, err = m.ready.Render(f); err == nil {
		r.sum = feed.SumOf(r.bytes)
	}
	return r, err
}

// prepare prepares the post now, or waits until that is done.
func (m *making) prepare(site feed.Site) (err error) {
	if m.begun != nil {
		<-m.begun
		return m.failed
	}
	m.ready, err = feed.Prepare(site, m.post)
	return err
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
