package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"syndic/control"
	"syndic/scheduler"
	"syndic/store/bolt"
)

// nameTime is how a backup's name tells when it was made, in UTC.
const nameTime = "20060102T150405Z"

// backupName is the name of a backup that the rota made. It never touches a
// file of another name.
var backupName = pattern(`^syndic-([0-9]{8}T[0-9]{6}Z)\.db$`)

// glance is how often the rota looks at the clock, which may jump.
const glance = time.Minute

// rota makes backups on a schedule and keeps the newest ones. Their files are
// the only record: a slot that passed while the daemon was down is due at its
// start.
type rota struct {
	copy    func(ctx context.Context, path string) error // a snapshot to a new file
	inspect func(ctx context.Context, path string) error // whether a file is a sound database
	log     zerolog.Logger
	changed chan struct{} // holds one: there is another plan

	mu    sync.Mutex
	plan  plan
	tried time.Time // of the latest attempt in this process
	err   error     // of that attempt
}

// plan is when backups are made, and where.
type plan struct {
	spec     string
	schedule scheduler.Schedule
	dir      string
	keep     int
}

// planOf reads the plan in a checked configuration; nil for none.
func planOf(c Config, p places) *plan {
	if c.Backup.Schedule == "" {
		return nil
	}
	loc, err := time.LoadLocation(c.Site.TimeZone)
	if err != nil {
		loc = time.UTC // refused before
	}
	s, err := scheduler.Parse(c.Backup.Schedule, loc)
	if err != nil {
		return nil // refused before
	}
	dir := cmp.Or(c.Backup.Directory, "backups")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.data, dir)
	}
	return &plan{spec: c.Backup.Schedule, schedule: s, dir: dir, keep: c.Backup.Keep}
}

// follow changes the plan while the rota runs; nil stops it from making any.
func (r *rota) follow(p *plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan = plan{}
	if p != nil {
		r.plan = *p
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// run makes backups until ctx ends. One that fails is logged, shown in status,
// and tried again at the next slot.
func (r *rota) run(ctx context.Context) error {
	for ctx.Err() == nil {
		p, next := r.next(time.Now())
		if !next.IsZero() && !next.After(time.Now()) {
			r.attempt(ctx, p)
			continue
		}
		timer := time.NewTimer(glance)
		if !next.IsZero() {
			timer.Reset(min(glance, time.Until(next)))
		}
		select {
		case <-timer.C:
		case <-r.changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// next is when the next backup is due, zero without a plan: at the slot after
// the newest one, or after the latest attempt; at once where there is none.
func (r *rota) next(now time.Time) (plan, time.Time) {
	r.mu.Lock()
	p, last := r.plan, r.tried
	r.mu.Unlock()
	if p.spec == "" {
		return p, time.Time{}
	}
	for _, at := range p.made() {
		// A clock that went back must not end all backups.
		if at.After(last) && !at.After(now) {
			last = at
		}
	}
	if last.IsZero() || last.After(now) {
		return p, now
	}
	return p, p.schedule.Next(last)
}

// made lists when the backups that are there were made, the newest first.
func (p plan) made() []time.Time {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil // the attempt says why
	}
	var all []time.Time
	for _, e := range entries {
		m := backupName().FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		if at, err := time.Parse(nameTime, m[1]); err == nil {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	return all
}

func (p plan) file(at time.Time) string {
	return filepath.Join(p.dir, "syndic-"+at.UTC().Format(nameTime)+".db")
}

// attempt makes one backup and tells how that went.
func (r *rota) attempt(ctx context.Context, p plan) {
	began := time.Now()
	file := p.file(began)
	err := r.make(ctx, p, file)
	if ctx.Err() != nil {
		return // it is due again at the next start
	}
	if err == nil {
		err = p.prune()
	}
	r.mu.Lock()
	r.tried, r.err = began, err
	r.mu.Unlock()
	log := r.log.Info()
	if err != nil {
		log = r.log.Error().Err(err)
	}
	log.Str("component", "backup").Str("file", file).Int64("duration_ms", time.Since(began).Milliseconds()).Msg(backupSaid[err == nil])
}

var backupSaid = map[bool]string{true: "backed up", false: "the backup failed, the older ones are kept"}

// make copies the store and looks at the copy before it counts as a backup:
// copies of a damaged database must not push the good ones out. A crash leaves
// a file whose name begins with a dot, which the next attempt removes.
func (r *rota) make(ctx context.Context, p plan, file string) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of backups: %w", err)
	}
	if err := clearParts(p.dir); err != nil {
		return fmt.Errorf("clear the directory of backups: %w", err)
	}
	part, err := partName(p.dir)
	if err != nil {
		return err
	}
	if err := r.copy(ctx, part); err != nil {
		return err
	}
	err = r.inspect(ctx, part)
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return bolt.SyncDir(p.dir)
}

// prune removes the oldest of its backups.
func (p plan) prune() error {
	made := p.made()
	if len(made) <= p.keep {
		return nil
	}
	var all []error
	for _, at := range made[p.keep:] {
		if err := os.Remove(p.file(at)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, fmt.Errorf("remove an old backup: %w", err))
		}
	}
	return errors.Join(all...)
}

// info is the rota at a glance; nil without a plan.
func (r *rota) info() *control.BackupInfo {
	p, next := r.next(time.Now())
	if p.spec == "" {
		return nil
	}
	made := p.made()
	info := &control.BackupInfo{Directory: p.dir, Kept: len(made), Next: &next}
	if len(made) > 0 {
		info.Last = &made[0]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		info.Error = r.err.Error()
	}
	return info
}
