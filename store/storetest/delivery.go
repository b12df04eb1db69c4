package storetest

import (
	"strings"
	"time"

	"syndic/store"
)

var deliveryCases = []suiteCase{
	{"delivery enqueued", enqueue},
	{"delivery claimed", claim},
	{"delivery lease ends", leaseEnds},
	{"delivery settled", settle},
	{"delivery coalesced", coalesce},
	{"delivery forced", force},
	{"delivery not told since", notToldSince},
	{"delivery held", held},
	{"deliveries dropped", dropDeliveries},
	{"delivery refused", deliveryRefused},
}

const (
	hubA   = "http://hub.example.org/"
	hubB   = "http://hub.example.org/b"
	topicX = "http://example.org/x"
	topicY = "http://example.org/y"
)

func (k *kit) enqueue(hub, topic string, generation uint64) {
	k.Helper()
	k.update(func(tx store.Tx) { done(tx.Enqueue(hub, topic, generation, false)) })
}

// claim takes all of the hub's deliveries that are due by now.
func (k *kit) claim(hub string) (list []store.Delivery) {
	k.Helper()
	k.update(func(tx store.Tx) { list = must(tx.Claim(hub, tx.Now(), tx.Now().Add(time.Hour), 10)) })
	return list
}

func (k *kit) settle(d store.Delivery) {
	k.Helper()
	k.update(func(tx store.Tx) { done(tx.Settle(d)) })
}

func (k *kit) delivery(hub, topic string) (d store.Delivery) {
	k.Helper()
	k.view(func(r store.Reader) { d = must(r.Delivery(hub, topic)) })
	return d
}

func (k *kit) attempts() (list []store.Attempt) {
	k.Helper()
	k.view(func(r store.Reader) { list = must(r.Attempts(100)) })
	return list
}

func topics(list []store.Delivery) string {
	var names []string
	for _, d := range list {
		names = append(names, strings.TrimPrefix(d.Hub, "http://hub.example.org/")+strings.TrimPrefix(d.Topic, "http://example.org/"))
	}
	return strings.Join(names, " ")
}

func enqueue(k *kit) {
	var now time.Time
	k.update(func(tx store.Tx) {
		now = tx.Now()
		for _, hub := range []string{hubB, hubA} {
			done(tx.Enqueue(hub, topicY, 3, false))
			done(tx.Enqueue(hub, topicX, 3, false))
		}
		same("own write", must(tx.Delivery(hubA, topicX)).Generation, 3)
	})
	k.reopen()
	want := store.Delivery{Hub: hubA, Topic: topicX, Generation: 3, Next: now, First: now, Since: now}
	k.want("row", k.delivery(hubA, topicX), want)
	k.view(func(r store.Reader) {
		same("all, by hub and topic", topics(must(r.Deliveries(""))), "x y bx by")
		same("one hub's", topics(must(r.Deliveries(hubA))), "x y")
		same("no hub's", len(must(r.Deliveries("http://"))), 0)
		same("nothing was tried", len(must(r.Attempts(10))), 0)
	})
}

// claim: what is due, earliest first, and nobody else's while it is leased.
func claim(k *kit) {
	for _, topic := range []string{topicY, topicX} {
		k.enqueue(hubA, topic, 1)
	}
	k.enqueue(hubB, topicX, 1)
	d := k.delivery(hubA, topicX)
	k.update(func(tx store.Tx) {
		same("before it is due", len(must(tx.Claim(hubA, d.Next.Add(-time.Hour), d.Next, 10))), 0)
		first := must(tx.Claim(hubA, tx.Now(), tx.Now().Add(time.Hour), 1))
		same("earliest", topics(first), "y")
		same("own lease", topics(must(tx.Claim(hubA, tx.Now(), tx.Now().Add(time.Hour), 10))), "x")
	})
	k.want("all leased", len(k.claim(hubA)), 0)
	k.want("another hub's", topics(k.claim(hubB)), "bx")
	k.undo(func(tx store.Tx) {
		later := tx.Now().Add(2 * time.Hour)
		same("lease ran out", len(must(tx.Claim(hubA, later, later.Add(time.Hour), 10))), 2)
	})
	k.want("a lease that was undone does not count", len(k.claim(hubA)), 0)
	k.reopen()
	k.want("a dead process's lease does not count", topics(k.claim(hubA)), "y x")
}

func leaseEnds(k *kit) {
	k.enqueue(hubA, topicX, 1)
	now := k.delivery(hubA, topicX).Next
	take := func(at time.Time) (n int) {
		k.update(func(tx store.Tx) { n = len(must(tx.Claim(hubA, at, at.Add(time.Minute), 10))) })
		return n
	}
	k.want("first", take(now), 1)
	k.want("leased", take(now.Add(time.Minute-1)), 0)
	k.want("run out", take(now.Add(time.Minute)), 1)
}

