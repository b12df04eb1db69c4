package main

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// ping is one that a fake hub got, with what it then fetched.
type ping struct {
	topic string
	agent string
	body  string // the feed's bytes; empty when the hub refused the ping
}

// fakeHub is a WebSub hub that fetches the topic of each ping, as real ones do.
type fakeHub struct {
	t    *testing.T
	addr string
	url  string

	mu     sync.Mutex
	status int // of its answers
	pings  []ping
	server *http.Server
}

// newHub starts a hub that answers 202.
func newHub(t *testing.T) *fakeHub {
	t.Helper()
	hub := &fakeHub{t: t, addr: freeAddress(t), status: http.StatusAccepted}
	hub.url = "http://" + hub.addr + "/hub"
	hub.up()
	t.Cleanup(hub.down)
	return hub
}

// up starts the hub, at the same address each time.
func (hub *fakeHub) up() {
	hub.t.Helper()
	l, err := net.Listen("tcp", hub.addr)
	if err != nil {
		hub.t.Fatal(err)
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.server = &http.Server{Handler: hub}
	go func(s *http.Server) { _ = s.Serve(l) }(hub.server) // ends with down
}

// down makes the hub refuse connections.
func (hub *fakeHub) down() {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	if hub.server != nil {
		_ = hub.server.Close()
	}
	hub.server = nil
}

// answer sets the status of what follows.
func (hub *fakeHub) answer(status int) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.status = status
}

// ServeHTTP takes a ping and fetches its topic.
func (hub *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hub.mu.Lock()
	status := hub.status
	hub.mu.Unlock()
	p := ping{topic: r.FormValue("hub.topic"), agent: r.UserAgent()}
	if r.Method != http.MethodPost || r.FormValue("hub.mode") != "publish" || r.FormValue("hub.url") != p.topic {
		http.Error(w, "not a ping", http.StatusBadRequest)
		return
	}
	if status < 300 {
		p.body = fetch(r, p.topic)
	}
	hub.mu.Lock()
	hub.pings = append(hub.pings, p)
	hub.mu.Unlock()
	w.WriteHeader(status)
}

// fetch reads a topic; what cannot be read is empty.
func fetch(r *http.Request, topic string) string {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, topic, nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	return string(body)
}

// got is all pings so far.
func (hub *fakeHub) got() []ping {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	return slices.Clone(hub.pings)
}

// forget empties the list, and returns what was on it.
func (hub *fakeHub) forget() []ping {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	all := hub.pings
	hub.pings = nil
	return all
}

// silentHub takes connections and never answers; it returns its URL.
func silentHub(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var held []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range held {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			held = append(held, c)
			mu.Unlock()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// topics are the topics of pings, sorted.
func topics(pings []ping) []string {
	var all []string
	for _, p := range pings {
		all = append(all, p.topic)
	}
	slices.Sort(all)
	return all
}
