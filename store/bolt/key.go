package bolt

import (
	"encoding/binary"
	"time"

	"syndic/feed"
)

const signBit = 1 << 63

func numKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func pairKey(a, b uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(make([]byte, 0, 16), a), b)
}

func appendSecond(key []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(t.Unix())^signBit)
}

func appendInstant(key []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint32(appendSecond(key, t), uint32(t.Nanosecond()))
}

// number reads a number that begins b, 0 when b is too short.
func number(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// rest is what follows the first n bytes of a key, nil when it is too short:
// a damaged page may hold any key.
func rest(key []byte, n int) []byte {
	if len(key) < n {
		return nil
	}
	return key[n:]
}

func second(b []byte) time.Time {
	return time.Unix(int64(number(b)^signBit), 0).UTC()
}

func instant(b []byte) time.Time {
	if len(b) < 12 {
		return time.Time{}
	}
	return time.Unix(int64(number(b)^signBit), int64(binary.BigEndian.Uint32(b[8:]))).UTC()
}

func pathKey(category uint64, slug string) []byte { return append(numKey(category), slug...) }

func timelineKey(category uint64, published time.Time, post uint64) []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, 24), category)
	key = binary.BigEndian.AppendUint64(key, ^(uint64(published.Unix()) ^ signBit))
	return binary.BigEndian.AppendUint64(key, ^post)
}

// timelinePost is the post that a timeline key names.
func timelinePost(key []byte) uint64 {
	return ^number(rest(key, 16))
}

func duePostKey(at time.Time, post uint64) []byte {
	return binary.BigEndian.AppendUint64(appendSecond(make([]byte, 0, 16), at), post)
}

func dueMarkKey(due time.Time, category uint64) []byte {
	return binary.BigEndian.AppendUint64(appendInstant(make([]byte, 0, 20), due), category)
}

func artifactKey(category uint64, f feed.Format) []byte { return append(numKey(category), byte(f)) }

func fragmentKey(k feed.FragmentKey) []byte {
	key := append(make([]byte, 0, 25), numKey(k.Post)...)
	return append(append(key, byte(k.Format)), k.Variant[:]...)
}

func deliveryKey(hub, topic string) []byte { return []byte(hub + "\x00" + topic) }

func dueDeliveryKey(hub, topic string, next time.Time) []byte {
	return append(appendInstant([]byte(hub+"\x00"), next), topic...)
}

// lineKey is the key of one line of a log: the commit and the line's place in
// it.
func lineKey(seq uint64, line uint32) []byte {
	return binary.BigEndian.AppendUint32(numKey(seq), line)
}

// wholeSecond rounds down to the second, in UTC; the zero time stays zero.
func wholeSecond(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }
