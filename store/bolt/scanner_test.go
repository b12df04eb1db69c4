package bolt

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store/storetest"
)

// scannable are artifacts that the scanner reads, all of whose fields differ
// from their zero values in one of them.
func scannable() []feed.Artifact {
	full := feed.Artifact{
		Category: math.MaxUint64, Format: feed.JSON, Topic: "https://example.org/ü/\xff", Path: "ü/feed.json", Head: bytes.Repeat([]byte("head"), 300),
		Tail: []byte{}, Digest: feed.DigestOf(nil), Size: 1 << 40, Modified: storetest.Day, Generation: 1 << 20, Hubs: []string{"a", ""},
		MaxAge: time.Hour, Fingerprint: "f", EntryFingerprint: "e",
	}
	for i := range 3 {
		full.Entries = append(full.Entries, feed.FragmentKey{Post: 1 << (20 * i), Format: feed.JSON, Variant: [16]byte{0: byte(i), 15: 9}})
		full.Dates = append(full.Dates, feed.EntryDates{Published: -5, Updated: 1 << 33, Expired: i == 1})
		full.Sums = append(full.Sums, feed.EntrySum{Hash: [16]byte{15: byte(i)}, Size: i})
	}
	odd := feed.Artifact{Sums: []feed.EntrySum{}, Modified: time.Date(2026, 1, 1, 0, 0, 0, 5, time.UTC), Path: strings.Repeat("x", 1<<16), Generation: 1 << 40}
	return []feed.Artifact{full, {}, odd}
}

// What this program writes is scanned: nothing of it is left to the decoder.
func TestScanArtifact(t *testing.T) {
	for _, want := range scannable() {
		data, err := encodeArtifact(want)
		if err != nil {
			t.Fatal(err)
		}
		if _, whole := scanArtifact(data); !whole {
			t.Errorf("%+v is not scanned", want)
		}
		if got, err := decodeArtifact(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v comes back as %+v (%v)", want, got, err)
		}
		rec, _ := scanArtifact(data)
		if coded, err := encode(recordOfArtifact(want, rec.Packed, rec.Summed)); err != nil || !bytes.Equal(data, coded) {
			t.Errorf("%+v is written as\n%x, and encoded as\n%x (%v)", want, data, coded, err)
		}
		for n := range data {
			if _, whole := scanArtifact(data[:n]); whole {
				t.Errorf("the first %d of %d bytes are a whole record", n, len(data))
			}
		}
	}
}

