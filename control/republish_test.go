package control

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"syndic/feed"
	"syndic/store"
)

const hubURL = "http://hub.example.org/"

// published is a rig whose design feed is out, with a republish that says so
// and enqueues its ping.
func published(t *testing.T, status string, change ...func(*Config)) (*rig, *[]Republication) {
	var calls []Republication
	r := newRig(t, change...)
	r.mustAdd(md("a.md", "A", "text"))
	r.publish()
	cfg := r.cfg
	cfg.Republish = func(ctx context.Context, rep Republication) ([]FeedResult, error) {
		calls = append(calls, rep)
		f := FeedResult{Category: "design", Format: "rss", Status: status, URL: "http://example.org/design/rss.xml", Generation: 7}
		err := r.store.Update(ctx, func(tx store.Tx) error {
			if rep.NoPing || rep.DryRun || status != "changed" && !rep.Force {
				return nil
			}
			return tx.Enqueue(hubURL, f.URL, f.Generation, rep.Force)
		})
		return []FeedResult{f}, err
	}
	r.cfg, r.Client = cfg, Local(New(cfg))
	return r, &calls
}

func served(context.Context, string, uint64) error { return nil }

// settleLater gives the ping its outcome once somebody waits for it, or nobody
// does anything any more.
func (r *rig) settleLater(o store.Outcome) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		synctest.Wait()
		r.update(func(tx store.Tx) error {
			return tx.Settle(store.Delivery{Hub: hubURL, Topic: "http://example.org/design/rss.xml", Generation: 7, Attempt: 1, Outcome: o, Status: 202})
		})
	}()
	return done
}

func TestRepublishWaits(t *testing.T) {
	for _, c := range []struct {
		status  string
		force   bool
		outcome store.Outcome
		want    string
	}{
		{"changed", false, store.Delivered, "[delivered]"},
		{"changed", false, store.Retrying, "[retrying]"},
		{"unchanged", false, store.Delivered, "[]"},
		{"unchanged", true, store.Failed, "[failed]"},
		{"failed", false, store.Delivered, "[]"},
	} {
		t.Run(fmt.Sprint(c.status, c.force, c.outcome), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, calls := published(t, c.status, func(cfg *Config) { cfg.WaitServed = served })
				defer r.store.Close()
				settled := r.settleLater(c.outcome)
				began := time.Now()
				res, err := r.Republish(t.Context(), RepublishRequest{Categories: []string{"Design"}, Force: c.force})
				<-settled
				if err != nil || len(res) != 1 || outcomes(res[0]) != c.want || res[0].Served == (c.status == "failed") {
					t.Errorf("%+v, %v", res, err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("took %s", took)
				}
				if want := fmt.Sprint([]Republication{{Categories: []uint64{feed.SiteNum, r.num("design")}, Force: c.force}}); fmt.Sprint(*calls) != want {
					t.Errorf("called with %v, want %s", *calls, want)
				}
			})
		})
	}
}

func outcomes(f FeedResult) string {
	list := []string{}
	for _, p := range f.Pings {
		list = append(list, p.Outcome)
	}
	return fmt.Sprint(list)
}

// After the timeout the feeds are out and the ping still waits.
func TestRepublishTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := published(t, "changed", func(cfg *Config) { cfg.WaitServed = served })
		defer r.store.Close()
		began := time.Now()
		res, err := r.Republish(t.Context(), RepublishRequest{})
		if err != nil || outcomes(res[0]) != "[waiting]" || !res[0].Served || time.Since(began) != defaultTimeout {
			t.Errorf("%+v, %v after %s", res, err, time.Since(began))
		}
	})
}

func TestRepublishDoesNotWait(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		req    RepublishRequest
		pings  string
	}{
		{"no daemon", func(*Config) {}, RepublishRequest{}, "[waiting]"},
		{"no wait", func(cfg *Config) { cfg.WaitServed = served }, RepublishRequest{NoWait: true}, "[waiting]"},
		{"no ping", func(cfg *Config) { cfg.WaitServed = served }, RepublishRequest{NoPing: true}, "[]"},
		{"dry run", func(cfg *Config) { cfg.WaitServed = served }, RepublishRequest{DryRun: true}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, calls := published(t, "changed", c.change)
			res, err := r.Republish(t.Context(), c.req)
			if err != nil || outcomes(res[0]) != c.pings || len(*calls) != 1 || (*calls)[0].Categories != nil {
				t.Errorf("%+v, %v; called with %v", res, err, *calls)
			}
		})
	}
}

