package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gorilla/feeds"

	"syndic/feed"
	"syndic/store"
)

// all is the store in which everything is made again.
var all = size{15_000, 300}

// plainSample is how many of its categories are made in the plain way, as that
// takes long; the figures are of one category.
const plainSample = 60

const everythingRounds = 5

// everything measures how long it takes until the heads of all feeds show a
// change, against making all of them in the plain way on as many cores.
func (b *bench) everything(ctx context.Context) error {
	progress("filling a store with %d posts in %d categories", all.posts, all.categories)
	p, err := b.newPublisher(ctx, filepath.Join(b.dir, "everything.db"), all, noHub)
	if err != nil {
		return err
	}
	defer p.close()
	records, err := p.records(ctx, plainSample)
	if err != nil {
		return err
	}
	var ours, plain []time.Duration
	for round := range everythingRounds {
		progress("everything again, round %d of %d", round+1, everythingRounds)
		took, err := p.again(ctx, fmt.Sprintf("notice-%d", round))
		if err != nil {
			return err
		}
		ours = append(ours, took)
		start := time.Now()
		if err := plainAll(records); err != nil {
			return err
		}
		plain = append(plain, time.Since(start)/plainSample)
	}
	ratio := per(median(plain), median(ours))
	b.table.head(fmt.Sprintf("Everything again: %d categories of 50 posts after a change that every head shows", all.categories),
		"syndic: durably, with a server that follows; per category, three formats",
		fmt.Sprintf("reference: JSON records, gorilla/feeds ToRss, ToAtom, ToJSON, compress/gzip 6, nothing stored; also on %d cores", runtime.NumCPU()))
	b.table.row(row{
		measure: "a category; the ratio is how many times as fast", ours: duration(median(ours)), reference: duration(median(plain)),
		ratio: times(ratio), aim: atLeast(ratio, 30, ""),
	})
	return nil
}

// again changes what the head of every feed shows and publishes; it returns the
// time for each category.
func (p *publisher) again(ctx context.Context, notice string) (time.Duration, error) {
	if err := pause(ctx, time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	before, err := p.digests(ctx, p.categories[0].Num)
	if err != nil {
		return 0, err
	}
	p.site.Copyright, p.site.Favicon = notice, "/"+notice+".png" // JSON Feed has no copyright
	start := time.Now()
	ch, err := p.scheduler.Apply(ctx, p.site)
	if err != nil {
		return 0, err
	}
	if ch.Marked < all.categories {
		return 0, fmt.Errorf("a new copyright made %d categories due, not %d", ch.Marked, all.categories)
	}
	if _, err := p.scheduler.Step(ctx, time.Now()); err != nil {
		return 0, err
	}
	took := time.Since(start) / time.Duration(ch.Marked)
	after, err := p.digests(ctx, p.categories[0].Num)
	for f := range after {
		if err == nil && after[f] == before[f] {
			err = fmt.Errorf("the %s feeds are the same after a change of the site", feed.Format(f))
		}
	}
	return took, err
}

// digests are those of a category's feeds.
func (p *publisher) digests(ctx context.Context, category uint64) (digests [len(feed.Formats)]string, err error) {
	err = p.store.View(ctx, func(r store.Reader) error {
		for _, f := range feed.Formats {
			a, err := r.Artifact(category, f)
			if err != nil {
				return err
			}
			digests[f] = a.Digest
		}
		return nil
	})
	return digests, err
}

// records are the newest posts of some categories as JSON.
func (p *publisher) records(ctx context.Context, n int) (records [][][]byte, err error) {
	for _, c := range p.categories[:n] {
		var list []feed.Post
		err := p.store.View(ctx, func(r store.Reader) (err error) {
			list, err = r.Timeline(c.Num, store.Cursor{}, 50)
			return err
		})
		if err != nil {
			return nil, err
		}
		var rows [][]byte
		for _, post := range list {
			if post.Body, err = feed.Content(post.Body, post.Markup, "http://127.0.0.1:8080/"); err != nil {
				return nil, err
			}
			row, err := json.Marshal(post)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		records = append(records, rows)
	}
	return records, nil
}

// plainAll makes every category's feeds as a program would that keeps nothing.
func plainAll(records [][][]byte) error {
	next := make(chan [][]byte, len(records))
	for _, r := range records {
		next <- r
	}
	close(next)
	errs := make([]error, runtime.NumCPU())
	var working sync.WaitGroup
	for i := range errs {
		working.Go(func() {
			for rows := range next {
				if errs[i] = plainOne(rows); errs[i] != nil {
					return
				}
			}
		})
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func plainOne(rows [][]byte) error {
	f := &feeds.Feed{Title: "Category", Link: &feeds.Link{Href: "http://127.0.0.1:8080/"}, Created: day}
	for _, row := range rows {
		var p feed.Post
		if err := json.Unmarshal(row, &p); err != nil {
			return err
		}
		f.Add(&feeds.Item{
			Id: p.ID, Title: p.Title, Link: &feeds.Link{Href: "http://127.0.0.1:8080/" + p.Slug},
			Content: p.Body, Created: p.Published, Updated: p.UpdatedAt(),
		})
	}
	for _, render := range []func() (string, error){f.ToRss, f.ToAtom, f.ToJSON} {
		whole, err := render()
		if err != nil {
			return err
		}
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, 6)
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(whole)); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return nil
}
