package feed

// Slug makes a slug of any text: NFKC, lower case, letters, marks and digits
// of every script kept, all else one "-", no dot. It may be empty.
func Slug(text string) string { panic("being written") }

// Reserved tells whether a category must not have this slug, because syndic
// serves something else there.
func Reserved(slug string) bool { panic("being written") }

// sameTitle tells whether two titles differ in no more than case and spaces.
func sameTitle(a, b string) bool { panic("being written") }
