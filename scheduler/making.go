package scheduler

import "syndic/feed"

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
	failed error
	begun  chan struct{} // closed when it is ready or has failed; nil when prepare is to do it
}

// begin prepares the post meanwhile.
func (m *making) begin(site feed.Site) {
	m.begun = make(chan struct{})
	go func() {
		defer close(m.begun)
		m.failed = caught(0, func(int) (err error) {
			m.ready, err = feed.Prepare(site, m.post)
			return err
		})
	}()
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
