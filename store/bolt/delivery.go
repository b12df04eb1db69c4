package bolt

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"syndic/store"
)

// Delivery is one row of the outbox.
func (r *reader) Delivery(hub, topic string) (store.Delivery, error) {
	data, err := r.find(inDelivery, deliveryKey(hub, topic))
	if err != nil {
		return store.Delivery{}, fmt.Errorf("read delivery of %s to %s: %w", topic, hub, err)
	}
	return readDelivery(data)
}

func readDelivery(data []byte) (store.Delivery, error) {
	if rec, scanned := scanDelivery(data); scanned {
		return rec.delivery(), nil
	}
	var rec deliveryRecord
	if err := decode(data, &rec); err != nil {
		return store.Delivery{}, fmt.Errorf("read delivery: %w", err)
	}
	return rec.delivery(), nil
}

// Deliveries lists the outbox by hub and topic.
func (r *reader) Deliveries(hub string) ([]store.Delivery, error) {
	var prefix []byte
	if hub != "" {
		prefix = deliveryKey(hub, "")
	}
	var list []store.Delivery
	for _, v := range r.rows(inDelivery, prefix, nil) {
		d, err := readDelivery(v)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, r.fault
}

// due tells whether an outcome leaves the delivery to be tried.
func due(o store.Outcome) bool { return o == store.Waiting || o == store.Retrying }

// putDelivery writes a row in place of old, whose zero value is no row.
func (t *tx) putDelivery(old, d store.Delivery) error {
	data, err := encodeDelivery(recordOf(d))
	if err != nil {
		return fmt.Errorf("put delivery of %s to %s: %w", d.Topic, d.Hub, err)
	}
	t.put(inDelivery, deliveryKey(d.Hub, d.Topic), data)
	if due(old.Outcome) && due(d.Outcome) && old.Hub != "" && old.Next.Equal(d.Next) {
		return t.fault // its row stays
	}
	t.dropDue(old)
	if due(d.Outcome) {
		t.put(inDueDelivery, dueDeliveryKey(d.Hub, d.Topic, d.Next), nil)
	}
	return t.fault
}

func (t *tx) dropDue(d store.Delivery) {
	if d.Hub != "" && due(d.Outcome) {
		t.drop(inDueDelivery, dueDeliveryKey(d.Hub, d.Topic, d.Next))
	}
}

// Enqueue makes a delivery due now.
func (t *tx) Enqueue(hub, topic string, generation uint64, force bool) error {
	if hub == "" || topic == "" || strings.Contains(hub+topic, "\x00") {
		return fmt.Errorf("enqueue %q to %q: not a topic and a hub", topic, hub)
	}
	old, err := t.Delivery(hub, topic)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case generation <= old.Generation && !force:
		return t.fault
	}
	d := store.Delivery{
		Hub: hub, Topic: topic, Generation: max(generation, old.Generation), Next: t.now, First: t.now, Since: t.now,
	}
	if old.Hub != "" && old.Outcome == store.Waiting {
		d.Asked = old.Asked
		if old.Next.Before(d.Next) {
			d.Next = old.Next // it has its place in the queue, and keeps it
		}
	}
	if old.Hub != "" && old.Outcome != store.Delivered {
		d.Since, d.Held = old.Since, old.Held
	}
	if force {
		d.Held, d.Asked = time.Time{}, t.now
	}
	return t.putDelivery(old, d)
}

// Claim leases the hub's deliveries that are due. One that is leased is passed
// over until its lease has run out.
func (t *tx) Claim(hub string, now, leaseUntil time.Time, limit int) ([]store.Delivery, error) {
	var list []store.Delivery
	prefix := []byte(hub + "\x00")
	for k := range t.rows(inDueDelivery, prefix, nil) {
		if len(list) >= limit || instant(rest(k, len(prefix))).After(now) {
			break
		}
		topic := string(rest(k, len(prefix)+12))
		if t.leases[string(deliveryKey(hub, topic))].until.After(now) {
			continue
		}
		d, err := t.Delivery(hub, topic)
		if err != nil {
			return nil, fmt.Errorf("claim for %s: %w", hub, err)
		}
		list = append(list, d)
	}
	if len(list) > 0 {
		t.lend(func(leases map[string]lease) {
			for _, d := range list {
				leases[string(deliveryKey(d.Hub, d.Topic))] = lease{until: leaseUntil}
			}
		})
	}
	return list, t.fault
}

// Settle records an attempt's outcome and ends the lease.
func (t *tx) Settle(d store.Delivery) error {
	key := deliveryKey(d.Hub, d.Topic)
	t.lend(func(leases map[string]lease) { delete(leases, string(key)) })
	old, err := t.Delivery(d.Hub, d.Topic)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case d.Generation < old.Generation && d.Outcome == store.Delivered && !old.Since.Equal(old.First):
		now := old
		now.Since = old.First // the hub lacks the newer generation alone
		return t.putDelivery(old, now)
	case d.Generation < old.Generation:
		return t.fault
	}
	d.First, d.Since, d.Asked = old.First, old.Since, old.Asked
	if d.Settled.IsZero() {
		d.Settled = t.now
	}
	if d.Outcome != old.Outcome || d.Status != old.Status || d.Note != old.Note {
		data, err := encode(recordOf(d))
		if err != nil {
			return fmt.Errorf("log attempt of %s to %s: %w", d.Topic, d.Hub, err)
		}
		t.put(inHubLog, t.line(), data)
	}
	if d.Outcome == store.Dropped {
		t.dropDelivery(old)
		return t.fault
	}
	return t.putDelivery(old, d)
}

func (t *tx) dropDelivery(d store.Delivery) {
	t.dropDue(d)
	t.drop(inDelivery, deliveryKey(d.Hub, d.Topic))
}

// DropDeliveries removes every row that keep does not want.
func (t *tx) DropDeliveries(keep func(hub, topic string) bool) error {
	all, err := t.Deliveries("")
	if err != nil {
		return fmt.Errorf("drop deliveries: %w", err)
	}
	for _, d := range all {
		if !keep(d.Hub, d.Topic) {
			t.dropDelivery(d)
		}
	}
	return t.fault
}