// A category that stays unpublished has no feeds to wait for.
func TestRepublishWaitsForWhatIsPublished(t *testing.T) {
	var waited []string
	r, _ := published(t, "unchanged", func(cfg *Config) {
		cfg.WaitServed = func(_ context.Context, topic string, _ uint64) error {
			waited = append(waited, topic)
			return nil
		}
	})
	made := r.cfg.Republish
	r.cfg.Republish = func(ctx context.Context, rep Republication) ([]FeedResult, error) {
		rows, err := made(ctx, rep)
		return append(rows, FeedResult{Category: "hidden", Format: "rss", Status: "unchanged", URL: "http://example.org/hidden/rss.xml"}), err
	}
	res, err := Local(New(r.cfg)).Republish(t.Context(), RepublishRequest{})
	if err != nil || len(res) != 2 || !res[0].Served || res[1].Served || len(waited) != 1 || waited[0] != res[0].URL {
		t.Errorf("%+v, %v; waited for %q", res, err, waited)
	}
}

func TestRepublishRefused(t *testing.T) {
	r, calls := published(t, "changed")
	_, err := r.Republish(t.Context(), RepublishRequest{Categories: []string{"Dezign"}})
	refused(t, err, "not_found", `did you mean "design"`)
	if _, err = r.Retire(t.Context(), "design"); err != nil {
		t.Fatal(err)
	}
	_, err = r.Republish(t.Context(), RepublishRequest{Categories: []string{"design"}})
	refused(t, err, "gone", "retired")
	if len(*calls) != 0 {
		t.Errorf("called with %v", *calls)
	}
	cfg := r.cfg
	cfg.Republish = func(context.Context, Republication) ([]FeedResult, error) { return nil, errors.New("it burns") }
	_, err = Local(New(cfg)).Republish(t.Context(), RepublishRequest{})
	refused(t, err, "internal", "it burns")
	cfg.Republish = nil
	_, err = Local(New(cfg)).Republish(t.Context(), RepublishRequest{})
	refused(t, err, "unavailable")
}

func TestHubs(t *testing.T) {
	r, _ := published(t, "changed")
	list, err := r.Hubs(t.Context())
	if err != nil || len(list) != 1 || list[0] != (HubInfo{Hub: hubURL}) {
		t.Errorf("configured, without a row: %+v, %v", list, err)
	}
	pings, err := r.Ping(t.Context(), "design")
	if err != nil || len(pings) != 1 || pings[0].Outcome != "waiting" || pings[0].Topic != "http://example.org/design/rss.xml" || pings[0].Generation == 0 || pings[0].Next == nil {
		t.Fatalf("%+v, %v", pings, err)
	}
	gen := pings[0].Generation
	r.update(func(tx store.Tx) error {
		return tx.Settle(store.Delivery{Hub: hubURL, Topic: pings[0].Topic, Generation: gen, Attempt: 1, Outcome: store.Failed, Status: 404, Error: "no such topic"})
	})
	list, err = r.Hubs(t.Context())
	if err != nil || len(list) != 1 || list[0].Failed != 1 || list[0].Error != "no such topic" || list[0].Last == nil || list[0].Oldest != nil || list[0].Topics != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	lines, err := r.HubLog(t.Context(), 0)
	if err != nil || len(lines) != 1 || lines[0].Outcome != "failed" || lines[0].Status != 404 || lines[0].At == nil || lines[0].Next != nil {
		t.Errorf("%+v, %v", lines, err)
	}
	_, err = r.Retry(t.Context(), "http://hub.example.com/")
	refused(t, err, "not_found", hubURL)
	if pings, err = r.Retry(t.Context(), hubURL); err != nil || len(pings) != 1 || pings[0].Outcome != "waiting" || pings[0].Generation != gen {
		t.Errorf("%+v, %v", pings, err)
	}
	seq := r.seq()
	if pings, err = r.Retry(t.Context(), ""); err != nil || len(pings) != 0 || r.seq() != seq {
		t.Errorf("nothing failed: %+v, %v", pings, err)
	}
	if list, err = r.Hubs(t.Context()); err != nil || list[0].Waiting != 1 || list[0].Oldest == nil {
		t.Errorf("%+v, %v", list, err)
	}
	r.update(func(tx store.Tx) error {
		return tx.Settle(store.Delivery{Hub: hubURL, Topic: "http://example.org/design/rss.xml", Generation: gen, Note: "waiting: it is older there"})
	})
	if list, err = r.Hubs(t.Context()); err != nil || list[0].Waiting != 1 || list[0].Note != "waiting: it is older there" {
		t.Errorf("%+v, %v", list, err)
	}
	if lines, err = r.HubLog(t.Context(), 1); err != nil || len(lines) != 1 || lines[0].Outcome != "waiting" || lines[0].Note != list[0].Note {
		t.Errorf("%+v, %v", lines, err)
	}
}

