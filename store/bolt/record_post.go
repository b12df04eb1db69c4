package bolt

import (
	"math"

	"syndic/feed"
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
			s.bad = true // attachments, origins and what was overruled, too, which few posts have
		}
	})
	return p, s.whole()
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

// packPost writes a post's record with its version and place. It is either as
// the general encoder has it, or not whole.
func packPost(p *feed.Post, live byte) (data []byte, whole bool) {
	if len(p.Attachments) > 0 || p.Overruled != nil || p.Origin != (feed.Origin{}) || !lasts(p.PublishAt) || !lasts(p.Published) || !lasts(p.Updated) {
		return nil, false
	}
	r := newRecorder(append(make([]byte, 0, len(p.Body)+len(p.Summary)+512), recordVersion, live))
	r.someNumber(1, p.Num)
	for key := uint64(2); key <= 7; key++ {
		r.someText(key, *postText(p, key))
	}
	r.someText(8, string(p.Markup))
	r.someText(9, p.Lang)
	r.somePeople(10, p.Authors)
	r.someTexts(11, p.Categories)
	r.someTexts(12, p.Tags)
	r.someText(14, p.Image)
	r.someText(15, p.BannerImage)
	r.someText(16, p.Comments)
	r.someText(18, p.License)
	r.someText(19, p.InReplyTo)
	if p.Expired {
		r.key(20)
		r.data = append(r.data, cborTrue)
	}
	r.someText(21, string(p.State))
	r.time(22, p.PublishAt)
	r.time(23, p.Published)
	r.time(24, p.Updated)
	r.someNumber(25, p.Revision)
	r.someNumber(26, p.Live)
	r.someText(27, p.File)
	return r.end(), r.fields <= mostFields
}