// settle: outcomes are kept, the log holds a line for each change of outcome.
func settle(k *kit) {
	k.enqueue(hubA, topicX, 1)
	d := k.claim(hubA)[0]
	first := d.First
	d.First, d.Since = time.Time{}, time.Time{}
	retry := func(status int, next time.Time) {
		d.Outcome, d.Status, d.Error, d.Attempt, d.Next = store.Retrying, status, "try later", d.Attempt+1, next
		k.settle(d)
	}
	now := d.Next
	retry(503, now.Add(-time.Second))
	k.want("attempts logged", len(k.attempts()), 1)
	k.want("due again", topics(k.claim(hubA)), "x")
	retry(503, now.Add(-time.Second))
	k.want("the same outcome again", len(k.attempts()), 1)
	retry(0, now.Add(time.Hour))
	k.want("another status", len(k.attempts()), 2)
	k.want("not due", len(k.claim(hubA)), 0)
	got := k.delivery(hubA, topicX)
	k.want("attempts", got.Attempt, 3)
	k.want("first enqueued", got.First, first)
	k.want("settled", got.Settled.IsZero(), false)
	d.Outcome, d.Status, d.Error, d.Note, d.Settled = store.Delivered, 204, "", "why", at(7)
	k.settle(d)
	d.First, d.Since = first, first
	k.want("row stays", k.delivery(hubA, topicX), d)
	k.want("not due", len(k.claim(hubA)), 0)
	log := k.attempts()
	k.want("newest first", log[0].Delivery, d)
	k.want("lines", len(log), 3)
	k.want("in order", log[0].Seq > log[1].Seq && log[1].Seq > log[2].Seq, true)
	k.view(func(r store.Reader) { same("limited", must(r.Attempts(1)), log[:1]) })
	k.settle(d)
	k.want("the same note again", len(k.attempts()), 3)
	d.Note = "something else"
	k.settle(d)
	k.want("another note", k.attempts()[0].Note, d.Note)
}

// coalesce: a newer generation takes the row's place, and what an older
// attempt came to is of no interest.
func coalesce(k *kit) {
	k.enqueue(hubA, topicX, 5)
	old := k.claim(hubA)[0]
	k.enqueue(hubA, topicX, 5)
	k.enqueue(hubA, topicX, 4)
	k.want("an older one changes nothing", k.delivery(hubA, topicX), old)
	k.enqueue(hubA, topicX, 6)
	k.want("newer", k.delivery(hubA, topicX).Generation, uint64(6))
	k.want("due since then", k.delivery(hubA, topicX).Next, old.Next)
	k.want("enqueued later", k.delivery(hubA, topicX).First.After(old.First), true)
	k.want("still leased", len(k.claim(hubA)), 0)
	old.Outcome, old.Attempt = store.Failed, 1
	k.settle(old)
	k.want("an older attempt", k.delivery(hubA, topicX).Outcome, store.Waiting)
	k.want("is not logged", len(k.attempts()), 0)
	d := k.claim(hubA)[0]
	k.want("the lease ended", d.Generation, uint64(6))
	d.Outcome, d.Attempt, d.Status, d.Error = store.Failed, 3, 400, "no"
	k.settle(d)
	k.want("failed for good", len(k.claim(hubA)), 0)
	k.enqueue(hubA, topicX, 7)
	d = k.claim(hubA)[0]
	k.want("starts again", d.Attempt == 0 && d.Outcome == store.Waiting && d.Status == 0 && d.Error == "", true)
	d.Outcome = store.Delivered
	k.settle(d)
	k.enqueue(hubA, topicX, 8)
	k.want("after a success", topics(k.claim(hubA)), "x")
}

// force: the same generation again, by hand, whatever the hub asked for.
func force(k *kit) {
	k.enqueue(hubA, topicX, 5)
	d := k.claim(hubA)[0]
	k.want("not by hand", d.Asked, time.Time{})
	d.Outcome, d.Attempt, d.Held = store.Failed, 9, d.Next.Add(time.Hour)
	k.settle(d)
	k.update(func(tx store.Tx) { done(tx.Enqueue(hubA, topicX, 5, true)) })
	d = k.claim(hubA)[0]
	k.want("again", d.Attempt == 0 && d.Generation == 5, true)
	k.want("not held", d.Held, time.Time{})
	asked := d.First
	k.want("asked for then", d.Asked, asked)
	k.enqueue(hubA, topicX, 6)
	k.want("and so is what takes its place", k.delivery(hubA, topicX).Asked, asked)
	d.Generation, d.Asked, d.Outcome = 6, time.Time{}, store.Retrying
	k.settle(d)
	k.reopen()
	k.want("whatever is settled", k.delivery(hubA, topicX).Asked, asked)
	k.enqueue(hubA, topicX, 7)
	k.want("unless it was tried", k.delivery(hubA, topicX).Asked, time.Time{})
	k.update(func(tx store.Tx) { done(tx.Enqueue(hubA, topicX, 4, true)) })
	k.want("the generation never falls", k.delivery(hubA, topicX).Generation, uint64(7))
	k.want("asked for later", k.delivery(hubA, topicX).Asked.After(asked), true)
}

