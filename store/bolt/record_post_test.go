package bolt

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store/storetest"
)

var somePosts = []feed.Post{
	{},
	storetest.Post(1),
	{Num: 1 << 40, Title: "\xff", Body: string(make([]byte, 70_000)), Categories: []string{"a", ""}, Tags: []string{"t"}, Expired: true, Live: 24},
	{Authors: []feed.Person{{}, {Name: "N", Email: "E", URL: "U"}}, PublishAt: storetest.Day, Markup: feed.HTML, State: "odd"},
	{Attachments: []feed.Attachment{{URL: "U", Size: -1}}, Origin: feed.Origin{Title: "T"}},
	{Overruled: &feed.Timing{Draft: true}},
	{Overruled: &feed.Timing{Date: storetest.Day}, Published: storetest.Day},
	{Published: time.Unix(-1, 5), Updated: storetest.Day.In(time.FixedZone("", 3600))},
	{
		Num: 1, ID: "2", Slug: "3", Title: "4", URL: "5", Summary: "6", Body: "7", Markup: "8", Lang: "9", Categories: []string{"11"}, Tags: []string{"12"},
		Image: "14", BannerImage: "15", Comments: "16", License: "18", InReplyTo: "19", Expired: true, State: "21", PublishAt: storetest.Day,
		Published: storetest.Day, Updated: storetest.Day, Revision: 25, Live: 26, File: "27",
	},
}

// What the fast ways write and read is what the general ones do.
func TestPostRecord(t *testing.T) {
	for _, p := range somePosts {
		want, err := encodeAnyPost(p, liveThere)
		if err != nil {
			t.Fatal(err)
		}
		if got, whole := packPost(&p, liveThere); whole && !bytes.Equal(got, want) {
			t.Errorf("%.60v is written as\n%.200x, want\n%.200x", p, got, want)
		}
	}
	plain := somePosts[3]
	data, whole := packPost(&plain, liveHere)
	if !whole {
		t.Fatal("a plain post is left to the general encoder")
	}
	if _, whole = scanPost(data[2:]); !whole {
		t.Error("a plain post is left to the general decoder")
	}
	full := somePosts[len(somePosts)-1]
	full.File = "" // the 24th field
	if data, whole = packPost(&full, liveHere); !whole {
		t.Fatal("a post with 23 fields is left to the general encoder")
	}
	if got, whole := scanPost(data[2:]); !whole || !reflect.DeepEqual(got, full) {
		t.Errorf("it comes back as %+v, whole %t", got, whole)
	}
}

// Whatever is in a record, the fast way reads it as the general one does, and
// writes what that read as that does, or it declines.
func FuzzScanPost(f *testing.F) {
	for _, p := range somePosts {
		data, err := encodeAnyPost(p, liveHere)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[2:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var want feed.Post
		err := decoding.Unmarshal(data, &want)
		got, whole := scanPost(data)
		if whole && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("got %+v, want %+v (%v)", got, want, err)
		}
		if err != nil {
			return
		}
		packed, whole := packPost(&want, liveHere)
		if !whole {
			return
		}
		if again, err := encodeAnyPost(want, liveHere); err != nil || !bytes.Equal(packed, again) {
			t.Fatalf("%+v is written as %x, want %x (%v)", want, packed, again, err)
		}
	})
}
