package bolt

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
	"syndic/store/storetest"
)

// Keys sort as what they stand for: times of any year, newest first in a
// timeline, and of one second the later post first.
func TestKeyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var posts []feed.Post
	for i := range 200 {
		at := time.Date(1+random.IntN(9999), 1, 1+random.IntN(365), 0, 0, random.IntN(3), 0, time.UTC)
		posts = append(posts, feed.Post{Num: uint64(i + 1), Published: at}, feed.Post{Num: random.Uint64(), Published: at})
	}
	want := slices.Clone(posts)
	slices.SortFunc(want, feed.Newer)
	got := slices.Clone(posts)
	slices.SortFunc(got, func(a, b feed.Post) int {
		return bytes.Compare(timelineKey(7, a.Published, a.Num), timelineKey(7, b.Published, b.Num))
	})
	if !reflect.DeepEqual(got, want) {
		t.Error("timeline keys are not in feed order")
	}
	for _, p := range posts {
		if n := timelinePost(timelineKey(7, p.Published, p.Num)); n != p.Num {
			t.Errorf("key of post %d names post %d", p.Num, n)
		}
		if at := second(appendSecond(nil, p.Published)); at != p.Published {
			t.Errorf("second %s comes back as %s", p.Published, at)
		}
	}
	slices.SortFunc(got, func(a, b feed.Post) int {
		return bytes.Compare(duePostKey(a.Published, a.Num), duePostKey(b.Published, b.Num))
	})
	if !slices.IsSortedFunc(got, func(a, b feed.Post) int { return a.Published.Compare(b.Published) }) {
		t.Error("due_post keys are not in the order of time")
	}
}

func TestInstant(t *testing.T) {
	for _, want := range []time.Time{{}, time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 5, time.UTC)} {
		if got := instant(appendInstant(nil, want)); got != want {
			t.Errorf("instant %s comes back as %s", want, got)
		}
		if got := wholeSecond(want); got.Nanosecond() != 0 || got.After(want) || want.Sub(got) >= time.Second {
			t.Errorf("whole second of %s is %s", want, got)
		}
	}
}

// A record of another version is not guessed at.
func TestRecordVersion(t *testing.T) {
	data, err := encode(storetest.Category("Design"))
	if err != nil {
		t.Fatal(err)
	}
	data[0]++
	var c feed.Category
	if err := decode(data, &c); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got error %v, want that it is damaged", err)
	}
	if data, err = encodePost(storetest.Post(1), liveHere); err != nil {
		t.Fatal(err)
	}
	data[0]++
	if _, err := decodePost(data); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got error %v, want that it is damaged", err)
	}
}

// Whatever bytes a damaged page gives for a record, reading them fails or
// gives something that can be written again.
func FuzzDecodePost(f *testing.F) {
	for _, p := range []feed.Post{{}, storetest.Post(1), {Title: "\xff", Authors: []feed.Person{{}}, PublishAt: storetest.Day}} {
		data, err := encodePost(p, liveThere)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{})
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodePost(data)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("got error %v, want that it is damaged", err)
			}
			return
		}
		again, err := encodePost(p, liveAt(data))
		if err != nil {
			return // a year that RFC 3339 does not have
		}
		q, err := decodePost(again)
		if err != nil {
			t.Fatal(err)
		}
		if third, err := encodePost(q, liveAt(data)); err != nil || !bytes.Equal(again, third) {
			t.Errorf("%+v comes back as %+v (%v)", p, q, err)
		}
	})
}

// Entries come back as they were packed, with dates or without, and also those
// of a record that was written before they were packed.
func TestArtifactRecord(t *testing.T) {
	a := feed.Artifact{Category: 7, Format: feed.Atom, Head: []byte("head"), Digest: "d", Modified: storetest.Day}
	for i := range 3 {
		a.Entries = append(a.Entries, feed.FragmentKey{Post: 1 << (20 * i), Format: feed.Atom, Variant: [16]byte{0: byte(i), 15: 9}})
	}
	plain := a
	a.Dates = []feed.EntryDates{{}, {Published: -5, Updated: 1 << 40, Expired: true}, {Published: 1 << 33, Updated: 1<<33 - 1}}
	summed := a
	summed.Sums = []feed.EntrySum{{}, {Hash: [16]byte{0: 1, 15: 9}, Size: 1 << 20}, {Size: 127}}
	for what, want := range map[string]feed.Artifact{
		"summed": summed, "dated": a, "undated": plain, "empty": {Format: feed.JSON}, "without entries": {Sums: []feed.EntrySum{}},
	} {
		data, err := encodeArtifact(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeArtifact(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s comes back as %+v (%v)", what, got, err)
		}
	}
	old, err := encode(a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeArtifact(old); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("an old record comes back as %+v (%v)", got, err)
	}
	a.Entries[1].Format = feed.RSS
	if _, err := encodeArtifact(a); err == nil {
		t.Error("an entry of another format was taken")
	}
}

// Packed entries that were cut off anywhere are damage, unless just between
// two of them.
func TestPackedEntriesCutOff(t *testing.T) {
	a := feed.Artifact{Format: feed.RSS, Entries: make([]feed.FragmentKey, 2), Dates: make([]feed.EntryDates, 2)}
	data, err := encodeArtifact(a)
	if err != nil {
		t.Fatal(err)
	}
	var rec artifactRecord
	if err := decode(data, &rec); err != nil {
		t.Fatal(err)
	}
	whole := rec.Packed
	for n := 1; n < len(whole); n++ {
		rec.Packed = whole[:n]
		cut, err := encode(rec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeArtifact(cut); (err == nil) != (n == len(whole)/2) || err != nil && !errors.Is(err, store.ErrDamaged) {
			t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// Sums that were cut off anywhere are damage, and so are too few of them.
func TestSumsCutOff(t *testing.T) {
	a := feed.Artifact{Format: feed.RSS, Entries: make([]feed.FragmentKey, 2), Sums: make([]feed.EntrySum, 2)}
	data, err := encodeArtifact(a)
	if err != nil {
		t.Fatal(err)
	}
	var rec artifactRecord
	if err := decode(data, &rec); err != nil {
		t.Fatal(err)
	}
	whole := rec.Summed
	for n := range whole {
		rec.Summed = whole[:n]
		cut, err := encode(rec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeArtifact(cut); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("cut to %d of %d bytes: %d sums, %v", n, len(whole), len(got.Sums), err)
		}
	}
}
