package feed

import (
	"cmp"
	"slices"
	"strings"
)

// The elements of Media RSS 1.5.1, which show a post's pictures and all of its
// attachments where RSS itself has room for one.

type rssMedia struct {
	URL      string   `xml:"url,attr"`
	Size     int64    `xml:"fileSize,attr,omitempty"`
	Type     string   `xml:"type,attr,omitempty"`
	Medium   string   `xml:"medium,attr,omitempty"`
	Duration int64    `xml:"duration,attr,omitempty"`
	Title    *rssText `xml:"media:title"`
}

type rssThumbnail struct {
	URL string `xml:"url,attr"`
}

// rssMediaOf lists the attachments, then the pictures that are none.
func rssMediaOf(e entry) []rssMedia {
	var list []rssMedia
	for _, a := range e.attachments {
		list = append(list, rssMedia{
			URL: a.URL, Size: a.Size, Type: a.Type, Medium: medium(a.Type), Duration: a.Duration, Title: someRSSText(a.Title),
		})
	}
	for _, image := range []string{e.image, e.banner} {
		same := func(m rssMedia) bool { return m.URL == image }
		if image == "" || slices.ContainsFunc(list, same) {
			continue
		}
		m := rssMedia{URL: image, Medium: "image"}
		if t := mediaType(image); medium(t) == "image" {
			m.Type = t
		}
		list = append(list, m)
	}
	return list
}

// rssThumbnailOf is the picture that stands for the post.
func rssThumbnailOf(e entry) *rssThumbnail {
	picture := cmp.Or(e.image, e.banner)
	for _, a := range e.attachments {
		if picture == "" && medium(a.Type) == "image" {
			picture = a.URL
		}
	}
	if picture == "" {
		return nil
	}
	return &rssThumbnail{URL: picture}
}

// medium is Media RSS's own word for a media type, or nothing.
func medium(mediaType string) string {
	kind, sub, _ := strings.Cut(strings.ToLower(mediaType), "/")
	switch {
	case kind == "image" || kind == "audio" || kind == "video":
		return kind
	case kind == "text" || sub == "pdf":
		return "document"
	default:
		return ""
	}
}
