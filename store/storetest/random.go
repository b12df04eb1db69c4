package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"syndic/feed"
	"syndic/store"
)

var modelCases = []suiteCase{
	{"random history 1", func(k *kit) { randomHistory(k, 1) }},
	{"random history 2", func(k *kit) { randomHistory(k, 2) }},
	{"random history 3", func(k *kit) { randomHistory(k, 3) }},
}

// historySteps is how many Updates a random history has.
const historySteps = 100

// walker makes a random history: the same one for the same seed, but for the
// clock's times.
type walker struct {
	*kit
	*rand.Rand
	m    *model
	held []store.Delivery // claimed, to be settled some day
}

// randomHistory does the same to a store and to a model of it, and compares
// all that can be read after each step.
func randomHistory(k *kit, seed uint64) {
	w := &walker{kit: k, Rand: rand.New(rand.NewPCG(seed, 0)), m: newModel(k.site())}
	for step := range historySteps {
		w.step()
		if k.Failed() {
			k.Fatalf("in step %d of seed %d", step, seed)
		}
	}
}

// step is one Update of one to four operations, which may be undone.
func (w *walker) step() {
	w.Helper()
	tried, held := w.m.clone(), slices.Clone(w.held)
	undone := w.IntN(8) == 0
	before := w.seq()
	err := func() (err error) {
		defer w.report()
		return w.s.Update(w.ctx, func(tx store.Tx) error {
			for range 1 + w.IntN(4) {
				w.operation(tx, tried)
			}
			if w.IntN(4) == 0 {
				w.compare(tx, tried)
			}
			if undone {
				return ErrInjected
			}
			return nil
		})
	}()
	switch {
	case undone && errors.Is(err, ErrInjected):
		w.held = held
		w.want("Seq after an undone step", w.seq(), before)
	case err == nil && !undone:
		w.m = tried
	default:
		w.Fatalf("update: %v", err)
	}
	if w.IntN(40) == 0 {
		w.reopen()
		clear(w.m.leases)
	}
	w.view(func(r store.Reader) { w.compare(r, w.m) })
}

func (w *walker) operation(tx store.Tx, m *model) {
	switch n := w.IntN(100); {
	case n < 5 || len(m.cats) < 2:
		w.addCategory(tx, m)
	case n < 10:
		w.changeCategory(tx, m)
	case n < 30 || len(m.posts) == 0:
		w.addPost(tx, m)
	case n < 60:
		w.changePost(tx, m)
	case n < 80:
		w.publishOne(tx, m)
	case n < 85:
		c := w.pick(m)
		due, force := at(w.IntN(100)), w.IntN(2) == 0
		done(tx.PutMark(c, due, force))
		m.mark(c, due, tx.Seq(), force, tx.Now())
	default:
		w.deliver(tx, m)
	}
}

// pick is a category.
func (w *walker) pick(m *model) uint64 { return 1 + uint64(w.IntN(len(m.cats))) }

func (w *walker) addCategory(tx store.Tx, m *model) {
	c := Category(fmt.Sprintf("Category %d", w.IntN(8)))
	got, err := tx.PutCategory(c)
	if _, taken := m.names["category "+c.Slug]; taken {
		is("category", err, store.ErrTaken)
		return
	}
	done(err)
	m.cats = append(m.cats, got)
	m.names["category "+c.Slug] = got.Num
	m.changes++
}

func (w *walker) changeCategory(tx store.Tx, m *model) {
	c := m.cats[w.IntN(len(m.cats))]
	if c.Num == feed.SiteNum {
		return
	}
	name := Category(fmt.Sprintf("Category %d", w.IntN(8)))
	c.Slug, c.Title = name.Slug, name.Title
	c.State = []feed.CategoryState{feed.Active, feed.Active, feed.Retired}[w.IntN(3)]
	c.Settings.Description = fmt.Sprint(w.IntN(2))
	got, err := tx.PutCategory(c)
	if by, taken := m.names["category "+c.Slug]; taken && by != c.Num {
		is("category", err, store.ErrTaken)
		return
	}
	done(err)
	old := m.cats[c.Num-1]
	if c.Slug != old.Slug || c.State != old.State || c.Settings.Description != old.Settings.Description {
		m.changes++
	}
	m.cats[c.Num-1] = got
	m.names["category "+c.Slug] = c.Num
}

