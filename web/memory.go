package web

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/feed"
)

// defaultMemory is the bound where the configuration names none.
const defaultMemory = 256_000_000

// What is counted beside a body's own bytes.
const (
	variantBytes = 1 << 10 // its heads and what leads to it
	partBytes    = 64      // of one entry's place
)

// variant is a feed in one encoding, with the head of an answer in front. It
// never changes; while somebody has it pinned its bytes stay.
type variant struct {
	feed   *servedFeed
	coding coding
	full   []byte // head of 200, up to the value of Date
	body   body
	parts  map[feed.FragmentKey]part // of an identity: where its entries are

	refs atomic.Int32 // the memory's and the readers'; 0 has gone
	used atomic.Bool  // again since the memory last looked

	memory *memory // nil for what is not held
	cost   int64
	place  int // in the memory's ring, -1 for none
}

// part is where an entry stands in the identity.
type part struct {
	begin int
	sum   feed.EntrySum
}

// pin keeps the bytes until release; not ok when they have gone.
func (v *variant) pin() bool {
	for {
		n := v.refs.Load()
		if n == 0 {
			return false
		}
		if v.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release ends a pin. The last one gives the bytes back.
func (v *variant) release() {
	if v.refs.Add(-1) == 0 {
		v.gone()
	}
}

// touch says that the variant was asked for again. Most calls only read: a flag
// that every request writes goes back and forth between the cores.
func (v *variant) touch() {
	if !v.used.Load() {
		v.used.Store(true)
	}
}

func (v *variant) gone() {
	if v.body.file != nil {
		v.body.file.free(v.body.at, v.body.size)
	}
	if v.memory != nil {
		v.memory.pay(-v.cost)
	}
}

// memory holds bodies of all feeds and encodings within a bound. What nobody
// has asked for since the hand last passed goes when there is no room; what is
// being sent never does, and counts until it has been sent.
type memory struct {
	file *memoryFile

	mu    sync.Mutex
	limit int64
	used  int64
	ring  []*variant
	hand  int

	made, evicted prometheus.Counter
}

func newMemory(limit int64, registry *prometheus.Registry) *memory {
	m := &memory{
		file: &memoryFile{},
		made: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_feed_bodies_made_total",
			Help: "Bodies of feeds that were read from the store or encoded, each encoding for itself.",
		}),
		evicted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "syndic_feed_bodies_evicted_total",
			Help: "Bodies of feeds that were given up because serve.memory was full.",
		}),
	}
	m.bound(limit)
	registry.MustRegister(m.made, m.evicted, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "syndic_feed_memory_bytes", Help: "Bytes of the bodies of feeds in memory, in all encodings; serve.memory bounds them.",
	}, func() float64 { used, _ := m.state(); return float64(used) }))
	return m
}

// state is what is used of what may be.
func (m *memory) state() (used, limit int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used, m.limit
}

func (m *memory) pay(cost int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used += cost
}

// bound sets the limit, and keeps it at once.
func (m *memory) bound(limit int64) {
	if limit <= 0 {
		limit = defaultMemory
	}
	m.mu.Lock()
	m.limit = limit
	out := m.makeRoom()
	m.mu.Unlock()
	m.forget(out)
}

// costs is what a body and its parts count as. The collector lets garbage of
// as many bytes as are in use pile up, so a text counts twice.
func costs(size, parts int) int64 {
	bytes := int64(2 * size)
	if size > heapBytes {
		bytes = wholePages(size)
	}
	return bytes + int64(parts*partBytes+variantBytes)
}

// pageBytes is what the file of memory grows by.
const pageBytes = 4096

// wholePages is the size in whole pages.
func wholePages(size int) int64 { return (int64(size) + pageBytes - 1) / pageBytes * pageBytes }

// hasRoom tells whether something can be held without giving up anything.
func (m *memory) hasRoom(cost int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used+cost <= m.limit
}

// newVariant takes a copy of the text, pinned for its maker and held by nobody.
func (m *memory) newVariant(f *servedFeed, c coding, text []byte, parts map[feed.FragmentKey]part) *variant {
	v := &variant{
		feed: f, coding: c, full: f.head(c, len(text)), body: body{size: len(text)}, parts: parts,
		memory: m, cost: costs(len(text), len(parts)), place: -1,
	}
	v.refs.Store(1)
	m.pay(v.cost)
	m.made.Inc()
	if len(text) > heapBytes {
		if at, ok := m.file.put(text); ok {
			v.body.file, v.body.at = m.file, at
			return v
		}
	}
	v.body.text = append(make([]byte, 0, len(text)), text...)
	return v
}

// hold keeps a variant for whoever asks next, unless it is too large to be kept
// beside anything else.
func (m *memory) hold(v *variant) {
	m.mu.Lock()
	if v.cost > m.limit {
		m.mu.Unlock()
		return
	}
	v.refs.Add(1)
	v.place = len(m.ring)
	m.ring = append(m.ring, v)
	out := m.makeRoom()
	m.mu.Unlock()
	m.drop(v.feed.variants[v.coding].Swap(v))
	m.forget(out)
}

// makeRoom takes variants that nobody has pinned off the ring until the rest is
// within the limit, and returns them. Two rounds, as the first may only find
// out what is not used any more.
func (m *memory) makeRoom() (out []*variant) {
	used := m.used
	for tries := 2 * len(m.ring); used > m.limit && tries > 0 && len(m.ring) > 0; tries-- {
		m.hand %= len(m.ring)
		v := m.ring[m.hand]
		if v.used.Swap(false) || !v.refs.CompareAndSwap(1, 0) {
			m.hand++
			continue
		}
		m.unlink(v)
		used -= v.cost
		out = append(out, v)
	}
	return out
}

// unlink takes a variant off the ring. The last one takes its place.
func (m *memory) unlink(v *variant) {
	last := len(m.ring) - 1
	m.ring[v.place] = m.ring[last]
	m.ring[v.place].place = v.place
	m.ring[last] = nil
	m.ring = m.ring[:last]
	v.place = -1
}

// forget gives back what makeRoom took.
func (m *memory) forget(out []*variant) {
	for _, v := range out {
		v.feed.variants[v.coding].CompareAndSwap(v, nil)
		v.gone()
		m.evicted.Inc()
	}
}

// drop ends the holding of a variant that is out of date.
func (m *memory) drop(v *variant) {
	if v == nil {
		return
	}
	m.mu.Lock()
	held := v.place >= 0
	if held {
		m.unlink(v)
	}
	m.mu.Unlock()
	if held {
		v.release()
	}
}
