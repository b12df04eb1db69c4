package bolt

import (
	"math"
	"time"

	"syndic/feed"
)

const (
	cborFalse = 0xf4
	cborTrue  = 0xf5
)

// scanPost reads a post's record without its version and place. It is either as
// the general decoder has it, or not whole.
func scanPost(data []byte) (p feed.Post, whole bool) {
	s := scanner{data: data}
	s.pairs(func(key uint64) {
		if text := postText(&p, key); text != nil {
			*text = s.text()
			return
		}
		switch key {
		case 1:
			p.Num = s.number(math.MaxUint64)
		case 8:
			p.Markup = markupOf(s.item(cborText))
		case 10:
			p.Authors = s.people()
		case 11:
			p.Categories = s.texts()
		case 12:
			p.Tags = s.texts()
		case 20:
			p.Expired = s.truth()
		case 21:
			p.State = stateOf(s.item(cborText))
		case 22:
			p.PublishAt = s.time()
		case 23:
			p.Published = s.time()
		case 24:
			p.Updated = s.time()
		case 25:
			p.Revision = s.number(math.MaxUint64)
		case 26:
			p.Live = s.number(math.MaxUint64)
		default:
			s.bad = true // attachments and origins, too, which few posts have
		}
	})
	return p, !s.bad && len(s.data) == 0
}

// postText is the post's text with the key, nil where that is none.
func postText(p *feed.Post, key uint64) *string {
	switch key {
	case 2:
		return &p.ID
	case 3:
		return &p.Slug
	case 4:
		return &p.Title
	case 5:
		return &p.URL
	case 6:
		return &p.Summary
	case 7:
		return &p.Body
	case 9:
		return &p.Lang
	case 14:
		return &p.Image
	case 15:
		return &p.BannerImage
	case 16:
		return &p.Comments
	case 18:
		return &p.License
	case 19:
		return &p.InReplyTo
	case 27:
		return &p.File
	}
	return nil
}

// markupOf and stateOf take the usual words from the program, not from the heap.
func markupOf(b []byte) feed.Markup {
	if string(b) == string(feed.Markdown) {
		return feed.Markdown
	}
	return feed.Markup(b)
}

func stateOf(b []byte) feed.State {
	for _, state := range [...]feed.State{feed.Published, feed.Queued, feed.Draft, feed.Scheduled, feed.Recalled, feed.Removed} {
		if string(b) == string(state) {
			return state
		}
	}
	return feed.State(b)
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
	major, n := s.head()
	if s.bad = s.bad || major != cborArray || n == 0 || n > uint64(len(s.data)); s.bad {
		return nil
	}
	list = make([]feed.Person, n)
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

// recorder writes a record as the general encoder does, which takes several
// times as long for a post.
type recorder struct {
	data   []byte
	fields int
	bad    bool // left to the general encoder
}

func (r *recorder) head(major byte, n uint64) { r.data = appendHead(r.data, major, n) }

func (r *recorder) key(key uint64) {
	r.head(cborNumber, key)
	r.fields++
}

func (r *recorder) number(key, n uint64) {
	if n != 0 {
		r.key(key)
		r.head(cborNumber, n)
	}
}

func (r *recorder) text(key uint64, s string) {
	if s != "" {
		r.key(key)
		r.data = appendText(r.data, s)
	}
}

func (r *recorder) texts(key uint64, list []string) {
	if len(list) == 0 {
		return
	}
	r.key(key)
	r.head(cborArray, uint64(len(list)))
	for _, s := range list {
		r.data = appendText(r.data, s)
	}
}

func (r *recorder) people(key uint64, list []feed.Person) {
	if len(list) == 0 {
		return
	}
	r.key(key)
	r.head(cborArray, uint64(len(list)))
	for _, p := range list {
		person := recorder{data: append(r.data, 0)}
		person.text(1, p.Name)
		person.text(2, p.Email)
		person.text(3, p.URL)
		person.data[len(r.data)] = cborMap<<5 | byte(person.fields)
		r.data = person.data
	}
}

// time takes whole seconds of years with four digits.
func (r *recorder) time(key uint64, t time.Time) {
	r.key(key)
	if t.IsZero() {
		r.data = append(r.data, cborNull)
		return
	}
	t = t.UTC()
	r.bad = r.bad || t.Nanosecond() != 0 || t.Year() < 0 || t.Year() > 9999
	r.head(cborText, uint64(len("2006-01-02T15:04:05Z")))
	r.data = t.AppendFormat(r.data, time.RFC3339)
}

// packPost writes a post's record with its version and place. It is either as
// the general encoder has it, or not whole.
func packPost(p *feed.Post, live byte) (data []byte, whole bool) {
	if len(p.Attachments) > 0 || p.Origin != (feed.Origin{}) {
		return nil, false
	}
	r := recorder{data: make([]byte, 0, len(p.Body)+len(p.Summary)+512)}
	r.data = append(r.data, recordVersion, live, 0)
	r.number(1, p.Num)
	for key := uint64(2); key <= 7; key++ {
		r.text(key, *postText(p, key))
	}
	r.text(8, string(p.Markup))
	r.text(9, p.Lang)
	r.people(10, p.Authors)
	r.texts(11, p.Categories)
	r.texts(12, p.Tags)
	r.text(14, p.Image)
	r.text(15, p.BannerImage)
	r.text(16, p.Comments)
	r.text(18, p.License)
	r.text(19, p.InReplyTo)
	if p.Expired {
		r.key(20)
		r.data = append(r.data, cborTrue)
	}
	r.text(21, string(p.State))
	r.time(22, p.PublishAt)
	r.time(23, p.Published)
	r.time(24, p.Updated)
	r.number(25, p.Revision)
	r.number(26, p.Live)
	r.text(27, p.File)
	r.data[2] = cborMap<<5 | byte(r.fields)
	return r.data, !r.bad && r.fields < 24
}
