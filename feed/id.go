package feed

import "time"

// PostID mints a post's tag URI (RFC 4151): "tag:AUTHORITY,DATE:SLUG". n is 0,
// or from 2 on the suffix that makes it unique. day is in the site's zone.
func PostID(authority string, day time.Time, slug string, n int) string { panic("being written") }

// CategoryID mints a category's tag URI from its slug ("" for the site). Its
// date is fixed, so that the id does not depend on the day or the order in
// which an empty store is fed.
func CategoryID(authority, slug string, n int) string { panic("being written") }