// someCategories are the ids of up to two categories in any order.
func (w *walker) someCategories(m *model) (ids []string) {
	for _, i := range w.Perm(len(m.cats)) {
		if m.cats[i].ID != "" && len(ids) < 2 && w.IntN(2) == 0 {
			ids = append(ids, m.cats[i].ID)
		}
	}
	return ids
}

func (w *walker) addPost(tx store.Tx, m *model) {
	p := Post(w.IntN(60))
	p.ID = fmt.Sprintf("tag:example.org,2026:%d", w.Uint64())
	p.Published = at(w.IntN(20))
	p.Categories = w.someCategories(m)
	p.State = []feed.State{feed.Draft, feed.Scheduled, feed.Queued, feed.Queued}[w.IntN(4)]
	w.put(tx, m, p)
}

func (w *walker) changePost(tx store.Tx, m *model) {
	p := m.posts[w.IntN(len(m.posts))].now
	switch w.IntN(6) {
	case 0:
		p.Slug = fmt.Sprintf("post-%d", w.IntN(60))
	case 1:
		p.Categories = w.someCategories(m)
	case 2:
		p.Published = at(w.IntN(20))
		p.Revision++
	case 3:
		p.State = []feed.State{feed.Draft, feed.Scheduled, feed.Queued, feed.Recalled, feed.Removed}[w.IntN(5)]
	}
	if w.IntN(2) == 0 {
		p.Revision++
		p.Title = fmt.Sprintf("Revision %d", p.Revision)
	}
	w.put(tx, m, p)
}

func (w *walker) put(tx store.Tx, m *model, p feed.Post) {
	var old feed.State
	if p.Num > 0 {
		old = m.posts[p.Num-1].now.State
	}
	if p.State == feed.Scheduled {
		p.PublishAt = at(w.IntN(50))
	}
	var o store.PutOptions
	if w.IntN(2) == 0 {
		o.Due = at(w.IntN(100)).Add(time.Duration(w.IntN(2)))
	}
	got, err := tx.PutPost(p, o)
	by, taken := m.names["slug "+p.Slug]
	switch {
	case !old.CanBecome(p.State):
		refused("state", err)
	case taken && by != p.Num:
		is("slug", err, store.ErrTaken)
	default:
		done(err)
		m.putPost(got, tx.Seq(), o.Due, tx.Now())
	}
}

// publishOne publishes a category, with all or a part of what is pending.
func (w *walker) publishOne(tx store.Tx, m *model) {
	c := w.pick(m)
	part := w.IntN(4) == 0
	p := must(publicationOf(tx, c, tx.Now(), func(store.Pending) bool { return !part || w.IntN(2) == 0 }))
	stale := p
	stale.Handled = append(slices.Clone(p.Handled), store.Pending{Post: 1 << 40})
	is("a stale one", tx.Publish(stale), store.ErrConflict)
	done(tx.Publish(p))
	m.publish(p)
}

func (w *walker) deliver(tx store.Tx, m *model) {
	hub := []string{hubA, hubB}[w.IntN(2)]
	topic := []string{topicX, topicY}[w.IntN(2)]
	switch w.IntN(8) {
	default:
		generation, force := uint64(w.IntN(20)), w.IntN(6) == 0
		done(tx.Enqueue(hub, topic, generation, force))
		m.enqueue(hub, topic, generation, force, tx.Now())
	case 0, 1:
		now, limit := tx.Now().Add(time.Duration(w.IntN(60))*time.Second), w.IntN(3)
		got := must(tx.Claim(hub, now, now.Add(time.Minute), limit))
		same("claimed", topics(got), topics(m.claim(hub, now, now.Add(time.Minute), limit)))
		w.held = append(w.held, got...)
	case 2, 3, 4:
		if len(w.held) == 0 {
			return
		}
		i := w.IntN(len(w.held))
		d := w.held[i]
		w.held = slices.Delete(slices.Clone(w.held), i, i+1)
		d.Outcome = []store.Outcome{store.Delivered, store.Retrying, store.Failed, store.Dropped}[w.IntN(4)]
		d.Status, d.Attempt, d.Settled = 200+w.IntN(3), d.Attempt+1, tx.Now()
		d.Next = tx.Now().Add(time.Duration(w.IntN(60)-30) * time.Second)
		if d.Held = (time.Time{}); w.IntN(2) == 0 {
			d.Held = d.Next
		}
		done(tx.Settle(d))
		m.settle(d)
	case 5:
		done(tx.DropDeliveries(func(h, t string) bool { return h != hub || t != topic }))
		delete(m.outbox, [2]string{hub, topic})
	}
}
