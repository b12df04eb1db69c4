package storetest

import (
	"fmt"
	"time"

	"syndic/feed"
)

// Day is the Published of Post(0): noon of 1 January 2026, UTC.
var Day = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// Post is the i-th of a row of posts: queued, in no category, and Published i
// minutes after Day. The same i gives the same post.
func Post(i int) feed.Post {
	slug := fmt.Sprintf("post-%d", i)
	return feed.Post{
		ID: "tag:example.org,2026-01-01:" + slug, Slug: slug, Title: fmt.Sprintf("Post %d", i),
		Body: fmt.Sprintf("The text of post *%d*.\n", i), Markup: feed.Markdown,
		Authors: []feed.Person{{Name: "An Author"}}, Tags: []string{"example"},
		State: feed.Queued, Published: Day.Add(time.Duration(i) * time.Minute),
	}
}

// Category is an active category of that title, with the slug and the id that
// come of it.
func Category(title string) feed.Category {
	slug := feed.Slug(title)
	return feed.Category{ID: feed.CategoryID("example.org", slug, 0), Slug: slug, Title: title, State: feed.Active, Created: Day}
}

// Site is a configuration as serve keeps it.
func Site() feed.Site {
	return feed.Site{
		Title: "Example Journal", URL: "http://example.org/", Language: "en", TimeZone: "UTC",
		Schedule: "*/5 * * * *", Window: feed.Window{Posts: 50, Hours: 48}, Hubs: []string{"http://hub.example.org/"},
	}
}
