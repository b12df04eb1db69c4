package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syndic/control"
	"syndic/feed"
)

// damagedHost is a host with posts that fill some pages, published, and the
// bytes of its database, a backup, and its feed.
func damagedHost(t *testing.T) (h *host, whole []byte, backup, rss string) {
	t.Helper()
	h = newHost(t, `schedule: "@change"`)
	for i := range 60 {
		h.write(fmt.Sprintf("posts/p%d.md", i), fmt.Sprintf("---\ntitle: Post %d\ndate: 2026-01-%02d\ncategory: %s\n---\n%s\n",
			i, 1+i%28, authorsCategories[i%3], strings.Repeat("A line of text. ", 20+i*4)))
	}
	h.must(0, "post", "add", filepath.Join(h.dir, "posts"))
	h.must(0, "republish")
	backup = filepath.Join(h.dir, "backup.db")
	h.must(0, "backup", backup)
	rss = h.must(0, "feed", "show", "design", "rss")
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	return h, whole, backup, rss
}

// spoil damages a file: pages written over, or cut off anywhere. The texts of at
// most as many posts as it says may read otherwise and nobody can tell: one for
// each byte that it changes alone, or for a page within a long text.
func spoil(random *rand.Rand, whole []byte) (data []byte, texts int) {
	data = append([]byte(nil), whole...)
	if random.IntN(3) == 0 {
		return data[:1+random.IntN(len(data)-1)], 0
	}
	for range 1 + random.IntN(5) {
		page := data[4096*random.IntN(len(data)/4096):][:4096]
		switch random.IntN(4) {
		case 0:
			clear(page)
		case 1:
			for i := range page {
				page[i] = byte(random.Uint32())
			}
		case 2:
			copy(page, data[4096*random.IntN(len(data)/4096):][:4096]) // written to the wrong place
		default:
			for range 8 {
				page[random.IntN(len(page))] = byte(random.Uint32())
			}
			texts += 7
		}
		texts++
	}
	return data, texts
}

