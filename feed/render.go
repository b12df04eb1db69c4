package feed

// RenderEntry renders one post's entry in format f, as Join wants it. p.Labels
// must be filled in. The same bytes stand in every feed that holds the post.
func RenderEntry(s Site, p Post, f Format) ([]byte, error) { panic("being written") }

// EntryKey names the bytes that RenderEntry gives without rendering them.
func EntryKey(s Site, p Post, f Format) FragmentKey { panic("being written") }

// RenderFrame renders what stands before and after the entries. It needs the
// posts only for the feed's dates. c is effective (Site.Effective, Every).
func RenderFrame(c Category, posts []Post, f Format) (head, tail []byte, err error) {
	panic("being written")
}

// Join puts a feed together.
func Join(f Format, head []byte, entries [][]byte, tail []byte) []byte { panic("being written") }

// Render renders a whole feed from nothing: the same bytes as joining kept
// fragments. The posts are in feed order and already cut to the window.
func Render(c Category, posts []Post, f Format) ([]byte, error) { panic("being written") }

// Fingerprint digests the effective configuration of c and the renderer's
// version: a feed whose artifact has another one is to be rendered again.
func Fingerprint(c Category) string { panic("being written") }
