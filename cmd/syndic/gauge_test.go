package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/store"
	"syndic/store/bolt"
	"syndic/store/storetest"
)

// A hub that is down shows however often its feeds change, and however often
// somebody tries again by hand.
func TestOldestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hub, topic = "https://hub.example/", "https://example.org/rss.xml"
		st := storetest.MustOpen(t, func(path string) (store.Store, error) {
			return bolt.Open(path, bolt.Options{Create: true})
		})
		client := control.Local(control.New(control.Config{Store: st, Site: feed.Site{}}))
		update := func(fn func(store.Tx) error) {
			t.Helper()
			if err := st.Update(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		settle := func(outcome store.Outcome) {
			t.Helper()
			update(func(tx store.Tx) error {
				d, err := tx.Delivery(hub, topic)
				d.Outcome, d.Next = outcome, tx.Now().Add(time.Hour)
				return errors.Join(err, tx.Settle(d))
			})
		}
		began := time.Now()
		for generation := range uint64(8) {
			update(func(tx store.Tx) error { return tx.Enqueue(hub, topic, generation+1, false) })
			<-time.After(15 * time.Minute)
			settle(store.Retrying)
			if _, err := client.Retry(t.Context(), hub); err != nil {
				t.Fatal(err)
			}
		}
		if got := oldestPing(t, st, hub); got != 2*3600 {
			t.Errorf("the oldest ping waits for %v s", got)
		}
		if list, err := client.Hubs(t.Context()); err != nil || len(list) != 1 || list[0].Oldest == nil || !list[0].Oldest.Equal(began) {
			t.Errorf("hubs are %+v (%v), want one that waits since %s", list, err, began)
		}
		settle(store.Delivered)
		update(func(tx store.Tx) error { return tx.Enqueue(hub, topic, 9, false) })
		<-time.After(time.Minute)
		if got := oldestPing(t, st, hub); got != 60 {
			t.Errorf("after a success the oldest ping waits for %v s", got)
		}
	})
}

// oldestPing is the hub's syndic_outbox_oldest_seconds.
func oldestPing(t *testing.T, st store.Store, hub string) float64 {
	t.Helper()
	m := newMetrics()
	m.registry.MustRegister(newRows(st, m))
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "syndic_outbox_oldest_seconds" && metric.GetLabel()[0].GetValue() == hub {
				return metric.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no figure for %s", hub)
	return 0
}
