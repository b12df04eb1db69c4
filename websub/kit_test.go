package websub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// openStore opens a store that ends, and is checked, with the test.
func openStore(t *testing.T) store.Store {
	t.Helper()
	return storetest.MustOpen(t, func(path string) (store.Store, error) {
		return bolt.Open(path, bolt.Options{Create: true})
	})
}

// openFile opens a store that the test closes and opens again.
func openFile(t *testing.T, path string) store.Store {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closeFile(t *testing.T, s store.Store) {
	t.Helper()
	storetest.Check(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "syndic.db") }

func enqueue(t *testing.T, s store.Store, hub string, generation uint64, topics ...string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, topic := range topics {
			if err := tx.Enqueue(hub, topic, generation, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// enqueueReversed makes n deliveries in a bubble, the last of the alphabet
// first, and returns their topics by age.
func enqueueReversed(t *testing.T, s store.Store, hub string, n int) []string {
	t.Helper()
	names := topicNames(n)
	slices.Reverse(names)
	for _, name := range names {
		enqueue(t, s, hub, 7, name)
		pass(time.Millisecond)
	}
	return names
}

func rowsOf(t *testing.T, s store.Store, hub string) map[string]store.Delivery {
	t.Helper()
	rows := map[string]store.Delivery{}
	err := s.View(t.Context(), func(r store.Reader) error {
		all, err := r.Deliveries(hub)
		for _, d := range all {
			rows[d.Topic] = d
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// want checks the outcome of every row of the hub.
func want(t *testing.T, s store.Store, hub string, n int, outcome store.Outcome) {
	t.Helper()
	rows := rowsOf(t, s, hub)
	if len(rows) != n {
		t.Errorf("%d rows for %s, want %d", len(rows), hub, n)
	}
	for _, d := range rows {
		if d.Outcome != outcome {
			t.Errorf("ping for %s is %q (%s), want %q", d.Topic, d.Outcome, d.Error, outcome)
		}
	}
}

// publish makes the site's RSS feed one with this topic, or drops it.
func publish(t *testing.T, s store.Store, topic string) (generation uint64) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		c, err := tx.Category(feed.SiteNum)
		if err != nil {
			return err
		}
		generation = uint64(tx.Seq())
		p := store.Publication{Category: c, Drop: topic == ""}
		if topic != "" {
			head, tail := []byte("<rss>"), []byte("</rss>")
			p.Artifacts = []feed.Artifact{{
				Category: c.Num, Format: feed.RSS, Topic: topic, Path: c.FeedPath(feed.RSS), Head: head, Tail: tail,
				Digest: feed.DigestOf([]byte("<rss></rss>")), Size: 11, Modified: time.Now().UTC().Truncate(time.Second), Generation: generation,
			}}
		}
		return tx.Publish(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	return generation
}

func topicNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("https://example.org/c%04d/rss.xml", i)
	}
	return names
}

// everything is a Served for which every generation is out.
func everything(string) (uint64, bool) { return 1 << 62, true }

// fullSpan is a Jitter that gives the longest wait, so that schedules are known.
func fullSpan(n time.Duration) time.Duration { return n }

// start runs a Sender and returns a function that ends it and waits for that.
func start(t *testing.T, c Config) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(c).Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// request is what a fake hub got.
type request struct {
	at    time.Duration // since the hub was made
	topic string
	body  string
	head  http.Header
}

// fakeHub answers with what answer says, and keeps what it got.
type fakeHub struct {
	answer func(n int, topic string, w http.ResponseWriter, r *http.Request) // nil: 204

	mu      sync.Mutex
	began   time.Time
	got     []request
	running int
	most    int // requests at the same time
	arrived chan struct{}
}

func newFakeHub(answer func(n int, topic string, w http.ResponseWriter, r *http.Request)) *fakeHub {
	return &fakeHub{answer: answer, began: time.Now(), arrived: make(chan struct{}, 10_000)}
}

func (f *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(data))
	topic := form.Get("hub.topic")
	f.mu.Lock()
	f.running++
	f.most = max(f.most, f.running)
	n := len(f.got)
	f.got = append(f.got, request{time.Since(f.began), topic, string(data), r.Header.Clone()})
	f.mu.Unlock()
	if f.answer != nil {
		f.answer(n, topic, w, r)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
	f.mu.Lock()
	f.running--
	f.mu.Unlock()
	f.arrived <- struct{}{}
}

func (f *fakeHub) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.got...)
}

func (f *fakeHub) topics() (names []string) {
	for _, r := range f.requests() {
		names = append(names, r.topic)
	}
	return names
}

func (f *fakeHub) times() (at []time.Duration) {
	for _, r := range f.requests() {
		at = append(at, r.at)
	}
	return at
}

// status answers every ping so.
func status(code int, header ...string) func(int, string, http.ResponseWriter, *http.Request) {
	return func(_ int, _ string, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// hang answers no ping until its sender goes away.
func hang(_ int, _ string, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// network carries HTTP over net.Pipe, so that a bubble's time stands still
// while it works.
type network struct {
	*http.Transport
	mu    sync.Mutex
	hosts map[string]chan net.Conn
	down  map[string]bool
	dials int
}

var errRefused = errors.New("connection refused")

func newNetwork(t *testing.T) *network {
	n := &network{hosts: map[string]chan net.Conn{}, down: map[string]bool{}}
	n.Transport = newTransport(nil, 1)
	n.DialContext = n.dial
	t.Cleanup(n.CloseIdleConnections)
	return n
}

func (n *network) dial(_ context.Context, _, addr string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dials++
	if n.down[host] || n.hosts[host] == nil {
		return nil, errRefused
	}
	client, server := net.Pipe()
	n.hosts[host] <- server
	return client, nil
}

func (n *network) set(host string, down bool) {
	n.mu.Lock()
	n.down[host] = down
	n.mu.Unlock()
	n.CloseIdleConnections()
}

func (n *network) dialled() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}

// serve puts a handler on the network and returns its URL.
func (n *network) serve(t *testing.T, host string, h http.Handler) string {
	l := &pipeListener{conns: make(chan net.Conn, 16), closed: make(chan struct{})}
	n.mu.Lock()
	n.hosts[host] = l.conns
	n.mu.Unlock()
	server := &http.Server{Handler: h}
	go server.Serve(l) //nolint:errcheck // it ends when it is closed
	t.Cleanup(func() {
		n.CloseIdleConnections()
		server.Close()
	})
	return "http://" + host + "/"
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// bubble runs fn in a bubble with a store, a network and a Config over both.
func bubble(t *testing.T, fn func(t *testing.T, s store.Store, n *network, c Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, n := openStore(t), newNetwork(t)
		fn(t, s, n, Config{
			Store: s, Served: everything, UserAgent: func() string { return "syndic/test (+https://example.org/)" },
			Transport: n, Jitter: fullSpan, Log: zerolog.New(zerolog.NewTestWriter(t)),
		})
	})
}

// pass lets the bubble's time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
