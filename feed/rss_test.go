package feed

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What readers are told is never longer than the interval, and as few words as
// it takes.
func TestUpdates(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		every  time.Duration
		period string
		times  int
	}{
		{0, "", 0},
		{time.Second, "hourly", 3600},
		{5 * time.Minute, "hourly", 12},
		{7 * time.Minute, "hourly", 9},
		{time.Hour, "hourly", 1},
		{90 * time.Minute, "daily", 16},
		{day, "daily", 1},
		{36 * time.Hour, "weekly", 5},
		{7 * day, "weekly", 1},
		{28 * day, "monthly", 1},
		{30 * day, "yearly", 13},
		{365 * day, "yearly", 1},
		{1461 * day, "yearly", 1},
	} {
		period, times := updates(c.every)
		if period != c.period || times != c.times {
			t.Errorf("every %v: %s %d, want %s %d", c.every, period, times, c.period, c.times)
		}
	}
}

func TestRSSTTL(t *testing.T) {
	for every, want := range map[time.Duration]int{0: 0, 59 * time.Second: 0, 90 * time.Second: 1, 24 * time.Hour: 1440, 31 * 24 * time.Hour: 1440} {
		if got := newRSSChannel(frame{every: every}).Ttl; got != want {
			t.Errorf("every %v: %d minutes, want %d", every, got, want)
		}
	}
}

func TestRSSAuthors(t *testing.T) {
	author := Person{Name: "Author & Co", Email: "author@weaver.example"}
	for _, c := range []struct {
		authors  []Person
		author   string
		creators []string
	}{
		{nil, "", nil},
		{[]Person{author}, "author@weaver.example (Author &#x26; Co)", nil},
		{[]Person{{Name: "Editor"}}, "", []string{"Editor"}},
		{[]Person{author, {Name: "Editor"}}, "", []string{"Author & Co", "Editor"}},
		{[]Person{{Name: "Author (Chief)", Email: author.Email}}, "", []string{"Author (Chief)"}},
		{[]Person{{Name: author.Email, Email: author.Email}}, "", []string{author.Email}},
	} {
		i := newRSSItem(entry{authors: c.authors})
		got := ""
		if i.Author != nil {
			got = i.Author.XML
		}
		if got != c.author || !slices.Equal(i.Creators, c.creators) {
			t.Errorf("%v: author %q, creators %q", c.authors, got, i.Creators)
		}
	}
}

func TestRSSEditor(t *testing.T) {
	for want, authors := range map[string][]Person{
		"":                                     {{Name: "Author"}},
		"author@weaver.example (Author)":       {{Name: "Editor"}, {Name: "Author", Email: "author@weaver.example"}},
		"author@weaver.example (The Journal)":  {{Name: "author@weaver.example", Email: "author@weaver.example"}},
		"author@weaver.example (Author [A/B])": {{Name: `Author (A\B)`, Email: "author@weaver.example"}},
	} {
		c := newRSSChannel(frame{title: "The Journal", authors: authors})
		if want == "" && (c.ManagingEditor != nil || c.WebMaster != nil) {
			t.Errorf("%v: %v, %v", authors, c.ManagingEditor, c.WebMaster)
		}
		if want != "" && (c.ManagingEditor.XML != want || c.WebMaster.XML != want) {
			t.Errorf("%v: %q, %q, want %q", authors, c.ManagingEditor.XML, c.WebMaster.XML, want)
		}
	}
}

