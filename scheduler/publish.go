package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

// attempts is how often a publication is read and rendered again when what it
// was made from has changed meanwhile, before its mark is left for later.
const attempts = 5

// laterError says that a feed had a generation this very second.
type laterError struct{ until time.Time }

// Error is one line for a log or a status.
func (e *laterError) Error() string {
	return "this feed has a generation of this second: put off to " + e.until.Format(time.TimeOnly)
}

// publish brings a category's feeds up to date: read, render, commit. Nothing
// is held while it renders; when a commit finds that the ground has moved, or
// was reported as failed, all is read again, which also finds out whether that
// commit took place.
func (s *Scheduler) publish(ctx context.Context, o order, r *report) error {
	start := time.Now()
	for try := 1; ; try++ {
		err := s.tryPublish(ctx, o, r, start)
		var refused *refusedError
		var later *laterError
		switch {
		case err == nil:
			s.logPublished(r)
			return nil
		case errors.As(err, &refused), errors.As(err, &later), !errors.Is(err, errCommit):
			return err
		case try == attempts || fatal(ctx, err):
			return err
		}
	}
}

// errCommit marks the errors of commits: after one of these it is right to
// look again.
var errCommit = errors.New("commit publication")

func (s *Scheduler) tryPublish(ctx context.Context, o order, r *report, start time.Time) error {
	e, err := s.read(ctx, r.category.Num, false)
	if err != nil {
		return wrap("read category", err)
	}
	r.note(e)
	for e.more {
		if err := s.promote(ctx, e); err != nil {
			return fmt.Errorf("%w: %w", errCommit, err)
		}
		s.beat()
		if e, err = s.read(ctx, r.category.Num, false); err != nil {
			return wrap("read category", err)
		}
	}
	if err := s.render(ctx, e, e.mark.Force); err != nil {
		return wrap("render", err)
	}
	if err := s.commit(ctx, e, o, r, start); err != nil {
		var later *laterError
		if errors.As(err, &later) {
			return later
		}
		return fmt.Errorf("%w: %w", errCommit, err)
	}
	return r.refusal()
}

// promote takes in the first of very many pending posts and leaves the feeds
// as they are. A crash after it leaves posts that are live on pages and in the
// timeline but not yet in the feeds; the mark stays, and the next step goes on
// with the rest.
func (s *Scheduler) promote(ctx context.Context, e *edition) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Fence(s.lease); err != nil {
			return err
		}
		return tx.Publish(store.Publication{Category: e.stored, Handled: e.handled, Posts: e.arriving})
	})
}

// commit stores what has changed, with the deliveries that announce it, in one
// transaction. A crash before it leaves the mark, and the step is done again;
// one after it leaves nothing to do here: readers and hubs are served from the
// rows.
func (s *Scheduler) commit(ctx context.Context, e *edition, o order, r *report, start time.Time) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		at := tx.Now().UTC()
		list, err := e.artifacts(uint64(tx.Seq()), at.Truncate(time.Second))
		if err != nil {
			return err
		}
		r.conclude(e, list, store.Run{Category: e.stored.Num, At: at, Duration: time.Since(start), Good: at})
		p := store.Publication{
			Category: e.stored, Mark: e.mark, Handled: e.handled, Posts: e.arriving,
			Fragments: e.fragments, Artifacts: list, Drop: e.retired() && e.before != [3]*feed.Artifact{},
		}
		if r.refusal() != nil {
			p.Mark = store.Mark{} // it stays until every feed is out
		}
		if err := tx.Fence(s.lease); err != nil {
			return err
		}
		if tx.Renamed() != e.renamed {
			return fmt.Errorf("%w: the name of a category", store.ErrConflict)
		}
		if p.Mark.Category != 0 || p.Drop || len(p.Handled) > 0 || len(p.Fragments) > 0 || len(p.Artifacts) > 0 {
			if err := tx.Publish(p); err != nil {
				return err
			}
		}
		if err := e.announce(tx, o, r); err != nil {
			return err
		}
		if r.refusal() != nil {
			return nil // the caller keeps how it went
		}
		return tx.PutRun(r.run)
	})
}

// artifacts are the rows that change: with a generation of their own where the
// bytes do, as they were where only headers do.
func (e *edition) artifacts(seq uint64, at time.Time) ([]feed.Artifact, error) {
	var list []feed.Artifact
	for _, f := range feed.Formats {
		if e.made[f] == nil {
			continue
		}
		a, old := *e.made[f], e.before[f]
		switch {
		case old == nil:
			a.Generation, a.Modified = seq, at
		case !e.unchanged[f] && old.Modified.Equal(at):
			return nil, &laterError{until: at.Add(time.Second)}
		case !e.unchanged[f]:
			// A clock that went back gives the previous second plus one.
			a.Generation, a.Modified = seq, latest(at, old.Modified.Add(time.Second))
		default:
			a.Generation, a.Modified = old.Generation, old.Modified
			if same(a, *old) {
				continue
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// announce makes a delivery for each feed that changed and each of its hubs,
// and forgets those of topics and hubs that are the category's no more.
func (e *edition) announce(tx store.Tx, o order, r *report) error {
	serves := map[string][]string{} // hubs by topic
	obsolete := map[string]bool{}   // topics with rows that may have to go
	for _, f := range feed.Formats {
		a, old := r.after[f], e.before[f]
		if a != nil {
			serves[a.Topic] = a.Hubs
		}
		if old != nil && (a == nil || a.Topic != old.Topic || !slices.Equal(a.Hubs, old.Hubs)) {
			obsolete[old.Topic] = true
		}
	}
	if len(obsolete) > 0 {
		err := tx.DropDeliveries(func(hub, topic string) bool {
			return !obsolete[topic] || slices.Contains(serves[topic], hub)
		})
		if err != nil {
			return err
		}
	}
	if o.quiet {
		return nil
	}
	for _, f := range feed.Formats {
		a, old := r.after[f], e.before[f]
		if a == nil || !o.force && !news(a, old) {
			continue
		}
		for _, hub := range a.Hubs {
			if err := tx.Enqueue(hub, a.Topic, a.Generation, o.force); err != nil {
				return err
			}
		}
	}
	return nil
}

// news tells whether a feed has something to announce. The first generation of
// an empty feed has not: nobody can know of it yet.
func news(a, old *feed.Artifact) bool {
	if old == nil {
		return len(a.Entries) > 0
	}
	return a.Generation != old.Generation
}

func (s *Scheduler) logPublished(r *report) {
	for _, f := range feed.Formats {
		a := r.after[f]
		if a == nil || !r.changed(f) {
			continue
		}
		s.log.Info().Str("category", r.category.Slug).Str("feed", a.Path).Uint64("generation", a.Generation).
			Str("digest", a.Digest).Int("bytes", a.Size).Int64("duration_ms", r.run.Duration.Milliseconds()).Uint64("run", r.number).
			Msg("published")
	}
}
