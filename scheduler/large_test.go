package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// No feed has more than MaxBytes, whatever its posts and its window are.
func TestNoFeedIsTooLarge(t *testing.T) {
	just := feed.MaxContent - len("<p></p>")
	quotes := strings.Repeat(`"`, just) // JSON writes each as two
	for _, c := range []struct {
		name   string
		bodies []string // newest first
		want   int      // entries
	}{
		{"five of just under the limit", slices.Repeat([]string{strings.Repeat("m", just)}, 5), 2},
		{"five of just over the limit", slices.Repeat([]string{strings.Repeat("m", just+1)}, 5), 5},
		{"one as large as a post may be", []string{strings.Repeat("much ", 1_000_000), "Text.", "Text."}, 3},
		{"such a one between others", []string{"Text.", strings.Repeat("much ", 1_000_000), "Text.", "Text."}, 4},
		{"quotes", []string{quotes, quotes, "Text."}, 1},
	} {
		for _, hours := range []int{0, 48} {
			t.Run(fmt.Sprintf("%s, %d hours", c.name, hours), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					site := siteWith("@change")
					site.Window = feed.Window{Posts: 500, Hours: hours}
					if hours > 0 {
						site.Window.Posts = 1
					}
					w := newWorld(t, site, nil)
					for i, body := range c.bodies {
						w.add(func(p *feed.Post) {
							p.Body, p.Markup, p.Published = body, feed.Markdown, start.Add(-time.Duration(i)*time.Minute)
						}, store.PutOptions{}, "design")
					}
					w.step()
					for _, slug := range []string{"design", ""} {
						for _, a := range w.artifacts(slug) {
							if size := len(w.bytes(a)); size > feed.MaxBytes || len(a.Entries) != c.want {
								t.Errorf("%s has %d entries and %d bytes, want %d", a.Path, len(a.Entries), size, c.want)
							}
						}
					}
				})
			})
		}
	}
}

// What stands around the entries counts: a feed may have MaxBytes, and not one
// byte more.
func TestFeedSizeIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		var last feed.Post
		for i, size := range []int{990_000, 990_000, 1_000} {
			last = w.add(func(p *feed.Post) {
				p.Body, p.Published = strings.Repeat("m", size), start.Add(-time.Duration(i)*time.Hour)
			}, store.PutOptions{}, "design")
		}
		w.clean()
		largest := func() (size, entries int) {
			for _, a := range w.artifacts("design") {
				size, entries = max(size, len(w.bytes(a))), len(a.Entries)
			}
			return size, entries
		}
		size, _ := largest()
		body := last.Body + strings.Repeat("m", feed.MaxBytes-size)
		for _, c := range []struct {
			body string
			want int
		}{{body, 3}, {body + "m", 2}} {
			w.edit(last.Num, store.PutOptions{}, func(p *feed.Post) { p.Body = c.body })
			w.step()
			size, entries := largest()
			if entries != c.want || c.want == 3 && size != feed.MaxBytes {
				t.Errorf("%d entries with %d bytes, want %d entries", entries, size, c.want)
			}
			<-time.After(time.Second)
		}
	})
}

// A post that is too large for a feed takes no other's place in it, neither as
// the newest nor among the others.
func TestLargePostPushesNobodyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, siteWith("@change"), nil)
		var titles []string
		for i := range 10 {
			p := w.add(func(p *feed.Post) { p.Published = start.Add(-time.Duration(i) * time.Hour) }, store.PutOptions{}, "design")
			titles = append(titles, p.Title)
		}
		w.clean()
		large := w.add(func(p *feed.Post) {
			p.Body, p.Published = strings.Repeat("much ", feed.MaxBytes/4), start
		}, store.PutOptions{}, "design")
		w.step()
		w.wantTitles("design", slices.Insert(slices.Clone(titles), 0, large.Title)...)
		<-time.After(time.Second)
		w.edit(large.Num, store.PutOptions{}, func(p *feed.Post) { p.Published = start.Add(-5*time.Hour - time.Minute) })
		w.step()
		w.wantTitles("design", slices.Insert(slices.Clone(titles), 6, large.Title)...)
	})
}

// Feeds that an earlier renderer made are rendered again at a start. Those of
// posts that look as before stay what they are to readers and hubs.
func TestRendererChangesOnlyLargePosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := siteWith("@change")
		site.Hubs = []string{"http://hub.example/"}
		w := newWorld(t, site, nil)
		w.add(nil, store.PutOptions{}, "code")
		w.add(nil, store.PutOptions{}, "design")
		large := w.add(func(p *feed.Post) {
			p.Body = strings.Repeat("much ", feed.MaxBytes/4)
		}, store.PutOptions{}, "design")
		w.clean()
		for _, slug := range []string{"", "code", "design"} {
			w.outdate(slug, large.Num)
		}
		before := map[string][]feed.Artifact{"code": w.artifacts("code"), "design": w.artifacts("design")}
		if ch := w.apply(site); ch.Marked != 3 {
			t.Errorf("%d categories are due after a change of the renderer, want 3", ch.Marked)
		}
		w.step()
		for slug, list := range before {
			for i, a := range w.artifacts(slug) {
				old := list[i]
				same := a.Generation == old.Generation && a.Modified.Equal(old.Modified) && a.Digest == old.Digest
				if same != (slug == "code") || a.EntryFingerprint != feed.EntryFingerprint(w.site()) {
					t.Errorf("%s went from generation %d, %v to %d, %v", a.Path, old.Generation, old.Modified, a.Generation, a.Modified)
				}
				if whole := w.bytes(a); len(whole) > 10_000 {
					t.Errorf("%s has %d bytes", a.Path, len(whole))
				}
			}
		}
		if n := w.waiting(); n != 6 {
			t.Errorf("%d pings, want those of the two categories with the large post", n)
		}
	})
}

// outdate makes a category's feeds those of an earlier renderer, in which one
// post has its whole content.
func (w *world) outdate(slug string, large uint64) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		c, err := tx.CategoryBySlug(slug)
		if err != nil {
			return err
		}
		list, err := tx.Artifacts(c.Num)
		if err != nil {
			return err
		}
		p := store.Publication{Category: c}
		for _, a := range list {
			a.Fingerprint, a.EntryFingerprint = "earlier", "earlier"
			a.Entries, a.Sums = slices.Clone(a.Entries), slices.Clone(a.Sums)
			for i, key := range a.Entries {
				data, err := tx.Fragment(key)
				if err != nil {
					return err
				}
				data = slices.Clone(data)
				if key.Post == large {
					data = append(data, strings.Repeat(" ", feed.MaxBytes)...)
				}
				key.Variant[0]++
				a.Entries[i], a.Sums[i] = key, feed.SumOf(data)
				p.Fragments = append(p.Fragments, feed.Fragment{Key: key, Data: data})
			}
			a.Digest, a.Size = feed.DigestParts(a.Format, a.Head, a.Sums, a.Tail)
			p.Artifacts = append(p.Artifacts, a)
		}
		return tx.Publish(p)
	})
}

func (w *world) site() (site feed.Site) {
	w.t.Helper()
	w.view(func(r store.Reader) (err error) {
		site, err = r.Site()
		return err
	})
	return site
}
