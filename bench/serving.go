package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	servedPath  = "design/rss.xml"
	servedPosts = 12              // of 4 KB: a feed of about 62 KB
	servingTime = 2 * time.Second // of one measurement
)

// kind is a request that readers make; want is its status.
type kind struct {
	name string
	gzip bool
	want int
	aim  float64 // requests a second against nginx's
}

var kinds = []kind{
	{"304", true, http.StatusNotModified, 0.90},
	{"200 gzip", true, http.StatusOK, 0.88},
	{"200 identity", false, http.StatusOK, 0.80},
}

// crowd is how many connections ask at a time. With judged, the aims hold.
type crowd struct {
	connections, rounds int
	judged              bool
}

var crowds = []crowd{{8, 5, false}, {64, 9, true}, {1_000, 5, false}}

// server is one of the two that are compared.
type server struct {
	url string
	pid int
}

// serving compares the binary with nginx: the same bytes with the same headers
// under the same load.
func (b *bench) serving(ctx context.Context) error {
	progress("starting syndic and nginx")
	h, err := b.newHost(ctx)
	if err != nil {
		return err
	}
	if err := b.fillHost(ctx, h); err != nil {
		return err
	}
	p, _, err := h.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // what was measured is
	gzipped, err := fetch(ctx, h.url+servedPath, gzipHeader())
	if err != nil {
		return err
	}
	plain, err := fetch(ctx, h.url+servedPath, nil)
	if err != nil {
		return err
	}
	if plain.status != http.StatusOK || gzipped.header.Get("Content-Encoding") != "gzip" {
		return fmt.Errorf("%s is answered with %d and %v", h.url+servedPath, plain.status, gzipped.header)
	}
	n, err := b.newNginx(ctx, servedPath, plain.body, gzipped.body, plain.header)
	if err != nil {
		return err
	}
	defer n.stop()
	servers := []server{{h.url + servedPath, p.pid()}, {n.url, n.cmd.Process.Pid}}
	b.table.head(fmt.Sprintf("Serving a feed of %d bytes (%d with gzip), against nginx", len(plain.body), len(gzipped.body)),
		"reference: nginx with gzip_static, etag, open_file_cache, a worker for each core, the same bytes and headers",
		fmt.Sprintf("wrk with a thread for each core; medians of the ratios of interleaved rounds of %v", servingTime))
	return b.compareServers(ctx, servers)
}

func gzipHeader() http.Header { return http.Header{"Accept-Encoding": {"gzip"}} }

// fillHost adds posts and publishes them, without a daemon.
func (b *bench) fillHost(ctx context.Context, h *host) error {
	posts := filepath.Join(b.dir, "posts")
	if err := b.writePosts(posts, servedPosts, []string{"Design"}); err != nil {
		return err
	}
	if err := h.run(ctx, "-q", "post", "add", posts); err != nil {
		return err
	}
	return h.run(ctx, "-q", "republish", "--all")
}