// A ping without an outcome is retried when its hub is left alone, which it
// would wait for.
func TestRetryOfWhatIsHeld(t *testing.T) {
	r, _ := published(t, "changed")
	pings, err := r.Ping(t.Context(), "design")
	if err != nil || len(pings) != 1 {
		t.Fatalf("%+v, %v", pings, err)
	}
	r.update(func(tx store.Tx) error {
		d, err := tx.Delivery(hubURL, pings[0].Topic)
		d.Outcome, d.Held = store.Retrying, tx.Now().Add(time.Hour)
		return errors.Join(err, tx.Settle(d), tx.Enqueue(hubURL, d.Topic, d.Generation+1, false))
	})
	if pings, err = r.Retry(t.Context(), ""); err != nil || len(pings) != 1 || pings[0].Outcome != "waiting" {
		t.Errorf("%+v, %v", pings, err)
	}
	r.view(func(rd store.Reader) error {
		d, err := rd.Delivery(hubURL, pings[0].Topic)
		if d.Asked.IsZero() || !d.Held.IsZero() {
			t.Errorf("row is %+v", d)
		}
		return err
	})
}

func TestPingRefused(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site.Hubs = nil })
	r.mustAdd(md("a.md", "A", "text"))
	_, err := r.Ping(t.Context(), "design")
	refused(t, err, "conflict", "syndic republish design")
	r.publish()
	_, err = r.Ping(t.Context(), "design")
	refused(t, err, "invalid", "no hubs")
}

func TestStatus(t *testing.T) {
	started := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r, _ := published(t, "changed", func(c *Config) {
		c.Site.Authority = "localhost"
		c.Daemon, c.Started, c.Ready = true, started, func() bool { return false }
		c.Schedules = func(context.Context) ([]ScheduleInfo, error) { return []ScheduleInfo{{Category: "design"}}, nil }
	})
	r.mustAdd(md("b.md", "B", ""))
	r.mustAdd(md("c.md", "C", "", draft))
	r.mustAdd(md("d.md", "D", "", dated(ahead)))
	if _, err := r.Ping(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	r.update(func(tx store.Tx) error {
		if err := tx.PutRun(store.Run{Category: feed.SiteNum, At: tx.Now(), Error: "it burns"}); err != nil {
			return err
		}
		return tx.Settle(store.Delivery{Hub: hubURL, Topic: "http://example.org/rss.xml", Generation: 99, Outcome: store.Failed})
	})
	s, err := r.Status(t.Context())
	if err != nil || s.Version != "1.2.3" || s.Data != "/data" || s.URL != "http://example.org/" || s.PID == 0 || s.Started == nil || !s.Started.Equal(started) || s.Ready || s.Seq == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if fmt.Sprint(s.Posts) != "map[draft:1 published:1 queued:1 scheduled:1]" || s.PostsAtLeast || s.Categories != 1 || s.Feeds != 2 || s.Dirty != 2 || s.PingsFailed != 1 || s.PingsWaiting != 0 {
		t.Errorf("%+v", s)
	}
	if s.NextDue == nil || s.NextDue.Year() == 2998 {
		t.Errorf("next due %v", s.NextDue)
	}
	if len(s.Problems) != 4 {
		t.Fatalf("problems %q", s.Problems)
	}
	for i, word := range []string{"site.authority", "it burns", "syndic hub log", "not served yet"} {
		says(t, s.Problems[i], word)
	}
	if list, err := r.Schedules(t.Context()); err != nil || len(list) != 1 || list[0].Category != "design" {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = newRig(t).Schedules(t.Context())
	refused(t, err, "unavailable")
}

// An empty store has a status.
func TestStatusOfNothing(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Site = feed.Site{} })
	s, err := r.Status(t.Context())
	if err != nil || s.Daemon || s.PID != 0 || s.Started != nil || s.NextDue != nil || len(s.Posts) != 0 || len(s.Problems) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
