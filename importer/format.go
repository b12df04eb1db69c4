package importer

import (
	"encoding/json"
	"strconv"
	"strings"

	"syndic/feed"
)

// Format writes a document as a Markdown file with front matter, which
// Markdown reads as the same document. What is empty is left out.
func Format(d Document) []byte {
	p := d.Post
	w := &writer{}
	w.b.WriteString("---\n")
	w.text("", "title", p.Title)
	w.text("", "slug", p.Slug)
	w.text("", "date", d.Date)
	w.text("", "updated", d.Updated)
	w.list("categories", d.Categories)
	w.list("tags", p.Tags)
	w.authors(p.Authors)
	w.text("", "summary", p.Summary)
	w.text("", "url", p.URL)
	w.text("", "id", p.ID)
	w.flag("draft", d.Draft)
	w.text("", "language", p.Lang)
	w.text("", "image", p.Image)
	w.text("", "banner_image", p.BannerImage)
	w.attachments(p.Attachments)
	w.text("", "comments", p.Comments)
	if p.Origin != (feed.Origin{}) {
		w.b.WriteString("source:\n")
		w.text("  ", "title", p.Origin.Title)
		w.text("  ", "url", p.Origin.URL)
	}
	w.text("", "license", p.License)
	w.text("", "in_reply_to", p.InReplyTo)
	w.flag("expired", p.Expired)
	w.b.WriteString("---\n")
	if p.Body != "" {
		w.b.WriteString("\n" + p.Body + "\n")
	}
	return []byte(w.b.String())
}

// writer writes front matter, in which nothing spans lines.
type writer struct{ b strings.Builder }

func (w *writer) text(indent, key, value string) {
	if value != "" {
		w.b.WriteString(indent + key + ": " + scalar(value) + "\n")
	}
}

func (w *writer) flag(key string, on bool) {
	if on {
		w.b.WriteString(key + ": true\n")
	}
}

func (w *writer) number(indent, key string, n int64) {
	if n != 0 {
		w.b.WriteString(indent + key + ": " + strconv.FormatInt(n, 10) + "\n")
	}
}

func (w *writer) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	written := make([]string, len(values))
	for i, v := range values {
		written[i] = scalar(v)
	}
	w.b.WriteString(key + ": [" + strings.Join(written, ", ") + "]\n")
}

func (w *writer) authors(people []feed.Person) {
	if len(people) == 0 {
		return
	}
	w.b.WriteString("authors:\n")
	for _, p := range people {
		w.item(func(indent string) {
			w.text(indent, "name", p.Name)
			w.text(indent, "email", p.Email)
			w.text(indent, "url", p.URL)
		})
	}
}

func (w *writer) attachments(list []feed.Attachment) {
	if len(list) == 0 {
		return
	}
	w.b.WriteString("attachments:\n")
	for _, a := range list {
		w.item(func(indent string) {
			w.text(indent, "url", a.URL)
			w.text(indent, "type", a.Type)
			w.number(indent, "size", a.Size)
			w.number(indent, "duration", a.Duration)
			w.text(indent, "title", a.Title)
		})
	}
}

// item writes a mapping in a list: the dash stands where the indentation of
// its first line would.
func (w *writer) item(write func(indent string)) {
	at := w.b.Len()
	write("    ")
	all := w.b.String()
	w.b.Reset()
	w.b.WriteString(all[:at] + "  - " + strings.TrimPrefix(all[at:], "    "))
}

// unquoted is text that means itself in YAML, in a list too.
var unquoted = pattern(`^\p{L}[\p{L}\p{M}\p{N} _.'()/+-]*$`)

// words are those that YAML readers, ours or others, take for something else.
var words = pattern(`^(?i:true|false|yes|no|on|off|y|n|null|nan|inf)$`)

const longestWord = len("false")

// scalar writes a text so that YAML reads it back; JSON's quoting is YAML's.
func scalar(s string) string {
	if unquoted().MatchString(s) && !words().MatchString(s) && !strings.HasSuffix(s, " ") {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string always encodes
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
