package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"syndic/control"
	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// Whenever the daemon dies, everything that it acknowledged is there after the
// next start, and in the end the hub has fetched every feed's last bytes.
// SYNDIC_SOAK is how many kills, SYNDIC_SEED which ones.
func TestKillAtAnyMoment(t *testing.T) {
	rounds, seed := fromEnvironment(t, "SYNDIC_SOAK", 20), fromEnvironment(t, "SYNDIC_SEED", 1)
	t.Logf("%d kills; SYNDIC_SEED=%d repeats them", rounds, seed)
	k := newKiller(t, uint64(seed))
	for round := range rounds {
		if k.random.IntN(4) == 0 {
			k.killAtStart()
		} else {
			k.killAtWork(round)
		}
		k.checkStore()
	}
	k.checkHub()
	if t.Logf("%d posts were acknowledged, the file was changed %d times", len(k.acked), k.compacted); min(len(k.acked), 2*k.compacted) < rounds {
		t.Error("too few to mean anything")
	}
}

// fromEnvironment reads a whole number.
func fromEnvironment(t *testing.T, name string, fallback int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// killer runs daemons on one host and kills them.
type killer struct {
	t         *testing.T
	random    *rand.Rand
	host      *host
	hub       *fakeHub
	acked     map[string]int // slug to the newest edition that a daemon took
	compacted int
	found     map[string]string // topic to what the hub last fetched
}

func newKiller(t *testing.T, seed uint64) *killer {
	hub := newHub(t)
	return &killer{
		t: t, random: rand.New(rand.NewPCG(seed, seed)), hub: hub,
		host:  newHost(t, `schedule: "@change"`, `hubs: ["`+hub.url+`"]`),
		acked: map[string]int{}, found: map[string]string{},
	}
}

func (k *killer) client() *control.Client {
	return control.Dial(filepath.Join(k.host.data, socketName))
}

// pause lets the daemon get on for a random time.
func (k *killer) pause(limit time.Duration) {
	select {
	case <-time.After(time.Duration(k.random.Int64N(int64(limit)))):
	case <-k.t.Context().Done():
	}
}

// killAtStart kills a daemon before or soon after it is ready.
func (k *killer) killAtStart() {
	p := k.host.start(k.host.command(context.Background(), "serve"))
	k.pause(600 * time.Millisecond)
	p.kill()
}

// killAtWork kills a daemon while three authors write and republish.
func (k *killer) killAtWork(round int) {
	p := k.host.serve()
	k.checkFeeds()
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	authors := make([]*author, 3)
	var writing sync.WaitGroup
	for i := range authors {
		a := &author{
			name: fmt.Sprintf("a%d-%d", i, round), random: rand.New(rand.NewPCG(k.random.Uint64(), 0)),
			client: k.client(), acked: map[string]int{},
		}
		authors[i] = a
		writing.Go(func() { a.write(ctx) })
	}
	writing.Go(func() { k.compact(ctx) })
	k.pause(1500 * time.Millisecond)
	p.kill()
	cancel()
	writing.Wait()
	for _, a := range authors {
		a.client.Close()
		maps.Copy(k.acked, a.acked)
	}
	k.collect()
}

// compact gives the database one file after the other, until the daemon is gone.
func (k *killer) compact(ctx context.Context) {
	c := k.client()
	defer c.Close()
	for ctx.Err() == nil {
		if _, err := c.Compact(ctx); err != nil {
			return
		}
		k.compacted++
	}
}

// author adds posts, changes them and republishes, one after the other.
type author struct {
	name   string
	random *rand.Rand
	client *control.Client
	acked  map[string]int
}

var authorsCategories = []string{"Design", "Notes", "Letters"}

// write goes on until the daemon is gone.
func (a *author) write(ctx context.Context) {
	for edition := 1; ctx.Err() == nil; edition++ {
		slug := fmt.Sprintf("%s-%d", a.name, a.random.IntN(6))
		request := control.AddRequest{Now: a.random.IntN(3) == 0, Documents: []control.Document{{
			Post: feed.Post{
				Slug: slug, Title: "Post " + slug, Body: fmt.Sprintf("Edition %d\n", edition), Markup: feed.Markdown, File: slug + ".md",
			},
			Categories: []string{authorsCategories[a.random.IntN(len(authorsCategories))]},
			Date:       "2026-01-01",
		}}}
		if _, err := a.client.Add(ctx, request); err != nil {
			return // it may have been taken, but nobody was told
		}
		a.acked[slug] = edition
		if a.random.IntN(8) == 0 {
			if _, err := a.client.Republish(ctx, control.RepublishRequest{NoWait: a.random.IntN(2) == 0}); err != nil {
				return
			}
		}
	}
}

// collect keeps what the hub fetched last.
func (k *killer) collect() {
	for _, p := range k.hub.forget() {
		k.found[p.topic] = p.body
	}
}

// checkStore opens the database as the kill left it.
func (k *killer) checkStore() {
	k.t.Helper()
	path := filepath.Join(k.host.data, "syndic.db")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && len(k.acked) == 0 {
		return // killed before there was one
	}
	// Create: the kill may have come before the first commit.
	s, err := bolt.Open(path, bolt.Options{Create: true})
	if err != nil {
		k.t.Fatal(err)
	}
	defer s.Close()
	storetest.Check(k.t, s)
	err = s.View(k.t.Context(), func(r store.Reader) error {
		for slug, edition := range k.acked {
			p, err := r.PostBySlug(slug)
			if err != nil {
				k.t.Errorf("acknowledged: %v", err)
				continue
			}
			var kept int
			if _, err := fmt.Sscanf(p.Body, "Edition %d", &kept); err != nil || kept < edition {
				k.t.Errorf("%s: edition %d was acknowledged, %q is kept", slug, edition, p.Body)
			}
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// checkFeeds wants every feed that the daemon knows of to be served and to
// parse, and returns their bytes by topic.
func (k *killer) checkFeeds() map[string]string {
	k.t.Helper()
	c := k.client()
	defer c.Close()
	list, err := c.Categories(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	served := map[string]string{}
	for _, category := range list {
		for _, f := range category.Feeds {
			resp, body := get(k.t, f.URL)
			if resp.StatusCode != http.StatusOK {
				k.t.Errorf("%s: %s", f.URL, resp.Status)
			}
			if _, err := gofeed.NewParser().ParseString(body); err != nil {
				k.t.Errorf("%s: %v", f.URL, err)
			}
			served[f.URL] = body
		}
	}
	return served
}

// checkHub starts the last daemon and waits until everything is told.
func (k *killer) checkHub() {
	k.t.Helper()
	k.host.serve()
	c := k.client()
	defer c.Close()
	eventually(k.t, "everything is published and told", func() bool {
		status, err := c.Status(k.t.Context())
		return err == nil && status.Dirty == 0 && status.PingsWaiting == 0
	})
	k.collect()
	served := k.checkFeeds()
	if len(served) != 3*(1+len(authorsCategories)) {
		k.t.Errorf("%d feeds are served", len(served))
	}
	for topic, body := range served {
		if k.found[topic] != body {
			k.t.Errorf("%s: the hub last fetched %d bytes, served are %d others", topic, len(k.found[topic]), len(body))
		}
	}
}
