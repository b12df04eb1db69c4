package main

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"syndic/control"
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
	status int    // of its answers
	after  string // their Retry-After; empty for none
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
	hub.status, hub.after = status, ""
}

// busy makes the hub ask for so many seconds of rest.
func (hub *fakeHub) busy(seconds string) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.status, hub.after = http.StatusTooManyRequests, seconds
}

// ServeHTTP takes a ping and fetches its topic.
func (hub *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hub.mu.Lock()
	status, after := hub.status, hub.after
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
	if after != "" {
		w.Header().Set("Retry-After", after)
	}
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

// What is asked for by hand is sent to a hub that wants to be left alone: by the
// daemon at once, and else at its start.
func TestHubsAreToldByHand(t *testing.T) {
	hub := newHub(t)
	hub.busy("3000")
	h := newHost(t, `schedule: "@change"`, `hubs: ["`+hub.url+`"]`)
	p := h.serve()
	tellAgain := func(args ...string) {
		t.Helper()
		hub.answer(http.StatusAccepted)
		hub.forget()
		if rows := decode[[]control.PingInfo](h, args...); len(rows) == 0 {
			t.Fatalf("%v asks for no ping", args)
		}
	}
	delivered := func() bool {
		list := decode[[]control.HubInfo](h, "hub", "list")
		return len(list) == 1 && list[0].Waiting+list[0].Retrying == 0 && list[0].Delivered > 0
	}
	heldOff := func() bool {
		list := decode[[]control.HubInfo](h, "hub", "list")
		return len(list) == 1 && list[0].Waiting == 0 && list[0].Retrying > 0
	}
	h.must(0, "post", "add", h.write("a.md", "---\ncategory: design\n---\nFirst"))
	eventually(t, "the hub asks for time", heldOff)
	tellAgain("hub", "retry")
	eventually(t, "all is delivered after a retry", delivered)

	hub.busy("3000")
	h.must(0, "hub", "ping", "design")
	eventually(t, "the hub asks for time again", heldOff)
	tellAgain("hub", "ping", "design")
	eventually(t, "all is delivered after a ping", delivered)

	hub.busy("3000")
	h.must(0, "hub", "ping", "design")
	eventually(t, "the hub asks for time before the stop", heldOff)
	if code := p.stop(); code != 0 {
		t.Fatalf("the daemon exits with %d", code)
	}
	tellAgain("hub", "retry")
	h.serve()
	eventually(t, "all is delivered after a start", delivered)
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
