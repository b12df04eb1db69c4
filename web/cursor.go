package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"syndic/feed"
	"syndic/store"
)

// cursorAfter names the place after a post in a timeline, for "?before=".
func cursorAfter(p feed.Post) string {
	return strconv.FormatInt(p.Published.Unix(), 36) + "." + strconv.FormatUint(p.Num, 36)
}

// cursorOf is the place that a query asks for; the zero cursor without one,
// and errCursor for what cursorAfter does not write.
func cursorOf(query url.Values) (store.Cursor, error) {
	if !query.Has("before") {
		return store.Cursor{}, nil
	}
	given := query.Get("before")
	sec, num, _ := strings.Cut(given, ".")
	seconds, err1 := strconv.ParseInt(sec, 36, 64)
	n, err2 := strconv.ParseUint(num, 36, 64)
	at := time.Unix(seconds, 0).UTC()
	if err1 != nil || err2 != nil || n == 0 || at.Year() < 1 || at.Year() > 9999 ||
		cursorAfter(feed.Post{Published: at, Num: n}) != given {
		return store.Cursor{}, errCursor
	}
	return store.Cursor{Published: at, Num: n}, nil
}