// writePosts makes a folder of Markdown files with front matter, each category
// in turn.
func (b *bench) writePosts(dir string, n int, categories []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("post-%05d.md", i)), b.document(i, categories[i%len(categories)]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// document is a post as a file of Markdown.
func (b *bench) document(n int, category string) []byte {
	date := day.Add(time.Duration(n) * time.Minute).Format(time.RFC3339)
	return fmt.Appendf(nil, "---\ntitle: %s\ndate: %s\ncategories: [%s]\n---\n\n%s", b.library.title(n), date, category, b.library.body(n))
}

func (b *bench) compareServers(ctx context.Context, servers []server) error {
	for _, c := range crowds {
		for _, k := range kinds {
			progress("serving: %s, %d connections", k.name, c.connections)
			var all [2][]sample
			for round := range c.rounds {
				for i := range servers {
					if round%2 == 1 {
						i = 1 - i // nobody always comes first
					}
					s, err := k.measure(ctx, servers[i], c.connections)
					if err != nil {
						return err
					}
					all[i] = append(all[i], s)
				}
			}
			b.reportServing(k, c, all)
		}
	}
	return nil
}

// sample is what one measurement of a server gave.
type sample struct {
	load
	cpu    time.Duration // of the server, a request
	memory int64         // while it was asked
}

// measure has wrk ask a server, which must answer as it should.
func (k kind) measure(ctx context.Context, s server, connections int) (sample, error) {
	args, err := k.arguments(ctx, s)
	if err != nil {
		return sample{}, err
	}
	pids, err := family(s.pid)
	if err != nil {
		return sample{}, err
	}
	before, err := used(pids...)
	if err != nil {
		return sample{}, err
	}
	during := make(chan int64, 1)
	timer := time.AfterFunc(servingTime*3/4, func() {
		u, _ := used(pids...) // a process that has ended fails below
		during <- u.memory
	})
	defer timer.Stop()
	l, err := runWrk(ctx, connections, servingTime, append(args, s.url)...)
	if err != nil {
		return sample{}, err
	}
	after, err := used(pids...)
	return sample{l, (after.cpu - before.cpu) / time.Duration(l.requests), <-during}, err
}

// arguments are those with which wrk makes the request.
func (k kind) arguments(ctx context.Context, s server) (args []string, err error) {
	header, err := k.header(ctx, s)
	for name, values := range header {
		args = append(args, "-H", name+": "+values[0])
	}
	return args, err
}

// header is what a reader sends that knows what the server last gave, and
// makes sure that it is answered as it should be.
func (k kind) header(ctx context.Context, s server) (http.Header, error) {
	header := http.Header{}
	if k.gzip {
		header = gzipHeader()
	}
	first, err := fetch(ctx, s.url, header)
	if err != nil {
		return nil, err
	}
	if k.want == http.StatusNotModified {
		header.Set("If-None-Match", first.header.Get("ETag"))
	}
	a, err := fetch(ctx, s.url, header)
	if err == nil && (a.status != k.want || k.gzip != (a.header.Get("Content-Encoding") == "gzip") && k.want == http.StatusOK) {
		err = errors.New("is answered with " + http.StatusText(a.status))
	}
	if err == nil && k.want == http.StatusOK && !bytes.Equal(a.body, first.body) {
		err = errors.New("is answered differently each time")
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", s.url, k.name, err)
	}
	return header, nil
}

func (b *bench) reportServing(k kind, c crowd, all [2][]sample) {
	name := fmt.Sprintf("%s, %d connections: ", k.name, c.connections)
	line := func(measure string, format func(float64) string, figure func(sample) float64) row {
		ours, reference, ratio := against(all, figure)
		return row{measure: name + measure, ours: format(ours), reference: format(reference), ratio: times(ratio)}
	}
	ratio := func(figure func(sample) float64) float64 { _, _, r := against(all, figure); return r }
	rate := func(s sample) float64 { return s.rate }
	p99 := func(s sample) float64 { return ms(s.p99) }
	requests, slowest := line("requests/s", number, rate), line("p99", milliseconds, p99)
	if c.judged {
		requests.aim = atLeast(ratio(rate), k.aim, "")
		slowest.aim = atMost(ratio(p99), 1, "")
	}
	b.table.row(requests)
	b.table.row(line("p50", milliseconds, func(s sample) float64 { return ms(s.p50) }))
	b.table.row(slowest)
	b.table.row(line("CPU a request", microseconds, func(s sample) float64 { return float64(s.cpu) / 1e3 }))
	b.table.row(line("RssAnon", func(n float64) string { return megabytes(int64(n)) }, func(s sample) float64 { return float64(s.memory) }))
}

// against compares a figure: the median of both servers, and that of the
// ratios of each round.
func against(all [2][]sample, figure func(sample) float64) (ours, reference, ratio float64) {
	var lists [3][]float64
	for i := range all[0] {
		a, r := figure(all[0][i]), figure(all[1][i])
		for j, v := range []float64{a, r, a / r} {
			lists[j] = append(lists[j], v)
		}
	}
	return middle(lists[0]), middle(lists[1]), middle(lists[2])
}

func number(n float64) string       { return fmt.Sprintf("%.0f", n) }
func milliseconds(n float64) string { return fmt.Sprintf("%.2f ms", n) }
func microseconds(n float64) string { return fmt.Sprintf("%.1f µs", n) }
