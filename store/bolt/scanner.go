package bolt

import (
	"math"
	"time"

	"syndic/feed"
)

// Major types of CBOR (RFC 8949 §3.1), and its plain values.
const (
	cborNumber   = 0
	cborNegative = 1
	cborBytes    = 2
	cborText     = 3
	cborArray    = 4
	cborMap      = 5
	cborFalse    = 0xf4
	cborTrue     = 0xf5
	cborNull     = 0xf6
)

// scanner reads a record in place as this program writes it. A general decoder
// takes several times as long for the many feeds that a publication looks at.
// Whatever it does not expect is bad, and left to that decoder.
type scanner struct {
	data []byte
	bad  bool
}

// head is the first part of an item: its type, and a number or a length.
func (s *scanner) head() (major byte, n uint64) {
	if len(s.data) == 0 {
		s.bad = true
		return 0, 0
	}
	first := s.data[0]
	s.data = s.data[1:]
	if n = uint64(first & 31); n < 24 {
		return first >> 5, n
	}
	size := 1 << (n - 24)
	if n > 27 || len(s.data) < size {
		s.bad = true
		return 0, 0
	}
	n = 0
	for _, b := range s.data[:size] {
		n = n<<8 | uint64(b)
	}
	s.data = s.data[size:]
	return first >> 5, n
}

// null passes over a null, if there is one.
func (s *scanner) null() bool {
	if len(s.data) == 0 || s.data[0] != cborNull {
		return false
	}
	s.data = s.data[1:]
	return true
}

func (s *scanner) number(most uint64) uint64 {
	major, n := s.head()
	s.bad = s.bad || major != cborNumber || n > most
	return n
}

// item is a text or bytes, which lie in the record; nil for null.
func (s *scanner) item(want byte) []byte {
	if s.null() {
		return nil
	}
	major, n := s.head()
	if s.bad = s.bad || major != want || n > uint64(len(s.data)); s.bad {
		return nil
	}
	b := s.data[:n:n]
	s.data = s.data[n:]
	return b
}

func (s *scanner) text() string { return string(s.item(cborText)) }

// list is how many items follow. A list of none is not written.
func (s *scanner) list() uint64 {
	major, n := s.head()
	if s.bad = s.bad || major != cborArray || n == 0 || n > uint64(len(s.data)); s.bad {
		return 0
	}
	return n
}

func (s *scanner) texts() (list []string) {
	list = make([]string, s.list())
	for i := range list {
		list[i] = s.text()
	}
	return list
}

func (s *scanner) time() (t time.Time) {
	if s.null() {
		return t
	}
	t, err := time.Parse(time.RFC3339, s.text())
	s.bad = s.bad || err != nil
	return t
}

// fields begins a record and calls each for its keys. It tells whether all of
// it was read.
func (s *scanner) fields(each func(key uint64)) bool {
	if len(s.data) == 0 || s.data[0] != recordVersion {
		return false
	}
	s.data = s.data[1:]
	s.pairs(each)
	return s.whole()
}

// whole tells whether all of the record was read.
func (s *scanner) whole() bool { return !s.bad && len(s.data) == 0 }

// pairs calls each for the keys of a map, which ascend.
func (s *scanner) pairs(each func(key uint64)) {
	major, n := s.head()
	s.bad = s.bad || major != cborMap
	for last := uint64(0); n > 0 && !s.bad; n-- {
		key := s.number(math.MaxUint8)
		s.bad = s.bad || key <= last
		each(key)
		last = key
	}
}

func (s *scanner) truth() bool {
	if len(s.data) == 0 || s.data[0] != cborTrue && s.data[0] != cborFalse {
		s.bad = true
		return false
	}
	is := s.data[0] == cborTrue
	s.data = s.data[1:]
	return is
}

func (s *scanner) people() (list []feed.Person) {
	list = make([]feed.Person, s.list())
	for i := range list {
		s.pairs(func(key uint64) {
			switch key {
			case 1:
				list[i].Name = s.text()
			case 2:
				list[i].Email = s.text()
			case 3:
				list[i].URL = s.text()
			default:
				s.bad = true
			}
		})
	}
	return list
}

// scanArtifact reads an artifact's record, whose bytes lie in data. It is
// either as decode has it, or not whole.
func scanArtifact(data []byte) (rec artifactRecord, whole bool) {
	s := scanner{data: data}
	whole = s.fields(func(key uint64) {
		switch key {
		case 1:
			rec.Category = s.number(math.MaxUint64)
		case 2:
			rec.Format = feed.Format(s.number(math.MaxUint8))
		case 3:
			rec.Topic = s.text()
		case 4:
			rec.Path = s.text()
		case 5:
			rec.Head = s.item(cborBytes)
		case 6:
			rec.Tail = s.item(cborBytes)
		case 7:
			s.bad = s.bad || !s.null() // they are packed
		case 8:
			rec.Digest = s.text()
		case 9:
			rec.Size = int(s.number(math.MaxInt))
		case 10:
			rec.Modified = s.time()
		case 11:
			rec.Generation = s.number(math.MaxUint64)
		case 12:
			rec.Hubs = s.texts()
		case 13:
			rec.MaxAge = time.Duration(s.number(math.MaxInt64))
		case 14:
			rec.Fingerprint = s.text()
		case 16:
			rec.Packed = s.item(cborBytes)
		case 17:
			rec.EntryFingerprint = s.text()
		case 18:
			rec.Summed = s.item(cborBytes)
		default:
			s.bad = true
		}
	})
	return rec, whole
}

// scanDelivery reads a delivery's record. It is either as decode has it, or not
// whole.
func scanDelivery(data []byte) (rec deliveryRecord, whole bool) {
	s := scanner{data: data}
	whole = s.fields(func(key uint64) {
		switch key {
		case 1:
			rec.Hub = s.text()
		case 2:
			rec.Topic = s.text()
		case 3:
			rec.Generation = s.number(math.MaxUint64)
		case 4:
			rec.Attempt = int(s.number(math.MaxInt))
		case 5:
			rec.Next = s.time()
		case 6:
			rec.First = s.time()
		case 7:
			rec.Outcome = s.text()
		case 8:
			rec.Status = int(s.number(math.MaxInt))
		case 9:
			rec.Error = s.text()
		case 10:
			rec.Settled = s.time()
		case 11:
			rec.Note = s.text()
		case 12:
			rec.Since = s.time()
		case 13:
			rec.Held = s.time()
		case 14:
			rec.Asked = s.time()
		default:
			s.bad = true
		}
	})
	return rec, whole
}