// notToldSince: until a delivery succeeds, the hub lacks what it was to be told
// first, whatever took its place.
func notToldSince(k *kit) {
	k.enqueue(hubA, topicX, 1)
	since := k.delivery(hubA, topicX).First
	kept := func(after string) store.Delivery {
		k.Helper()
		d := k.delivery(hubA, topicX)
		k.want("since, after "+after, d.Since, since)
		return d
	}
	end := func(outcome store.Outcome) {
		k.Helper()
		d := k.claim(hubA)[0]
		d.Outcome, d.Next, d.Attempt = outcome, d.Next.Add(-time.Second), d.Attempt+1
		k.settle(d)
	}
	k.enqueue(hubA, topicX, 2)
	d := kept("a newer generation")
	k.want("whose own age is another", d.First.After(since), true)
	end(store.Retrying)
	kept("an attempt")
	k.update(func(tx store.Tx) { done(tx.Enqueue(hubA, topicX, 2, true)) })
	kept("one by hand")
	end(store.Failed)
	k.enqueue(hubA, topicX, 3)
	kept("a failure for good")
	k.reopen()
	kept("a restart")
	end(store.Delivered)
	k.want("logged", k.attempts()[0].Since, since)
	k.enqueue(hubA, topicX, 4)
	d = k.delivery(hubA, topicX)
	k.want("since, after a success", d.Since, d.First)
	k.want("since then", d.Since.After(since), true)
	since = d.Since
	d = k.claim(hubA)[0]
	k.enqueue(hubA, topicX, 5)
	kept("one that came during a request")
	d.Outcome = store.Delivered
	k.settle(d)
	d = k.delivery(hubA, topicX)
	k.want("since, when the request succeeded", d.Since, d.First)
	k.want("which came later", d.Since.After(since) && d.Outcome == store.Waiting, true)
}

// held: what the hub asked for stands for a newer generation, too, until it is
// settled otherwise.
func held(k *kit) {
	k.enqueue(hubA, topicX, 1)
	d := k.claim(hubA)[0]
	until := d.Next.Add(time.Hour)
	d.Outcome, d.Next, d.Held = store.Retrying, until, until
	k.settle(d)
	k.want("settled", k.delivery(hubA, topicX).Held, until)
	k.enqueue(hubA, topicX, 2)
	k.reopen()
	d = k.delivery(hubA, topicX)
	k.want("a newer generation", d.Held, until)
	k.want("which is due", d.Next.Before(until), true)
	d.Outcome, d.Held = store.Retrying, time.Time{}
	k.settle(d)
	k.want("no more", k.delivery(hubA, topicX).Held, time.Time{})
	d.Outcome, d.Held = store.Delivered, until
	k.settle(d)
	k.enqueue(hubA, topicX, 3)
	k.want("after a success", k.delivery(hubA, topicX).Held, time.Time{})
}

func dropDeliveries(k *kit) {
	for _, hub := range []string{hubA, hubB} {
		k.enqueue(hub, topicX, 1)
		k.enqueue(hub, topicY, 1)
	}
	flying := k.claim(hubB)[0]
	k.update(func(tx store.Tx) {
		done(tx.DropDeliveries(func(hub, topic string) bool { return hub == hubA && topic == topicX }))
		same("own write", topics(must(tx.Deliveries(""))), "x")
	})
	k.want("none due", len(k.claim(hubB)), 0)
	flying.Outcome = store.Delivered
	k.settle(flying)
	k.view(func(r store.Reader) { same("a row that went does not come back", topics(must(r.Deliveries(""))), "x") })
	d := k.claim(hubA)[0]
	d.Outcome = store.Dropped
	k.settle(d)
	k.view(func(r store.Reader) {
		same("dropped", len(must(r.Deliveries(""))), 0)
		same("logged", must(r.Attempts(1))[0].Outcome, store.Dropped)
	})
	k.enqueue(hubA, topicX, 1)
	k.want("comes anew", topics(k.claim(hubA)), "x")
}

func deliveryRefused(k *kit) {
	k.undo(func(tx store.Tx) {
		refused("no hub", tx.Enqueue("", topicX, 1, false))
		refused("no topic", tx.Enqueue(hubA, "", 1, false))
		refused("a hub that is none", tx.Enqueue("http://a\x00b", topicX, 1, false))
	})
}
