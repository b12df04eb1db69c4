package bolt

import "bytes"

func (c *checker) deliveries() {
	c.each(inDelivery, func(k, v []byte) {
		d, err := readDelivery(v)
		if err != nil {
			c.say("delivery %q: %v", k, err)
			return
		}
		if !bytes.Equal(deliveryKey(d.Hub, d.Topic), k) {
			c.say("delivery %q: it is of %s to %s", k, d.Topic, d.Hub)
		}
		if waits := c.r.has(inDueDelivery, dueDeliveryKey(d.Hub, d.Topic, d.Next)); waits != due(d.Outcome) {
			c.say("delivery %q: outcome %q, in due_delivery: %t", k, d.Outcome, waits)
		}
	})
	c.each(inDueDelivery, func(k, _ []byte) {
		hub, rest, found := bytes.Cut(k, []byte{0})
		if !found || len(rest) < 12 {
			c.say("due_delivery %q: not a key", k)
			return
		}
		d, err := c.r.Delivery(string(hub), string(rest[12:]))
		if err != nil || !due(d.Outcome) || !d.Next.Equal(instant(rest)) {
			c.say("due_delivery %q: the row says %q at %s (%v)", k, d.Outcome, d.Next, err)
		}
	})
}
