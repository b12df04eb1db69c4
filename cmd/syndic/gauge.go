package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"syndic/control"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/websub"
)

// scrapeTime is how long a look into the store for the metrics may take.
const scrapeTime = 5 * time.Second

// rows shows what waits in the store, as it is when somebody asks.
type rows struct {
	store store.Store
	hub   func(url string) string // its label

	pings, oldest, overdue *prometheus.Desc
}

func newRows(st store.Store, m *metrics) *rows {
	return &rows{
		store: st, hub: func(url string) string { return m.hub(websub.Redact(url)) },
		pings: prometheus.NewDesc("syndic_outbox_pings", "Pings in the outbox by hub and state: waiting, retrying, failed (for good).",
			[]string{"hub", "state"}, nil),
		oldest: prometheus.NewDesc("syndic_outbox_oldest_seconds", "How long the hub has not been told of a change, by hub: of the oldest ping that is not settled, whatever newer one took its place; 0 for none.",
			[]string{"hub"}, nil),
		overdue: prometheus.NewDesc("syndic_publication_overdue_seconds", "How long ago the earliest publication was due that is not out; 0 for none.",
			nil, nil),
	}
}

// Describe tells the registry what there will be.
func (r *rows) Describe(to chan<- *prometheus.Desc) { to <- r.pings; to <- r.oldest; to <- r.overdue }

// Collect reads the rows. When it cannot, the scrape lacks them.
func (r *rows) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	var all []store.Delivery
	var due time.Time
	err := r.store.View(ctx, func(rd store.Reader) (err error) {
		due = rd.NextMark()
		all, err = rd.Deliveries("")
		return err
	})
	if err != nil {
		return // the store's own log and /readyz say so
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now := time.Now()
	gauge(r.overdue, age(due, now))
	for hub, q := range r.queues(all, now) {
		for state, n := range q.states {
			gauge(r.pings, n, hub, state)
		}
		gauge(r.oldest, q.oldest, hub)
	}
}

// queue is what waits for one hub.
type queue struct {
	states map[string]float64
	oldest float64 // seconds
}

func (r *rows) queues(all []store.Delivery, now time.Time) map[string]*queue {
	queues, names := map[string]*queue{}, map[string]string{}
	for _, d := range all {
		name, known := names[d.Hub]
		if !known {
			name = r.hub(d.Hub)
			names[d.Hub] = name
		}
		q := queues[name]
		if q == nil {
			q = &queue{states: map[string]float64{"waiting": 0, string(store.Retrying): 0, string(store.Failed): 0}}
			queues[name] = q
		}
		switch d.Outcome {
		case store.Waiting:
			q.states["waiting"]++
		case store.Retrying, store.Failed:
			q.states[string(d.Outcome)]++
		}
		if d.Outcome == store.Waiting || d.Outcome == store.Retrying {
			q.oldest = max(q.oldest, age(d.Since, now))
		}
	}
	return queues
}

// age is how many seconds ago a time was; 0 for none, and for one to come.
func age(t, now time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(now.Sub(t).Seconds(), 0)
}

// file shows the state of the database file.
type file struct {
	stats func() (bolt.Stats, error)

	bytes, free, pending, room, open, views *prometheus.Desc
}

func newFile(stats func() (bolt.Stats, error)) *file {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &file{
		stats:   stats,
		bytes:   desc("syndic_store_size_bytes", "Size of the database file."),
		free:    desc("syndic_store_free_bytes", "Of the database file, what holds nothing and is used next; syndic compact gives it back."),
		pending: desc("syndic_store_pending_bytes", "Of the database file, what was freed but may still be read by an open transaction."),
		room:    desc("syndic_store_disk_free_bytes", "Free space where the database file lies."),
		open:    desc("syndic_store_open_views", "Read transactions that run."),
		views:   desc("syndic_store_views_total", "Read transactions since the database was opened or compacted."),
	}
}

// Describe tells the registry what there will be.
func (f *file) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.bytes, f.free, f.pending, f.room, f.open, f.views} {
		to <- d
	}
}

// Collect asks the store. When it cannot answer, the scrape lacks its figures.
func (f *file) Collect(to chan<- prometheus.Metric) {
	s, err := f.stats()
	if err != nil {
		return // it is closed, or broken and has said so
	}
	page := float64(s.PageSize)
	for d, value := range map[*prometheus.Desc]float64{
		f.bytes: float64(s.Bytes), f.free: float64(s.Free) * page, f.pending: float64(s.Pending) * page,
		f.room: float64(s.Room), f.open: float64(s.Open),
	} {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	to <- prometheus.MustNewConstMetric(f.views, prometheus.CounterValue, float64(s.Views))
}

// backups shows what there is to restore from, while a schedule makes any.
type backups struct {
	info func() *control.BackupInfo

	last, next, kept, failing *prometheus.Desc
}

func newBackups(info func() *control.BackupInfo) *backups {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &backups{
		info:    info,
		last:    desc("syndic_backup_last_success_timestamp_seconds", "When the newest scheduled backup was made; 0 for none."),
		next:    desc("syndic_backup_next_timestamp_seconds", "When the next scheduled backup is due."),
		kept:    desc("syndic_backups_kept", "Scheduled backups that there are."),
		failing: desc("syndic_backup_failing", "1 when the latest scheduled backup failed, else 0."),
	}
}

// Describe tells the registry what there will be.
func (b *backups) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.last, b.next, b.kept, b.failing} {
		to <- d
	}
}

// Collect reads the directory of backups.
func (b *backups) Collect(to chan<- prometheus.Metric) {
	info := b.info()
	if info == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	last, next, failing := 0.0, 0.0, 0.0
	if info.Last != nil {
		last = float64(info.Last.Unix())
	}
	if info.Next != nil {
		next = float64(info.Next.Unix())
	}
	if info.Error != "" {
		failing = 1
	}
	gauge(b.last, last)
	gauge(b.next, next)
	gauge(b.kept, float64(info.Kept))
	gauge(b.failing, failing)
}
