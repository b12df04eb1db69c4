package feed

// Content turns a source into sanitised HTML, with every relative URL made
// absolute against base when base is not empty.
func Content(body string, m Markup, base string) (string, error) { panic("being written") }

// Summarise cuts a plain-text summary of at most limit characters from
// sanitised HTML, at a sentence or else at a word.
func Summarise(html string, limit int) string { panic("being written") }

// Clean removes what XML 1.0 cannot carry (§2.2, Char) and repairs UTF-8.
func Clean(s string) string { panic("being written") }
