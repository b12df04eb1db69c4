package bolt

import (
	"bytes"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"syndic/feed"
	"syndic/store"
)

// recordVersion begins every record that this program writes.
const recordVersion = 1

// Where a post's live revision is.
const (
	notLive   = 0
	liveHere  = 1 // this record is what was published last
	liveThere = 2 // the copy in the bucket live
)

var encoding, decoding = modes()

// modes builds the codec. Times are RFC 3339 in UTC with nanoseconds, and the
// zero time is null. Text that is not UTF-8 is kept as it is, because a
// record that was accepted must be readable.
func modes() (cbor.UserBufferEncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{
		Sort: cbor.SortBytewiseLexical, Time: cbor.TimeRFC3339NanoUTC,
	}.UserBufferEncMode()
	if err != nil {
		panic(err)
	}
	dec, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, MaxArrayElements: 1 << 24, MaxMapPairs: 1 << 24}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

// listed keeps a list of no hubs a list: a nil one behind the pointer would be
// read as the site's.
func listed(s feed.Settings) feed.Settings {
	if s.Hubs != nil && *s.Hubs == nil {
		s.Hubs = &[]string{}
	}
	return s
}

func encode(v any) ([]byte, error) {
	b := bytes.NewBuffer([]byte{recordVersion})
	err := encoding.MarshalToBuffer(v, b)
	return b.Bytes(), err
}

func decode(data []byte, v any) error {
	if len(data) == 0 || data[0] != recordVersion {
		return fmt.Errorf("%w: a record of an unknown version", store.ErrDamaged)
	}
	if err := decoding.Unmarshal(data[1:], v); err != nil {
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return nil
}

func encodePost(p feed.Post, live byte) ([]byte, error) {
	if data, whole := packPost(&p, live); whole {
		return data, nil
	}
	return encodeAnyPost(p, live)
}

func encodeAnyPost(p feed.Post, live byte) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, len(p.Body)+512))
	b.Write([]byte{recordVersion, live})
	err := encoding.MarshalToBuffer(p, b)
	return b.Bytes(), err
}

func decodePost(data []byte) (p feed.Post, err error) {
	if len(data) < 2 || data[0] != recordVersion {
		return p, fmt.Errorf("%w: a post of an unknown version", store.ErrDamaged)
	}
	if p, whole := scanPost(data[2:]); whole {
		return p, nil
	}
	if err := decoding.Unmarshal(data[2:], &p); err != nil {
		return p, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return p, nil
}

// liveAt says where the live revision of the post with this record is.
func liveAt(data []byte) byte {
	if len(data) < 2 {
		return notLive
	}
	return data[1]
}

type markRecord struct {
	Due   time.Time `cbor:"1,keyasint"`
	Seq   uint64    `cbor:"2,keyasint"`
	Force bool      `cbor:"3,keyasint,omitempty"`
}

type deliveryRecord struct {
	Hub        string    `cbor:"1,keyasint"`
	Topic      string    `cbor:"2,keyasint"`
	Generation uint64    `cbor:"3,keyasint"`
	Attempt    int       `cbor:"4,keyasint"`
	Next       time.Time `cbor:"5,keyasint"`
	First      time.Time `cbor:"6,keyasint"`
	Outcome    string    `cbor:"7,keyasint,omitempty"`
	Status     int       `cbor:"8,keyasint,omitempty"`
	Error      string    `cbor:"9,keyasint,omitempty"`
	Settled    time.Time `cbor:"10,keyasint"`
	Note       string    `cbor:"11,keyasint,omitempty"`
	Since      time.Time `cbor:"12,keyasint,omitzero"` // none when it is First, and in records of former programs
	Held       time.Time `cbor:"13,keyasint,omitzero"`
	Asked      time.Time `cbor:"14,keyasint,omitzero"`
}

func (r deliveryRecord) delivery() store.Delivery {
	d := store.Delivery{
		Hub: r.Hub, Topic: r.Topic, Generation: r.Generation, Attempt: r.Attempt, Next: r.Next, First: r.First, Since: r.Since, Held: r.Held, Asked: r.Asked,
		Outcome: store.Outcome(r.Outcome), Status: r.Status, Error: r.Error, Note: r.Note, Settled: r.Settled,
	}
	if d.Since.IsZero() {
		d.Since = d.First
	}
	return d
}

func recordOf(d store.Delivery) deliveryRecord {
	r := deliveryRecord{
		Hub: d.Hub, Topic: d.Topic, Generation: d.Generation, Attempt: d.Attempt, Next: d.Next, First: d.First, Held: d.Held, Asked: d.Asked,
		Outcome: string(d.Outcome), Status: d.Status, Error: d.Error, Note: d.Note, Settled: d.Settled,
	}
	if !d.Since.Equal(d.First) {
		r.Since = d.Since
	}
	return r
}

func encodeDelivery(rec deliveryRecord) ([]byte, error) {
	if lasts(rec.Next) && lasts(rec.First) && lasts(rec.Settled) && lasts(rec.Since) && lasts(rec.Held) && lasts(rec.Asked) {
		b := make([]byte, 0, len(rec.Hub)+len(rec.Topic)+len(rec.Error)+len(rec.Note)+256)
		return appendDelivery(append(b, recordVersion), rec), nil
	}
	return encode(rec)
}

type changeRecord struct {
	At       time.Time `cbor:"1,keyasint"`
	Kind     string    `cbor:"2,keyasint"`
	Post     uint64    `cbor:"3,keyasint,omitempty"`
	Category uint64    `cbor:"4,keyasint,omitempty"`
}

func encodeChange(rec changeRecord) ([]byte, error) {
	if lasts(rec.At) {
		return appendChange(append(make([]byte, 0, 72), recordVersion), rec), nil
	}
	return encode(rec)
}

type runRecord struct {
	At       time.Time     `cbor:"1,keyasint"`
	Duration time.Duration `cbor:"2,keyasint"`
	Error    string        `cbor:"3,keyasint,omitempty"`
	Good     time.Time     `cbor:"4,keyasint"`
}
