package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// grown is the data directory of the i-th of the stores that are compared.
func (b *bench) grown(i int) string { return filepath.Join(b.dir, fmt.Sprintf("data%d", i)) }

// database is the file in a data directory.
func database(data string) string { return filepath.Join(data, "syndic.db") }

// rest is how long a daemon is left alone before its memory is looked at.
const rest = 5 * time.Second

// atRest bounds the memory of a daemon at rest: of feeds, and of all else.
const (
	feedMemory = 64
	atRest     = 200
)

// starts has the binary serve each of the stores that were compared.
func (b *bench) starts(ctx context.Context) error {
	h, err := b.newHost(ctx, `hubs: ["`+noHub+`"]`, fmt.Sprintf("serve: {memory: %dMB}", feedMemory))
	if err != nil {
		return err
	}
	b.table.head("The binary on these stores, until a feed is served; RssAnon after "+rest.String(), fmt.Sprintf("serve.memory: %dMB", feedMemory))
	for i, size := range b.sizes {
		progress("starting on %d posts", size.posts)
		h.data = b.grown(i)
		if err := b.startOn(ctx, h, size); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) startOn(ctx context.Context, h *host, size size) error {
	var warm, cold time.Duration
	var atEnd use
	// The first start may have something to do yet.
	for range 2 {
		took, _, err := startOnce(ctx, h, size, 0)
		if err != nil {
			return err
		}
		warm = took
	}
	dropped := dropCaches()
	cold, atEnd, err := startOnce(ctx, h, size, rest)
	if err != nil {
		return err
	}
	info, err := os.Stat(database(h.data))
	if err != nil {
		return err
	}
	b.table.row(row{measure: fmt.Sprintf("%d posts in %d categories", size.posts, size.categories)})
	b.table.row(row{measure: "  ready, the file in the cache", ours: duration(warm), aim: atMost(warm.Seconds(), 2, " s")})
	if dropped == nil {
		b.table.row(row{measure: "  ready, no file in the cache", ours: duration(cold), aim: atMost(cold.Seconds(), 10, " s")})
	} else {
		b.table.row(row{measure: "  ready, no file in the cache", ours: "not root"})
	}
	b.table.row(row{measure: "  memory at rest", ours: megabytes(atEnd.memory), aim: atMost(mb(atEnd.memory), atRest+feedMemory, " MB")})
	b.table.row(row{measure: "  the file", ours: megabytes(info.Size())})
	return nil
}

// startOnce starts the daemon, has it serve a feed, and ends it.
func startOnce(ctx context.Context, h *host, size size, leave time.Duration) (took time.Duration, u use, err error) {
	start := time.Now()
	p, _, err := h.serve(ctx)
	if err != nil {
		return 0, u, err
	}
	a, err := fetch(ctx, fmt.Sprintf("%scategory-%d/rss.xml", h.url, size.categories-1), nil)
	took = time.Since(start)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("the last category's feed is answered with %d", a.status)
	}
	if err == nil && leave > 0 {
		err = pause(ctx, time.Now().Add(leave))
	}
	if err == nil {
		u, err = used(p.pid())
	}
	return took, u, errors.Join(err, p.stop())
}

// dropCaches has the system forget what it has read from disks, which only
// root may ask for.
func dropCaches() error {
	syscall.Sync()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}
