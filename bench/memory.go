package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"syndic/feed"
)

// remembered is the site whose memory is measured.
var remembered = size{50_000, 1_000}

// memory measures what the binary has for itself while all feeds are asked for.
func (b *bench) memory(ctx context.Context) error {
	h, err := b.newHost(ctx, "serve: {memory: 64MB}")
	if err != nil {
		return err
	}
	if err := b.fill(ctx, h, remembered); err != nil {
		return err
	}
	p, ready, err := h.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // what was measured is
	rest, err := used(p.pid())
	if err != nil {
		return err
	}
	progress("asking for every feed")
	most, l, err := b.askAll(ctx, h, p)
	if err != nil {
		return err
	}
	after, err := used(p.pid())
	if err != nil {
		return err
	}
	b.table.head(fmt.Sprintf("Memory while serving %d categories of 50 posts with serve.memory: 64MB", remembered.categories),
		fmt.Sprintf("RssAnon of the binary, and its files of memory (memfd); wrk asks for all %d feeds in turn, with 64 connections", len(paths())))
	b.table.row(row{measure: "ready after", ours: duration(ready)})
	b.table.row(row{measure: "when ready", ours: megabytes(rest.memory)})
	b.table.row(row{measure: "most, while every feed was asked for", ours: megabytes(most.memory), aim: atMost(mb(most.memory), 100, " MB")})
	b.table.row(row{measure: "  in files of memory beside that", ours: megabytes(most.files)})
	b.table.row(row{measure: "when that was over", ours: megabytes(after.memory)})
	b.table.row(row{measure: "requests/s meanwhile", ours: number(l.rate)})
	return nil
}

// fill has the binary publish a store that was filled here, which is quicker
// than through files.
func (b *bench) fill(ctx context.Context, h *host, size size) error {
	progress("filling a store with %d posts in %d categories", size.posts, size.categories)
	if err := os.Mkdir(h.data, 0o700); err != nil {
		return err
	}
	p, err := b.filled(ctx, database(h.data), size)
	if err != nil {
		return err
	}
	p.close()
	return h.run(ctx, "-q", "republish", "--all")
}

// paths are those of all feeds of categories.
func paths() (list []string) {
	for i := range remembered.categories {
		for _, f := range feed.Formats {
			list = append(list, fmt.Sprintf("/category-%d/%s", i, f.File()))
		}
	}
	return list
}

// script has each thread of wrk ask for one path after another.
const script = `local paths = {%s}
local next = 0
request = function()
  next = next %% #paths + 1
  return wrk.format("GET", paths[next])
end
`

// askAll asks for every feed, each with gzip and without, and returns the most
// memory that was seen.
func (b *bench) askAll(ctx context.Context, h *host, p *process) (most use, l load, err error) {
	file := filepath.Join(b.dir, "paths.lua")
	if err := os.WriteFile(file, fmt.Appendf(nil, script, `"`+strings.Join(paths(), `","`)+`"`), 0o600); err != nil {
		return most, l, err
	}
	watched, stop := context.WithCancel(ctx)
	seen := make(chan use, 1)
	go func() { seen <- peak(watched, p.pid()) }()
	for _, path := range paths() {
		a, failed := fetch(ctx, h.url+path[1:], gzipHeader())
		if failed == nil && a.status != http.StatusOK {
			failed = fmt.Errorf("%s is answered with %d", path, a.status)
		}
		if err = failed; err != nil {
			break
		}
	}
	if err == nil {
		_, err = runWrk(ctx, 64, 5*time.Second, "-s", file, h.url)
	}
	if err == nil {
		l, err = runWrk(ctx, 64, 5*time.Second, "-s", file, "-H", "Accept-Encoding: gzip", h.url)
	}
	stop()
	most = <-seen
	if err == nil && most.memory == 0 {
		err = errors.New("the daemon ended while it was asked")
	}
	return most, l, err
}

// peak is the most memory that a process has had until the context ends.
func peak(ctx context.Context, pid int) (most use) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		u, err := used(pid)
		if err != nil {
			return use{}
		}
		most.memory, most.files = max(most.memory, u.memory), max(most.files, u.files)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return most
		}
	}
}