// The scanner reads a record as the decoder does, or not at all, and it is
// written as the encoder does.
func FuzzScanArtifact(f *testing.F) {
	for _, a := range scannable() {
		data, err := encodeArtifact(a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, data := range []string{
		"", "\x01", "\x02\xa0", "\x01\xa0", "\x01\xa0\x00", "\x01\xa1\x01\x20", "\x01\xa1\x18\x01\x05", "\x01\xa2\x01\x02\x01\x03", "\x01\xa1\x02\x19\x01\x00",
		"\x01\xa1\x03\xf6", "\x01\xa1\x01\xf6", "\x01\xa1\x05\x80", "\x01\xa1\x05\x40", "\x01\xa1\x0a\x60", "\x01\xa1\x0a\x00", "\x01\xa1\x0c\x80", "\x01\xa1\x0c\x81\xf6",
		"\x01\xa1\x0c\x81\x41a", "\x01\xa1\x0d\x1b\x80\x00\x00\x00\x00\x00\x00\x00", "\x01\xa1\x08\x7f\x61a\xff", "\x01\xbf\x01\x02\xff", "\x01\xa1\x0f\x80", "\x01\xa1\x14\x01",
		"\x01\xa1\x0a\x742026-01-01T00:00:00Z", "\x01\xa1\x0a\x78\x192026-01-01T00:00:00+01:00",
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, whole := scanArtifact(data)
		if !whole {
			return
		}
		var want artifactRecord
		if err := decode(data, &want); err != nil {
			t.Fatalf("%x is scanned as %+v, and is %v", data, got, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%x is scanned as\n%+v, and is\n%+v", data, got, want)
		}
		if !lasts(got.Modified) {
			return
		}
		coded, err := encode(recordOfArtifact(got.Artifact, got.Packed, got.Summed))
		if appended := appendArtifact([]byte{recordVersion}, got.Artifact, got.Packed, got.Summed); err != nil || !bytes.Equal(appended, coded) {
			t.Errorf("%+v is appended as\n%x, and encoded as\n%x (%v)", got, appended, coded, err)
		}
		var header headerRecord
		if err := decode(data, &header); err != nil {
			t.Errorf("%x is scanned, and its header is %v", data, err)
		}
	})
}

// A delivery's record is scanned as the decoder reads it, or not at all, and is
// written as the encoder does.
func FuzzScanDelivery(f *testing.F) {
	full := deliveryRecord{
		Hub: "https://hub.example.org/", Topic: "https://example.org/ü/\xff", Generation: math.MaxUint64, Attempt: 300, Next: storetest.Day.Add(5),
		First: storetest.Day, Outcome: "retrying", Status: 503, Error: strings.Repeat("x", 300), Settled: storetest.Day.Add(time.Millisecond), Note: "n",
		Since: storetest.Day.Add(-time.Hour), Held: storetest.Day.Add(time.Hour), Asked: storetest.Day.Add(7),
	}
	for _, rec := range []deliveryRecord{{}, full, {Attempt: -1}} {
		data, err := encode(rec)
		if err != nil {
			f.Fatal(err)
		}
		if _, whole := scanDelivery(data); whole != (rec.Attempt >= 0) {
			f.Errorf("%+v is scanned: %v", rec, whole)
		}
		f.Add(data)
	}
	f.Add([]byte("\x01\xa1\x01\xf6"))
	f.Add([]byte("\x01\xa1\x04\x1b\x80\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var want deliveryRecord
		err := decode(data, &want)
		if got, whole := scanDelivery(data); whole && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Errorf("%x is scanned as\n%+v, and is\n%+v (%v)", data, got, want, err)
		}
		if err != nil || !lasts(want.Next) || !lasts(want.First) || !lasts(want.Settled) || !lasts(want.Since) || !lasts(want.Held) || !lasts(want.Asked) {
			return
		}
		coded, err := encode(want)
		if appended := appendDelivery([]byte{recordVersion}, want); err != nil || !bytes.Equal(appended, coded) {
			t.Errorf("%+v is appended as\n%x, and encoded as\n%x (%v)", want, appended, coded, err)
		}
	})
}

// A record that does not say since when its hub is to be told, as former
// programs wrote them, means the time at which it was enqueued.
func TestDeliveryOfAFormerProgram(t *testing.T) {
	old := deliveryRecord{Hub: "h", Topic: "t", Generation: 1, Next: storetest.Day, First: storetest.Day}
	data, err := encode(old)
	if err != nil {
		t.Fatal(err)
	}
	d, err := readDelivery(data)
	if err != nil || d.Since != d.First || d.First != storetest.Day {
		t.Errorf("comes back as %+v (%v)", d, err)
	}
	if rec := recordOf(d); rec != old {
		t.Errorf("is written again as %+v", rec)
	}
	d.Since = d.First.Add(-time.Hour)
	if data, err = encodeDelivery(recordOf(d)); err != nil {
		t.Fatal(err)
	}
	if got, err := readDelivery(data); err != nil || got != d {
		t.Errorf("%+v comes back as %+v (%v)", d, got, err)
	}
}

// A change is written as the encoder does, whatever is in it.
func TestChangeRecord(t *testing.T) {
	for _, rec := range []changeRecord{
		{},
		{At: storetest.Day.Add(5), Kind: "post", Post: 1 << 40},
		{At: storetest.Day.In(time.FixedZone("", 3600)), Kind: strings.Repeat("ü", 40), Post: math.MaxUint64, Category: 24},
		{At: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Kind: "far"},
	} {
		got, gotErr := encodeChange(rec)
		want, err := encode(rec)
		if !bytes.Equal(got, want) || (gotErr != nil) != (err != nil) {
			t.Errorf("%+v is written as\n%x, and encoded as\n%x (%v, %v)", rec, got, want, gotErr, err)
		}
	}
}