// Whatever is done to a database, every command says so in a word and none
// crashes, and a repair or a restore gets a serving daemon back. SYNDIC_SOAK is
// for all hundred copies.
func TestSoakDamagedCopies(t *testing.T) {
	copies := 4
	if os.Getenv("SYNDIC_SOAK") != "" {
		copies = 100
	}
	seed := fromEnvironment(t, "SYNDIC_SEED", 1)
	h, whole, backup, rss := damagedHost(t)
	before := postsIn(t, backup)
	db := filepath.Join(h.data, databaseName)
	said := map[string]int{}
	for n := range copies {
		random := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
		data, texts := spoil(random, whole)
		if err := os.WriteFile(db, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c := damagedCopy{t: t, host: h, texts: texts, name: fmt.Sprintf("copy %d of seed %d", n, seed)}
		c.ask()
		said[c.getBack(backup)]++
		c.compare(before)
		if !c.lossy && h.must(0, "feed", "show", "design", "rss") != rss {
			t.Errorf("%s: with all posts there, the feed is another", c.name)
		}
		left, _ := filepath.Glob(db + ".*")
		for _, f := range left {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d copies, SYNDIC_SEED=%d: %v", copies, seed, said)
}

// damagedCopy is a host whose database was damaged.
type damagedCopy struct {
	t     *testing.T
	host  *host
	name  string
	texts int // of how many posts the text may be another
	lossy bool
}

// clear wants a result to be of our own making: no crash, and a word for each
// failure.
func (c *damagedCopy) clear(r result, args ...string) {
	c.t.Helper()
	if r.code < 0 || r.code == 2 || strings.Contains(r.err, "goroutine") || strings.Contains(r.err, "panic") || strings.Contains(r.err, "fatal error") || strings.Contains(r.err, "SIG") {
		c.t.Errorf("%s: %v: exit %d: %s", c.name, args, r.code, r.err)
	}
	if r.code != 0 && r.code != exitPartly && (!strings.Contains(r.err, "damaged") || !strings.Contains(r.err, "syndic restore")) {
		c.t.Errorf("%s: %v: exit %d, and it does not say that the database is damaged and what to do: %s", c.name, args, r.code, r.err)
	}
}

// ask runs commands that read and write.
func (c *damagedCopy) ask() {
	c.t.Helper()
	for _, args := range [][]string{{"status"}, {"post", "list"}, {"check"}, {"post", "recall", "p3"}, {"post", "publish", "p3"}} {
		c.clear(c.host.run(args...), args...)
	}
	p := c.host.start(c.host.command(context.Background(), "serve"))
	eventually(c.t, "the daemon is ready, or says what is wrong", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			log := p.log.String()
			return strings.Contains(log, `"message":"ready"`) || strings.Contains(log, `"level":"error"`)
		}
	})
	code := p.stop()
	c.clear(result{code: code, err: p.log.String()}, "serve")
}

// getBack repairs, or restores where that fails, and starts a daemon.
func (c *damagedCopy) getBack(backup string) (how string) {
	c.t.Helper()
	r := c.host.run("check", "--repair")
	c.clear(r, "check", "--repair")
	switch {
	case r.code == 0 && strings.Contains(r.err, "nothing to repair"):
		how = "sound"
	case r.code == 0:
		how, c.lossy = "repaired", strings.Contains(r.out, "published revision") || strings.Contains(r.out, "category")
	case r.code == exitPartly:
		how, c.lossy = "repaired in part", true
	default:
		how = "restored"
		c.host.must(0, "restore", backup)
	}
	c.host.must(0, "check")
	p := c.host.serve()
	if s := decode[control.StatusInfo](c.host, "status"); !s.Ready {
		c.t.Errorf("%s: the daemon is not ready", c.name)
	}
	c.host.must(0, "republish")
	if resp, _ := get(c.t, c.host.url+"rss.xml"); resp.StatusCode != 200 {
		c.t.Errorf("%s: the site's feed answers %s", c.name, resp.Status)
	}
	if code := p.stop(); code != 0 {
		c.t.Errorf("%s: the daemon ended with %d", c.name, code)
	}
	return how
}

// compare wants no post that was not there, and none missing that was not named.
func (c *damagedCopy) compare(before map[string]feed.Post) {
	c.t.Helper()
	after, altered := postsIn(c.t, filepath.Join(c.host.data, databaseName)), 0
	for id := range maps.Keys(after) {
		if _, was := before[id]; !was && !c.lossy {
			c.t.Errorf("%s: post %s was never there", c.name, id)
		}
	}
	// A letter that was changed in a text is a letter like any other.
	for id, p := range after {
		if postJSON(c.t, authoredOf(p)) != postJSON(c.t, authoredOf(before[id])) {
			altered++
		}
	}
	if altered > c.texts && !c.lossy {
		c.t.Errorf("%s: %d posts are others", c.name, altered)
	}
	c.lossy = c.lossy || altered > 0
	if len(after) != len(before) && !c.lossy {
		c.t.Errorf("%s: %d posts, and nothing was said to be lost of %d", c.name, len(after), len(before))
	}
}

func TestRepair(t *testing.T) {
	h, whole, _, _ := damagedHost(t)
	if r := h.run("check", "--repair"); r.code != 0 || !strings.Contains(r.err, "nothing to repair") {
		t.Errorf("sound: exit %d: %s", r.code, r.err)
	}
	if r := decode[repaired](h, "check", "--repair"); r.Database == "" || r.Kept != "" || r.Posts != nil || r.Problems == nil || r.Lost == nil {
		t.Errorf("sound: %+v", r)
	}
	p := h.serve()
	if r := h.run("check", "--repair"); r.code != exitLocked || !strings.Contains(r.err, "stop it first") || !oneMessage(r.err) {
		t.Errorf("over a live daemon: exit %d: %s", r.code, r.err)
	}
	p.stop()
	db := filepath.Join(h.data, databaseName)
	// An index that a disk has cleared.
	at := strings.Index(string(whole), "p17")
	if at < 0 {
		t.Fatal("no index of names where it was expected")
	}
	clear(whole[at/4096*4096:][:4096])
	if err := os.WriteFile(db, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r := decode[repaired](h, "check", "--repair")
	kept, err := os.ReadFile(r.Kept)
	if err != nil || string(kept) != string(whole) || !strings.HasPrefix(filepath.Base(r.Kept), "syndic.db.damaged-") {
		t.Errorf("the damaged file is not kept as it was: %s (%v)", r.Kept, err)
	}
	if r.Posts == nil || *r.Posts == 0 || len(r.Problems) == 0 || r.Lost == nil || r.Held == nil || r.Mended == nil {
		t.Errorf("got %+v", r)
	}
	h.must(0, "check")
	h.data = filepath.Join(h.dir, "none")
	if r := h.run("check", "--repair"); r.code != exitNoDatabase {
		t.Errorf("without a database: exit %d: %s", r.code, r.err)
	}
}