// A channel's image is one that RSS takes, under the channel's own title.
func TestRSSImage(t *testing.T) {
	for _, c := range []struct{ image, logo, icon, want string }{
		{"", "", "", ""},
		{"https://a.example/i.svg", "https://a.example/l.webp", "https://a.example/i.PNG", "https://a.example/i.PNG"},
		{"https://a.example/image?id=1", "https://a.example/l.png", "", "https://a.example/image?id=1"},
		{"https://a.example/i.svg", "", "", ""},
	} {
		got := newRSSChannel(frame{title: "A & B", page: "https://a.example/", image: c.image, logo: c.logo, icon: c.icon}).Image
		switch {
		case got == nil:
			equal(t, "image", "", c.want)
		case got.URL != c.want || got.Title.XML != "A &#x26; B" || got.Link != "https://a.example/":
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func TestRSSDescription(t *testing.T) {
	for _, c := range []struct {
		e    entry
		want string
	}{
		{entry{title: "T", url: "u"}, ""},
		{entry{title: "A & B", url: "u", content: "<img>"}, "A &amp; B"},
		{entry{url: "u", content: "<img>"}, "u"},
		{entry{url: "u"}, "u"},
		{entry{title: "T", summary: "<s>", content: "c"}, "&lt;s&gt;"},
	} {
		i := newRSSItem(c.e)
		if i.Description != c.want || (i.Content != nil) != (c.e.content != "") {
			t.Errorf("%+v: %q, %v", c.e, i.Description, i.Content)
		}
	}
}

// RSS takes the first file that has an address of the web, Media RSS all of
// them and the pictures that are not among them.
func TestRSSMedia(t *testing.T) {
	i := newRSSItem(entry{
		attachments: []Attachment{
			{URL: "magnet:?x", Type: "video/mp4"}, {URL: "https://a.example/a.mp3", Type: "audio/mpeg", Size: 3, Duration: 4, Title: "A & B"},
			{URL: "https://a.example/b.png", Type: "image/png"}, {URL: "https://a.example/c.pdf", Type: "application/pdf"},
			{URL: "https://a.example/d", Type: unknownType},
		},
		image: "https://a.example/b.png", banner: "https://a.example/banner",
	})
	if e := i.Enclosure; e == nil || e.Url != "https://a.example/a.mp3" || e.Length != "3" {
		t.Errorf("the enclosure is %+v", e)
	}
	var mediums []string
	for _, m := range i.Media {
		mediums = append(mediums, m.Medium)
	}
	if want := []string{"video", "audio", "image", "document", "", "image"}; !slices.Equal(mediums, want) {
		t.Errorf("the media are %q, want %q", mediums, want)
	}
	if m := i.Media[1]; m.Size != 3 || m.Duration != 4 || m.Title.XML != "A &#x26; B" {
		t.Errorf("the song is %+v", m)
	}
	if i.Media[5].Type != "" || i.Thumbnail.URL != "https://a.example/b.png" {
		t.Errorf("the banner is %+v, the thumbnail %v", i.Media[5], i.Thumbnail)
	}
	if got := newRSSItem(entry{attachments: []Attachment{{URL: "https://a.example/b.png", Type: "image/png"}}}).Thumbnail; got == nil {
		t.Error("a picture that is attached does not stand for the post")
	}
}

// A feed is over when each of its posts is; an empty one has not begun.
func TestExpired(t *testing.T) {
	s := oddSet()
	said := func() bool { return strings.Contains(string(mustRender(t, s, JSON)), `"expired": true`) }
	s.posts[0].Expired = true
	if said() {
		t.Error("one post is over, and so is the feed")
	}
	for i := range s.posts {
		s.posts[i].Expired = true
	}
	if !said() {
		t.Error("every post is over, and the feed is not")
	}
	s.posts = nil
	if said() {
		t.Error("an empty feed is over")
	}
}

// What a post is about is the page that it answers, else where it is from.
func TestExternalURL(t *testing.T) {
	for want, p := range map[string]Post{
		"":                         {},
		"https://answered.example": {InReplyTo: "https://answered.example", Origin: Origin{URL: "https://origin.example"}},
		"https://origin.example":   {Origin: Origin{URL: "https://origin.example"}},
	} {
		e, err := newEntry(oddSet().category.Site, p)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "external_url", newJSONItem(e).ExternalUrl, want)
	}
}
