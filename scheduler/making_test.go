package scheduler

import (
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

// Entries are linted early where posts are few, and when they are asked about
// where they are many: with the same outcome, each for its own bytes.
func TestLintedEarlyOrLate(t *testing.T) {
	for _, posts := range []int{1, soon, soon + 1} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			early, late := 0, 0
			w := newWorld(t, siteWith("@change"), func(c *Config) {
				c.Check = func(_ feed.Category, p Part) error {
					mu.Lock()
					defer mu.Unlock()
					for i, entry := range p.Entries {
						if p.verdicts[i] != nil {
							early++
						} else {
							late++
						}
						found, facts := p.Lint(i)
						wantFound, wantFacts := feed.LintEntry(p.Format, entry)
						if !reflect.DeepEqual(found, wantFound) || !reflect.DeepEqual(facts, wantFacts) || facts.ID == "" {
							t.Errorf("%s: %+v and %+v, want %+v and %+v", p.Topic, found, facts, wantFound, wantFacts)
						}
					}
					return nil
				}
			}).clean()
			for range posts {
				w.add(func(p *feed.Post) { p.Title = "" }, store.PutOptions{Due: time.Now()}, "design")
			}
			w.step()
			if posts <= soon && late > 0 || posts > soon && early > 0 || early+late == 0 {
				t.Errorf("of %d posts, %d entries were linted early and %d late", posts, early, late)
			}
		})
	}
}
