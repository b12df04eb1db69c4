package main

import (
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/scheduler"
	"syndic/store"
)

func judged(t *testing.T, f feed.Format) (feed.Category, []byte) {
	t.Helper()
	site := feed.Site{Title: "Looms", URL: "https://looms.example/", Language: "en", Author: feed.Person{Name: "Author", Email: "author@looms.example"}}
	c := site.Effective(feed.Category{
		Num: 7, ID: "tag:looms.example,2026:category/warp", Slug: "warp", Title: "Warp", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	b, err := feed.Render(c, nil, f)
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

// part is a feed's frame at the category's place, with new entries.
func part(c feed.Category, f feed.Format, frame []byte, entries ...[]byte) scheduler.Part {
	return scheduler.Part{Format: f, Topic: c.Site.Topic(c, f), Head: frame, Entries: entries}
}

// A new entry is judged alone, and named when it is refused.
func TestJudgeEntries(t *testing.T) {
	for _, f := range feed.Formats {
		c, b := judged(t, f)
		p := feed.Post{Num: 1, ID: "tag:looms.example,2026:shed", Slug: "shed", Title: "Shed", Body: "Text.", Markup: feed.Markdown, Published: c.Created, Revision: 1}
		good, err := feed.RenderEntry(c.Site, p, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkFeed(c, part(c, f, b, good, good[:0:0])); err == nil {
			t.Errorf("%s: nothing was taken for an entry", f)
		}
		if err := checkFeed(c, part(c, f, b, good)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		bad := []byte(strings.NewReplacer("pubDate>", "pubdate>", "updated>", "update>", `"id"`, `"_id"`).Replace(string(good)))
		if err := checkFeed(c, part(c, f, b, good, bad)); err == nil || !strings.HasPrefix(err.Error(), "entry ") {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestJudgeRefusesErrorsOnly(t *testing.T) {
	for _, f := range feed.Formats {
		c, b := judged(t, f)
		if err := checkFeed(c, part(c, f, b)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if len(feed.Lint(f, []byte(strings.Replace(string(b), "Warp", "<b>Warp</b>", 1)))) == 0 {
			t.Fatalf("%s: nothing to find", f)
		}
		c.Slug = "weft" // it says that it is somewhere else
		err := checkFeed(c, part(c, f, b))
		if err == nil || !strings.HasPrefix(err.Error(), "self-differs") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", f, err)
		}
	}
	c, b := judged(t, feed.JSON)
	b = []byte(strings.NewReplacer(`"Warp"`, `"<b>Warp</b>"`).Replace(string(b)))
	if err := checkFeed(c, part(c, feed.JSON, b)); err != nil {
		t.Errorf("a warning refuses a feed: %v", err)
	}
	b = []byte(strings.NewReplacer(`"version"`, `"_version"`, `"items"`, `"_items"`, `"title"`, `"_title"`).Replace(string(b)))
	if err := checkFeed(c, part(c, feed.JSON, b)); err == nil || !strings.HasSuffix(err.Error(), "(and 2 errors more)") {
		t.Errorf("three errors: %v", err)
	}
}

func TestJudgeCounts(t *testing.T) {
	j := newJudge()
	want := func(when string, rss, atom, json float64) {
		t.Helper()
		if a, b, c := j.count(feed.RSS), j.count(feed.Atom), j.count(feed.JSON); a != rss || b != atom || c != json {
			t.Errorf("%s: %v, %v, %v", when, a, b, c)
		}
	}
	check := func(num uint64, f feed.Format, bad bool) {
		c, b := judged(t, f)
		if c.Num = num; bad {
			b = b[:len(b)/2]
		}
		if err := j.check(c, part(c, f, b)); (err != nil) != bad {
			t.Errorf("%s: %v", f, err)
		}
	}
	check(7, feed.RSS, false)
	check(7, feed.Atom, true)
	want("before it is concluded", 0, 0, 0)
	j.published(store.Run{Category: 7, Error: "refused"})
	want("one feed", 0, 1, 0)
	check(8, feed.Atom, true)
	check(8, feed.JSON, true)
	j.published(store.Run{Category: 8, Error: "refused"})
	want("two categories", 0, 2, 1)
	j.published(store.Run{Category: 8, Error: "the disk is full"})
	want("another failure", 0, 1, 0)
	check(7, feed.Atom, true)
	check(7, feed.Atom, false)
	j.published(store.Run{Category: 7})
	want("all is well", 0, 0, 0)
	check(7, feed.Atom, true)
	j.published(store.Run{Category: 7})
	want("what is out already was not checked again", 0, 0, 0)
}
